"""Fixtures that all tests share: real databases, a real Redis, settings with keys of their own.

Tests of storage take `store_url` or `database` and run twice, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from app.config import Settings, load_settings
from app.db.session import Database
from tests.support import redis_databases
from tests.support.databases import PostgresDatabases, SqliteTemplate
from tests.support.processes import free_port as next_free_port
from tests.support.services import POSTGRES_URL_NAME, REDIS_URL_NAME, ServiceMissing, Services

_services = pytest.StashKey[Services]()

# The same examples on every run, however slow the machine is. New ones: pytest --hypothesis-profile=default
hypothesis.settings.register_profile(
    "desk", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("desk")


def pytest_configure(config: pytest.Config) -> None:
    """Find or start PostgreSQL and Redis once, in the process that starts the workers; they inherit the addresses."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    try:
        services = Services.ensure()
    except ServiceMissing as error:
        pytest.exit(str(error), returncode=1)
    config.stash[_services] = services
    os.environ[POSTGRES_URL_NAME] = services.postgres_url
    os.environ[REDIS_URL_NAME] = services.redis_url


def pytest_unconfigure(config: pytest.Config) -> None:
    services = config.stash.get(_services, None)
    if services is not None:
        services.stop()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server_url() -> str:
    """A superuser's address, without a database name."""
    return os.environ[POSTGRES_URL_NAME]


@pytest.fixture(scope="session")
def _postgres(postgres_server_url: str, worker_id: str) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(postgres_server_url, f"desk_test_{os.getpid()}_{worker_id}")
    yield databases
    asyncio.run(databases.drop_shared())


@pytest.fixture
def sqlite_url(_sqlite_template: SqliteTemplate, tmp_path: Path) -> str:
    """A file of this test's own with the desk's tables, empty."""
    return _sqlite_template.copy(tmp_path / "desk.db")


@pytest.fixture
async def postgres_url(_postgres: PostgresDatabases) -> str:
    """A database with the desk's tables, empty, used by no other worker."""
    return await _postgres.clean_shared()


@pytest.fixture
async def bare_postgres_url(_postgres: PostgresDatabases) -> AsyncIterator[str]:
    """A database without any table, for this test alone."""
    name = await _postgres.make_empty()
    yield _postgres.url(name)
    await _postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The desk's tables, empty, once on each database."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    opened = Database(store_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def _redis_database() -> Iterator[str]:
    url = redis_databases.claim(os.environ[REDIS_URL_NAME])
    yield url
    redis_databases.clear(url, release=True)


@pytest.fixture
def redis_url(_redis_database: str) -> str:
    """An empty database of a real Redis, used by no other worker."""
    redis_databases.clear(_redis_database)
    return _redis_database


@pytest.fixture
def free_port() -> int:
    return next_free_port()


@pytest.fixture
def good_secrets() -> dict[str, str]:
    """The two secrets that every start needs, by their environment names."""
    return {
        "JWT_SECRET_KEY": secrets.token_hex(32),
        "FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


@pytest.fixture
def settings(good_secrets: dict[str, str], tmp_path: Path, free_port: int) -> Settings:
    """Good settings with state in `tmp_path`; change one with `settings.model_copy(update={...})`."""
    named: dict[str, Any] = {name.lower(): value for name, value in good_secrets.items()}
    return load_settings(env_file=None, state_dir=tmp_path, port=free_port, **named)
