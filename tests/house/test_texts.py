"""What a checkout holds: files of one job each, and nothing that belongs to one machine, one registry or one secret."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator

import pytest

from app.config_checks import checked_fernet_keys, checked_jwt_key
from tests.support.processes import ROOT
from tests.support.sources import project_files, texts

LONGEST_FILE = 400  # lines
_CODE = (".py", ".ts", ".tsx", ".js", ".mjs", ".css")
_LENGTH_IS_NO_MATTER = re.compile(
    r"migrations/versions/|^trading-dashboard-ui/src/types/api\.d\.ts$|\.(txt|lock|md|json|csv)$|^LICENSE$"
)
_PLACES = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:work|opt/(?:pypi|wheels))/",
            r"/(?:home|Users)/[a-z][\w.-]*/",
            r"(?<![\w.])/ro" + r"ot/",
            r"files\." + r"pythonhosted",
            r"pypi\." + r"org",
            r"registry\." + r"npmjs",
            r"npmjs\." + r"(?:org|com)",
            r"registry\." + r"yarnpkg",
            r"proxy\." + r"golang",
        ]
    )
)
_TOKENS = re.compile(
    "|".join(
        [
            r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----",
            r"\bAKIA[0-9A-Z]{16}\b",
            r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
            r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
            r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
        ]
    )
)
_FERNET = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}=")
_INTEGRITY = re.compile(r"\bsha512-[A-Za-z0-9+/]{86}==")  # of a locked package: no key of ours
_ASSIGNED_KEY = re.compile(r"JWT_SECRET_KEY[\"']?\s*[=:]\s*[\"']?([^\s\"',}]{32,})")


def secrets_in(text: str) -> Iterator[str]:
    """Yield what in `text` is a secret: known forms of tokens, and keys that the desk would start with."""
    yield from (found.group() for found in _TOKENS.finditer(text))
    text = _INTEGRITY.sub("", text)
    yield from (key for key in _FERNET.findall(text) if _is_accepted(checked_fernet_keys, key))
    yield from (key for key in _ASSIGNED_KEY.findall(text) if _is_accepted(checked_jwt_key, key) and "(" not in key)


def _is_accepted(check: object, key: str) -> bool:
    try:
        check(key)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def test_no_file_holds_a_secret() -> None:
    assert [path for path, text in texts() for _secret in secrets_in(text)] == []


def planted() -> list[str]:
    chance = random.Random(2)
    fernet = base64.urlsafe_b64encode(chance.randbytes(32)).decode()
    letters = "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=36))
    return [
        f"FERNET_KEY={fernet}",
        f'key = "{fernet}"',
        f"JWT_SECRET_KEY={chance.randbytes(32).hex()}",
        f'{{"JWT_SECRET_KEY": "{chance.randbytes(32).hex()}"}}',
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        f"AKIA{letters[:16]}",
        f"ghp_{letters}",
    ]


@pytest.mark.parametrize("number", range(len(planted())))
def test_a_planted_secret_is_found(number: int) -> None:
    assert list(secrets_in(f"before\n{planted()[number]}\nafter"))


def test_no_file_names_a_machine_s_folder_or_a_package_registry() -> None:
    found = [f"{path}: {hit.group()}" for path, text in texts() for hit in _PLACES.finditer(text)]
    assert found == []


def test_no_file_is_too_long_for_one_job() -> None:
    long = {
        path: text.count("\n")
        for path, text in texts()
        if not _LENGTH_IS_NO_MATTER.search(path) and text.count("\n") > LONGEST_FILE
    }
    assert long == {}


def test_names_say_what_a_file_is_for() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|misc|stuff|v\d+)(_|\.|$)")
    words = ((path.name, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", path.name).lower()) for path in project_files())
    assert [name for name, text in words if name.endswith(_CODE) and vague.search(text)] == []


def test_nothing_is_left_to_do_later() -> None:
    later = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
    assert [path for path, text in texts() if path.endswith(_CODE) and later.search(text)] == []


@pytest.mark.parametrize(
    "path",
    [
        "app/config.py", "app/main.py", "app/models/models.py", "app/schemas/schemas.py", "app/core/security.py",
        "app/core/mofsl_api_wrapper.py", "app/api/clients.py", "app/api/tokens.py", "app/api/portfolio.py",
        "app/api/orders.py", ".env.example", "requirements.txt", "requirements.lock", "LICENSE", "README.md",
        "CHANGELOG.md", "CONTRIBUTING.md", "trading-dashboard-ui/src/services/apiClient.ts",
        "trading-dashboard-ui/tailwind.config.js", "trading-dashboard-ui/postcss.config.js",
    ],
)  # fmt: skip
def test_promised_paths_exist(path: str) -> None:
    assert (ROOT / path).is_file()
