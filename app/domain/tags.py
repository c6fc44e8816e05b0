"""The order tag: the only reference of ours that the broker echoes, at most 10 characters (ORDERS.md section 6).

Layout `E SSSSSSSS C`: epoch symbol, eight symbols of a database sequence, check symbol.
"""

from __future__ import annotations

ALPHABET = "123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 31 symbols, no look-alikes
_BASE = len(ALPHABET)
_DIGIT = {symbol: digit for digit, symbol in enumerate(ALPHABET)}
_SEQUENCE_SYMBOLS = 8
_LENGTH = 1 + _SEQUENCE_SYMBOLS + 1
MAX_SEQUENCE = _BASE**_SEQUENCE_SYMBOLS - 1


def make_tag(epoch: str, sequence: int) -> str:
    """Return the tag of `sequence` (0 to MAX_SEQUENCE) under the `epoch` symbol. Raises ValueError outside."""
    if epoch not in _DIGIT:
        raise ValueError(f"expected one epoch symbol of the tag alphabet, found {epoch[:3]!r}")
    if not 0 <= sequence <= MAX_SEQUENCE:
        raise ValueError(f"expected a sequence of 0 to {MAX_SEQUENCE}, found {sequence}")
    symbols = []
    rest = sequence
    for _ in range(_SEQUENCE_SYMBOLS):
        rest, digit = divmod(rest, _BASE)
        symbols.append(ALPHABET[digit])
    body = epoch + "".join(reversed(symbols))
    return body + _check_symbol(body)


def is_tag(text: str) -> bool:
    """Whether `text` has the layout of a tag and its check symbol holds."""
    return len(text) == _LENGTH and all(symbol in _DIGIT for symbol in text) and _check_symbol(text[:-1]) == text[-1]


def normal_tag(text: str) -> str:
    """Return a broker's echo without padding and in capitals; empty where it is no tag of ours."""
    folded = text.strip().upper()
    return folded if is_tag(folded) else ""


def next_epoch(epoch: str) -> str:
    """Return the symbol after `epoch`, raised at every restore from a backup. Raises ValueError after the last."""
    position = _DIGIT[epoch] + 1
    if position == _BASE:
        raise ValueError("the tag epochs are used up")
    return ALPHABET[position]


def _check_symbol(body: str) -> str:
    return ALPHABET[sum(place * _DIGIT[symbol] for place, symbol in enumerate(body, start=1)) % _BASE]
