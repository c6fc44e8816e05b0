"""The main flows as a program meets them: a real process, real sockets."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from typing import Any

import aiohttp
import pytest

from tests.simulator.in_process import COMMON_HEADERS, CURRENT, LIMIT_ORDER
from tests.simulator.wire import SimulatorProcess, WireClient, until
from tests.support.processes import clean_environment


async def row_of(wire: WireClient, unique_id: str, code: str) -> dict[str, Any]:
    rows = (await wire.post("getorderbook", code=code))["data"]
    row: dict[str, Any] = next(row for row in rows if row["uniqueorderid"] == unique_id)
    return row


async def test_from_login_to_fill_to_position(wire: WireClient) -> None:
    code = "TC0001"
    quote = (await wire.post("getltpdata", {"exchange": "NSE", "scripcode": 1660}, code=code))["data"]
    answer = await wire.place(code=code, tag="FLOW1", price=quote["ltp"] / 100 + 2)

    async def is_traded() -> bool:
        return bool((await row_of(wire, answer["uniqueorderid"], code))["orderstatus"] == "Traded")

    await until(is_traded)
    trades = (await wire.post("gettradebook", code=code))["data"]
    positions = (await wire.post("getposition", code=code))["data"]
    (entry,) = await wire.ledger_of("FLOW1")

    assert sum(row["tradeqty"] for row in trades if row["uniqueorderid"] == answer["uniqueorderid"]) == 10
    assert any(row["symboltoken"] == 1660 and row["daybuyquantity"] >= 10 for row in positions)
    assert (entry["status"], entry["quantity"], entry["clientcode"]) == ("Traded", 10, code)
    counted = (await wire.control("GET", "ledger"))["requests"]
    assert counted[CURRENT["placeorder"]] >= 1
    assert counted[CURRENT["authdirectapi"]] >= 1


async def test_many_orders_at_once_reach_the_ledger_once_each(wire: WireClient) -> None:
    codes = [f"TC{number:04d}" for number in range(1, 13)]
    await asyncio.gather(*(wire.sign_in(code) for code in codes))
    tags = [f"M{number:04d}" for number in range(5 * len(codes))]

    answers = await asyncio.gather(
        *(wire.place(code=codes[number % len(codes)], tag=tag) for number, tag in enumerate(tags))
    )
    orders = [o for o in (await wire.control("GET", "ledger"))["orders"] if o["tag"] in set(tags)]

    assert all(answer["status"] == "SUCCESS" for answer in answers)
    assert sorted(order["tag"] for order in orders) == tags
    assert {a["uniqueorderid"] for a in answers} == {order["uniqueorderid"] for order in orders}


async def test_files_are_served_to_anybody_by_get(wire: WireClient) -> None:
    async with wire.http.get(f"{wire.url}/getscripmastercsv?name=NSEFO") as response:
        lines = (await response.text()).splitlines()
    async with wire.http.get(f"{wire.url}/getscripmastercsv?name=NFO") as response:
        refused = await response.json()

    assert response.status == 200
    assert lines[0].startswith("exchange,exchangename,scripcode")
    assert len(lines) > 300
    assert refused["errorcode"] == "MO1051"


async def test_wrong_methods_and_unknown_paths(wire: WireClient) -> None:
    async with wire.http.get(wire.url + CURRENT["getorderbook"], headers=COMMON_HEADERS) as response:
        assert (await response.json())["errorcode"] == "MO2001"
    async with wire.http.post(f"{wire.url}/getscripmastercsv?name=NSE") as response:
        assert (await response.json())["errorcode"] == "MO2001"
    async with wire.http.post(f"{wire.url}/rest/login/v99/authdirectapi") as response:
        assert response.status == 404


async def test_the_webhook_answers_the_latest_trade(wire: WireClient) -> None:
    code = "TC0002"
    await wire.place(code=code, price=290.0)
    login = wire.headers(code)
    body = {"clientid": code, "authtoken": login["Authorization"], "apikey": login["ApiKey"]}

    async def ask(sent: dict[str, str]) -> dict[str, Any]:
        async with wire.http.get(f"{wire.url}/webhook", json=sent) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def has_traded() -> bool:
        return "tradeno" in await ask(body)

    await until(has_traded)
    trade = await ask(body)

    assert (trade["buyorsell"], trade["symbol"], trade["symboltoken"]) == ("BUY", "ITC EQ", 1660)
    assert (await ask(body | {"apikey": "x"}))["errorcode"] == "MO1001"


async def test_calls_from_another_source_address_are_refused_until_it_is_registered(wire: WireClient) -> None:
    code = "TC0010"
    await wire.sign_in(code)

    async def profile_from(address: str) -> str:
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            http.post(wire.url + CURRENT["getprofile"], json={}, headers=wire.headers(code)) as response,
        ):
            return str((await response.json())["errorcode"])

    before = await profile_from("127.0.0.5")
    await wire.control("POST", "accounts", {"clientcode": code, "registered_addresses": ["127.0.0.1", "127.0.0.5"]})

    assert (before, await profile_from("127.0.0.5")) == ("MO2035", "")


async def test_the_throttle_answers_429_with_an_envelope(wire: WireClient) -> None:
    code = "TC0009"
    await wire.sign_in(code)

    async def place(number: int) -> tuple[int, str]:
        body = {"tag": f"R{number}"}
        url, headers = wire.url + CURRENT["placeorder"], wire.headers(code)
        async with wire.http.post(url, json=LIMIT_ORDER | body, headers=headers) as response:
            return response.status, (await response.json())["status"]

    answers = await asyncio.gather(*(place(number) for number in range(40)))

    orders = (await wire.control("GET", "ledger"))["orders"]
    seconds = Counter(order["accepted_at"][:19] for order in orders if order["clientcode"] == code)

    assert set(answers) == {(200, "SUCCESS"), (429, "FAILURE")}
    assert 10 <= seconds.total() <= 10 * len(seconds)  # one may be counted in a second and stamped in the next


@pytest.mark.parametrize(
    "arguments",
    [["--clients", "0"], ["--set", "nope=1"], ["--set", "novalue"], ["--instruments", "/does/not/exist"]],
)
def test_bad_arguments_end_with_a_sentence(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mofsl_simulator", *arguments],
        capture_output=True, text=True, timeout=20, env=clean_environment(), check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert "error:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_ends_with_a_sentence() -> None:
    process = SimulatorProcess.start(clients=1)
    try:
        port = process.url.rsplit(":", 1)[1]
        ended = subprocess.run(
            [sys.executable, "-m", "mofsl_simulator", "--port", port],
            capture_output=True, text=True, timeout=20, env=clean_environment(), check=False,
        )  # fmt: skip
    finally:
        assert process.stop() == 0

    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
