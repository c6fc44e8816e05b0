from __future__ import annotations

import asyncio
import base64
import json
import secrets

import bcrypt
import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core import security
from app.core.password_hashing import CappedPasswordHasher
from app.core.security import PasswordHashes, Sealer, get_password_hash, verify_and_upgrade, verify_password
from app.domain.identity import TooManyAttempts
from app.domain.ports.sealing import SealBroken

QUICK = PasswordHashes(Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1))


def _key() -> str:
    return Fernet.generate_key().decode()


def test_a_password_is_hashed_with_argon2id_at_the_library_defaults() -> None:
    hashed = get_password_hash("violet-otter-climbs")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hashed != get_password_hash("violet-otter-climbs")
    assert verify_password("violet-otter-climbs", hashed)
    assert not verify_password("violet-otter-climb", hashed)
    assert verify_and_upgrade("violet-otter-climbs", hashed) == (True, None)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200), st.integers(0, 200))
def test_no_character_of_a_password_is_ignored(password: str, position: int) -> None:
    hashed = QUICK.hash(password)
    assert QUICK.verify_and_upgrade(password, hashed)[0]
    place = position % (len(password) + 1)
    assert not QUICK.verify_and_upgrade(password[:place] + "x" + password[place:], hashed)[0]


@pytest.mark.parametrize("password", ["a" * 73 + "b", "पासवर्ड" * 20, "🔐" * 40, " spaces at both ends ", "a\x00b" * 8])
def test_long_and_foreign_passwords_differ_after_byte_72_too(password: str) -> None:
    hashed = QUICK.hash(password)
    assert QUICK.verify_and_upgrade(password, hashed)[0]
    assert not QUICK.verify_and_upgrade(password[:-1], hashed)[0]
    assert not QUICK.verify_and_upgrade(password.strip() + "x", hashed)[0]


def test_a_hash_with_weaker_parameters_is_replaced_at_the_next_sign_in() -> None:
    weak = QUICK.hash("violet-otter-climbs")
    matches, better = verify_and_upgrade("violet-otter-climbs", weak)
    assert matches
    assert better is not None
    assert "m=65536,t=3,p=4" in better
    assert verify_and_upgrade("wrong", weak) == (False, None)


@pytest.mark.parametrize("password", ["short", "ü" * 36, "x" * 72, "x" * 73, "x" * 500])
def test_a_bcrypt_hash_is_verified_and_replaced(password: str) -> None:
    old = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    matches, better = QUICK.verify_and_upgrade(password, old)
    assert matches
    assert better is not None
    assert better.startswith("$argon2id$")
    assert QUICK.verify_and_upgrade(password, better) == (True, None)
    assert QUICK.verify_and_upgrade("y" + password, old) == (False, None)


@pytest.mark.parametrize("stored", ["", "x", "$2b$12$short", "$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$AA$AA", "plain"])
def test_a_hash_that_cannot_be_read_matches_nothing(stored: str) -> None:
    assert not verify_password("", stored)
    assert not verify_password(stored, stored)
    assert not verify_password("\ud800", stored)


def test_what_is_sealed_opens_only_for_its_owner_and_field() -> None:
    sealer = Sealer([_key()])
    sealed = sealer.seal("s3cr3t ₹", owner_id="c1", field="api_key")
    assert sealer.open(sealed, owner_id="c1", field="api_key") == "s3cr3t ₹"
    for owner_id, field in (("c2", "api_key"), ("c1", "api_secret"), ("", ""), ("c1", ""), ("c", "1api_key")):
        with pytest.raises(SealBroken) as refused:
            sealer.open(sealed, owner_id=owner_id, field=field)
        assert "s3cr3t" not in repr(refused.value) + str(refused.value.__cause__) + str(refused.value.__context__)


def test_owner_and_field_cannot_run_into_each_other() -> None:
    sealer = Sealer([_key()])
    sealed = sealer.seal("x", owner_id='a","b', field="c")
    with pytest.raises(SealBroken):
        sealer.open(sealed, owner_id="a", field='b","c')


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealer = Sealer(["A" * 43 + "="])
    raw = bytearray(base64.urlsafe_b64decode(sealer.seal("secret", owner_id="c1", field="f")))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        sealer.open(base64.urlsafe_b64encode(bytes(raw)).decode(), owner_id="c1", field="f")


@pytest.mark.parametrize("sealed", ["", "x", "ü", "gAAAA", "\x00", "plain text"])
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    sealer = Sealer([_key()])
    for act in (sealer.open, sealer.rotate, sealer.needs_rotation):
        with pytest.raises(SealBroken):
            act(sealed)


def test_a_token_of_the_right_key_without_the_binding_is_refused() -> None:
    key = _key()
    for plain in ("secret", json.dumps(["c1", "f"]), json.dumps(["c1", "f", 1]), json.dumps({"a": 1}), "7"):
        with pytest.raises(SealBroken):
            Sealer([key]).open(Fernet(key).encrypt(plain.encode()).decode(), owner_id="c1", field="f")


def test_keys_are_rotated_without_losing_the_binding() -> None:
    old, new = _key(), _key()
    sealed = Sealer([old]).seal("secret", owner_id="c1", field="f")
    both, only_new = Sealer([new, old]), Sealer([new])
    assert both.open(sealed, owner_id="c1", field="f") == "secret"
    assert both.needs_rotation(sealed)
    rotated = both.rotate(sealed)
    assert not both.needs_rotation(rotated)
    assert only_new.open(rotated, owner_id="c1", field="f") == "secret"
    for act in (only_new.rotate, only_new.needs_rotation):
        with pytest.raises(SealBroken):
            act(sealed)
    with pytest.raises(SealBroken):
        only_new.open(rotated, owner_id="c2", field="f")


@pytest.mark.parametrize("keys", [[], [""], ["short"], ["x" * 44], [_key(), "short"]])
def test_a_bad_key_is_refused_without_showing_it(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="Fernet key") as refused:
        Sealer(keys)
    assert not any(key and key in str(refused.value) for key in keys)


def test_the_module_functions_use_the_key_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "_chosen_key", [])
    monkeypatch.delenv("FERNET_KEY", raising=False)
    with pytest.raises(ValueError, match="FERNET_KEY"):
        security.encrypt_data("x")
    monkeypatch.setenv("FERNET_KEY", f"{_key()},{_key()}")
    sealed = security.encrypt_data("secret", owner_id="c1", field="f")
    assert "secret" not in sealed
    assert security.decrypt_data(sealed, owner_id="c1", field="f") == "secret"
    with pytest.raises(SealBroken):
        security.decrypt_data(sealed, owner_id="c2", field="f")
    security.use_fernet_key(_key())
    with pytest.raises(SealBroken):
        security.decrypt_data(sealed, owner_id="c1", field="f")
    assert security.decrypt_data(security.encrypt_data("plain")) == "plain"


async def test_few_hashes_run_at_once_and_a_flood_is_turned_away() -> None:
    class Counting(PasswordHashes):
        running = most = 0

        def hash(self, password: str) -> str:
            Counting.running += 1
            Counting.most = max(Counting.most, Counting.running)
            try:
                return super().hash(password)
            finally:
                Counting.running -= 1

    hasher = CappedPasswordHasher(Counting(), at_once=2, waiting=6)
    results = await asyncio.gather(*(hasher.hash(secrets.token_hex(8)) for _ in range(40)), return_exceptions=True)
    assert Counting.most <= 2
    assert sum(isinstance(result, str) for result in results) == 8
    assert sum(isinstance(result, TooManyAttempts) for result in results) == 32
