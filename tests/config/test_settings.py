"""The desk starts with good settings only, and says in one sentence what is wrong with bad ones."""

from __future__ import annotations

import base64
import random
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import FEED_URL, ConfigError, Settings, load_settings
from tests.support.processes import ROOT, clean_environment

NEVER_FROM_OUTSIDE = {"DEMO"}
CHANCE = random.Random(1)  # the same cases in every test worker
GOOD_FERNET, OTHER_FERNET = (base64.urlsafe_b64encode(CHANCE.randbytes(32)).decode() for _ in range(2))

BAD = [
    ("JWT_SECRET_KEY", ""),
    ("JWT_SECRET_KEY", CHANCE.randbytes(15).hex()),
    ("JWT_SECRET_KEY", "a" * 64),
    ("JWT_SECRET_KEY", "ab" * 32),
    ("JWT_SECRET_KEY", "0123456789abcdef" * 4),
    ("JWT_SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("JWT_SECRET_KEY", "your-secret-key-goes-right-here-please"),
    ("JWT_SECRET_KEY", "09d25e094faa6ca2556c-changeme-818166b7a9563b93f7099f6f0f4caa6"),
    ("FERNET_KEY", ""),
    ("FERNET_KEY", "not-a-key"),
    ("FERNET_KEY", CHANCE.randbytes(32).hex()),
    ("FERNET_KEY", base64.urlsafe_b64encode(b"k" * 32).decode()),
    ("FERNET_KEY", base64.urlsafe_b64encode(bytes(range(32))).decode()),
    ("FERNET_KEY", base64.urlsafe_b64encode(b"a-passphrase-that-was-typed-in!!").decode()),
    ("FERNET_KEY", base64.urlsafe_b64encode(CHANCE.randbytes(31)).decode()),
    ("FERNET_KEY", f"{GOOD_FERNET},"),
    ("FERNET_KEY", f"{GOOD_FERNET},{GOOD_FERNET}"),
    ("FERNET_KEY", f"{GOOD_FERNET},short"),
    ("BACKUP_KEY", "short"),
    ("DATABASE_URL", "mysql://desk@db/desk"),
    ("DATABASE_URL", "desk.db"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "postgresql://desk:pa55-canary@/"),
    ("DATABASE_URL", "postgresql://desk:pa55-canary@db:port/desk"),
    ("DATABASE_POOL_SIZE", "0"),
    ("REDIS_URL", "localhost:6379"),
    ("REDIS_URL", "http://:pa55-canary@redis/0"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "eight thousand"),
    ("LOG_LEVEL", "chatty"),
    ("ALLOWED_ORIGINS", "*"),
    ("ALLOWED_ORIGINS", "https://good.example,desk.example"),
    ("ALLOWED_ORIGINS", "http://desk.example"),
    ("TRUSTED_PROXIES", "everybody"),
    ("SECURE_COOKIES", "perhaps"),
    ("MAX_BODY_BYTES", "12"),
    ("SESSION_IDLE_S", "0"),
    ("SESSION_MAX_S", "1000000"),
    ("MOFSL_BASE_URL", "http://openapi.motilaloswaluat.com"),
    ("MOFSL_BASE_URL", "http://127.0.0.1.evil.example"),
    ("MOFSL_BASE_URL", "https://user:pa55-canary@broker.example"),
    ("MOFSL_BASE_URL", "https://broker.example/?key=pa55-canary"),
    ("MOFSL_BASE_URL", "ftp://broker.example"),
    ("MOFSL_BASE_URL", "broker.example"),
    ("MOFSL_BASE_URL", "https://broker.example:abc"),
    ("MOFSL_BASE_URL", "https://bro ker.example"),
    ("MOFSL_FEED_URL", "ws://feed.example/jwebsocket"),
    ("MOFSL_FEED_URL", "https://feed.example"),
    ("MOFSL_TRADE_URL", "ws://trade.example/ws"),
    ("MOFSL_GENERATION", "newest"),
    ("MOFSL_HEADER_SET", "newest"),
    ("MOFSL_CLIENT_PUBLIC_IP", "my.host.example"),
    ("MOFSL_SOURCE_ID", "FRIDGE"),
    ("MOFSL_VENDOR_INFO", "two words"),
    ("MOFSL_ORDER_RATE", "0"),
    ("MOFSL_ORDER_RATE", "11"),
    ("MOFSL_ORDER_RATE", "8.5"),
    ("MOFSL_READ_RATE", "-1"),
    ("ORDER_DEADLINE_S", "0"),
    ("ORDER_DEADLINE_S", "nan"),
    ("ORDER_DEADLINE_S", "inf"),
    ("QUEUE_DEADLINE_S", "-1"),
    ("QUOTE_MAX_AGE_S", "soon"),
    ("MAX_IN_FLIGHT", "0"),
]


def load(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings(env_file=None)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_stops_the_start_with_one_sentence_that_names_it(
    name: str, value: str, good_secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError) as stopped:
        load(monkeypatch, good_secrets | {name: value})
    sentence = str(stopped.value)
    assert name in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(value) < 12 or value not in sentence
    assert "canary" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET_KEY", base64.urlsafe_b64encode(CHANCE.randbytes(48)).decode()),
        ("JWT_SECRET_KEY", CHANCE.randbytes(16).hex()),
        ("FERNET_KEY", f"{GOOD_FERNET}, {OTHER_FERNET}"),
        ("DATABASE_URL", "postgres://desk@db/desk"),
        ("DATABASE_URL", "postgresql://desk@/desk?host=/var/run/postgresql"),
        ("DATABASE_URL", "sqlite:////tmp/desk.db"),
        ("REDIS_URL", "rediss://:word@redis.example:6380/1"),
        ("MOFSL_BASE_URL", "http://127.0.0.1:9000"),
        ("MOFSL_BASE_URL", "http://localhost:9000/"),
        ("MOFSL_BASE_URL", "http://[::1]:9000"),
        ("MOFSL_FEED_URL", "ws://127.0.0.1:9000/jwebsocket/jwebsocket"),
        ("MOFSL_GENERATION", "older"),
        ("ALLOWED_ORIGINS", "https://a.example, http://localhost:5173"),
        ("LOG_LEVEL", "debug"),
        ("DUPLICATE_WINDOW_S", "0"),
    ],
)
def test_a_good_setting_is_taken(
    name: str, value: str, good_secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(monkeypatch, good_secrets | {name: value})


def test_random_keys_are_never_mistaken_for_guessable_ones() -> None:
    for _ in range(2000):
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        load_settings(env_file=None, jwt_secret_key=secrets.token_hex(32), fernet_key=key)


def test_unset_settings_follow_from_others(good_secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    broker = {"MOFSL_BASE_URL": "http://127.0.0.1:9100/", "MOFSL_GENERATION": "older", "STATE_DIR": "/srv/desk"}
    settings = load(monkeypatch, good_secrets | broker)
    assert settings.mofsl_trade_url == "ws://127.0.0.1:9100/ws"
    assert settings.mofsl_feed_url == "ws://127.0.0.1:9100/jwebsocket/jwebsocket"
    assert settings.mofsl_header_set == "older"
    assert settings.database_url.get_secret_value() == "sqlite:////srv/desk/desk.db"
    assert not settings.uses_secure_cookies
    assert settings.model_copy(update={"listen_host": "0.0.0.0"}).uses_secure_cookies


def test_the_feed_of_a_real_broker_is_its_only_one(
    good_secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(monkeypatch, good_secrets | {"MOFSL_BASE_URL": "https://openapi.motilaloswaluat.com"})
    assert settings.mofsl_feed_url == FEED_URL


def test_the_environment_wins_over_the_file_and_arguments_over_both(
    good_secrets: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in {**good_secrets, "PORT": "8001"}.items()))
    assert load_settings(env_file=file).port == 8001
    monkeypatch.setenv("PORT", "8002")
    assert load_settings(env_file=file).port == 8002
    assert load_settings(env_file=file, port=8003).port == 8003


def test_demo_cannot_be_switched_on_from_outside(good_secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load(monkeypatch, good_secrets | {"DEMO": "true"}).demo


def test_secrets_show_in_no_text_of_the_settings(settings: Settings, good_secrets: dict[str, str]) -> None:
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.fernet_keys)):
        assert not any(secret in text for secret in good_secrets.values())


def example() -> str:
    return (ROOT / ".env.example").read_text()


def test_the_example_names_every_setting_and_no_other() -> None:
    named = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example(), flags=re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields} - NEVER_FROM_OUTSIDE


def test_the_example_shows_the_true_defaults(good_secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(.+)$", example(), flags=re.MULTILINE))
    assert load(monkeypatch, good_secrets | shown) == load_settings(
        env_file=None,
        **{name.lower(): value for name, value in good_secrets.items()},  # type: ignore[arg-type]
    )


def test_every_setting_of_the_example_is_explained() -> None:
    blocks = example().split("\n\n")
    for block in blocks:
        lines = block.splitlines()
        if any(re.match(r"#?[A-Z][A-Z0-9_]*=", line) for line in lines):
            assert re.match(r"# [A-Z(p]", lines[0]), block


def test_the_placeholders_of_the_example_are_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(example())
    with pytest.raises(ConfigError, match="JWT_SECRET_KEY is an example"):
        load_settings(env_file=file)


@pytest.mark.parametrize("command", ["serve", "migrate", "verify-audit"])
def test_the_command_prints_the_sentence_and_exits_with_2(command: str, tmp_path: Path) -> None:
    key = "canary-" + "x" * 40
    ended = subprocess.run(
        [sys.executable, "-m", "app.cli", command],
        env=clean_environment({"PYTHONPATH": str(ROOT), "JWT_SECRET_KEY": key, "FERNET_KEY": GOOD_FERNET}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("JWT_SECRET_KEY ")
    assert ended.stderr.count("\n") == 1
    assert "canary" not in ended.stderr
