"""Frames for sockets: encoded once for everybody; only `seq`, which is each socket's own, is put in between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from app.domain.events import FrameType


class Frame:
    """The JSON text of one message, in UTF-8, without its `seq`. Shared by all sockets, never changed."""

    __slots__ = ("_head", "_tail")

    def __init__(self, head: bytes, tail: bytes) -> None:
        self._head = head
        self._tail = tail

    def parts(self, seq: int) -> tuple[bytes, bytes]:
        """Return the text in two parts, of which the second, nearly all of it, is the same object for everybody."""
        return b"%b%d" % (self._head, seq), self._tail

    def text(self, seq: int) -> str:
        return b"".join(self.parts(seq)).decode()


_HEADS = {kind: f'{{"type":"{kind}","seq":'.encode() for kind in FrameType}


def frame(kind: FrameType, body: Mapping[str, Any], *, at: datetime) -> Frame:
    """Return a frame with the fields of `body`; `at` becomes `ts`."""
    return frame_of_text(kind, encoded(body)[1:], at=at)


def frame_of_text(kind: FrameType, rest: str, *, at: datetime) -> Frame:
    """As `frame`, of a body that is JSON text already, without its opening brace."""
    comma = "" if rest == "}" else ","
    return Frame(_HEADS[kind], f',"ts":"{at.isoformat()}"{comma}{rest}'.encode())


def encoded(body: Any) -> str:
    return orjson.dumps(body).decode()
