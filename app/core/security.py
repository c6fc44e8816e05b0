"""Password hashes, and secrets sealed for storage.

Passwords: Argon2id at argon2-cffi's defaults (64 MiB, 3 passes, 4 lanes); bcrypt hashes of older systems are still
verified and replaced at the next sign-in. Nothing is truncated or normalised.

Sealing: Fernet. The sealed text carries its owner's id and its field's name; opening compares both, so a value moved
to another row or column is refused.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from app.domain.ports.sealing import SealBroken

_BCRYPT_LIMIT_BYTES = 72  # bcrypt never saw more; bcrypt 5 raises where its forerunners cut silently


class PasswordHashes:
    """Argon2id with the given parameters, by default argon2-cffi's; hashes with others are replaced when verified."""

    def __init__(self, argon2: Argon2Hasher | None = None) -> None:
        self._bcrypt = BcryptHasher()
        self._all = PasswordHash((argon2 or Argon2Hasher(), self._bcrypt))

    def hash(self, password: str) -> str:
        """Raises ValueError for text that is not UTF-8."""
        return self._all.hash(password.encode("utf-8"))

    def verify_and_upgrade(self, password: str, password_hash: str) -> tuple[bool, str | None]:
        """Return whether it matches, and a new hash where the stored one is bcrypt or has other parameters.

        A hash that we cannot read matches nothing.
        """
        try:
            given = password.encode("utf-8")
            if self._bcrypt.identify(password_hash):
                # Such a hash was made from at most 72 bytes; the new one is made from all of them.
                matches = self._bcrypt.verify(given[:_BCRYPT_LIMIT_BYTES], password_hash)
                return (True, self._all.hash(given)) if matches else (False, None)
            return self._all.verify_and_update(given, password_hash)
        except (PwdlibError, ValueError):
            return False, None


_DEFAULT_HASHES = PasswordHashes()


def get_password_hash(password: str) -> str:
    """Return an Argon2id hash. Takes tens of milliseconds and 64 MiB. Raises ValueError for text that is not UTF-8."""
    return _DEFAULT_HASHES.hash(password)


def verify_password(plain_password: str, hashed_password: str) -> bool:
    return verify_and_upgrade(plain_password, hashed_password)[0]


def verify_and_upgrade(password: str, password_hash: str) -> tuple[bool, str | None]:
    """Return whether the password matches, and a new hash where the stored one is bcrypt or has old parameters."""
    return _DEFAULT_HASHES.verify_and_upgrade(password, password_hash)


class Sealer:
    """Seals with the first key and opens with any, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError, without the key in it, where one is not a Fernet key."""
        if not keys:
            raise ValueError("expected at least one Fernet key")
        try:
            fernets = [Fernet(key) for key in keys]
        except (ValueError, TypeError):
            raise ValueError("a Fernet key is 32 bytes in URL-safe base64") from None
        self._first = fernets[0]
        self._all = MultiFernet(fernets)

    def seal(self, data: str, *, owner_id: str = "", field: str = "") -> str:
        bound = json.dumps([owner_id, field, data], ensure_ascii=True, separators=(",", ":"))
        return self._all.encrypt(bound.encode("ascii")).decode("ascii")

    def open(self, sealed: str, *, owner_id: str = "", field: str = "") -> str:
        """Raises SealBroken, whatever is wrong; it holds nothing of the value."""
        try:
            found_owner, found_field, data = json.loads(self._all.decrypt(sealed))
        except (InvalidToken, ValueError, TypeError):
            raise SealBroken from None
        same_owner = hmac.compare_digest(str(found_owner).encode(), owner_id.encode())
        same_field = hmac.compare_digest(str(found_field).encode(), field.encode())
        if not (same_owner and same_field and isinstance(data, str)):
            raise SealBroken
        return data

    def needs_rotation(self, sealed: str) -> bool:
        """Tell whether `sealed` was sealed with another key than the first. Raises SealBroken if by none of ours."""
        try:
            self._first.decrypt(sealed)
        except (InvalidToken, TypeError, ValueError):
            self._check_ours(sealed)
            return True
        return False

    def rotate(self, sealed: str) -> str:
        """Seal the same content again with the first key; owner and field stay bound. Raises SealBroken."""
        try:
            return self._all.rotate(sealed).decode("ascii")
        except (InvalidToken, TypeError, ValueError):
            raise SealBroken from None

    def _check_ours(self, sealed: str) -> None:
        try:
            self._all.decrypt(sealed)
        except (InvalidToken, TypeError, ValueError):
            raise SealBroken from None


@lru_cache(maxsize=4)
def sealer_for(fernet_key: str) -> Sealer:
    """Return the sealer of a FERNET_KEY setting: keys separated by commas, the first of which seals."""
    return Sealer([key.strip() for key in fernet_key.split(",") if key.strip()])


def encrypt_data(data: str, *, owner_id: str = "", field: str = "") -> str:
    """Seal `data` with this process's FERNET_KEY."""
    return _process_sealer().seal(data, owner_id=owner_id, field=field)


def decrypt_data(sealed: str, *, owner_id: str = "", field: str = "") -> str:
    """Open what `encrypt_data` sealed for the same owner and field. Raises SealBroken."""
    return _process_sealer().open(sealed, owner_id=owner_id, field=field)


_chosen_key: list[str] = []


def use_fernet_key(fernet_key: str) -> None:
    """Set the key of `encrypt_data` and `decrypt_data`, at start, from the checked settings. Raises ValueError."""
    sealer_for(fernet_key)
    _chosen_key[:] = [fernet_key]


def _process_sealer() -> Sealer:
    key = _chosen_key[0] if _chosen_key else os.environ.get("FERNET_KEY", "")
    if not key:
        raise ValueError("FERNET_KEY is not set")
    return sealer_for(key)
