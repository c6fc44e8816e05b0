from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import select, text

from app.domain.identity import SYSTEM, Role
from app.models.identity import UserSession
from app.services.manage_users import CreatedUser, UserChange
from tests.support.web import CSRF, PASSWORD, Web

LOGIN = "/api/v1/auth/login"


async def test_a_browser_signs_in_and_gets_a_strict_cookie(
    web: Web, owner: CreatedUser, browser: httpx.AsyncClient
) -> None:
    answer = await browser.post(LOGIN, json=web.form(owner))
    assert answer.status_code == 200
    assert set(answer.json()) == {"user", "expires_at"}
    assert answer.json()["user"] == {"id": owner.user.id, "email": "owner@desk.test", "role": "admin"}
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("desk_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    me = await browser.get("/api/v1/auth/me")
    assert me.status_code == 200
    assert me.json()["email"] == "owner@desk.test"


async def test_over_tls_the_cookie_is_host_bound_and_secure(web: Web, owner: CreatedUser) -> None:
    web.desk.settings = web.desk.settings.model_copy(update={"secure_cookies": True})
    async with web.browser() as browser:
        answer = await browser.post(LOGIN, json=web.form(owner))
        cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-desk_session="))
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        value = cookie.split("=", 1)[1].split(";")[0]
        assert (await browser.get("/api/v1/auth/me", headers={"Cookie": f"desk_session={value}"})).status_code == 401
        me = await browser.get("/api/v1/auth/me", headers={"Cookie": f"__Host-desk_session={value}"})
        assert me.status_code == 200


async def test_every_way_to_fail_gets_the_same_answer(web: Web, owner: CreatedUser) -> None:
    sleeping = await web.add_user("asleep@desk.test", Role.VIEWER)
    await web.identity.users.change(SYSTEM, sleeping.user.id, UserChange(is_active=False))
    tries = [
        web.form(owner, password="not-the-right-password"),
        web.form(owner, totp_code="000000"),
        web.form(owner, email="nobody@desk.test"),
        web.form(sleeping),
        web.form(owner, email="' OR 1=1 --"),
    ]
    answers = []
    for form in tries:
        async with web.browser() as browser:
            answer = await browser.post(LOGIN, json=form)
        assert "set-cookie" not in answer.headers
        answers.append((answer.status_code, answer.content, answer.headers["content-type"]))
    assert len(set(answers)) == 1
    assert answers[0][0] == 401
    assert b'"code":"invalid_credentials"' in answers[0][1]


async def test_a_code_works_once(web: Web, owner: CreatedUser) -> None:
    form = web.form(owner)
    async with web.browser() as first, web.browser() as second:
        assert (await first.post(LOGIN, json=form)).status_code == 200
        assert (await second.post(LOGIN, json=form)).status_code == 401
        web.clock.advance(30)
        assert (await second.post(LOGIN, json=web.form(owner))).status_code == 200


async def test_one_code_sent_fifty_times_at_once_opens_one_session(web: Web, owner: CreatedUser) -> None:
    form = web.form(owner)

    async def attempt(number: int) -> int:
        async with web.browser(peer=f"203.0.113.{number}") as browser:
            return (await browser.post(LOGIN, json=form)).status_code

    statuses = await asyncio.gather(*(attempt(number) for number in range(50)))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}
    async with web.desk.database.read() as connection:
        assert len((await connection.execute(select(UserSession.id))).all()) == 1


@pytest.mark.parametrize(
    ("seconds_after_the_step", "expected"), [(0, 200), (29, 200), (34, 200), (36, 401), (60, 401), (-1, 401)]
)
async def test_a_code_counts_for_its_thirty_seconds_and_a_short_grace(
    web: Web, owner: CreatedUser, seconds_after_the_step: int, expected: int
) -> None:
    web.clock.advance(20)  # to the start of a step
    assert web.clock.now().timestamp() % 30 == 0
    form = web.form(owner)
    web.clock.advance(seconds_after_the_step)
    async with web.browser() as browser:
        assert (await browser.post(LOGIN, json=form)).status_code == expected


async def test_the_database_holds_nothing_that_opens_a_session(web: Web, owner: CreatedUser) -> None:
    headers = await web.bearer(owner)
    async with web.desk.database.read() as connection:
        ids = (await connection.execute(select(UserSession.id))).scalars().all()
        rows = str((await connection.execute(text("SELECT * FROM users"))).all())
    async with web.browser() as browser:
        assert (await browser.get("/api/v1/auth/me", headers=headers)).status_code == 200
        for stolen in ids:
            bad = {"Authorization": f"Bearer {stolen}"}
            assert (await browser.get("/api/v1/auth/me", headers=bad)).status_code == 401
    assert owner.totp_secret not in rows
    assert PASSWORD not in rows


async def test_each_sign_in_has_a_new_session(web: Web, owner: CreatedUser, browser: httpx.AsyncClient) -> None:
    await web.log_in(browser, owner)
    first = browser.cookies["desk_session"]
    await web.log_in(browser, owner)
    assert browser.cookies["desk_session"] != first


async def test_logging_out_ends_the_session_at_once(web: Web, owner: CreatedUser, browser: httpx.AsyncClient) -> None:
    await web.log_in(browser, owner)
    stolen = browser.cookies["desk_session"]
    answer = await browser.post("/api/v1/auth/logout", headers=CSRF)
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache"'
    again = await browser.get("/api/v1/auth/me", headers={"Cookie": f"desk_session={stolen}"})
    assert again.status_code == 401


async def test_a_cookie_is_no_bearer_token_and_the_other_way_round(
    web: Web, owner: CreatedUser, browser: httpx.AsyncClient
) -> None:
    await web.log_in(browser, owner)
    cookie = browser.cookies["desk_session"]
    bearer = (await web.bearer(owner))["Authorization"].split()[1]
    browser.cookies.clear()
    assert (await browser.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {cookie}"})).status_code == 401
    assert (await browser.get("/api/v1/auth/me", headers={"Cookie": f"desk_session={bearer}"})).status_code == 401


async def test_own_sessions_are_listed_and_others_are_hidden(web: Web, owner: CreatedUser) -> None:
    trader = await web.add_user("trader@desk.test", Role.TRADER)
    admin, plain = await web.bearer(owner), await web.bearer(trader)
    async with web.browser() as client:
        mine = (await client.get("/api/v1/auth/sessions", headers=plain)).json()
        assert [item["email"] for item in mine["items"]] == ["trader@desk.test"]
        assert mine["items"][0]["is_current"] is True
        everybody = {"everybody": "true"}
        assert (await client.get("/api/v1/auth/sessions", params=everybody, headers=plain)).status_code == 403
        every = (await client.get("/api/v1/auth/sessions", params=everybody, headers=admin)).json()
        assert every["total"] == 2
        of_admin = next(item["id"] for item in every["items"] if item["email"] == "owner@desk.test")
        refused = await client.delete(f"/api/v1/auth/sessions/{of_admin}", headers=plain)
        assert refused.status_code == 404
        of_trader = mine["items"][0]["id"]
        assert (await client.delete(f"/api/v1/auth/sessions/{of_trader}", headers=admin)).status_code == 204
        assert (await client.get("/api/v1/auth/me", headers=plain)).status_code == 401


async def test_a_user_ends_every_other_session(web: Web, owner: CreatedUser) -> None:
    first, second = await web.bearer(owner), await web.bearer(owner)
    async with web.browser() as client:
        assert (await client.delete("/api/v1/auth/sessions", headers=second)).json() == {"ended": 1}
        assert (await client.get("/api/v1/auth/me", headers=first)).status_code == 401
        assert (await client.get("/api/v1/auth/me", headers=second)).status_code == 200
