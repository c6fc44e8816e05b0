"""How requests leave for an account, and what makes an egress well formed."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from app.domain.errors import Conflict, InvalidInput, NotFound

_LONGEST_VALUE = 300


class EgressKind(StrEnum):
    DIRECT = "direct"
    LOCAL_ADDRESS = "local_address"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Egress:
    id: str
    name: str
    kind: EgressKind
    value: str | None  # nothing, a local IP address, or the URL of a proxy
    registered_address: str | None  # the public address that the broker has on file
    verified_at: datetime | None
    verified_address: str | None  # the local address that a connection to the broker was seen to use
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProbedEgress:
    """What one connection attempt to the broker's host showed. `local_address` is None where none was made."""

    broker_host: str
    local_address: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class EgressVerdict:
    """`matches_registered` is None where this machine cannot know which address the broker sees."""

    egress: Egress
    broker_host: str
    connected: bool
    local_address: str | None
    matches_registered: bool | None
    message: str


class EgressNotFound(NotFound):
    default_code = "egress_not_found"


class EgressNameTaken(Conflict):
    default_code = "egress_name_taken"


def egress_value(kind: EgressKind, value: str | None) -> str | None:
    """Return `value` as `kind` needs it. Raises InvalidInput."""
    text = (value or "").strip()
    if kind is EgressKind.DIRECT:
        if text:
            raise InvalidInput("must be empty for a direct egress", field="value")
        return None
    if kind is EgressKind.LOCAL_ADDRESS:
        return ip_address(text, field="value")
    return _proxy_url(text)


def ip_address(text: str, *, field: str) -> str:
    """Return the canonical spelling of an IP address. Raises InvalidInput."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        raise InvalidInput("must be an IPv4 or IPv6 address", field=field) from None
    if address.is_unspecified or address.is_multicast or getattr(address, "scope_id", None):
        raise InvalidInput("must be one machine's address", field=field)
    return str(address)


def _proxy_url(text: str) -> str:
    if len(text) > _LONGEST_VALUE or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidInput("must be a proxy address such as http://10.0.0.5:3128", field="value")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidInput("must be a proxy address such as http://10.0.0.5:3128", field="value") from None
    if parts.username is not None or parts.password is not None:
        # the column is not sealed: a proxy is expected to know this machine by its address
        raise InvalidInput("must not hold a user name or password", field="value")
    plain = parts.scheme in {"http", "https"} and parts.hostname and port != 0
    if not plain or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise InvalidInput("must be a proxy address such as http://10.0.0.5:3128", field="value")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def judge(egress: Egress, probed: ProbedEgress) -> EgressVerdict:
    """Say what `probed` proves about the address that the broker sees, and what it cannot prove."""

    def verdict(matches: bool | None, message: str) -> EgressVerdict:
        connected = probed.failure is None
        return EgressVerdict(egress, probed.broker_host, connected, probed.local_address, matches, message)

    host, local = probed.broker_host, probed.local_address
    if probed.failure is not None or local is None:
        return verdict(None, f"No connection to {host} could be made through this egress: {probed.failure}.")
    if egress.kind is EgressKind.PROXY:
        return verdict(None, f"The proxy reached {host}. Which address the broker sees is the proxy's to say.")
    if egress.kind is EgressKind.LOCAL_ADDRESS and local != egress.value:
        return verdict(False, f"The connection to {host} left from {local}, not from {egress.value}.")
    if egress.registered_address is None:
        return verdict(None, f"The connection to {host} left from {local}. No registered address to compare it with.")
    if local == egress.registered_address:
        return verdict(True, f"The connection to {host} left from {local}, the registered address.")
    if ipaddress.ip_address(local).is_global:
        return verdict(False, f"The connection to {host} left from {local}; registered is {egress.registered_address}.")
    return verdict(
        None,
        f"The connection to {host} left from {local}, a private address: the network translates it on the way, and"
        f" whether it becomes {egress.registered_address} cannot be known from this machine.",
    )
