"""The fault controls over real sockets: what the caller sees, and what the ledger holds."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import aiohttp
import pytest

from mofsl_simulator.fault_actions import ACTIONS
from tests.simulator.in_process import COMMON_HEADERS, CURRENT, LIMIT_ORDER, InProcess
from tests.simulator.wire import SimulatorProcess, WireClient, until

_tags = (f"F{number:05d}" for number in itertools.count())
_codes = itertools.cycle(f"TC{number:04d}" for number in range(1, 13))


@pytest.fixture
def tag() -> str:
    return next(_tags)


@pytest.fixture
async def code(wire: WireClient) -> str:
    """A client signed in; several take turns, so that the order rate is never reached."""
    chosen = next(_codes)
    await wire.sign_in(chosen)
    return chosen


async def fault(wire: WireClient, action: str, value: Any = None, **match: Any) -> str:
    body = {"match": {"path": "placeorder", "times": 1} | match, "action": action}
    answer = await wire.control("POST", "faults", body if value is None else body | {"value": value})
    return str(answer["id"])


@pytest.mark.parametrize(
    ("action", "accepted"),
    [
        ("close_before_accept", False),
        ("reset_before_accept", False),
        ("close_after_accept", True),
        ("reset_after_accept", True),
    ],
)
async def test_a_broken_connection_says_nothing_about_acceptance(
    wire: WireClient, code: str, tag: str, action: str, accepted: bool
) -> None:
    await fault(wire, action)

    with pytest.raises(aiohttp.ClientError) as caught:
        await wire.place(code=code, tag=tag)

    assert len(await wire.ledger_of(tag)) == accepted
    assert isinstance(caught.value, aiohttp.ClientOSError) == action.startswith("reset")
    assert (await wire.place(code=code, tag=f"{tag}B"))["status"] == "SUCCESS"


@pytest.mark.parametrize(("action", "accepted"), [("hang_before_accept", False), ("hang_after_accept", True)])
async def test_a_hung_request_is_closed_without_an_answer_when_the_fault_is_cleared(
    wire: WireClient, code: str, tag: str, action: str, accepted: bool
) -> None:
    fault_id = await fault(wire, action)
    hung = asyncio.create_task(wire.place(code=code, tag=tag))

    async def is_hit() -> bool:
        return bool((await wire.control("GET", "faults"))["faults"][0]["hits"])

    await until(is_hit)
    assert not hung.done()
    assert len(await wire.ledger_of(tag)) == accepted
    await wire.control("DELETE", f"faults/{fault_id}")

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await hung


@pytest.mark.parametrize(
    ("action", "value", "status", "content", "accepted"),
    [
        ("http_status", 502, 502, "Gateway fault", False),
        ("http_status", {"status": 400, "after_accept": True}, 400, "Gateway fault", True),
        ("http_status", {"status": 429, "body": "slow down"}, 429, "slow down", False),
        ("body", "<html>oops</html>", 200, "<html>oops</html>", True),
        ("body", {"body": "", "after_accept": False}, 200, "", False),
        ("errorcode", "MO5002", 200, "MO5002", False),
        ("errorcode", {"code": "MO5002", "after_accept": True}, 200, "MO5002", True),
        ("errorcode", {"code": "MO8000", "http_status": 500, "message": "boom"}, 500, "boom", False),
    ],
)
async def test_an_answer_can_be_replaced_with_or_without_acceptance(
    wire: WireClient, code: str, tag: str, action: str, value: Any, status: int, content: str, accepted: bool
) -> None:
    await fault(wire, action, value)

    async with wire.http.post(
        wire.url + CURRENT["placeorder"], json=LIMIT_ORDER | {"tag": tag}, headers=wire.headers(code)
    ) as response:
        text = await response.text()

    assert response.status == status
    assert content in text if content else text == ""
    assert len(await wire.ledger_of(tag)) == accepted


async def test_an_answer_can_be_cut_short(wire: WireClient, code: str, tag: str) -> None:
    await fault(wire, "body", {"cut_at": 20})

    with pytest.raises(aiohttp.ClientPayloadError):
        await wire.place(code=code, tag=tag)

    assert len(await wire.ledger_of(tag)) == 1


async def test_an_answer_can_drip(wire: WireClient, code: str, tag: str) -> None:
    await fault(wire, "drip", {"interval_ms": 2, "bytes": 1})
    pieces = 0

    async with wire.http.post(
        wire.url + CURRENT["placeorder"], json=LIMIT_ORDER | {"tag": tag}, headers=wire.headers(code)
    ) as response:
        async for _ in response.content.iter_any():
            pieces += 1

    assert pieces > 5
    assert len(await wire.ledger_of(tag)) == 1


async def test_ids_can_be_missing_foreign_or_repeated(wire: WireClient, code: str, tag: str) -> None:
    first = (await wire.place(code=code, tag=tag))["uniqueorderid"]
    answers = {}
    for action in ("success_without_id", "other_clients_id", "repeated_id"):
        await fault(wire, action)
        answers[action] = await wire.place(code=code, tag=tag)

    assert all(answer["status"] == "SUCCESS" for answer in answers.values())
    assert "uniqueorderid" not in answers["success_without_id"]
    assert not answers["other_clients_id"]["uniqueorderid"].endswith(code)
    earlier = [order["uniqueorderid"] for order in await wire.ledger_of(tag)]
    assert first in earlier
    assert answers["repeated_id"]["uniqueorderid"] in earlier[:-1]
    assert len(set(earlier)) == 4


async def test_a_dead_token_is_dead_for_good(wire: WireClient, code: str, tag: str) -> None:
    await fault(wire, "token_dead")

    assert (await wire.place(code=code, tag=tag))["errorcode"] == "MO8002"
    assert (await wire.place(code=code, tag=tag))["errorcode"] == "MO8002"
    assert await wire.ledger_of(tag) == []


async def test_an_order_can_be_late_in_the_books(wire: WireClient, code: str, tag: str) -> None:
    await fault(wire, "delay_visibility_s", 0.3)
    unique_id = (await wire.place(code=code, tag=tag))["uniqueorderid"]

    async def is_shown() -> bool:
        rows = (await wire.post("getorderbook", code=code)).get("data") or []
        return unique_id in [row["uniqueorderid"] for row in rows]

    assert not await is_shown()
    assert (await wire.post("getorderdetailbyuniqueorderid", {"uniqueorderid": unique_id}, code=code))[
        "errorcode"
    ] == "MO1060"
    assert len(await wire.ledger_of(tag)) == 1
    await until(is_shown)


@pytest.mark.parametrize(
    ("action", "value", "field", "shown"),
    [
        ("drop_tag", None, "tag", " "),
        ("mangle_tag", "lower", "tag", None),
        ("status_word", "Half Done", "orderstatus", "Half Done"),
        ("reject_later", None, "orderstatus", "Rejected"),
        ("reject_later", {"status": "Error", "text": "no"}, "error", "no"),
        ("partial_fills", 0.4, "qtytradedtoday", 4),
        ("partial_fills", {"pieces": 5}, "qtytradedtoday", 10),
        ("overfill", 3, "totalqtytraded", 13),
    ],
)
async def test_an_order_can_be_distorted(
    wire: WireClient, code: str, tag: str, action: str, value: Any, field: str, shown: Any
) -> None:
    await fault(wire, action, value)
    shown = tag.lower() if shown is None else shown
    unique_id = (await wire.place(code=code, tag=tag))["uniqueorderid"]

    async def is_so() -> bool:
        rows = (await wire.post("getorderbook", code=code))["data"]
        row = next(row for row in rows if row["uniqueorderid"] == unique_id)
        return bool(row[field] == shown)

    await until(is_so)
    assert (await wire.ledger_of(tag))[0]["tag"] == tag


async def test_a_stale_book_shows_nothing_newer_than_the_fault(wire: WireClient, code: str, tag: str) -> None:
    await wire.place(code=code, tag=tag)
    await fault(wire, "stale_book", path="getorderbook", times=2)
    await wire.place(code=code, tag=f"{tag}B")

    stale = [(await wire.post("getorderbook", code=code))["data"] for _ in range(2)]
    fresh = (await wire.post("getorderbook", code=code))["data"]

    assert stale[0] == stale[1]
    assert f"{tag}B" not in [row["tag"] for row in stale[0]]
    assert {tag, f"{tag}B"} <= {row["tag"] for row in fresh}


async def test_a_flapping_book_is_there_and_gone_by_turns(wire: WireClient, code: str, tag: str) -> None:
    await wire.place(code=code, tag=tag)
    await fault(wire, "flap", path="getorderbook", times=4)

    seen = ["data" in answer and bool(answer["data"])
            for answer in [await wire.post("getorderbook", code=code) for _ in range(4)]]  # fmt: skip

    assert seen == [True, False, True, False]


async def test_faults_pick_by_client_number_and_times(wire: WireClient) -> None:
    await wire.control(
        "POST", "faults",
        {"match": {"path": "getprofile", "clientcode": "tc0003", "nth": 2}, "action": "errorcode", "value": "MO8000"},
    )  # fmt: skip
    await wire.control(
        "POST", "faults",
        {"match": {"path": "/rest/login/v5/getprofile", "clientcode": "TC0004", "times": 2},
         "action": "http_status", "value": {"status": 200, "body": "{}"}},
    )  # fmt: skip
    codes = {code: [(await wire.post("getprofile", code=code)).get("errorcode") for _ in range(3)]
             for code in ("TC0003", "TC0004", "TC0005")}  # fmt: skip
    shown = (await wire.control("GET", "faults"))["faults"]

    assert codes == {"TC0003": ["", "MO8000", ""], "TC0004": [None, None, ""], "TC0005": ["", "", ""]}
    assert [(entry["seen"], entry["hits"]) for entry in shown] == [(3, 1), (3, 2)]


async def test_a_fault_of_a_client_also_hits_its_login(wire: WireClient) -> None:
    await wire.control(
        "POST", "faults",
        {"match": {"path": "authdirectapi", "clientcode": "TC0006"}, "action": "errorcode", "value": "MO1100"},
    )  # fmt: skip

    with pytest.raises(KeyError, match="AuthToken"):
        await wire.sign_in("TC0006")
    await wire.sign_in("TC0007")


async def test_a_delay_ends_early_when_the_fault_is_cleared(wire: WireClient, code: str, tag: str) -> None:
    fault_id = await fault(wire, "delay_ms", 60_000)
    waiting = asyncio.create_task(wire.place(code=code, tag=tag))

    async def is_accepted() -> bool:
        return bool(await wire.ledger_of(tag))

    await until(is_accepted)
    assert not waiting.done()
    await wire.control("DELETE", f"faults/{fault_id}")

    assert (await waiting)["status"] == "SUCCESS"


async def test_the_process_ends_at_once_also_with_hung_requests() -> None:
    process = SimulatorProcess.start(clients=1)
    async with WireClient(process.url) as wire:
        await wire.sign_in("TC0001")
        await wire.control("POST", "faults", {"match": {"path": "placeorder"}, "action": "hang_after_accept"})
        await wire.control("POST", "faults", {"match": {"path": "getposition"}, "action": "delay_ms", "value": 60_000})
        hung = [asyncio.create_task(wire.place(tag="HUNG")), asyncio.create_task(wire.post("getposition"))]

        async def are_hit() -> bool:
            return [entry["hits"] for entry in (await wire.control("GET", "faults"))["faults"]] == [1, 1]

        await until(are_hit)

        code = await asyncio.to_thread(process.stop)
        ended = await asyncio.gather(*hung, return_exceptions=True)

    assert code == 0
    assert isinstance(ended[0], aiohttp.ClientError)


@pytest.mark.parametrize(
    "body",
    [
        {"match": {"path": "placeorder"}, "action": "explode"},
        {"match": {"path": "placeorder"}},
        {"match": {"path": "nowhere"}, "action": "drop_tag"},
        {"match": {"path": "placeorder", "colour": 1}, "action": "drop_tag"},
        {"match": {"path": "placeorder", "nth": 0}, "action": "drop_tag"},
        {"match": {"path": "placeorder", "times": "2"}, "action": "drop_tag"},
        {"match": {"path": "placeorder", "probability": 1.5}, "action": "drop_tag"},
        {"match": {"clientcode": 5}, "action": "drop_tag"},
        {"match": [], "action": "drop_tag"},
        {"match": {}, "action": "drop_tag", "value": 1},
        {"match": {}, "action": "drop_tag", "times": 1},
        {"match": {}, "action": "http_status"},
        {"match": {}, "action": "http_status", "value": 42},
        {"match": {}, "action": "http_status", "value": {"status": "502"}},
        {"match": {}, "action": "body"},
        {"match": {}, "action": "body", "value": 5},
        {"match": {}, "action": "errorcode"},
        {"match": {}, "action": "delay_ms"},
        {"match": {}, "action": "delay_ms", "value": -1},
        {"match": {}, "action": "delay_ms", "value": {"ms": True}},
        {"match": {}, "action": "delay_visibility_s", "value": "long"},
        {"match": {}, "action": "drip", "value": {"bytes": 0}},
        {"match": {}, "action": "partial_fills", "value": 1},
        {"match": {}, "action": "partial_fills", "value": {"fraction": 2.0}},
        {"match": {}, "action": "reject_later", "value": {"status": "Traded"}},
        {"match": {}, "action": "token_dead", "value": "MO1"},
        {"match": {}, "action": "mangle_tag", "value": "loud"},
        {"match": {}, "action": "status_word"},
        {"match": {}, "action": "overfill", "value": 0},
        [],
    ],
)
def test_a_malformed_fault_is_refused_with_a_reason_and_not_registered(sim: InProcess, body: Any) -> None:
    status, answer = sim.sim("POST", "faults", body)

    assert status == 400
    assert answer["error"]
    assert sim.sim("GET", "faults")[1] == {"faults": []}


def test_every_promised_action_is_known() -> None:
    promised = {
        "hang_before_accept", "hang_after_accept", "close_after_accept", "reset_after_accept", "drip", "http_status",
        "body", "errorcode", "delay_ms", "delay_visibility_s", "drop_tag", "token_dead", "partial_fills",
        "reject_later", "stale_book", "flap",
    }  # fmt: skip

    assert promised <= ACTIONS


def test_probability_follows_the_seed() -> None:
    def hits(seed: int) -> list[bool]:
        sim = InProcess(clients=1, seed=seed)
        sim.sim("POST", "faults", {"match": {"probability": 0.5}, "action": "drop_tag"})
        faults = sim.broker.faults
        return [bool(faults.matching("placeorder", CURRENT["placeorder"], "TC0001")) for _ in range(200)]

    assert hits(1) == hits(1) != hits(2)
    assert 60 < sum(hits(1)) < 140


async def test_a_body_that_is_no_json_object_answers_mo2002(wire: WireClient) -> None:
    codes = []
    for raw in (b"{", b"[]", b"NaN", b'"x"'):
        async with wire.http.post(wire.url + CURRENT["getorderbook"], data=raw, headers=COMMON_HEADERS) as response:
            codes.append((await response.json())["errorcode"])

    assert codes == ["MO2002"] * 4
