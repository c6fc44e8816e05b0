"""One request, one attempt, one verdict: what every HTTP transport must do.

A transport sends exactly once, follows no redirect, reads no environment, verifies TLS, stops at `timeout_s` in total
and at `max_bytes` of answer. It raises `NotSent` only with proof that no byte of the request left; any other failure is
`PerhapsSent`. A cancelled task gets its CancelledError: perhaps sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class EgressKind(StrEnum):
    DIRECT = "direct"
    LOCAL_ADDRESS = "local_address"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Egress:
    """How requests leave. `value`: the local source address, or the proxy's URL (which may hold a password)."""

    kind: EgressKind = EgressKind.DIRECT
    value: str = field(default="", repr=False)


DIRECT = Egress()


class Pool(StrEnum):
    """Connections are never shared between these."""

    WRITES = "writes"
    READS = "reads"


@dataclass(slots=True)  # not frozen: that would triple the cost of making one, and each order makes one
class WireRequest:
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    pool: Pool
    timeout_s: float
    max_bytes: int  # of the answer's body, before and after decompression
    egress: Egress = DIRECT


class Transport(Protocol):
    async def send(self, request: WireRequest) -> tuple[int, bytes]:
        """Return the HTTP status and the whole, decompressed body. Raises NotSent or PerhapsSent."""

    async def close(self) -> None: ...


def verified_tls(context: ssl.SSLContext | None) -> ssl.SSLContext:
    """Return `context`, or the system's trust store. Raises ValueError for a context that does not verify."""
    context = context or ssl.create_default_context()
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ValueError("expected a TLS context that verifies certificates and host names")
    return context
