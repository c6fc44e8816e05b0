"""The order and trade stream over real sockets: authorisation, frames, and faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.simulator.in_process import CURRENT
from tests.simulator.stream_sockets import TRADE_PATH, RawSocket, TradeStream, refused_status
from tests.simulator.wire import SimulatorProcess, WireClient, until

ORDER_FIELDS = [
    *["ordercategory", "clientid", "exchange", "symboltoken", "symbol", "series", "expirydate", "strikeprice"],
    *["optiontype", "orderid", "orderinitiatorid", "ordertype", "orderduration", "producttype", "error"],
    *["orderstatus", "buyorsell", "totalqtyremaining", "orderqty", "qtytradedtoday", "disclosedqty", "price"],
    *["triggerprice", "entrydatetime", "lastmodifiedtime", "vendor", "uniqueorderid", "goodtilldate", "algoid"],
    *["algocategory", "averageprice", "totalqtytraded", "lotsize", "tag"],
]
TRADE_FIELDS = [
    *["clientid", "exchange", "symboltoken", "producttype", "symbol", "instrumenttype", "series", "strikeprice"],
    *["optiontype", "expirydate", "lotsize", "precision", "multiplier", "tradeprice", "tradeqty", "tradevalue"],
    *["buyorsell", "orderid", "tradeno", "tradetime", "uniqueorderid"],
]
FAR_BELOW, ABOVE = 260.0, 300.0
"""Prices of a buy order for a share that trades around 283: one that rests, one that fills."""
ACKNOWLEDGED = {"status": "SUCCESS", "message": "auth success", "errorcode": ""}


@pytest.fixture(scope="module")
def _simulator_process() -> Iterator[SimulatorProcess]:
    """A process of these tests alone: they move prices and send many orders in a second."""
    process = SimulatorProcess.start("--set", "orders_per_second=1000", clients=12, seed=7)
    yield process
    process.stop()


@pytest.fixture
async def settings(wire: WireClient) -> AsyncIterator[Any]:
    """Sets switches for one test."""
    before = await wire.control("GET", "settings")

    async def change(**changes: Any) -> None:
        await wire.control("POST", "settings", changes)

    yield change
    await wire.control("POST", "settings", before)


async def fault(wire: WireClient, action: str, value: Any = None, **match: Any) -> str:
    body = {"match": {"path": "tradesocket", **match}, "action": action, "value": value}
    return str((await wire.control("POST", "faults", body))["id"])


def statuses(stream: TradeStream) -> list[str]:
    return [frame["orderstatus"] for frame in stream.orders]


async def test_a_filled_order_is_told_at_every_change_with_its_trade(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe", "TradeSubscribe")
        answer = await wire.place(price=ABOVE, tag="TS0001")
        await stream.until(lambda: "Traded" in statuses(stream))
    row = (await wire.post("getorderdetailbyuniqueorderid", {"uniqueorderid": answer["uniqueorderid"]}))["data"][0]
    sent, confirmed, traded = stream.orders
    (trade,) = stream.trades

    assert statuses(stream) == ["Sent", "Confirm", "Traded"]
    assert [list(frame) for frame in stream.orders] == [ORDER_FIELDS] * 3
    assert list(trade) == TRADE_FIELDS
    assert {frame["uniqueorderid"] for frame in stream.said} == {answer["uniqueorderid"]}
    assert (sent["orderid"], sent["tag"], sent["buyorsell"], sent["optiontype"]) == ("0", "TS0001", "BUY", "EQ")
    assert (sent["ordertype"], sent["orderduration"], sent["symboltoken"]) == ("Limit", "Day", 1660)
    assert sent["entrydatetime"] == sent["lastmodifiedtime"] != "0"
    assert confirmed["orderid"] == trade["orderid"] == row["orderid"]
    assert (traded["qtytradedtoday"], traded["totalqtytraded"], traded["totalqtyremaining"]) == (10, 10, 0)
    assert traded["averageprice"] == trade["tradeprice"] == row["averageprice"]
    assert traded["lastmodifiedtime"] == row["lastmodifiedtime"]
    assert (trade["symboltoken"], trade["symbol"], trade["buyorsell"], trade["tradeqty"]) == (1660, "ITC EQ", "BUY", 10)
    assert (trade["tradevalue"], trade["precision"]) == (pytest.approx(trade["tradeprice"] * 10), 2)


async def test_partial_fills_are_told_one_by_one(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe", "TradeSubscribe")
        body = {"match": {"path": "placeorder"}, "action": "partial_fills", "value": 3}
        await wire.control("POST", "faults", body)
        await wire.place(price=ABOVE, quantityinlot=9)
        await stream.until(lambda: "Traded" in statuses(stream))

    assert statuses(stream)[2:] == ["Partial", "Partial", "Traded"]
    assert [frame["totalqtytraded"] for frame in stream.orders[2:]] == [3, 6, 9]
    assert [frame["tradeqty"] for frame in stream.trades] == [3, 3, 3]
    assert len({frame["tradeno"] for frame in stream.trades}) == 3


async def test_the_stamp_of_the_last_frame_is_good_for_a_modification_and_a_cancel_is_told(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe")
        answer = await wire.place(price=FAR_BELOW)
        await stream.until(lambda: "Confirm" in statuses(stream))
        change = {
            "uniqueorderid": answer["uniqueorderid"], "newordertype": "LIMIT", "neworderduration": "DAY",
            "newquantityinlot": 5, "newprice": FAR_BELOW + 1, "newtriggerprice": 0, "newdisclosedquantity": 0,
            "newgoodtilldate": "", "lastmodifiedtime": stream.orders[-1]["lastmodifiedtime"], "qtytradedtoday": 0,
        }  # fmt: skip
        assert (await wire.post("modifyorder", change))["status"] == "SUCCESS"
        await stream.until(lambda: stream.orders[-1]["orderqty"] == 5)
        await wire.post("cancelorder", {"uniqueorderid": answer["uniqueorderid"]})
        await stream.until(lambda: statuses(stream)[-1] == "Cancel")

    assert statuses(stream) == ["Sent", "Confirm", "Confirm", "Cancel"]
    assert stream.orders[-1]["price"] == FAR_BELOW + 1
    assert stream.trades == []


async def test_a_refusal_after_acceptance_is_told_with_its_words(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe")
        await wire.place(price=283.03)
        await stream.until(lambda: "Error" in statuses(stream))

    assert stream.orders[-1]["error"] == "EXCH: price is not a multiple of the tick size"
    assert (stream.orders[-1]["orderid"], stream.orders[-1]["totalqtyremaining"]) == ("0", 10)


async def test_frames_may_come_before_the_answer_of_the_call(wire: WireClient, settings: Any) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe")
        body = {"match": {"path": "placeorder"}, "action": "hang_after_accept"}
        fault_id = (await wire.control("POST", "faults", body))["id"]
        placing = asyncio.create_task(wire.place(price=FAR_BELOW, tag="EARLY1"))
        await stream.until(lambda: "Confirm" in statuses(stream))

        assert not placing.done()
        assert stream.orders[0]["tag"] == "EARLY1"
        await wire.control("DELETE", f"faults/{fault_id}")
        await asyncio.gather(placing, return_exceptions=True)


async def test_orders_from_the_phone_are_told_too_and_those_of_others_are_not(wire: WireClient) -> None:
    order = {"exchange": "NSE", "symboltoken": 1660, "buyorsell": "BUY", "producttype": "DELIVERY", "quantity": 7}
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe", "TradeSubscribe")
        for code in ("TC0002", "TC0001"):
            await wire.control("POST", "orders", order | {"clientcode": code})
        await stream.until(lambda: "Traded" in statuses(stream))

    assert {frame["clientid"] for frame in stream.said} == {"TC0001"}
    assert stream.orders[-1]["orderqty"] == 7


async def test_the_first_message_is_acknowledged_and_subscriptions_only_when_asked(
    wire: WireClient, settings: Any
) -> None:
    async with TradeStream(wire) as stream:
        await stream.authorise()
        await stream.until(lambda: bool(stream.said))
        assert stream.said == [ACKNOWLEDGED]
        await settings(trade_socket_acks="all")
        await stream.act("OrderSubscribe")
        await stream.until(lambda: len(stream.said) == 2)
        assert stream.said[1] == {"status": "SUCCESS", "message": "OrderSubscribe success", "errorcode": ""}


async def test_without_acknowledgements_the_stream_works_in_silence(wire: WireClient, settings: Any) -> None:
    await settings(trade_socket_acks="none")
    async with TradeStream(wire) as stream:
        await stream.authorise()
        await stream.act("OrderSubscribe")
        await stream.act("heartbeat")
        await wire.place(price=ABOVE)
        await stream.until(lambda: "Traded" in statuses(stream))

    assert stream.answers == []


@pytest.mark.parametrize(
    "changes",
    [
        *[{"clientid": "TC0002"}, {"clientid": None}, {"clientid": ["TC0001"]}, {"apikey": "x" * 16}, {"apikey": 5}],
        *[{"authtoken": "0" * 32 + "_M"}, {"authtoken": None}],
    ],
)
async def test_a_wrong_client_token_or_key_is_refused(wire: WireClient, changes: dict[str, Any]) -> None:
    async with TradeStream(wire) as stream:
        await stream.authorise(**changes)
        await stream.refused("MO1001")
        await stream.act("OrderSubscribe")
        await stream.until(lambda: len(stream.said) == 2)
        assert stream.said[0] == {"status": "ERROR", "message": "client id or token not valid", "errorcode": "MO1001"}


async def test_the_access_token_is_not_the_token_of_the_stream(wire: WireClient) -> None:
    await wire.sign_in("TC0001")
    async with TradeStream(wire) as stream:
        await stream.authorise(authtoken=wire.headers("TC0001")["accesstoken"])
        await stream.refused("MO1001")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        *[("nonsense", "MO8000"), ("[]", "MO8000"), ("1", "MO8000")],
        *[("{}", "MO1001"), ('{"action": "OrderSubscribe"}', "MO1001")],
        *[('{"action": "ordersubscribe"}', "MO2012"), ('{"action": null}', "MO2012"), ('{"action": ["x"]}', "MO2012")],
    ],
)
async def test_bad_messages_have_their_codes(wire: WireClient, message: str, code: str) -> None:
    async with TradeStream(wire) as stream:
        await stream.say(message)
        await stream.refused(code)
        assert stream.ended is None


async def test_a_text_that_is_no_utf8_is_a_technical_fault_and_no_end(wire: WireClient) -> None:
    stream = await RawSocket.connect(wire.url, TRADE_PATH)
    try:
        for _ in range(2):
            stream.send(1, b'{"clientid": "\xff\xfe"}')
            opcode, payload = await stream.receive()
            assert (opcode, b"MO8000" in payload) == (1, True)
    finally:
        await stream.close()


async def test_a_message_without_authorisation_may_be_met_by_silence(wire: WireClient, settings: Any) -> None:
    await settings(trade_socket_unauthorised="silence")
    async with TradeStream(wire) as stream:
        await stream.act("OrderSubscribe")
        await stream.act("Nonsense")
        await stream.until(lambda: bool(stream.said))
        assert [answer["errorcode"] for answer in stream.said] == ["MO2012"]


async def test_an_action_for_another_client_is_refused(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow()
        await stream.say({"clientid": "TC0002", "action": "OrderSubscribe"})
        await stream.refused("MO1001")


async def test_what_is_unsubscribed_is_told_no_more(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe", "TradeSubscribe", "OrderUnsubscribe")
        await wire.place(price=ABOVE)
        await stream.until(lambda: bool(stream.trades))
        assert stream.orders == []
        await stream.follow("OrderSubscribe", "TradeUnsubscribe")
        await wire.place(price=ABOVE)
        await stream.until(lambda: "Traded" in statuses(stream))
        assert stream.trades == []


async def test_a_dealer_sees_all_mapped_clients_or_the_one_that_is_named(wire: WireClient) -> None:
    dealer = (await wire.control("GET", "accounts"))["dealers"][0]
    mapped = sorted(dealer["mapped_clients"])
    outsider = "TC0001"
    assert outsider not in mapped
    await wire.sign_in(dealer["clientcode"])
    async with TradeStream(wire, code=dealer["clientcode"]) as every, TradeStream(wire, code=mapped[0]) as one:
        await every.authorise(login_code=dealer["clientcode"])
        await one.authorise(login_code=dealer["clientcode"])
        for stream in (every, one):
            await stream.act("OrderSubscribe")
            await stream.act("Nonsense")
            await stream.refused("MO2012")
        for code in (outsider, mapped[1], mapped[0]):
            await wire.place(code=code, price=FAR_BELOW)
        await every.until(lambda: (mapped[0], "Confirm") in whose(every))
        await one.until(lambda: (mapped[0], "Confirm") in whose(one))

    assert {code for code, _ in whose(every)} == set(mapped[:2])
    assert {code for code, _ in whose(one)} == {mapped[0]}


def whose(stream: TradeStream) -> list[tuple[str, str]]:
    return [(frame["clientid"], frame["orderstatus"]) for frame in stream.orders]


async def test_a_dealer_may_not_name_a_client_of_others(wire: WireClient) -> None:
    dealer = (await wire.control("GET", "accounts"))["dealers"][0]
    async with TradeStream(wire, code="TC0001") as stream:
        await stream.authorise(login_code=dealer["clientcode"])
        await stream.refused("MO1001")


async def test_a_logout_closes_the_stream_and_leaves_the_token_alive(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe")
        await stream.act("logout")
        assert await stream.until_ended() == 1001
    assert (await wire.post("getprofile"))["status"] == "SUCCESS"


@pytest.mark.parametrize("how", ["control", "logout"])
async def test_a_dead_token_is_told_and_closes(wire: WireClient, how: str) -> None:
    code = "TC0005"
    async with TradeStream(wire, code=code) as stream:
        await wire.sign_in(code)
        await stream.follow("OrderSubscribe")
        if how == "control":
            await wire.control("POST", "sessions", {"clientcode": code})
        else:
            await wire.send(CURRENT["logout"], {}, code)
        await stream.until_ended()

    assert [answer["errorcode"] for answer in stream.said] == ["MO1001"]


async def test_a_client_that_says_nothing_is_dropped_only_when_set(wire: WireClient, settings: Any) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe")
        await settings(trade_socket_idle_s=0.3)
        assert await stream.until_ended() == 1001


@pytest.mark.parametrize(("value", "codes"), [("clean", {1001}), ("abrupt", {1006, -1})])
async def test_a_cut_ends_the_stream(wire: WireClient, value: str, codes: set[int]) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe")
        await fault(wire, "cut", value)
        assert await stream.until_ended() in codes
    async with TradeStream(wire) as again:
        await again.follow("OrderSubscribe")


async def test_new_streams_can_be_refused(wire: WireClient) -> None:
    await fault(wire, "refuse", times=1)
    assert await refused_status(wire, TRADE_PATH) == 503
    async with TradeStream(wire) as stream:
        await stream.follow()


async def test_frames_can_be_dropped_repeated_or_silenced(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe", "TradeSubscribe")
        await fault(wire, "drop", times=1)
        await wire.place(price=FAR_BELOW)
        await stream.until(lambda: bool(stream.orders))
        assert statuses(stream) == ["Confirm"]

        await wire.control("DELETE", "faults")
        stream.frames.clear()
        await fault(wire, "duplicate", 3)
        await wire.place(price=FAR_BELOW)
        await stream.until(lambda: len(stream.orders) == 6)
        assert statuses(stream) == ["Sent"] * 3 + ["Confirm"] * 3

        await wire.control("DELETE", "faults")
        stream.frames.clear()
        silence = await fault(wire, "silence", clientcode="TC0001")
        await wire.place(price=FAR_BELOW)

        async def were_swallowed() -> bool:
            listed = (await wire.control("GET", "faults"))["faults"]
            return any(entry["id"] == silence and entry["hits"] == 2 for entry in listed)

        await until(were_swallowed)
        await wire.control("DELETE", "faults")
        await stream.act("Nonsense")
        await stream.until(lambda: bool(stream.said))
        assert stream.orders == []


async def test_frames_can_change_places(wire: WireClient) -> None:
    async with TradeStream(wire) as stream:
        await stream.follow("OrderSubscribe", "TradeSubscribe")
        await fault(wire, "reorder", 5000, nth=1)
        await wire.place(price=FAR_BELOW)
        await stream.until(lambda: len(stream.orders) == 2)
        assert statuses(stream) == ["Confirm", "Sent"]

        stream.frames.clear()
        await wire.control("DELETE", "faults")
        await fault(wire, "reorder", 20, nth=2)
        await wire.place(price=FAR_BELOW)
        await stream.until(lambda: len(stream.orders) == 2)
        assert statuses(stream) == ["Sent", "Confirm"]


async def test_control_shows_the_subscriptions(wire: WireClient) -> None:
    async with TradeStream(wire, code="TC0006") as stream:
        await stream.follow("TradeSubscribe")
        shown = (await wire.control("GET", "tradesocket"))["connections"]
        mine = [entry for entry in shown if entry["clientid"] == "TC0006"]

    assert [(entry["orders"], entry["trades"]) for entry in mine] == [(False, True)]
