"""What a password of the desk may be: long, and not what everybody tries first. No composition rules (ASVS 6.2.5)."""

from __future__ import annotations

import re

from app.domain.common_passwords import COMMON_PASSWORDS, COMMON_WORDS
from app.domain.errors import InvalidInput

MIN_LENGTH = 15  # SECURITY.md S3
MAX_LENGTH = 1024  # bounds the work of hashing; nothing is ever cut
_MIN_DISTINCT = 6
_OWN_WORDS = ("tradingplatform", "tradingdesk", "motilaloswal", "motilal", "oswal", "mofsl")
_LEFT_MIN_LENGTH = 8
_LEET = str.maketrans("0134578@$!", "oieastbasi")
_KEYBOARD = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_RUN_MIN_LENGTH = 4
_LEFT_BESIDE_RUNS = 5


def _runs() -> re.Pattern[str]:
    """Every piece of a keyboard row of at least four keys, either way, the longest first."""
    found: set[str] = set()
    for row in _KEYBOARD:
        for keys in (row, row[::-1]):
            for start in range(len(keys) - _RUN_MIN_LENGTH + 1):
                found.update(keys[start:end] for end in range(start + _RUN_MIN_LENGTH, len(keys) + 1))
    return re.compile("|".join(sorted(found, key=len, reverse=True)))


_RUN = _runs()


def check_new_password(password: str, *, email: str) -> None:
    """Raises InvalidInput, which says what to change and repeats nothing of the password."""
    if len(password) < MIN_LENGTH:
        raise _refused(f"a password has at least {MIN_LENGTH} characters")
    if len(password) > MAX_LENGTH:
        raise _refused(f"a password has at most {MAX_LENGTH} characters")
    if not password.isprintable() and any(ord(sign) < 32 or ord(sign) == 127 for sign in password):
        raise _refused("a password has no control characters")
    plain = password.casefold()
    if plain in COMMON_PASSWORDS or len(set(plain)) < _MIN_DISTINCT or _is_repetition(plain) or _is_common(plain):
        raise _refused("this password is among the first that anybody tries; choose another, such as five random words")
    if len(_without_context(plain, email)) < _LEFT_MIN_LENGTH:
        raise _refused("a password is not made of the email address or of this program's names")


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, code="password_refused", field="password")


def _is_repetition(plain: str) -> bool:
    return any(plain == (plain[:size] * (len(plain) // size + 1))[: len(plain)] for size in range(1, 8))


def _is_common(plain: str) -> bool:
    """Tell whether it is one common word, however often and padded, or little beside runs on the keyboard."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    for letters in (_letters(plain), _letters(core.translate(_LEET))):
        if letters and any(not letters.replace(word, "") for word in COMMON_WORDS):
            return True
    left = _RUN.sub("", plain)
    return left != plain and sum(sign.isalnum() for sign in left) < _LEFT_BESIDE_RUNS


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)


def _without_context(plain: str, email: str) -> str:
    left = plain
    local, _, domain = email.casefold().partition("@")
    parts = [email.casefold(), local, domain, *re.split(r"[._+\-]", local), *domain.split(".")]
    for part in sorted({part for part in [*parts, *_OWN_WORDS] if len(part) >= 4}, key=len, reverse=True):
        left = left.replace(part, "")
    return re.sub(r"[\W_\d]+", "", left) if left != plain else left
