"""What a feed fault does to an outgoing frame of whole packets."""

import numpy as np

from mofsl_simulator.faults import Fault
from mofsl_simulator.streams.packets import HEADER, PACKET_BYTES

_UNKNOWN_KINDS = b"XYgz"


def distort(frame: bytes, faults: list[Fault]) -> list[bytes] | None:
    """The frames to send in place of `frame`; None when nothing may be sent."""
    by_action = {fault.action: fault for fault in faults}
    if "silence" in by_action:
        return None
    if "clock_jump" in by_action:
        frame = _jumped(frame, by_action["clock_jump"])
    if "unknown_types" in by_action:
        frame = _with_unknown_types(frame, by_action["unknown_types"])
    if "garble" in by_action:
        frame = _garbled(frame, by_action["garble"])
    if "half_packets" in by_action:
        return _halved(frame, by_action["half_packets"])
    return [frame]


def _jumped(frame: bytes, fault: Fault) -> bytes:
    packets = np.frombuffer(frame, dtype=HEADER).copy()
    packets["time_s"] += fault.value
    return packets.tobytes()


def _with_unknown_types(frame: bytes, fault: Fault) -> bytes:
    """Packets of types that no client knows, in front, with the address of the first true packet."""
    address = frame[:9]
    body_bytes = PACKET_BYTES - len(address) - 1
    unknown = (
        address + _UNKNOWN_KINDS[number % 4 : number % 4 + 1] + fault.chance.randbytes(body_bytes)
        for number in range(fault.value)
    )
    return b"".join(unknown) + frame


def _garbled(frame: bytes, fault: Fault) -> bytes:
    """Noise of any length, or a share of the bytes changed."""
    if fault.value is None:
        return fault.chance.randbytes(fault.chance.randint(1, len(frame)))
    noisy = bytearray(frame)
    for position in range(len(noisy)):
        if fault.chance.random() < fault.value:
            noisy[position] ^= fault.chance.randint(1, 255)
    return bytes(noisy)


def _halved(frame: bytes, fault: Fault) -> list[bytes]:
    """Two frames with a packet across them; the second may be lost."""
    middle = len(frame) // PACKET_BYTES // 2 * PACKET_BYTES + fault.chance.randint(1, PACKET_BYTES - 1)
    first, second = frame[:middle], frame[middle:]
    return [first] if fault.value == "lost" or not second else [first, second]
