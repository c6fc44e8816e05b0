"""Finds the packets in what arrives: batched, split over frames, with bytes lost or added between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.mofsl.feed_packets import HEADER_BYTES, PACKET_BYTES, are_headers, are_packets, header_rows

_READABLE_SHARE = 0.5  # below it, the packets are looked for at another byte


class PacketJoiner:
    """Keeps the beginning of a packet until its rest arrives. `skipped_bytes` counts what was never a packet."""

    def __init__(self) -> None:
        self._rest = b""
        self.skipped_bytes = 0

    @property
    def holds_part(self) -> bool:
        return bool(self._rest)

    def join(self, frames: Sequence[bytes]) -> bytes:
        """Return the whole packets in `frames`, back to back."""
        if not self._rest and all(len(frame) % PACKET_BYTES == 0 for frame in frames):
            together = b"".join(frames)
            if not together or are_packets(header_rows(together)).mean() >= _READABLE_SHARE:
                return together
        return b"".join([self._next(frame) for frame in frames])

    def _next(self, frame: bytes) -> bytes:
        """A frame that is whole by itself wins over one that completes a remainder equally well: half a packet whose
        rest was lost must not become a price of two halves.
        """
        joined = self._rest + frame
        shares = _readable_shares(joined)
        start = int(np.argmax(shares))
        boundary = len(self._rest) % PACKET_BYTES
        if len(frame) % PACKET_BYTES == 0 and shares[boundary] == shares[start]:
            start = boundary
        whole = (len(joined) - start) // PACKET_BYTES * PACKET_BYTES
        self._rest = joined[start + whole :]
        self.skipped_bytes += start
        return joined[start : start + whole]


def _readable_shares(data: bytes) -> NDArray[np.float64]:
    """Return, for each of the 30 bytes at which packets could begin, the share of headers from there on that can be
    read; a last packet counts once its header is there.
    """
    shares = np.zeros(PACKET_BYTES)
    positions = len(data) - HEADER_BYTES + 1
    if positions < 1:
        return shares
    counted = -(-positions // PACKET_BYTES) * PACKET_BYTES
    readable = np.zeros(counted, np.bool_)
    readable[:positions] = are_headers(data)
    exists = np.arange(counted) < positions
    starts = (-1, PACKET_BYTES)
    return np.asarray(readable.reshape(starts).sum(axis=0) / np.maximum(exists.reshape(starts).sum(axis=0), 1))
