"""The transitions of ORDERS.md section 2, written down a second time: the proof does not believe the desk's table."""

from __future__ import annotations

_SEEN = {"open", "partially_filled", "filled", "cancelled", "rejected", "expired"}
_LATE = {"open", "partially_filled", "filled"}

LISTED: dict[str | None, frozenset[str]] = {
    None: frozenset({"queued", "blocked"}),
    "queued": frozenset({"lapsed", "sending"}),
    "sending": frozenset(_SEEN | {"queued", "acknowledged", "unknown"}),
    "unknown": frozenset(_SEEN | {"absent"}),
    "acknowledged": frozenset(_SEEN | {"unknown"}),
    "open": frozenset({"partially_filled", "filled", "cancelled", "expired", "rejected"}),
    "partially_filled": frozenset({"open", "filled", "cancelled", "expired"}),
    "cancelled": frozenset(_LATE),
    "rejected": frozenset(_LATE),
    "expired": frozenset(_LATE),
    "absent": frozenset(_LATE),
}

NOT_AT_BROKER = frozenset({"blocked", "lapsed", "absent", "queued"})
TAKEN_BY_BROKER = frozenset({"acknowledged", "open", "partially_filled", "filled", "cancelled", "expired"})
NOT_KNOWN = frozenset({"queued", "sending", "unknown"})
OVER = frozenset({"blocked", "lapsed", "filled", "cancelled", "rejected", "expired", "absent"})

_ALPHABET = "123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_valid_tag(tag: str) -> bool:
    """ORDERS.md section 6, reckoned anew."""
    if len(tag) != 10 or any(symbol not in _ALPHABET for symbol in tag):
        return False
    digits = [_ALPHABET.index(symbol) for symbol in tag]
    return sum(place * digit for place, digit in enumerate(digits[:9], start=1)) % 31 == digits[9]
