"""Limits over HTTP: only an administrator with a recent code writes them, and whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.api import limits
from app.config import Settings
from app.db.limit_store import SqlLimitStore
from app.db.session import Database
from app.domain.identity import Role
from app.services.manage_limits import ManageLimits
from app.services.manage_users import CreatedUser
from tests.support.orders import ITC
from tests.support.trading import Facts
from tests.support.web import Web, make_web

DESK = "/admin/limits/desk"
NONE: dict[str, Any] = {
    "max_order_quantity": None,
    "max_order_notional": None,
    "max_price_distance_percent": None,
    "max_batch_notional": None,
    "max_batch_orders": None,
}
OF_CLIENT = {name: value for name, value in NONE.items() if "batch" not in name}


@dataclass
class Door:
    web: Web
    owner: CreatedUser
    admin: httpx.AsyncClient
    approver: httpx.AsyncClient


@pytest.fixture
async def door(settings: Settings, database: Database) -> AsyncIterator[Door]:
    web = make_web(settings, database)
    facts = Facts(web.clock, {(ITC.exchange, ITC.symbol_token): ITC})
    identity = web.identity
    made = ManageLimits(SqlLimitStore(database), facts, identity.sign_in, identity.sessions.is_stepped_up, web.clock)
    web.desk.trading = SimpleNamespace(limits=made)  # type: ignore[attr-defined]
    web.app.include_router(limits.router)
    async with web.browser() as admin, web.browser() as approver:
        owner = await web.add_user("owner@desk.test", Role.ADMIN)
        admin.headers.update(await web.bearer(owner))
        approver.headers.update(await web.bearer(await web.add_user("approver@desk.test", Role.APPROVER)))
        yield Door(web, owner, admin, approver)


async def test_limits_are_set_listed_and_lifted(door: Door) -> None:
    values = NONE | {"max_order_quantity": 500, "max_order_notional": "250000.50", "max_price_distance_percent": "5"}
    put = await door.admin.put(DESK, json=values)
    assert put.status_code == 200, put.text
    body = put.json()
    assert (body["scope"], body["subject_id"], body["updated_by"]) == ("desk", "", door.owner.user.id)
    assert (body["max_order_quantity"], body["max_order_notional"]) == (500, "250000.50")
    assert (body["max_price_distance_percent"], body["max_batch_orders"]) == ("5.00", None)
    mine = await door.admin.put(f"/admin/limits/users/{door.owner.user.id}", json=NONE | {"max_batch_orders": 10})
    assert mine.json()["subject_name"] == "owner@desk.test"
    listed = (await door.admin.get("/admin/limits")).json()
    assert (listed["total"], [one["scope"] for one in listed["items"]]) == (2, ["desk", "user"])
    assert listed["items"][0] == body
    assert (await door.admin.get("/admin/limits", params={"scope": "client"})).json() == {"items": [], "total": 0}
    assert (await door.admin.put(DESK, json=NONE)).status_code == 200
    assert (await door.admin.get("/admin/limits")).json()["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"max_order_quantity": 5},
        NONE | {"max_order_quantity": 0},
        NONE | {"max_order_quantity": "5"},
        NONE | {"max_order_notional": 5},
        NONE | {"max_order_notional": "0"},
        NONE | {"max_price_distance_percent": "1001"},
        NONE | {"max_batch_orders": -1},
        NONE | {"scope": "client"},
        NONE | {"max_order_quantity": 10**10},
    ],
)
async def test_what_is_no_whole_set_of_limits_is_refused(door: Door, body: dict[str, Any]) -> None:
    assert (await door.admin.put(DESK, json=body)).status_code == 422
    assert (await door.admin.get("/admin/limits")).json()["total"] == 0


async def test_a_client_has_no_limits_of_a_batch_and_strangers_have_none(door: Door) -> None:
    assert (await door.admin.put("/admin/limits/clients/nobody", json=NONE)).status_code == 422
    for path, body in (("clients/nobody", OF_CLIENT), ("users/nobody", NONE)):
        answer = await door.admin.put(f"/admin/limits/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, f"{path.split('s/')[0]}_not_found")


async def test_only_an_administrator_reads_or_writes_them(door: Door) -> None:
    for method, path in (
        ("GET", "/admin/limits"),
        ("PUT", DESK),
        ("PUT", "/admin/limits/users/x"),
        ("PUT", "/admin/limits/clients/x"),
        ("GET", "/admin/limits/restricted"),
        ("PUT", "/admin/limits/restricted/NSE:1660"),
        ("POST", "/admin/limits/restricted/NSE:1660/lift"),
    ):
        assert (await door.approver.request(method, path)).status_code == 403, (method, path)


async def test_after_some_minutes_a_change_takes_a_new_code(door: Door) -> None:
    door.web.clock.advance(301)
    body = NONE | {"max_order_quantity": 5}
    old = await door.admin.put(DESK, json=body)
    assert (old.status_code, old.json()["code"]) == (403, "step_up_needed")
    wrong = await door.admin.put(DESK, json=body | {"totp_code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "totp_refused")
    good = await door.admin.put(DESK, json=body | {"totp_code": door.web.code(door.owner)})
    assert good.status_code == 200, good.text
    assert (await door.admin.put(DESK, json=NONE)).status_code == 200  # for the next minutes it counts


async def test_the_restricted_list_is_kept(door: Door) -> None:
    path = "/admin/limits/restricted/NSE:1660"
    put = await door.admin.put(path, json={"reason": "Results are due"})
    assert put.status_code == 200, put.text
    assert (put.json()["id"], put.json()["isin"], put.json()["reason"]) == ("NSE:1660", ITC.isin, "Results are due")
    assert (await door.admin.get("/admin/limits/restricted")).json() == {"items": [put.json()], "total": 1}
    assert (await door.admin.put("/admin/limits/restricted/NSE:1", json={"reason": "x"})).status_code == 404
    lifted = await door.admin.post(f"{path}/lift")
    assert (lifted.status_code, lifted.json()) == (200, {"items": [], "total": 0})
    assert (await door.admin.post(f"{path}/lift")).json()["code"] == "not_restricted"
