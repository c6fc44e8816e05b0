from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.api import clients, dealers, egresses, portfolio, sessions
from app.brokers.simulated import Does, SimulatedBroker
from app.config import Settings
from app.db.session import Database
from app.domain.identity import Role
from app.schemas import schemas
from app.schemas.accounts import ClientRowRead
from tests.support.accounts import CANARIES, Accounts, make_accounts
from tests.support.web import Web, make_web


@dataclass
class Door:
    """The API over the account services, with a program signed in for each role."""

    web: Web
    accounts: Accounts
    broker: SimulatedBroker
    admin: httpx.AsyncClient
    trader: httpx.AsyncClient
    viewer: httpx.AsyncClient

    async def add(self, code: str, **changes: Any) -> httpx.Response:
        self.broker.add_account(code, available=Decimal("1000.25"))
        body = {"name": f"Client {code}", "mofsl_client_code": code} | CANARIES | changes
        return await self.admin.post("/admin/clients", json=body)


async def door_on(settings: Settings, database: Database) -> AsyncIterator[Door]:
    web = make_web(settings, database)
    broker = SimulatedBroker(web.clock)
    accounts = make_accounts(database, broker=broker, clock=web.clock)
    web.desk.accounts = accounts.services  # type: ignore[attr-defined]
    for module in (clients, dealers, egresses, sessions, portfolio):
        web.app.include_router(module.router)
    async with web.browser() as admin, web.browser() as trader, web.browser() as viewer:
        for role, program in ((Role.ADMIN, admin), (Role.TRADER, trader), (Role.VIEWER, viewer)):
            program.headers.update(await web.bearer(await web.add_user(f"{role}@desk.test", role)))
        yield Door(web, accounts, broker, admin, trader, viewer)


@pytest.fixture
async def door(settings: Settings, database: Database) -> AsyncIterator[Door]:
    """On SQLite and on PostgreSQL."""
    async for opened in door_on(settings, database):
        yield opened


@pytest.fixture
async def one_door(settings: Settings, sqlite_database: Database) -> AsyncIterator[Door]:
    """On SQLite alone, for what does not depend on the database."""
    async for opened in door_on(settings, sqlite_database):
        yield opened


async def test_a_client_is_added_listed_changed_and_deactivated(door: Door) -> None:
    added = await door.add("aa1", groups=["family"])
    assert added.status_code == 201, added.text
    client = added.json()
    assert client["mofsl_client_code"] == "AA1"
    listed = (await door.admin.get("/admin/clients", params={"q": "aa1"})).json()
    assert (listed["total"], listed["items"][0]) == (1, client)
    path = f"/admin/clients/{client['id']}"
    patched = await door.admin.patch(path, json={"name": "Renamed", "password": "new-Canary-9"})
    assert (patched.status_code, patched.json()["name"], patched.json()["groups"]) == (200, "Renamed", ["family"])
    assert (await door.admin.get(path)).json() == patched.json()
    gone = await door.admin.delete(path)
    assert (gone.status_code, gone.json()["is_active"]) == (200, False)


async def test_a_taken_code_and_missing_secrets_are_told_apart(door: Door) -> None:
    await door.add("AA1")
    again = await door.add("AA1")
    assert (again.status_code, again.json()["code"]) == (409, "client_code_taken")
    bare = await door.admin.post("/admin/clients", json={"name": "Bare", "mofsl_client_code": "AA2"})
    assert bare.status_code == 422
    assert [problem["field"] for problem in bare.json()["errors"]] == list(CANARIES)


@pytest.mark.parametrize(
    "change",
    [
        {"password": None},
        {"password": ""},
        {"totp_secret": "no base32!"},
        {"name": None},
        {"groups": ["x"] * 21},
        {"is_active": "yes"},
        {"id": "mine"},
        {"encrypted_mofsl_password": "x"},
        {"shard": 1},
        {"dealer_id": "nobody"},
    ],
)
async def test_a_change_that_cannot_be_is_refused(one_door: Door, change: dict[str, Any]) -> None:
    client = (await one_door.add("AA1")).json()
    answer = await one_door.admin.patch(f"/admin/clients/{client['id']}", json=change)
    assert answer.status_code == 422
    assert (await one_door.admin.get(f"/admin/clients/{client['id']}")).json() == client


async def test_what_does_not_exist_is_a_404(one_door: Door) -> None:
    for call in (
        one_door.admin.get("/admin/clients/nobody"),
        one_door.admin.patch("/admin/clients/nobody", json={"name": "X"}),
        one_door.admin.delete("/admin/clients/nobody"),
        one_door.admin.patch("/admin/dealers/nobody", json={"name": "X"}),
        one_door.admin.patch("/admin/egresses/nobody", json={"name": "X"}),
        one_door.admin.post("/admin/egresses/nobody/verify"),
        one_door.trader.post("/api/v1/sessions/nobody/login"),
        one_door.viewer.get("/api/v1/sessions/nobody"),
        one_door.viewer.get("/api/v1/clients/nobody/portfolio"),
        one_door.viewer.get("/api/v1/tokens/XYZ:1/positions"),
    ):
        assert (await call).status_code == 404


async def test_roles_decide_who_reads_and_who_writes(one_door: Door) -> None:
    client = (await one_door.add("AA1")).json()
    for program in (one_door.viewer, one_door.trader):
        for method, path in (
            ("POST", "/admin/clients"),
            ("GET", "/admin/clients"),
            ("GET", f"/admin/clients/{client['id']}"),
            ("PATCH", f"/admin/clients/{client['id']}"),
            ("DELETE", f"/admin/clients/{client['id']}"),
            ("POST", "/admin/clients/import"),
            ("POST", "/admin/dealers"),
            ("GET", "/admin/dealers"),
            ("POST", "/admin/egresses"),
            ("GET", "/admin/egresses"),
        ):
            assert (await program.request(method, path)).status_code == 403, (method, path)
    assert (await one_door.viewer.get("/api/v1/clients")).status_code == 200
    assert (await one_door.viewer.get("/api/v1/sessions")).status_code == 200
    assert (await one_door.viewer.post("/api/v1/sessions/login-all")).status_code == 403
    assert (await one_door.trader.post("/api/v1/sessions/login-all")).status_code == 202
    async with one_door.web.browser() as stranger:
        for path in ("/api/v1/clients", "/admin/clients", "/api/v1/sessions", "/api/v1/tokens/NSE:1/positions"):
            assert (await stranger.get(path)).status_code == 401


async def test_no_answer_log_or_audit_row_shows_a_secret(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = (await door.add("AA1")).json()
    answers = [
        await door.add("AA1"),
        await door.add("AA2", totp_secret="CANARY!!"),
        await door.add("AA3", api_key=12345),
        await door.admin.patch(f"/admin/clients/{client['id']}", json={"password": CANARIES["password"], "two_fa": 1}),
        await door.admin.get("/admin/clients"),
        await door.admin.get("/admin/audit", params={"page_size": 50}),
        await door.admin.post(
            "/admin/clients/import", files={"file": ("x.csv", ",".join(CANARIES.values()).encode(), "text/csv")}
        ),
    ]
    dealer = {"name": "D", "dealer_code": "DLR1"} | CANARIES
    answers += [await door.admin.post("/admin/dealers", json=dealer), await door.admin.get("/admin/dealers")]
    await door.accounts.turn()
    answers += [await door.viewer.get("/api/v1/clients"), await door.viewer.get("/api/v1/sessions")]
    shown = "".join(answer.text for answer in answers) + caplog.text
    assert [name for name, value in CANARIES.items() if value in shown] == []
    assert not any("encrypted_" in answer.text for answer in answers)
    assert "simulated-1" not in shown  # the broker's token


def test_no_read_schema_has_a_field_for_a_credential() -> None:
    for name in dir(schemas):
        model = getattr(schemas, name)
        if name.endswith(("Read", "List", "Row")) and hasattr(model, "model_fields"):
            assert not {
                field
                for field in model.model_fields
                if "secret" in field or "password" in field or "encrypted" in field
            } - {"has_credentials"}, name


async def test_the_dashboard_shows_null_until_known_and_answers_unchanged(door: Door) -> None:
    await door.add("AA1")
    first = (await door.viewer.get("/api/v1/clients")).json()["items"][0]
    assert (first["available_funds"], first["pl"], first["as_of"]) == (None, None, None)
    assert first["session"]["state"] == "absent"
    await door.accounts.turn()
    await door.accounts.read_funds()
    answer = await door.viewer.get("/api/v1/clients")
    row = answer.json()["items"][0]
    assert ClientRowRead.model_validate(row)
    assert (row["available_funds"], row["pl"], row["session"]) == (
        "1000.25",
        "0.00",
        {"state": "ready", "reason": None},
    )
    assert row["as_of"].endswith("Z")
    again = await door.viewer.get("/api/v1/clients", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_portfolio_is_whole_or_a_502(door: Door) -> None:
    client = (await door.add("AA1")).json()
    path = f"/api/v1/clients/{client['id']}/portfolio"
    early = await door.viewer.get(path)
    assert (early.status_code, early.json()["code"]) == (502, "broker_read_failed")
    await door.accounts.turn()
    whole = (await door.viewer.get(path)).json()
    assert whole.keys() == {"client", "positions", "holdings", "funds", "totals", "as_of", "stale"}
    assert (whole["positions"], whole["funds"]["available"], whole["stale"]) == ([], "1000.25", False)
    door.broker.script("holdings", "AA1", Does.FAIL_READ)
    failed = await door.viewer.get(path)
    assert (failed.status_code, failed.json()["code"]) == (502, "broker_read_failed")
    assert "holdings" in failed.json()["detail"]


async def test_an_instrument_lists_every_client_the_unread_as_unknown(door: Door) -> None:
    await door.add("AA1")
    answer = (await door.viewer.get("/api/v1/tokens/NSE:1660/positions")).json()
    assert (answer["total"], answer["known"], answer["unknown"]) == (1, 0, 1)
    assert (answer["items"][0]["state"], answer["items"][0]["net_quantity"]) == ("unknown", None)
    await door.accounts.turn()
    await door.accounts.read_funds()
    answer = (await door.viewer.get("/api/v1/tokens/NSE:1660/positions")).json()
    assert (answer["known"], answer["items"][0]["state"], answer["items"][0]["net_quantity"]) == (1, "known", 0)
    only = await door.viewer.get("/api/v1/tokens/NSE:1660/positions", params={"only_open": "true"})
    assert only.json()["total"] == 0


async def test_sessions_say_who_can_trade_and_why_not(door: Door) -> None:
    await door.add("AA1")
    refused = (await door.add("AA2")).json()
    door.broker.script("log_in", "AA2", Does.REFUSE)
    await door.accounts.turn()
    answer = (await door.viewer.get("/api/v1/sessions")).json()
    assert (answer["logins"], answer["logins_ready"], answer["clients_ready"]) == (2, 1, 1)
    waiting = (await door.viewer.get("/api/v1/sessions", params={"state": "refused"})).json()["items"]
    assert [(row["login_id"], row["user_id"]) for row in waiting] == [(refused["id"], "AA2")]
    assert "refused" in waiting[0]["reason"]
    assert (await door.trader.post("/api/v1/sessions/login-all")).json() == {"requested": 0, "held_back": 1}
    assert (await door.trader.post(f"/api/v1/sessions/{refused['id']}/login")).status_code == 202
    door.web.clock.advance(60)
    await door.accounts.turn()
    assert (await door.viewer.get("/api/v1/sessions")).json()["logins_ready"] == 2


async def test_a_wrong_secret_is_told_by_the_login_that_follows_it(door: Door) -> None:
    client = (await door.add("AA1")).json()
    path = f"/api/v1/sessions/{client['id']}"
    assert (await door.viewer.get(path)).json()["attempted_at"] is None
    await door.accounts.turn()
    ready = (await door.viewer.get(path)).json()
    assert (ready["state"], ready["user_id"]) == ("ready", "AA1")
    door.broker.script("log_in", "AA1", Does.REFUSE)
    door.web.clock.advance(60)
    await door.admin.patch(f"/admin/clients/{client['id']}", json={"password": "not-the-Canary-1"})
    changed = (await door.viewer.get(path)).json()
    assert (changed["state"], changed["attempted_at"]) == ("absent", ready["attempted_at"])
    await door.accounts.turn()
    refused = (await door.viewer.get(path)).json()
    assert refused["state"] == "refused"
    assert "refused the login" in refused["reason"]
    assert refused["attempted_at"] > ready["attempted_at"]
    await door.admin.delete(f"/admin/clients/{client['id']}")
    assert (await door.viewer.get(path)).status_code == 404


async def test_a_file_is_tried_then_imported_or_refused_whole(door: Door) -> None:
    header = "name,mofsl_client_code," + ",".join(CANARIES)
    good = f"{header}\nAsha,AA1,{','.join(CANARIES.values())}\n".encode()
    bad = good + b"Ravi,AA1,,,,,\n"
    tried = await door.admin.post("/admin/clients/import?dry_run=true", files={"file": ("c.csv", bad, "text/csv")})
    assert (tried.status_code, tried.json()["ok"], tried.json()["imported"]) == (200, False, 0)
    assert [row["ok"] for row in tried.json()["rows"]] == [False, False]
    refused = await door.admin.post("/admin/clients/import", files={"file": ("c.csv", bad, "text/csv")})
    assert (refused.status_code, refused.json()["code"]) == (422, "import_refused")
    assert refused.json()["errors"][0]["field"] == "rows.2.mofsl_client_code"
    done = await door.admin.post("/admin/clients/import", files={"file": ("c.csv", good, "text/csv")})
    assert (done.status_code, done.json()["imported"]) == (200, 1), done.text
    assert (await door.admin.get("/admin/clients")).json()["total"] == 1


async def test_an_upload_is_bounded_and_must_be_a_form(one_door: Door) -> None:
    large = await one_door.admin.post(
        "/admin/clients/import", files={"file": ("c.csv", b"x" * (3 * 1024 * 1024), "text/csv")}
    )
    assert large.status_code == 413
    plain = await one_door.admin.post("/admin/clients/import", content=b"{}", headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415
    empty = await one_door.admin.post("/admin/clients/import", files={"other": b"x"})
    assert empty.status_code == 422


async def test_dealers_and_egresses_are_kept_through_the_api(door: Door) -> None:
    egress = await door.admin.post(
        "/admin/egresses", json={"name": "Office", "kind": "local_address", "value": "127.0.0.1"}
    )
    assert egress.status_code == 201, egress.text
    egress_id = egress.json()["id"]
    assert (await door.admin.get("/admin/egresses")).json()["items"] == [egress.json()]
    verified = (await door.admin.post(f"/admin/egresses/{egress_id}/verify")).json()
    assert (verified["connected"], verified["broker_host"]) == (False, "127.0.0.1")
    bad = await door.admin.patch(f"/admin/egresses/{egress_id}", json={"kind": "proxy"})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "value")
    body = {"name": "D", "dealer_code": "dlr1", "egress_id": egress_id} | CANARIES
    dealer = await door.admin.post("/admin/dealers", json=body)
    assert (dealer.status_code, dealer.json()["dealer_code"]) == (201, "DLR1")
    again = await door.admin.post("/admin/dealers", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "dealer_code_taken")
    served = await door.admin.post(
        "/admin/clients", json={"name": "S", "mofsl_client_code": "AA1", "dealer_id": dealer.json()["id"]}
    )
    assert served.status_code == 201
    off = await door.admin.patch(f"/admin/dealers/{dealer.json()['id']}", json={"is_active": False})
    assert off.json()["is_active"] is False
    row = (await door.viewer.get("/api/v1/clients")).json()["items"][0]
    assert "dealer" in row["session"]["reason"]


async def test_a_thousand_rows_are_answered_at_once(one_door: Door) -> None:
    header = "name,mofsl_client_code," + ",".join(CANARIES)
    lines = [f"Client {number},C{number:05},{','.join(CANARIES.values())}" for number in range(1000)]
    content = "\n".join([header, *lines]).encode()
    await one_door.admin.post("/admin/clients/import", files={"file": ("c.csv", content, "text/csv")})
    answer = await one_door.viewer.get("/api/v1/clients", params={"page_size": 5000})
    assert (answer.json()["total"], len(answer.json()["items"])) == (1000, 1000)
    assert (await one_door.viewer.get("/api/v1/clients", params={"page_size": 5001})).status_code == 422
