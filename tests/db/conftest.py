"""Stores of every kind: on SQLite, on PostgreSQL, and those in memory that the simulated schedules use."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.db.session import Database
from proof.memory import Tables
from tests.support.clocks import SettableClock
from tests.support.databases import TAG_EPOCH


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def place_url(request: pytest.FixtureRequest) -> str | None:
    """An empty database, or None for the rows in memory."""
    if request.param == "memory":
        return None
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def place(place_url: str | None) -> AsyncIterator[Database | Tables]:
    """Where a trading desk keeps its rows."""
    if place_url is None:
        yield Tables(tag_epoch=TAG_EPOCH, at=SettableClock().now())
        return
    opened = Database(place_url)
    yield opened
    await opened.close()
