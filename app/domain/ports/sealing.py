"""Sealing a secret for storage, bound to its owner's row and its column."""

from __future__ import annotations

from typing import Protocol

from app.domain.errors import DeskError


class SealBroken(DeskError):
    """A sealed value cannot be opened: another key, tampered with, or moved from another row or column."""

    default_code = "sealed_value_unreadable"

    def __init__(self) -> None:
        super().__init__("a sealed value cannot be opened: wrong key, changed, or moved from another row or column")


class SecretSealer(Protocol):
    def seal(self, data: str, *, owner_id: str, field: str) -> str: ...

    def open(self, sealed: str, *, owner_id: str, field: str) -> str:
        """Raises SealBroken."""
