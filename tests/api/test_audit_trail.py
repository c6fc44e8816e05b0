from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.audit import AuditEntry
from app.domain.identity import Actor, Role
from app.services.manage_users import CreatedUser
from tests.support.web import CSRF, Web

AUDIT = "/api/v1/audit"


async def _record(web: Web, *entries: AuditEntry) -> None:
    from app.db.identity import SqlIdentityStore

    for entry in entries:
        async with SqlIdentityStore(web.desk.database).write() as tx:
            await tx.record(entry, at=web.clock.now())


async def test_each_event_of_signing_in_is_recorded_once(web: Web, owner: CreatedUser) -> None:
    async with web.browser() as browser:
        await browser.post("/api/v1/auth/login", json=web.form(owner, password="wrong-wrong-wrong"))
        await browser.post("/api/v1/auth/login", json=web.form(owner, email="my-password-by-mistake"))
        await web.log_in(browser, owner)
        await browser.post("/api/v1/auth/logout", headers=CSRF)
        headers = await web.bearer(owner)
        found = (await browser.get(AUDIT, headers=headers)).json()
    events = [(event["action"], event["actor"], event["source_address"]) for event in reversed(found["items"])]
    peer = "203.0.113.7"
    assert events == [
        ("user.created", "system", None),
        ("sign_in.refused", "owner@desk.test", peer),
        ("sign_in.refused", "unknown", peer),
        ("sign_in.accepted", "owner@desk.test", peer),
        ("session.signed_out", "owner@desk.test", peer),
        ("sign_in.accepted", "owner@desk.test", peer),
    ]
    assert "my-password-by-mistake" not in str(found)
    assert (await web.identity.audit.verify()).is_intact


async def test_the_trail_is_filtered_and_paged(web: Web, owner: CreatedUser) -> None:
    headers = await web.bearer(owner)
    start = web.clock.now()
    web.clock.advance(60)
    await _record(web, *(AuditEntry(Actor("desk"), f"batch.step_{number}", "B1") for number in range(3)))
    async with web.browser(headers=headers) as client:

        async def total(**query: str) -> int:
            answer = await client.get(AUDIT, params=query)
            assert answer.status_code == 200, answer.text
            return int(answer.json()["total"])

        assert await total(action="batch.") == 3
        assert await total(action="batch.step_1") == 1
        assert await total(action="batch") == 0
        assert await total(subject="B1") == 3
        assert await total(actor_id=owner.user.id) == 1
        after = start.isoformat().replace("+00:00", "Z")
        assert await total(**{"from": web.clock.now().isoformat()}) == 3
        assert await total(to=after) == 1
        page = (await client.get(AUDIT, params={"page": "2", "page_size": "2"})).json()
        assert [event["sequence"] for event in page["items"]] == [3, 2]
        for bad in ({"from": "yesterday"}, {"from": "2026-11-23T00:00:00"}, {"from": "1700000000"}, {"action": "%"}):
            assert (await client.get(AUDIT, params=bad)).status_code == 422
        wrong_way = {"from": web.clock.now().isoformat(), "to": after}
        assert (await client.get(AUDIT, params=wrong_way)).status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.APPROVER])
async def test_only_an_administrator_reads_the_trail(web: Web, role: Role) -> None:
    headers = await web.bearer(await web.add_user("other@desk.test", role))
    async with web.browser(headers=headers) as client:
        assert (await client.get(AUDIT)).status_code == 403
        assert (await client.get(f"{AUDIT}/export")).status_code == 403


async def test_an_export_holds_no_formula(web: Web, owner: CreatedUser) -> None:
    headers = await web.bearer(owner)
    formulas = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1", '=HYPERLINK("http://evil")', "＝1"]
    await _record(web, *(AuditEntry(Actor(formula), "test.row", formula) for formula in formulas))
    async with web.browser(headers=headers) as client:
        answer = await client.get(f"{AUDIT}/export", params={"action": "test.row"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["subject"][1:] for row in reversed(rows)] == formulas
    for row in rows:
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in row.values())


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"])
async def test_the_database_refuses_to_change_or_forget_an_event(web: Web, owner: CreatedUser, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with web.desk.database.write() as connection:
            await connection.execute(text(statement))
    assert (await web.identity.audit.verify()).checked == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_events SET actor = 'somebody else' WHERE sequence = 3",
        "UPDATE audit_events SET detail = '{\"n\": 99}' WHERE sequence = 3",
        "DELETE FROM audit_events WHERE sequence = 3",
        "UPDATE audit_events SET sequence = 99 WHERE sequence = 3",
    ],
)
async def test_the_verifier_finds_the_row_that_was_changed(web: Web, change: str) -> None:
    await _record(web, *(AuditEntry(Actor("desk"), "test.row", None, {"n": number}) for number in range(6)))
    assert (await web.identity.audit.verify()).checked == 6
    await _as_who_owns_the_database(web, change)
    verdict = await web.identity.audit.verify()
    assert not verdict.is_intact
    assert verdict.broken_at == 3


async def test_a_cut_off_end_is_found_by_an_anchor_alone(web: Web) -> None:
    await _record(web, *(AuditEntry(Actor("desk"), "test.row", None, {"n": number}) for number in range(6)))
    head = (await web.identity.audit.verify()).head
    assert head is not None
    await _as_who_owns_the_database(web, "DELETE FROM audit_events WHERE sequence > 4")
    assert (await web.identity.audit.verify()).is_intact
    verdict = await web.identity.audit.verify({head[0]: head[1]})
    assert verdict.broken_at == 6


async def _as_who_owns_the_database(web: Web, statement: str) -> None:
    from app.db.audit_triggers import create_statements, drop_statements

    async with web.desk.database.write() as connection:
        dialect = connection.dialect.name
        for ddl in drop_statements(dialect):
            await connection.execute(text(ddl))
        await connection.execute(text(statement))
        for ddl in create_statements(dialect):
            await connection.exec_driver_sql(ddl)
