"""What a setting may hold: addresses that leak nothing, and secrets that nobody can guess.

Every function raises ValueError with a clause that follows the setting's name in a sentence; none repeats the value.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import itertools
from collections.abc import Collection
from urllib.parse import urlsplit

SECRET_MIN_BYTES = 32
_MIN_DISTINCT_BYTES = 10  # 32 random hex digits hold fewer than ten different ones once in a million keys
_EXAMPLE_WORDS = ("change", "example", "placeholder", "replace", "secret", "insecure", "password", "default", "sample")
_FERNET_EXAMPLES = frozenset(  # printed in the documentation of the library and of projects that copied it
    {"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "ZmDfcTF7_60GrrY167zsiPd67pEvs0aGOv2oasOM1Pg="}
)
_MAKE_JWT = "make one with: openssl rand -hex 32"
_MAKE_FERNET = "make one with: openssl rand -base64 32 | tr '+/' '-_'"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_broker_url(url: str, *, secure: str, plain: str) -> str:
    """Return `url` without a trailing slash where its scheme is `secure`, or `plain` on loopback."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"is not an address; write {secure}://host[:port]") from None
    if parts.scheme not in {secure, plain} or not host or any(sign.isspace() for sign in url):
        raise ValueError(f"is not an address; write {secure}://host[:port]")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError(f"must hold no user name, query or fragment; write {secure}://host[:port]")
    if parts.scheme == plain and not is_loopback(host):
        raise ValueError(f"would send credentials in clear text; write {secure}:// (only loopback may use {plain}://)")
    return url.rstrip("/")


def checked_redis_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme == "unix" and parts.path:
        return url
    if parts.scheme not in {"redis", "rediss"} or not host:
        raise ValueError("is not an address; write redis://host:6379/0, or leave it empty to cache in process")
    return url


def checked_database_url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    backend = scheme.partition("+")[0]
    if not separator or backend not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("is not an address; write sqlite:////path/desk.db or postgresql://user@host/name")
    if backend == "sqlite" and (rest in {"", "/", "/:memory:"} or "mode=memory" in rest):
        raise ValueError("would forget every order at the end; write sqlite:////path/desk.db")
    if backend != "sqlite":
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("is not an address; write postgresql://user@host/name") from None
        if (not host and "host=" not in parts.query) or parts.path in {"", "/"}:
            raise ValueError("names no host or no database; write postgresql://user@host/name")
    return url.replace("postgres://", "postgresql://", 1) if scheme == "postgres" else url


def checked_jwt_key(key: str) -> str:
    raw = key.encode()
    if len(raw) < SECRET_MIN_BYTES:
        raise ValueError(f"is shorter than {SECRET_MIN_BYTES} bytes; {_MAKE_JWT}")
    if _is_guessable(raw):
        raise ValueError(f"is an example or easy to guess; {_MAKE_JWT}")
    return key


def checked_fernet_keys(text: str) -> tuple[str, ...]:
    """Return the keys of a comma-separated list, first the one that seals."""
    keys = tuple(part.strip() for part in text.split(","))
    if not all(keys):
        raise ValueError("has an empty entry; write keys separated by single commas")
    for key in keys:
        try:
            raw = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise ValueError(f"holds a key that is not urlsafe base64; {_MAKE_FERNET}") from None
        if len(raw) != 32 or "+" in key or "/" in key:
            raise ValueError(f"holds a key that is not 32 bytes in urlsafe base64; {_MAKE_FERNET}")
        typed = all(32 <= byte < 127 for byte in raw)  # 32 random bytes are all printable once in 10^13 keys
        if typed or key in _FERNET_EXAMPLES or _is_guessable(raw):
            raise ValueError(f"holds a key that is an example or easy to guess; {_MAKE_FERNET}")
    if len(set(keys)) != len(keys):
        raise ValueError("names a key twice; remove one of the two")
    return keys


def checked_origin(origin: str) -> str:
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or "*" in origin:
        raise ValueError("holds what is not an origin; write https://desk.example.org, separated by commas")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("holds a clear-text origin; write https:// (only loopback may use http://)")
    return origin.lower()


def checked_choice(text: str, choices: Collection[str]) -> str:
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(sorted(choices))}")
    return text


def _is_guessable(raw: bytes) -> bool:
    """Whether `raw` repeats itself, counts up or down, or says that it is an example."""
    if len(set(raw)) < _MIN_DISTINCT_BYTES or (raw + raw).find(raw, 1) < len(raw):
        return True
    steps = [(after - before) % 256 for before, after in itertools.pairwise(raw)]
    if max(steps.count(step) for step in set(steps)) > len(steps) // 2:
        return True
    quarter = len(raw) // 4
    if any(raw.count(raw[start : start + quarter]) > 1 for start in range(len(raw) - quarter)):
        return True
    text = raw.decode("utf-8", "ignore").lower()
    return any(word in text for word in _EXAMPLE_WORDS)
