from __future__ import annotations

import pytest

from app.domain.common_passwords import COMMON_PASSWORDS
from app.domain.errors import InvalidInput
from app.domain.passwords import check_new_password

EMAIL = "asha.mehta@sharma-capital.in"


@pytest.mark.parametrize(
    "password",
    [
        "violet-otter-climbs-seven-stairs", "x7#kQ9!mZ2@pL5v", "correct horse paper window", "नमस्ते-दुनिया-१२३४-मेरा",
        "        8 spaces first", "u" + "niquely odd thing", "sunshine over monday hills", "x" * 3 + "abcdefgh-ZK19-!",
        "mehta" + "-q8r5k1z-blue-lake",
    ],
)  # fmt: skip
def test_a_long_password_needs_no_composition(password: str) -> None:
    check_new_password(password, email=EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "", "fourteen-chars", "passwordpassword", "PasswordPassword", "Passw0rdPassw0rd", "P@ssw0rd12345678",
        "password!!!!!!!!!", "aaaaaaaaaaaaaaaaaa", "abababababababab", "1234567890123456", "qwertyuiopasdfgh",
        "qwerty1234567890", "administrator2026", "letmeinletmein123", "asha.mehta@sharma-capital.in",
        "ashamehta-ashamehta", "mehta-sharma-2026", "motilaloswal2026!", "TradingPlatform2026", "mofslmofslmofsl1",
        "line\nbreak-in-the-middle", "x" * 1025,
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new_password(password, email=EMAIL)
    assert refused.value.code == "password_refused"
    assert refused.value.field == "password"
    assert not password or password not in refused.value.message


def test_every_listed_password_is_refused() -> None:
    for password in COMMON_PASSWORDS:
        with pytest.raises(InvalidInput):
            check_new_password(password, email=EMAIL)
