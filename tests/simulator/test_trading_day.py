"""The clock: sessions, token death at 06:00, the turn of the day, after-market orders."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from mofsl_simulator.clock import IST, SimClock, demo_start_s, long_stamp, parse_day, parse_stamp
from tests.simulator.in_process import ITC, InProcess


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def ist_s(text: str) -> float:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001


@pytest.mark.parametrize(
    ("wall", "shown"),
    [
        ("2026-11-23T10:00:00", "23-Nov-2026 10:00:00"),  # a Monday in session: itself
        ("2026-11-22T21:17:54", "20-Nov-2026 09:17:54"),  # Sunday: Friday, same minute and second
        ("2026-11-22T21:05:09", "20-Nov-2026 10:05:09"),
        ("2026-11-23T08:20:00", "20-Nov-2026 09:20:00"),  # before Monday's open: Friday
        ("2026-11-23T15:25:00", "23-Nov-2026 09:25:00"),  # too late to leave hours of trading
        ("2031-01-04T00:00:01", "03-Jan-2031 10:00:01"),
    ],
)
def test_the_demo_clock_starts_inside_a_session_whatever_the_day(wall: str, shown: str) -> None:
    assert long_stamp(demo_start_s(ist_s(wall))) == shown


def test_the_demo_market_is_open_on_a_sunday_and_runs_by_the_second() -> None:
    sim = InProcess(now=at("2026-11-22T21:17:54"))
    before = sim.broker.clock.now_s()
    sim.elapse(61)

    assert sim.broker.clock.now_s() - before == pytest.approx(61)
    assert sim.row(sim.placed())["orderstatus"] == "Traded"


def test_the_real_clock_follows_the_wall_and_closes_on_a_sunday() -> None:
    sim = InProcess(now=at("2026-11-22T11:00:00"), real_clock=True)

    row = sim.row(sim.placed())

    assert (row["orderstatus"], row["error"]) == ("Error", "RMS: market is closed")
    assert sim.broker.clock.stamp().startswith("22-Nov-2026 11:00")


@pytest.mark.parametrize(
    ("moment", "cash", "derivatives"),
    [
        ("2026-11-23T09:14:59", False, False),
        ("2026-11-23T09:15:00", True, True),
        ("2026-11-23T15:29:59", True, True),
        ("2026-11-23T15:30:00", False, True),
        ("2026-11-23T15:40:00", False, False),
        ("2026-11-21T11:00:00", False, False),
    ],
)
def test_sessions_open_and_close_by_the_hour_once_the_clock_was_set(moment: str, cash: bool, derivatives: bool) -> None:
    clock = SimClock(wall_s=lambda: 0.0, monotonic_s=lambda: 5.0)
    clock.set_to(at(moment))

    assert (clock.is_open("NSE"), clock.is_open("NSEFO")) == (cash, derivatives)


def test_tokens_die_when_the_clock_passes_six_in_the_morning(sim: InProcess) -> None:
    sim.sim("POST", "clock", {"now": "2026-11-24T05:59:59+05:30"})
    sim.sign_in(sim.account())
    alive = sim.post("getprofile")
    sim.sim("POST", "clock", {"advance_s": 1})

    assert alive["status"] == "SUCCESS"
    assert sim.post("getprofile")["errorcode"] == "MO8002"
    sim.sign_in(sim.account())
    assert sim.post("getprofile")["status"] == "SUCCESS"


def test_naive_and_zoned_instants_mean_the_same(sim: InProcess) -> None:
    for now in ("2026-11-24T10:00:00", "2026-11-24T10:00:00+05:30", "2026-11-24T04:30:00Z"):
        assert sim.sim("POST", "clock", {"now": now})[1]["now"] == "2026-11-24T04:30:00.000Z"


def test_day_orders_end_with_the_session(sim: InProcess) -> None:
    resting, unique_gtd = (
        sim.placed(price=280.0),
        sim.placed(price=280.0, orderduration="GTD", goodtilldate="30-Nov-2026"),
    )
    sim.sim("POST", "clock", {"now": "2026-11-23T15:30:01"})

    assert sim.row(resting)["orderstatus"] == "Cancel"
    assert sim.row(unique_gtd)["orderstatus"] == "Confirm"


def test_intraday_positions_are_squared_off_at_the_close_by_the_risk_desk(sim: InProcess) -> None:
    sim.placed(producttype="VALUEPLUS")
    sim.sim("POST", "clock", {"now": "2026-11-23T15:31:00"})

    (position,) = sim.post("getposition")["data"]
    squared = sim.sim("GET", "ledger")[1]["orders"][-1]

    assert position["buyquantity"] == position["sellquantity"] == 10
    assert (squared["buyorsell"], squared["quantity"], squared["via"]) == ("SELL", 10, "phone")


def test_a_new_day_empties_the_books_and_delivers_the_shares(sim: InProcess) -> None:
    first = sim.placed(quantityinlot=10)
    cash = sim.account().cash_points
    sim.sim("POST", "clock", {"now": "2026-11-24T09:30:00"})
    sim.sign_in(sim.account())

    assert sim.post("getorderbook")["errorcode"] == "MO1013"
    assert sim.post("gettradebook")["errorcode"] == "MO1014"
    assert sim.post("getposition")["errorcode"] == "MO1016"
    (holding,) = sim.post("getdpholding")["data"]
    assert (holding["nsesymboltoken"], holding["dpquantity"], holding["buyavgprice"]) == (ITC, 10, 282.5)
    assert holding["btstquantity"] == 10
    assert sim.account().cash_points == cash - 28_250_000
    assert sim.placed(buyorsell="SELL", price=280.0)[:2] == "24"
    assert sim.sim("GET", "ledger")[1]["orders"][0]["uniqueorderid"] == first


def test_derivatives_are_carried_forward_at_cost_and_marked_from_the_close(sim: InProcess) -> None:
    token = sim.nifty_next_50()
    item = next(
        i
        for i in sim.broker.instruments.of("NSEFO")
        if i.short_name == "NIFTYNXT50" and i.expiry and i.expiry > date(2026, 12, 1) and not i.is_option
    )
    assert token != item.token
    bought_at = item.ltp_points / 10_000
    sim.placed(exchange="NSEFO", symboltoken=item.token, producttype="NORMAL", price=bought_at, quantityinlot=2)
    sim.set_price(bought_at + 100, exchange="NSEFO", token=item.token)
    sim.sim("POST", "clock", {"now": "2026-11-24T10:00:00"})
    sim.sign_in(sim.account())

    (row,) = sim.post("getposition")["data"]
    (detail,) = sim.post("getpositiondetail")["data"]

    assert (row["cfbuyquantity"], row["daybuyquantity"], row["buyquantity"]) == (50, 0, 50)
    assert row["cfbuyamount"] == pytest.approx(50 * bought_at)
    assert row["buyamount"] == pytest.approx(50 * (bought_at + 100))
    assert row["marktomarket"] == 0
    assert row["actualmarktomarket"] == pytest.approx(5000)
    assert (detail["openquantity"], detail["transactiondate"]) == (50, "23-Nov-2026")


def test_after_market_orders_wait_for_the_open(sim: InProcess) -> None:
    sim.sim("POST", "clock", {"now": "2026-11-23T18:00:00"})
    closed = sim.row(sim.placed())
    waiting = sim.placed(amoorder="Y")
    evening = sim.row(waiting)
    sim.sim("POST", "clock", {"now": "2026-11-24T09:15:01"})
    sim.elapse()
    sim.sign_in(sim.account())

    assert closed["error"] == "RMS: market is closed"
    assert (evening["orderstatus"], evening["entrydatetime"]) == ("Sent", "0")
    row = sim.row(waiting)
    assert (row["orderstatus"], row["uniqueorderid"]) == ("Traded", waiting)


def test_a_waiting_after_market_order_can_be_cancelled(sim: InProcess) -> None:
    sim.sim("POST", "clock", {"now": "2026-11-23T18:00:00"})
    waiting = sim.placed(amoorder="Y")
    sim.post("cancelorder", {"uniqueorderid": waiting})
    sim.elapse()
    assert sim.row(waiting)["orderstatus"] == "Cancel"

    sim.sim("POST", "clock", {"now": "2026-11-24T09:15:01"})

    assert sim.account().trades == []


def test_a_demo_that_runs_past_six_goes_on_with_the_next_session() -> None:
    sim = InProcess(now=at("2026-11-20T14:00:00"))
    sim.placed()
    sim.elapse(timedelta(hours=16, minutes=5).total_seconds())
    sim.broker.beat()

    assert sim.broker.clock.stamp().startswith("23-Nov-2026 09:15:0")
    assert sim.post("getprofile")["errorcode"] == "MO8002"
    sim.sign_in(sim.account())
    assert sim.row(sim.placed())["orderstatus"] == "Traded"


@pytest.mark.parametrize(
    "text", ["", "0", "23-Nov-2026", "23/11/2026 10:00:00", "31-Feb-2026 10:00:00", "23-Nov-2026 1:2"]
)
def test_malformed_stamps_are_not_read(text: str) -> None:
    assert parse_stamp(text) is None


def test_stamps_round_trip() -> None:
    assert long_stamp(parse_stamp("14-Sep-2026 10:21:07") or 0) == "14-Sep-2026 10:21:07"
    assert parse_day("29-sep-2026") == date(2026, 9, 29)
