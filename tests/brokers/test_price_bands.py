"""The daily bands, out of the broker's JSON master."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.brokers.mofsl_bands import read_bands
from app.core.mofsl.answers import decode_json
from app.core.mofsl.endpoints import Generation
from app.domain.errors import BrokerReadFailed, SessionExpired
from app.domain.instruments import Exchange, PriceBand
from tests.brokers.harness import MofslHarness, control
from tests.simulator.wire import SimulatorProcess

NSE = Exchange.NSE


def row(token: Any = 1660, lower: Any = Decimal("254.25"), upper: Any = Decimal("310.75"), **more: Any) -> Any:
    return {"exchangename": "NSE", "scripcode": token, "lowercircuitprice": lower, "uppercircuitprice": upper} | more


def test_a_band_is_taken_exactly_from_numbers_and_from_text() -> None:
    assert read_bands(NSE, [row(), row(7, "0.05", "1200")]) == [
        PriceBand(1660, Decimal("254.25"), Decimal("310.75")),
        PriceBand(7, Decimal("0.05"), Decimal(1200)),
    ]


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(0, 0), (5, 5), (10, 5), (-1, 5), (None, 5), ("", ""), ("x", 5), (0, 10**13)],
)
def test_what_is_no_band_is_none_and_does_not_spoil_the_others(lower: Any, upper: Any) -> None:
    assert [band.symbol_token for band in read_bands(NSE, [row(), row(7, lower, upper)])] == [1660]


@pytest.mark.parametrize(
    "rows",
    [[], [row(lower=0, upper=0)], [row(), row()], [row(exchangename="BSE")], [row(token=None)], [row(token=-1)]],
)
def test_an_answer_that_cannot_be_believed_gives_no_bands_at_all(rows: list[Any]) -> None:
    with pytest.raises(BrokerReadFailed, match="price bands of NSE"):
        read_bands(NSE, rows)


def test_only_the_wanted_fields_of_a_large_answer_are_kept() -> None:
    body = b'{"status":"SUCCESS","errorcode":"","data":[{"scripcode":1,"scripname":"A","price":1.10}]}'
    assert decode_json(body, only=frozenset({"scripcode", "price"})) == {
        "status": "SUCCESS",
        "errorcode": "",
        "data": [{"scripcode": 1, "price": Decimal("1.10")}],
    }
    with pytest.raises(ValueError, match="twice"):
        decode_json(b'{"scripname":1,"scripname":2}', only=frozenset({"scripcode"}))


@pytest.mark.parametrize("generation", list(Generation))
async def test_the_bands_come_over_the_wire(generation: Generation) -> None:
    process = SimulatorProcess.start(clients=1, seed=3)
    try:
        accounts = {account["clientcode"]: account for account in control(process.url, "accounts")["accounts"]}
        harness = MofslHarness(process.url, generation, process.url, tuple(accounts), accounts)
        token = await harness.broker.log_in(harness.login(next(iter(accounts))))
        for exchange in (Exchange.NSE, Exchange.NSEFO):
            bands = {band.symbol_token: band for band in await harness.broker.price_bands(token, exchange)}
            assert bands.keys() == {one.symbol_token for one in await harness.broker.instruments(exchange)}
            assert all(0 <= band.lower < band.upper for band in bands.values())
        await harness.broker.log_out(token)
        with pytest.raises(SessionExpired):
            await harness.broker.price_bands(token, Exchange.NSE)
        await harness.broker.close()
    finally:
        process.stop()
