from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.db.price_bands import SqlBandStore
from app.db.session import Database
from app.domain.instruments import Exchange, PriceBand
from app.domain.ports.instruments import BandReading
from tests.support.instruments import MONDAY, MONDAY_10_IST

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
READING = BandReading(NSE, MONDAY, MONDAY_10_IST)
BANDS = [PriceBand(1660, Decimal("370.1500"), Decimal("452.3000")), PriceBand(2885, Decimal(0), Decimal("1.0001"))]


@pytest.fixture
def store(database: Database) -> SqlBandStore:
    return SqlBandStore(database)


async def test_bands_come_back_exactly_by_rising_token(store: SqlBandStore) -> None:
    await store.replace(READING, list(reversed(BANDS)))
    assert await store.readings() == {NSE: READING}
    assert await store.bands(READING) == BANDS


async def test_a_new_reading_replaces_the_old_one_of_its_exchange_and_no_other(store: SqlBandStore) -> None:
    other = BandReading(NSEFO, MONDAY, MONDAY_10_IST)
    await store.replace(READING, BANDS)
    await store.replace(other, BANDS[:1])
    tuesday = BandReading(NSE, MONDAY + timedelta(days=1), MONDAY_10_IST + timedelta(days=1))
    await store.replace(tuesday, BANDS[1:])
    assert await store.readings() == {NSE: tuesday, NSEFO: other}
    assert await store.bands(tuesday) == BANDS[1:]
    assert await store.bands(READING) == [], "a reader that is late finds nothing, never another day's bands"
    assert await store.bands(other) == BANDS[:1]
