"""Where MOFSL is, which generation of paths and headers it wants, and how long we wait."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from app.core.mofsl.endpoints import PATHS, Endpoint, Generation


@dataclass(frozen=True, slots=True)
class HeaderIdentity:
    """What we say about ourselves in every call (mofsl/API.md section 3)."""

    client_public_ip: str
    client_local_ip: str = "127.0.0.1"
    mac_address: str = "00:00:00:00:00:00"
    source_id: str = "WEB"  # WEB, DESKTOP or MOBILE
    vendor_info: str = ""  # empty: the login's own code
    os_name: str = "Linux"
    os_version: str = "6.8"
    device_model: str = "Server"
    manufacturer: str = "Generic"  # at most 25 characters
    product_name: str = "TradingPlatform"
    product_version: str = "1.0"
    browser_name: str = "Chrome"
    browser_version: str = "120.0"
    installed_app_id: str = ""  # DESKTOP and MOBILE
    imei_no: str = ""  # MOBILE


@dataclass(frozen=True, slots=True)
class MofslEndpointSettings:
    """Base URL, path map and header set are three settings: hosts and generations mix in the field.

    `base_url` is https, or http to a loopback address. Raises ValueError otherwise. Deadlines are totals per call.
    """

    base_url: str
    paths: Mapping[Endpoint, str]
    header_set: Generation
    identity: HeaderIdentity
    order_timeout_s: float = 10.0
    read_timeout_s: float = 15.0
    login_timeout_s: float = 20.0
    download_timeout_s: float = 120.0
    order_answer_max_bytes: int = 256 * 1024
    read_answer_max_bytes: int = 64 * 1024 * 1024
    urls: Mapping[Endpoint, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base = _checked_base_url(self.base_url)
        object.__setattr__(self, "urls", {endpoint: base + path for endpoint, path in self.paths.items()})

    @classmethod
    def for_generation(
        cls,
        base_url: str,
        generation: Generation,
        identity: HeaderIdentity,
        *,
        order_timeout_s: float = 10.0,
        read_timeout_s: float = 15.0,
        login_timeout_s: float = 20.0,
    ) -> Self:
        return cls(
            base_url,
            PATHS[generation],
            generation,
            identity,
            order_timeout_s=order_timeout_s,
            read_timeout_s=read_timeout_s,
            login_timeout_s=login_timeout_s,
        )

    @property
    def needs_access_token(self) -> bool:
        return self.header_set is Generation.CURRENT


def _checked_base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("expected a broker address such as https://openapi.example.com")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("expected https for a broker address that is not loopback")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
