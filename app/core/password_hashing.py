"""Argon2 off the event loop, a few at a time: each takes 64 MiB, so a flood of sign-ins must not take the memory."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

from app.core.security import PasswordHashes
from app.domain.identity import TooManyAttempts

T = TypeVar("T")


class CappedPasswordHasher:
    """At most `at_once` hashes run, and `waiting` more wait; the rest are turned away."""

    def __init__(self, hashes: PasswordHashes | None = None, *, at_once: int = 2, waiting: int = 64) -> None:
        self._hashes = hashes or PasswordHashes()
        self._turns = asyncio.Semaphore(at_once)
        self._places = at_once + waiting
        self._inside = 0
        self._nobody = ""

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hashes.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        compared = password_hash if password_hash is not None else await self._hash_of_nobody()
        matches, better = await self._run(lambda: self._hashes.verify_and_upgrade(password, compared))
        return (False, None) if password_hash is None else (matches, better)

    async def _hash_of_nobody(self) -> str:
        """A real hash of a password that nobody has; made at the first need."""
        if not self._nobody:
            self._nobody = await self.hash(secrets.token_urlsafe(24))
        return self._nobody

    async def _run(self, work: Callable[[], T]) -> T:
        if self._inside >= self._places:
            raise TooManyAttempts(retry_after_s=2)
        self._inside += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._inside -= 1
