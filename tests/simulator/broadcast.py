"""The broadcast as a client reads it: its own decoder and its own packets, apart from the simulator's code."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass

from tests.simulator.in_process import InProcess

PACKET_BYTES = 30
_LEVEL = ("<fiHfiH", ("bid", "bid_quantity", "bid_orders", "offer", "offer_quantity", "offer_orders"))
FORMS = {
    "A": ("<fiifi", ("ltp", "quantity", "volume", "average", "open_interest")),
    **dict.fromkeys("BCDEF", _LEVEL),
    "G": ("<ffff4x", ("open", "high", "low", "close")),
    "W": ("<ff12x", ("upper", "lower")),
    "m": ("<iii8x", ("now", "high", "low")),
    "H": ("<f16x", ("value",)),
    "1": ("<20x", ()),
}  # fmt: skip
HEARTBEAT_ANSWER = b"1\x00\x00"


@dataclass(frozen=True, slots=True)
class Packet:
    exchange: str
    code: int
    time_s: int
    kind: str
    fields: dict[str, float]
    """Floats rounded to paise."""


def decoded(data: bytes) -> list[Packet]:
    """Whole packets; unknown types come without fields."""
    assert len(data) % PACKET_BYTES == 0, len(data)
    return [_packet(data[start : start + PACKET_BYTES]) for start in range(0, len(data), PACKET_BYTES)]


def _packet(raw: bytes) -> Packet:
    exchange, code, time_s, kind = struct.unpack_from("<ciic", raw)
    form, names = FORMS.get(kind.decode("latin-1"), ("<20x", ()))
    values = struct.unpack(form, raw[10:])
    rounded = (round(value, 2) if isinstance(value, float) else value for value in values)
    return Packet(
        exchange.decode("latin-1"), code, time_s, kind.decode("latin-1"), dict(zip(names, rounded, strict=True))
    )


def kinds(data: bytes) -> str:
    return "".join(packet.kind for packet in decoded(data))


def counts(data: bytes) -> Counter[str]:
    return Counter(kinds(data))


def last_prices(data: bytes) -> dict[tuple[str, int], float]:
    """What the feed said last of each instrument."""
    return {(p.exchange, p.code): p.fields["ltp"] for p in decoded(data) if p.kind == "A"}


def login(code: str, *, kind: bytes = b"Q", version: str = "VER 2.0") -> bytes:
    name, text = code.encode(), version.encode()
    return struct.pack(
        "=cHB15sB30sBBBB10sBBBBB45s", kind, 111,
        len(name), name.ljust(15), len(name), name.ljust(30),
        1, 1, 1, len(text), text.ljust(10), 0, 0, 0, 0, 1, b" " * 45,
    )  # fmt: skip


def register(exchange: str, segment: str, code: int, *, adds: bool = True) -> bytes:
    return struct.pack("=cHcciB", b"D", 7, exchange.encode(), segment.encode(), code, adds)


class Recorder:
    """A feed connection without a socket: keeps the frames."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.waiting_bytes = 0
        self.ended = ""

    async def send_binary(self, data: bytes) -> None:
        self.frames.append(data)

    def close(self) -> None:
        self.ended = "clean"

    def reset(self) -> None:
        self.ended = "reset"

    def take(self) -> bytes:
        """All that came since the last look."""
        data = b"".join(self.frames)
        self.frames.clear()
        return data


class FeedUser:
    """One client of the feed of a simulator without sockets."""

    def __init__(self, sim: InProcess, *, code: str = "TC0001") -> None:
        self._feed = sim.streams.feed
        self._code = code
        self.wire = Recorder()
        self.client = self._feed.connected(self.wire)

    async def send(self, *messages: bytes) -> bytes:
        """What comes back at once."""
        for message in messages:
            await self._feed.received(self.client, message)
        return self.wire.take()

    async def sign_in(self) -> bytes:
        return await self.send(login(self._code))

    async def register(self, exchange: str, segment: str, code: int, *, adds: bool = True) -> bytes:
        return await self.send(register(exchange, segment, code, adds=adds))

    async def step(self) -> bytes:
        """What one round of the feed brings."""
        await self._feed.step()
        return self.wire.take()
