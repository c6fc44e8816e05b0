"""What a client of the broadcast is told, and when: on a clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.simulator.broadcast import HEARTBEAT_ANSWER, FeedUser, counts, decoded, kinds, last_prices, login, register
from tests.simulator.in_process import ITC, MONDAY, InProcess

INDEX_CODES = {26000, 26009, 26012, 26013, 26017, 26037, 26074, 999901, 999912, 999947}
CASH_SNAPSHOT, DERIVATIVE_SNAPSHOT = "GWABCDEF", "GWABCDEFm"


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


async def test_a_login_brings_every_index(sim: InProcess) -> None:
    told = decoded(await FeedUser(sim).sign_in())

    assert {packet.code for packet in told} == INDEX_CODES
    assert {packet.kind for packet in told} == {"H"}
    assert {packet.exchange for packet in told if packet.code > 999_000} == {"B"}
    nifty = next(packet for packet in told if packet.code == 26000)
    assert (
        nifty.fields["value"]
        == sim.post("getindexltpdata", {"exchangename": "NSE", "scripcode": 26000})["data"][0]["ltp"]
    )
    assert nifty.time_s + 315_513_000 == MONDAY.timestamp()


async def test_a_registration_before_the_login_and_an_unknown_client_stay_silent(sim: InProcess) -> None:
    user = FeedUser(sim, code="NOBODY")

    assert await user.register("N", "C", ITC) == b""
    assert await user.sign_in() == b""
    assert await user.register("N", "C", ITC) == b""
    assert await user.step() == b""
    assert user.client.ignored == 3


async def test_a_registration_brings_a_snapshot_of_what_rest_shows(sim: InProcess, user: FeedUser) -> None:
    told = {packet.kind: packet for packet in decoded(await user.register("N", "C", ITC))}
    quote = sim.post("getltpdata", {"exchange": "NSE", "scripcode": ITC})["data"]
    status, price = sim.sim("GET", "prices", exchange="NSE", symboltoken=str(ITC))

    assert "".join(told) == CASH_SNAPSHOT
    assert {(packet.exchange, packet.code) for packet in told.values()} == {("N", ITC)}
    assert told["A"].fields["ltp"] * 100 == quote["ltp"]
    assert told["A"].fields["volume"] == quote["volume"]
    assert told["A"].fields["open_interest"] == 0
    assert (told["B"].fields["bid"] * 100, told["B"].fields["offer"] * 100) == (quote["bid"], quote["ask"])
    assert {name: value * 100 for name, value in told["G"].fields.items()} == {
        name: quote[name] for name in ("open", "high", "low", "close")
    }
    assert status == 200
    assert told["W"].fields == {"upper": float(price["upper"]), "lower": float(price["lower"])}
    bids = [told[kind].fields["bid"] for kind in "BCDEF"]
    assert bids == sorted(bids, reverse=True)


async def test_a_derivative_is_told_with_its_open_interest(sim: InProcess, user: FeedUser) -> None:
    token = sim.nifty_next_50()
    told = {packet.kind: packet for packet in decoded(await user.register("N", "D", token))}

    assert "".join(told) == DERIVATIVE_SNAPSHOT
    assert 0 < told["m"].fields["low"] <= told["m"].fields["now"] <= told["m"].fields["high"]
    assert told["A"].fields["open_interest"] == told["m"].fields["now"]


@pytest.mark.parametrize(
    ("exchange", "segment", "code"),
    [
        *[("N", "C", 999_999), ("N", "D", ITC), ("B", "C", ITC), ("M", "D", 1)],
        *[("Z", "C", ITC), ("N", "X", ITC), ("N", "C", -1), ("N", "C", 26000)],
    ],
)  # fmt: skip
async def test_what_does_not_exist_is_passed_over_in_silence(
    user: FeedUser, exchange: str, segment: str, code: int
) -> None:
    assert await user.register(exchange, segment, code) == b""
    assert await user.step() == b""
    assert user.client.registered == {}


async def test_one_code_on_two_exchanges_is_two_instruments(sim: InProcess, user: FeedUser) -> None:
    share = next(item for item in sim.broker.instruments.of("BSE") if item.short_name == "ITC")
    await user.send(register("N", "C", ITC), register("B", "C", share.token))
    sim.set_price(300, exchange="BSE", token=share.token)

    assert last_prices(await user.step()) == {("B", share.token): 300.0}


async def test_many_registrations_in_one_message_bring_one_frame(user: FeedUser, sim: InProcess) -> None:
    tokens = [item.token for item in sim.broker.instruments.of("NSE")[:20]]
    await user.send(b"".join(register("N", "C", token) for token in tokens))
    # the frames were taken by send: a second message counts them
    before = user.client.frames_sent
    told = await user.send(b"".join(register("N", "C", token) for token in tokens))

    assert kinds(told) == CASH_SNAPSHOT * 20
    assert [packet.code for packet in decoded(told)[::8]] == tokens
    assert user.client.frames_sent - before == 1
    assert len(user.client.registered) == 20


async def test_a_price_change_is_told_and_only_to_those_who_registered(sim: InProcess, user: FeedUser) -> None:
    other = FeedUser(sim, code="TC0002")
    await other.sign_in()
    await other.register("N", "C", 11536)
    await user.register("N", "C", ITC)
    sim.set_price("287.35")

    assert last_prices(await user.step()) == {("N", ITC): 287.35}
    assert counts(other.wire.take())["A"] == 0


async def test_changes_within_a_round_are_told_once_unless_all_are_asked_for(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    prices = [287.35, 287.4, 287.45]
    for price in prices:
        sim.set_price(price)
    conflated = [packet.fields["ltp"] for packet in decoded(await user.step()) if packet.kind == "A"]
    settings(sim, feed_conflate_ms=0)
    for price in prices:
        sim.set_price(price)
    each = [packet.fields["ltp"] for packet in decoded(await user.step()) if packet.kind == "A"]

    assert (conflated, each) == (prices[-1:], prices)


async def test_depth_and_day_figures_follow_a_move(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    sim.elapse(10)
    sim.set_price("300")
    told = {packet.kind: packet for packet in decoded(await user.step())}

    assert "".join(told) == "ABG"
    assert told["B"].fields["bid"] == 299.95
    assert told["G"].fields["high"] == 300.0
    assert await user.step() == b""


async def test_what_is_unregistered_is_told_no_more(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    assert await user.register("N", "C", ITC, adds=False) == b""
    sim.set_price("300")

    assert await user.step() == b""
    assert sim.sim("GET", "feed")[1]["connections"][0]["registrations"] == []


async def test_registered_instruments_walk_until_the_last_reader_leaves(sim: InProcess, user: FeedUser) -> None:
    other = FeedUser(sim, code="TC0002")
    await other.sign_in()
    for reader in (user, other):
        await reader.register("N", "C", ITC)
    itc = sim.broker.instruments.get("NSE", ITC)
    feed = sim.streams.feed

    feed.disconnected(other.client)
    assert itc in sim.broker.prices.watched
    await user.register("N", "C", ITC)
    feed.disconnected(user.client)
    assert itc not in sim.broker.prices.watched


async def test_the_natural_walk_is_told_step_by_step(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    sim.broker.prices.freeze_all(False)
    for _ in range(50):
        sim.broker.beat()
        told = last_prices(await user.step())
        quote = sim.post("getltpdata", {"exchange": "NSE", "scripcode": ITC})["data"]
        assert told.get(("N", ITC), quote["ltp"] / 100) * 100 == pytest.approx(quote["ltp"])


async def test_frames_hold_as_many_packets_as_set(sim: InProcess, user: FeedUser) -> None:
    settings(sim, feed_packets_per_frame=3)
    feed = sim.streams.feed
    await feed.received(user.client, register("N", "C", ITC))

    assert [len(frame) for frame in user.wire.frames] == [90, 90, 60]


async def test_heartbeats_come_in_time_and_who_answers_stays(sim: InProcess, user: FeedUser) -> None:
    told = []
    for _ in range(8):
        sim.elapse(30)
        told.append(kinds(await user.step()))
        await user.send(HEARTBEAT_ANSWER)

    assert told == ["1"] * 8
    assert user.wire.ended == ""


async def test_who_does_not_answer_heartbeats_is_dropped_after_as_many_as_set(sim: InProcess, user: FeedUser) -> None:
    settings(sim, feed_missed_heartbeats=3, feed_heartbeat_s=10)
    told = ""
    for _ in range(3):
        sim.elapse(10)
        told += kinds(await user.step())
    assert (told, user.wire.ended) == ("111", "")
    sim.elapse(10)
    assert (await user.step(), user.wire.ended) == (b"", "clean")


async def test_heartbeats_and_drops_can_be_switched_off(sim: InProcess, user: FeedUser) -> None:
    settings(sim, feed_missed_heartbeats=0)
    for _ in range(9):
        sim.elapse(30)
        assert kinds(await user.step()) == "1"
    settings(sim, feed_heartbeat_s=0)
    sim.elapse(300)

    assert (await user.step(), user.wire.ended) == (b"", "")


async def test_indices_come_again_at_their_interval(sim: InProcess) -> None:
    user = FeedUser(sim)
    await user.sign_in()
    told = []
    for _ in range(4):
        sim.elapse(0.5)
        told.append(counts(await user.step())["H"])

    assert told.count(len(INDEX_CODES)) >= 2
    assert set(told) <= {0, len(INDEX_CODES)}


async def test_a_new_login_repeats_the_indices_and_keeps_the_registrations(user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    told = await user.send(login("TC0001", kind=b"q"))

    assert counts(told) == {"H": len(INDEX_CODES)}
    assert len(user.client.registered) == 1


async def test_a_stalled_reader_is_told_everything_anew_once_it_reads(sim: InProcess, user: FeedUser) -> None:
    await user.send(register("N", "C", ITC), register("N", "C", 11536))
    user.wire.waiting_bytes = 10**6
    for price in (287, 288, 289):
        sim.set_price(price)
        assert await user.step() == b""
    user.wire.waiting_bytes = 0
    told = await user.step()

    assert kinds(told)[:8] == CASH_SNAPSHOT
    assert last_prices(told) == {("N", ITC): 289.0}


async def test_the_limit_of_a_client_is_kept_only_when_asked(sim: InProcess, user: FeedUser) -> None:
    tokens = [item.token for item in sim.broker.instruments.of("NSE")[:6]]
    settings(sim, max_broadcast_limit=5)
    await user.send(*(register("N", "C", token) for token in tokens))
    assert len(user.client.registered) == 6
    settings(sim, feed_enforces_limit=True)
    other = FeedUser(sim, code="TC0002")
    await other.sign_in()
    for token in tokens:
        await other.register("N", "C", token)
    second_of_the_same = FeedUser(sim, code="TC0002")
    await second_of_the_same.sign_in()

    assert len(other.client.registered) == 5
    assert await second_of_the_same.register("N", "C", tokens[0]) == b""


async def test_a_new_day_tells_every_instrument_anew(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    sim.set_price("300")
    await user.step()
    sim.broker.set_clock(MONDAY + timedelta(days=1))
    told = {packet.kind: packet for packet in decoded(await user.step()) if packet.kind != "1"}

    assert told["G"].fields == {"open": 300.0, "high": 300.0, "low": 300.0, "close": 300.0}
    assert told["W"].fields == {"upper": 330.0, "lower": 270.0}
    assert told["A"].time_s + 315_513_000 == (MONDAY + timedelta(days=1)).timestamp()


async def test_more_instruments_than_fit_at_first_are_all_told(sim: InProcess, user: FeedUser) -> None:
    items = [("N", "C", item.token) for item in sim.broker.instruments.of("NSE")]
    items += [("N", "D", item.token) for item in sim.broker.instruments.of("NSEFO")][: 600 - len(items)]
    early = FeedUser(sim, code="TC0002")
    await early.sign_in()
    await early.register("N", "C", ITC)
    for item in items:
        assert kinds(await user.register(*item)).startswith(CASH_SNAPSHOT)
    for _character, segment, token in items:
        sim.set_price(250, exchange="NSE" if segment == "C" else "NSEFO", token=token)

    assert len(last_prices(await user.step())) == len(items) > 256
    assert set(last_prices(early.wire.take())) == {("N", ITC)}


async def test_slots_that_were_given_back_serve_other_instruments(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    sim.set_price("300")
    await user.register("N", "C", ITC, adds=False)
    told = decoded(await user.register("N", "C", 11536))
    sim.set_price("301")

    assert {packet.code for packet in told} == {11536}
    assert await user.step() == b""


async def test_control_shows_who_is_connected(sim: InProcess, user: FeedUser) -> None:
    await user.register("N", "C", ITC)
    status, shown = sim.sim("GET", "feed")
    (entry,) = shown["connections"]

    assert status == 200
    assert (entry["clientcode"], entry["registrations"], entry["registered"]) == ("TC0001", [f"NSE:{ITC}"], 1)
    assert shown["packets_sent"] == entry["packets_sent"] == len(INDEX_CODES) * 2 + 8
    sim.streams.feed.disconnected(user.client)
    after = sim.sim("GET", "feed")[1]
    assert (after["connections"], after["packets_sent"]) == ([], shown["packets_sent"])


async def test_packets_are_stamped_in_any_year_of_the_clock(sim: InProcess, user: FeedUser) -> None:
    sim.broker.set_clock(MONDAY.replace(year=2060))
    stamp = decoded(await user.register("N", "C", ITC))[0].time_s

    assert (stamp + 315_513_000 - MONDAY.replace(year=2060).timestamp()) % 2**32 == 0
