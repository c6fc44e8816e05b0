"""The commands that look after a desk, on both databases. They run in this process, but for `serve`."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pyotp
import pytest
from cryptography.fernet import Fernet

from app.cli import main
from app.core.security import Sealer
from tests.support.processes import ROOT, RunningProcess, SimulatorProcess, answers, clean_environment

PASSWORD = "correct horse battery staple 42"


@pytest.fixture
def environment(store_url: str, good_secrets: dict[str, str], tmp_path: Path, free_port: int) -> dict[str, str]:
    settings = {"DATABASE_URL": store_url, "STATE_DIR": str(tmp_path), "PORT": str(free_port)}
    return clean_environment({"PYTHONPATH": str(ROOT)} | good_secrets | settings | {"BACKUP_KEY": fresh_key()})


def fresh_key() -> str:
    return Fernet.generate_key().decode()


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Desk = Callable[..., Ended]


@pytest.fixture
def desk(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Run one `desk` command to its end."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, say: str = "", **settings: str) -> Ended:
        with monkeypatch.context() as patched:
            for name, value in (environment | settings).items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["desk", *words])
            patched.setattr(sys, "stdin", io.StringIO(say))
            capsys.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
        written = capsys.readouterr()
        return Ended(int(end.value.code or 0), written.out, written.err)

    return run


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            return database.execute(query).fetchall()
    return asyncio.run(postgres_rows(url, query))


def change(url: str, statement: str) -> None:
    if not url.startswith("sqlite"):
        asyncio.run(postgres_rows(url, statement))
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        database.execute(statement)
        database.commit()


async def postgres_rows(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def make_admin(desk: Desk, email: str = "first@desk.example") -> dict[str, str]:
    made = desk("create-admin", "--email", email, say=PASSWORD + "\n")
    assert made.code == 0, made.err
    found: dict[str, str] = json.loads(made.out)
    return found


CLIENTS = """name,mofsl_client_code,api_key,api_secret,password,two_fa,totp_secret
Asha Rao,AR1001,key-1,secret-1,word-1,01/02/1980,JBSWY3DPEHPK3PXPJBSWY3DP
Ravi Sen,RS1002,key-2,secret-2,word-2,ABCDE1234F,JBSWY3DPEHPK3PXPJBSWY3DQ
"""


@pytest.mark.parametrize(
    "command",
    [
        "demo", "serve", "web", "engine", "migrate", "create-admin", "import-clients", "sync-instruments",
        "verify-broker", "verify-audit", "rotate-keys", "backup", "restore",
    ],
)  # fmt: skip
def test_every_command_of_the_contract_explains_itself(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["desk", command, "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert command in capsys.readouterr().out


def test_the_first_administrator_is_made_once_from_standard_input(desk: Desk, store_url: str) -> None:
    made = make_admin(desk)
    assert set(made) == {"email", "totp_secret", "totp_uri"}
    assert made["email"] == "first@desk.example"
    assert pyotp.parse_uri(made["totp_uri"]).secret == made["totp_secret"]
    again = desk("create-admin", "--email", "FIRST@desk.example", say=PASSWORD + "\n")
    assert again.code == 1
    assert again.err.count("\n") == 1
    ((role, sealed),) = rows(store_url, "SELECT role, encrypted_totp_secret FROM users")
    assert role == "admin"
    assert made["totp_secret"] not in str(sealed)


@pytest.mark.parametrize("password", ["", "short", "passwordpassword"])
def test_a_weak_password_makes_nobody(password: str, desk: Desk) -> None:
    refused = desk("create-admin", "--email", "a@desk.example", say=password + "\n")
    assert refused.code == 1
    assert refused.err.count("\n") == 1
    assert not password or password not in refused.err


def test_clients_are_imported_all_or_none(desk: Desk, store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(CLIENTS)
    tried = desk("import-clients", str(file), "--dry-run")
    assert (tried.code, rows(store_url, "SELECT count(*) FROM clients")) == (0, [(0,)])
    assert desk("import-clients", str(file)).code == 0
    assert rows(store_url, "SELECT count(*) FROM clients") == [(2,)]
    again = desk("import-clients", str(file))
    assert again.code == 1
    assert "row 2 (AR1001): mofsl_client_code belongs to a client that exists already" in again.out
    assert "word-1" not in again.out + again.err
    missing = desk("import-clients", str(tmp_path / "none.csv"))
    assert (missing.code, missing.err.count("\n")) == (2, 1)


def test_rotation_seals_everything_with_the_new_key_and_the_old_one_can_go(
    desk: Desk, store_url: str, environment: dict[str, str], tmp_path: Path
) -> None:
    make_admin(desk)
    (tmp_path / "clients.csv").write_text(CLIENTS)
    assert desk("import-clients", str(tmp_path / "clients.csv")).code == 0
    old, new = environment["FERNET_KEY"], fresh_key()
    rotated = desk("rotate-keys", FERNET_KEY=f"{new},{old}")
    assert rotated.code == 0
    assert "(11 changed)" in rotated.out
    sealer = Sealer([new])
    found = rows(store_url, "SELECT id, encrypted_mofsl_password FROM clients ORDER BY mofsl_client_code")
    words = [sealer.open(str(value), owner_id=str(row_id), field="encrypted_mofsl_password") for row_id, value in found]
    assert words == ["word-1", "word-2"]
    assert "(0 changed)" in desk("rotate-keys", FERNET_KEY=new).out
    lost = desk("rotate-keys", FERNET_KEY=fresh_key())
    assert lost.code == 1
    assert "keep the old keys" in lost.out


def test_a_backup_restores_disarmed_with_the_next_tag_epoch(desk: Desk, store_url: str, tmp_path: Path) -> None:
    make_admin(desk)
    file = tmp_path / "one.backup"
    saved = desk("backup", str(file))
    assert saved.code == 0, saved.err
    assert file.stat().st_mode & 0o077 == 0
    assert b"first@desk.example" not in file.read_bytes()
    make_admin(desk, "second@desk.example")
    restored = desk("restore", str(file))
    assert restored.code == 0, restored.err
    assert rows(store_url, "SELECT email FROM users") == [("first@desk.example",)]
    ((armed, epoch),) = rows(store_url, "SELECT is_armed, tag_epoch FROM desk_state")
    assert (bool(armed), epoch) == (False, "2")
    assert desk("restore", str(file)).code == 0
    assert rows(store_url, "SELECT tag_epoch FROM desk_state") == [("2",)]
    assert desk("verify-audit").code == 0


@pytest.mark.parametrize("damage", ["cut", "changed", "other key", "not a backup"])
def test_a_backup_that_cannot_be_trusted_changes_nothing(
    damage: str, desk: Desk, store_url: str, tmp_path: Path
) -> None:
    make_admin(desk)
    file = tmp_path / "one.backup"
    assert desk("backup", str(file)).code == 0
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(b"\n".join(content.splitlines()[:-1]) + b"\n")
    elif damage == "changed":
        other = b"B" if content[-200:-199] == b"A" else b"A"
        file.write_bytes(content[:-200] + other + content[-199:])
    elif damage == "not a backup":
        file.write_bytes(b"hello\n")
    make_admin(desk, "second@desk.example")
    refused = desk("restore", str(file), **({"BACKUP_KEY": fresh_key()} if damage == "other key" else {}))
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert rows(store_url, "SELECT count(*) FROM users") == [(2,)]


def test_a_backup_needs_a_key_of_its_own(desk: Desk, environment: dict[str, str]) -> None:
    for key, word in (("", "BACKUP_KEY not set"), (environment["FERNET_KEY"], "must differ")):
        refused = desk("backup", BACKUP_KEY=key)
        assert refused.code == 2
        assert word in refused.err


def test_the_audit_command_finds_a_changed_row(desk: Desk, store_url: str) -> None:
    make_admin(desk)
    assert "is intact" in desk("verify-audit").out
    change = "UPDATE audit_events SET actor = 'somebody else'"
    if store_url.startswith("sqlite"):
        with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as database:
            database.execute("DROP TRIGGER audit_events_no_update")
            database.execute(change)
            database.commit()
    else:
        asyncio.run(postgres_rows(store_url, "ALTER TABLE audit_events DISABLE TRIGGER USER"))
        asyncio.run(postgres_rows(store_url, change))
        asyncio.run(postgres_rows(store_url, "ALTER TABLE audit_events ENABLE TRIGGER USER"))
    found = desk("verify-audit")
    assert found.code == 1
    assert "broken at entry 1" in found.out


def test_the_broker_is_verified_and_instruments_synced_with_the_configured_endpoint(
    desk: Desk, environment: dict[str, str], tmp_path: Path
) -> None:
    with SimulatorProcess(tmp_path, clients=1) as simulator:
        broker = {"MOFSL_BASE_URL": simulator.url}
        assert "no active login" in desk("verify-broker", **broker).err
        account = simulator.get("/_sim/accounts")["accounts"][0]
        names = ["api_key", "api_secret", "password", "two_fa", "totp_secret"]
        lines = [["name", "mofsl_client_code", *names], ["One", account["clientcode"], *map(account.get, names)]]
        (tmp_path / "one.csv").write_text("\n".join(",".join(line) for line in lines))
        assert desk("import-clients", str(tmp_path / "one.csv")).code == 0
        verified = desk("verify-broker", **broker)
        assert verified.code == 0, verified.out + verified.err
        assert f"Signed in as {account['clientcode']}" in verified.out
        assert not any(account[name] in verified.out + verified.err for name in names)
        synced = desk("sync-instruments", **broker)
        assert synced.code == 0, synced.out + synced.err
        assert "NSE: updated" in synced.out
        larger = "UPDATE instrument_masters SET row_count = row_count * 10, version = 'another' WHERE exchange = 'NSE'"
        change(environment["DATABASE_URL"], larger)
        refused = desk("sync-instruments", **broker)
        assert refused.code == 1
        assert "NSE: refused" in refused.out
        assert "desk sync-instruments --force" in refused.out
        forced = desk("sync-instruments", "--force", **broker)
        assert forced.code == 0, forced.out + forced.err


def test_serve_answers_creates_nobody_and_ends_cleanly(desk: Desk, environment: dict[str, str], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{environment['PORT']}"
    broker = {"MOFSL_BASE_URL": "http://127.0.0.1:1", "MOFSL_FEED_URL": "ws://127.0.0.1:1/feed"}
    words = [sys.executable, "-m", "app.cli", "serve"]
    with RunningProcess(words, log_path=tmp_path / "serve.log", environment=environment | broker) as serving:
        serving.wait_for(lambda: answers(f"{url}/readyz"), deadline_s=60, what="/readyz")
        with urllib.request.urlopen(f"{url}/") as front:
            assert json.load(front) == {"message": "Trading Platform API"}
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/api/v1/clients")
        taken = desk("serve")
        assert (taken.code, taken.err.count("\n")) == (2, 1)
        assert "LISTEN_HOST or PORT" in taken.err
        if environment["DATABASE_URL"].startswith("sqlite"):
            assert desk("backup", str(tmp_path / "any.backup")).code == 0
            assert "exists already" in desk("backup", str(tmp_path / "any.backup")).err
            running = desk("restore", str(tmp_path / "any.backup"))
            assert running.code == 2
            assert "still runs" in running.err
        assert serving.stop(signal.SIGTERM) == 0
    assert "Traceback" not in serving.output


def test_serve_refuses_a_database_without_tables(desk: Desk, tmp_path: Path) -> None:
    refused = desk("serve", DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")
    assert refused.code == 2
    assert refused.err == "The database has no tables yet; run: desk migrate.\n"
    assert desk("migrate", DATABASE_URL=f"sqlite:///{tmp_path}/empty.db").code == 0


@pytest.mark.parametrize("command", ["web", "engine"])
def test_web_and_engine_apart_need_shared_services(command: str, desk: Desk, tmp_path: Path) -> None:
    refused = desk(command, DATABASE_URL=f"sqlite:///{tmp_path}/desk.db")
    assert refused.code == 2
    assert "PostgreSQL" in refused.err
