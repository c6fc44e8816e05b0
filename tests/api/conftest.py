from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.config import Settings
from app.db.session import Database
from app.services.manage_users import CreatedUser
from tests.support.web import Web, make_web


@pytest.fixture
def web(settings: Settings, database: Database) -> Web:
    """On SQLite and on PostgreSQL."""
    return make_web(settings, database)


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def shell(settings: Settings, sqlite_database: Database) -> Web:
    """On SQLite alone, for what does not depend on the database."""
    return make_web(settings, sqlite_database)


@pytest.fixture
async def owner(web: Web) -> CreatedUser:
    return await web.add_user()


@pytest.fixture
async def browser(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with web.browser() as client:
        yield client
