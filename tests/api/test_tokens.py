from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.api import tokens
from app.core.bus import MemoryBus
from app.core.cache import MemoryCache
from app.schemas.instruments import QuoteRead, TokenRead
from app.services.instruments import InstrumentCatalogue
from app.services.live_figures import LiveFigures
from app.services.live_quotes import LiveQuotes
from app.services.quotes import QuoteReader
from tests.support.instrument_universe import universe
from tests.support.instruments import (
    MemoryInstrumentStore,
    ScriptedBroker,
    ScriptedSessions,
    quote_of,
    record_of,
    share,
)
from tests.support.web import Web

ITC = share("ITC", 1660, company="ITC LIMITED", isin="INE154A01025", tick="0.05", upper_band=Decimal("452.30"))
ROWS = [row for row in universe() if row.symbol != "ITC"] + [ITC]


@dataclass
class Instruments:
    client: httpx.AsyncClient
    broker: ScriptedBroker

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1/tokens/{path}", params=query)


@pytest.fixture
async def instruments(shell: Web) -> AsyncIterator[Instruments]:
    store, clock = MemoryInstrumentStore(), shell.clock
    for exchange in {row.exchange for row in ROWS}:
        rows = [row for row in ROWS if row.exchange is exchange]
        await store.replace(record_of(rows, clock.now()), rows)
    catalogue = InstrumentCatalogue(store=store, cache=MemoryCache(), clock=clock)
    await catalogue.refresh()
    broker = ScriptedBroker(
        on_quote=lambda *_: replace(quote_of(ITC, "412.3", bid=Decimal("412.25")), as_of=clock.now())
    )
    reader = QuoteReader(
        broker=broker.port, sessions=ScriptedSessions("A1"), clock=clock, instrument=catalogue.get, deadline_s=5.0
    )
    live = LiveFigures(cache=MemoryCache(), clock=clock)
    quotes = LiveQuotes(reader=reader, live=live, catalogue=catalogue, bus=MemoryBus(), clock=clock)
    shell.app.include_router(tokens.router)
    for name, part in (("catalogue", catalogue), ("quotes", quotes)):
        setattr(shell.desk, name, part)
    headers = await shell.bearer(await shell.add_user())
    async with shell.browser(headers=headers) as client:
        yield Instruments(client, broker)


async def test_search_answers_every_field_of_the_contract(instruments: Instruments) -> None:
    answer = await instruments.get("search", q="itc", limit=1)
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {
                "id": "NSE:1660",
                "exchange": "NSE",
                "symbol_token": 1660,
                "symbol": "ITC",
                "name": "ITC EQ",
                "series": "EQ",
                "expiry": None,
                "strike": None,
                "option_type": None,
                "lot_size": 1,
                "tick_size": "0.05",
            }
        ]
    }


async def test_money_is_text_and_dates_are_iso(instruments: Instruments) -> None:
    [item] = (await instruments.get("search", q="nifty 24100 ce", limit=1)).json()["items"]
    assert (item["strike"], item["expiry"], item["option_type"], item["lot_size"]) == (
        "24100.00",
        "2026-12-01",
        "CE",
        65,
    )


async def test_search_keeps_to_an_exchange_and_a_limit(instruments: Instruments) -> None:
    found = (await instruments.get("search", q="reliance", exchange="BSE")).json()["items"]
    assert [item["id"].partition(":")[0] for item in found] == ["BSE"]
    assert len((await instruments.get("search", q="e")).json()["items"]) == 20
    assert len((await instruments.get("search", q="nifty", limit=50)).json()["items"]) == 50
    assert (await instruments.get("search", q="zzzzzzzz")).json() == {"items": []}


BAD_SEARCHES: tuple[dict[str, Any], ...] = (
    {},
    {"q": ""},
    {"q": "   "},
    {"q": "x" * 65},
    {"q": "itc\x00"},
    {"q": "itc", "limit": 0},
    {"q": "itc", "limit": 51},
    {"q": "itc", "limit": "ten"},
    {"q": "itc", "exchange": "NYSE"},
    {"q": "itc", "exchange": "nse"},
    {"q": "itc", "exchange": ""},
    {"q": "itc", "colour": "blue"},
)


async def test_a_search_that_cannot_be_meant_is_refused(instruments: Instruments) -> None:
    for query in BAD_SEARCHES:
        answer = await instruments.get("search", **query)
        assert answer.status_code == 422, query
        assert answer.json()["errors"], query


async def test_one_instrument_by_its_id(instruments: Instruments) -> None:
    answer = await instruments.get("NSE:1660")
    assert answer.status_code == 200
    assert answer.json()["symbol"] == "ITC"


UNKNOWN_IDS = ("NSE:999999", "BSE:1660")
MALFORMED_IDS = ("NSE", "NSE:", "NSE:abc", "NSE:-1", "NSE:1660x", "NSE:٣", "XXX:1660", "1660", f"NSE:{'1' * 26}")


async def test_an_unknown_or_malformed_id_is_named_as_such(instruments: Instruments) -> None:
    for part in ("", "/quote"):
        for instrument_id in UNKNOWN_IDS:
            answer = await instruments.get(instrument_id + part)
            assert (answer.status_code, answer.json()["code"]) == (404, "instrument_not_found"), instrument_id
        for instrument_id in MALFORMED_IDS:
            answer = await instruments.get(instrument_id + part)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), instrument_id
    assert instruments.broker.quotes_read == []


async def test_a_quote_says_what_is_known_and_when_it_was_read(instruments: Instruments, shell: Web) -> None:
    answer = await instruments.get("NSE:1660/quote")
    assert answer.status_code == 200
    assert answer.json() == {
        "ltp": "412.30",
        "bid": "412.25",
        "ask": None,
        "close": None,
        "upper": "452.30",
        "lower": None,
        "as_of": f"{shell.clock.now():%Y-%m-%dT%H:%M:%S}Z",
    }


async def test_a_price_that_cannot_be_had_is_a_502_and_never_a_number(instruments: Instruments) -> None:
    instruments.broker.on_quote = lambda *_: quote_of(ITC, "0")
    answer = await instruments.get("NSE:1660/quote")
    assert (answer.status_code, answer.json()["code"]) == (502, "quote_unavailable")
    assert "ltp" not in answer.json()


async def test_instruments_are_for_people_who_signed_in(instruments: Instruments, shell: Web) -> None:
    async with shell.browser() as stranger:
        for path in ("search?q=itc", "NSE:1660", "NSE:1660/quote"):
            assert (await stranger.get(f"/api/v1/tokens/{path}")).status_code == 401


def test_no_answer_has_a_field_beyond_the_contract() -> None:
    assert list(QuoteRead.model_fields) == ["ltp", "bid", "ask", "close", "upper", "lower", "as_of"]
    assert len(TokenRead.model_fields) == 11
