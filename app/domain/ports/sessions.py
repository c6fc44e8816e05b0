"""How a use case gets a live broker session without ever logging in itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.domain.broker import AuthToken


@dataclass(frozen=True, slots=True)
class ClientLogin:
    """Which login serves a client: its own, or the dealer that it is mapped to."""

    client_id: str
    client_code: str
    login_id: str


class SessionBook(Protocol):
    """Today's broker sessions, as the engine opened them."""

    async def auth_token(self, login_id: str) -> AuthToken:
        """Return the live session of `login_id`.

        Raises SessionExpired, with a sentence on why, where the login has none; never logs in by itself.
        """

    async def report_expired(self, auth_token: AuthToken) -> None:
        """Say that the broker refused `auth_token`: the engine logs in again, once."""
