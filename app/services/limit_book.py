"""The limits in memory, read again only when the desk's row says that they changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.domain.limits import Limits


class LimitBook:
    """A press reads the desk's row anyway, and that names the version: no statement is added while nothing changes."""

    def __init__(self, load: Callable[[], Awaitable[Limits]]) -> None:
        self._load = load
        self._known: Limits | None = None

    async def at(self, version: int) -> Limits:
        """Return the limits of `version`, or later ones."""
        if self._known is None or self._known.version != version:
            self._known = await self._load()
        return self._known
