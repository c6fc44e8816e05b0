"""Made-up moves at a set rate: how many, in what order, and that the market itself moves with them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.simulator.broadcast import FeedUser, counts, decoded, last_prices, register
from tests.simulator.in_process import ITC, InProcess


def settings(sim: InProcess, **changes: Any) -> None:
    status, answer = sim.sim("POST", "settings", {"feed_index_ms": 10**9, **changes})
    assert status == 200, answer


@pytest.fixture
async def user(sim: InProcess) -> FeedUser:
    """Signed in; the indices of the login are read, and no more come by themselves."""
    settings(sim)
    user = FeedUser(sim)
    await user.sign_in()
    await user.step()
    return user


async def test_ticks_come_at_the_rate_that_is_set_and_end_at_the_true_price(sim: InProcess, user: FeedUser) -> None:
    sim.broker.prices.freeze_all(False)
    shares = sim.broker.instruments.of("NSE")[:30]
    await user.send(*(register("N", "C", share.token) for share in shares))
    await user.step()
    settings(sim, feed_ticks_per_s=5_000)
    data = b""
    for _ in range(40):
        sim.elapse(0.05)
        data += await user.step()

    per_share = Counter(packet.code for packet in decoded(data) if packet.kind == "A")
    told = last_prices(data)

    assert per_share.total() == pytest.approx(10_000, abs=1)
    assert max(per_share.values()) - min(per_share.values()) <= 1
    for share in shares:
        quote = sim.post("getltpdata", {"exchange": "NSE", "scripcode": share.token})["data"]
        assert round(told["N", share.token] * 100) == quote["ltp"]
        assert share.lower_points <= share.low_points <= share.ltp_points <= share.high_points <= share.upper_points
        assert share.ltp_points % share.tick_points == 0


async def test_a_tick_has_a_quantity_by_which_the_volume_grew(sim: InProcess, user: FeedUser) -> None:
    sim.broker.prices.freeze_all(False)
    token = sim.nifty_next_50()
    told = decoded(await user.register("N", "D", token))
    volume = next(packet.fields["volume"] for packet in told if packet.kind == "A")
    settings(sim, feed_ticks_per_s=1_000)
    sim.elapse(0.1)

    trades = [packet.fields for packet in decoded(await user.step()) if packet.kind == "A"]
    assert len(trades) == 100
    for trade in trades:
        volume += trade["quantity"]
        assert trade["volume"] == volume
        assert trade["quantity"] % 25 == 0


async def test_ticks_fill_the_orders_they_reach(sim: InProcess, user: FeedUser) -> None:
    sim.broker.prices.freeze_all(False)
    instrument = sim.broker.instruments.get("NSE", ITC)
    assert instrument is not None
    await user.register("N", "C", ITC)
    below = (instrument.ltp_points - instrument.tick_points) / 10_000
    unique_id = sim.placed(price=round(below, 2), settle_s=0.1)
    assert sim.row(unique_id)["orderstatus"] == "Confirm"
    settings(sim, feed_ticks_per_s=10)
    for _ in range(2_000):
        sim.elapse(0.1)
        await user.step()

    assert sim.row(unique_id)["orderstatus"] == "Traded"
    assert sim.row(unique_id)["averageprice"] == pytest.approx(below)


async def test_frozen_prices_do_not_tick(sim: InProcess, user: FeedUser) -> None:
    sim.broker.prices.freeze_all(False)
    settings(sim, feed_ticks_per_s=1_000)
    await user.send(register("N", "C", ITC), register("N", "C", 11536))
    sim.sim("POST", "prices", {"exchange": "NSE", "symboltoken": ITC, "freeze": True})
    await user.step()
    sim.elapse(1)
    one_held = last_prices(await user.step())
    sim.broker.prices.freeze_all(True)
    sim.elapse(1)
    await user.step()
    sim.elapse(1)

    assert set(one_held) == {("N", 11536)}
    assert counts(await user.step())["A"] == 0
