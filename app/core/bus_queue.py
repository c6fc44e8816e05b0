"""A reader's side of the bus: a bounded queue that loses its oldest messages rather than hold anybody up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import orjson

from app.domain.ports.bus import BusMessage


class QueuedSubscription:
    def __init__(self, topics: frozenset[str], *, longest: int) -> None:
        self.topics = topics
        self._messages: deque[tuple[str, bytes]] = deque()
        self._longest = longest
        self._dropped = 0
        self._is_ended = False
        self._is_told_to_look = False
        self._has_news = asyncio.Event()

    @property
    def dropped(self) -> int:
        return self._dropped

    @property
    def is_closed(self) -> bool:
        return self._is_ended and not self._messages

    def put(self, topic: str, encoded: bytes) -> None:
        if self._is_ended:
            return
        if len(self._messages) == self._longest:
            self._messages.popleft()
            self._dropped += 1
        self._messages.append((topic, encoded))
        self._has_news.set()

    def miss(self) -> None:
        """Messages were lost on their way here, nobody knows how many: let the reader look now."""
        self._dropped += 1
        self._is_told_to_look = True
        self._has_news.set()

    def end(self) -> None:
        self._is_ended = True
        self._has_news.set()

    async def receive(self, timeout_s: float | None = None) -> BusMessage | None:
        try:
            async with asyncio.timeout(timeout_s):
                while not self._messages:
                    if self._is_ended or self._is_told_to_look:
                        self._is_told_to_look = False
                        return None
                    self._has_news.clear()
                    await self._has_news.wait()
        except TimeoutError:
            return None
        topic, encoded = self._messages.popleft()
        return BusMessage(topic, orjson.loads(encoded))

    async def __aiter__(self) -> AsyncIterator[BusMessage]:
        while not self.is_closed:
            if (message := await self.receive()) is not None:
                yield message


def encoded(body: object) -> bytes:
    """Return `body` as JSON. Raises TypeError where it is none."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise TypeError(f"a bus message is JSON: {error}") from error


def is_message(encoded_body: bytes) -> bool:
    """Say whether bytes from outside are a message at all: a JSON object."""
    try:
        return isinstance(orjson.loads(encoded_body), dict)
    except orjson.JSONDecodeError:
        return False
