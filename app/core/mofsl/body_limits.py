"""Answers are read up to a limit, compressed or not: a small body must not become a large memory."""

from __future__ import annotations

import zlib

from app.core.mofsl.errors import PerhapsSent

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BoundedBody:
    """Collects a body chunk by chunk; `finish` undoes its content encoding within the same limit.

    Raises PerhapsSent: by the time an answer arrives, the request has long left.
    """

    __slots__ = ("_chunks", "_max_bytes", "_size")

    def __init__(self, max_bytes: int) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._max_bytes = max_bytes

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise _too_large(self._max_bytes)
        self._chunks.append(chunk)

    def finish(self, content_encoding: str | None) -> bytes:
        chunks = self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if not content_encoding:
            return body
        encoding = content_encoding.strip().lower()
        if encoding == "identity":
            return body
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise PerhapsSent("the answer has a content encoding that was not asked for", reason="content_encoding")
        return _inflate(body, self._max_bytes)


def _inflate(body: bytes, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = inflater.decompress(body, max_bytes + 1)
    except zlib.error:
        raise PerhapsSent("the answer's compression is broken", reason="content_encoding") from None
    if len(plain) > max_bytes:
        raise _too_large(max_bytes)
    if not inflater.eof or inflater.unused_data:
        raise PerhapsSent("the answer's compressed body is cut short or overlong", reason="content_encoding")
    return plain


def _too_large(max_bytes: int) -> PerhapsSent:
    return PerhapsSent(f"the answer is larger than {max_bytes} bytes", reason="answer_too_large")
