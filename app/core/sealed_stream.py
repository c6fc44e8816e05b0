"""A file sealed in pieces, so that a large one needs little memory: no piece can be changed, moved, added or lost.

The first line names the format and what is inside; each line after it is a Fernet token of one piece, which carries
the file's random id, the piece's number, and whether it is the last.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

PIECE_BYTES = 1024 * 1024
_MAGIC = b"desk-backup 1 "
_HEAD = struct.Struct(">16sQ?")  # file id, number, is last
_LONGEST_LINE = 2 * PIECE_BYTES


class NotReadable(Exception):
    """Not such a file, or changed, cut short, or sealed with another key. The message is a clause for a person."""


def seal_stream(pieces: Iterable[bytes], target: BinaryIO, *, kind: str, keys: list[str]) -> None:
    """Write `pieces` sealed with the first of `keys`; `kind` stands in clear and is protected too."""
    seal = Fernet(keys[0])
    file_id = os.urandom(16)
    target.write(_MAGIC + kind.encode() + b"\n")
    number, held = 0, kind.encode()  # the kind is the first piece: it cannot be exchanged either
    for piece in pieces:
        if not piece:
            continue
        target.write(seal.encrypt(_HEAD.pack(file_id, number, False) + held) + b"\n")
        number, held = number + 1, piece
    target.write(seal.encrypt(_HEAD.pack(file_id, number, True) + held) + b"\n")


def stream_kind(source: BinaryIO) -> str:
    """Read the first line. Raises NotReadable."""
    line = source.readline(200)
    if not line.startswith(_MAGIC) or not line.endswith(b"\n"):
        raise NotReadable("is not a backup of the desk")
    return line.removeprefix(_MAGIC).strip().decode("ascii", "replace")


def open_stream(source: BinaryIO, *, kind: str, keys: list[str]) -> Iterator[bytes]:
    """Yield the pieces after `stream_kind` was read. Raises NotReadable, also after some pieces have come."""
    opener = MultiFernet([Fernet(key) for key in keys])
    file_id, expected, is_last = b"", 0, False
    while line := source.readline(_LONGEST_LINE):
        try:
            plain = opener.decrypt(line.strip())
        except InvalidToken:
            raise NotReadable("is damaged, or was sealed with another BACKUP_KEY") from None
        found_id, number, last = _HEAD.unpack_from(plain)
        if is_last or number != expected or (file_id and found_id != file_id):
            raise NotReadable("has pieces out of place")
        piece = plain[_HEAD.size :]
        if number == 0 and piece != kind.encode():
            raise NotReadable("says that it is of another kind than it is")
        file_id, expected, is_last = found_id, expected + 1, last
        if number > 0:
            yield piece
    if not is_last:
        raise NotReadable("is cut short")
