from __future__ import annotations

import asyncio
import json
from typing import Any

import pyotp
import pytest

from app.domain.identity import Role
from app.services.manage_users import CreatedUser
from tests.support.web import PASSWORD, Web

USERS = "/admin/users"


def _new(**changes: Any) -> dict[str, Any]:
    return {"email": "new@desk.test", "role": "trader", "password": PASSWORD} | changes


@pytest.fixture
async def admin(web: Web, owner: CreatedUser) -> dict[str, str]:
    return await web.bearer(owner)


async def test_a_new_user_gets_a_secret_once_and_can_sign_in_with_it(web: Web, admin: dict[str, str]) -> None:
    async with web.browser(headers=admin) as client:
        made = await client.post(USERS, json=_new(email="New@Desk.test"))
        assert made.status_code == 201
        assert made.json()["email"] == "new@desk.test"
        secret = made.json()["totp_secret"]
        assert secret in made.json()["totp_uri"]
        again = await client.get(f"{USERS}/{made.json()['id']}")
        listed = await client.get(USERS)
    assert secret not in again.text + listed.text
    assert listed.json()["total"] == 2
    web.clock.advance(30)
    form = {"email": "NEW@desk.test", "password": PASSWORD, "totp_code": _code(web, secret)}
    async with web.browser() as browser:
        assert (await browser.post("/api/v1/auth/login", json=form)).status_code == 200


def _code(web: Web, secret: str) -> str:
    return pyotp.TOTP(secret).at(int(web.clock.now().timestamp()))


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "fourteen-chars"},
        {"password": "passwordpassword"},
        {"password": "aaaaaaaaaaaaaaaaaaaa"},
        {"password": "new@desk.test-new@desk.test"},
        {"password": "x" * 1025},
        {"password": None},
        {"role": "root"},
        {"role": "Admin"},
        {"role": 1},
        {"email": "no address"},
        {"email": "a@b@c"},
        {"email": "a" * 250 + "@desk.test"},
        {"is_admin": True},
        {"id": "0" * 32},
    ],
)
async def test_a_user_that_cannot_be_is_refused(web: Web, admin: dict[str, str], changes: dict[str, Any]) -> None:
    async with web.browser(headers=admin) as client:
        answer = await client.post(USERS, json=_new(**changes))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == next(iter(changes))
        if isinstance(changes.get("password"), str):
            assert changes["password"] not in answer.text
        assert (await client.get(USERS)).json()["total"] == 1


async def test_an_email_is_taken_once_even_in_a_race(web: Web, admin: dict[str, str]) -> None:
    async with web.browser(headers=admin) as client:
        answers = await asyncio.gather(*(client.post(USERS, json=_new()) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "email_taken"


@pytest.mark.parametrize(
    "change", [{"role": "viewer"}, {"is_active": False}, {"password": "another-" + PASSWORD}, {"new_totp_secret": True}]
)
async def test_a_change_of_rights_or_credentials_ends_the_sessions_at_once(
    web: Web, admin: dict[str, str], change: dict[str, Any]
) -> None:
    trader = await web.add_user("trader@desk.test", Role.TRADER)
    headers = await web.bearer(trader)
    async with web.browser() as client:
        assert (await client.get("/api/v1/auth/me", headers=headers)).status_code == 200
        changed = await client.patch(f"{USERS}/{trader.user.id}", json=change, headers=admin)
        assert changed.status_code == 200
        assert ("totp_secret" in changed.json()) == ("new_totp_secret" in change)
        assert (await client.get("/api/v1/auth/me", headers=headers)).status_code == 401


async def test_a_disabled_user_cannot_sign_in_until_enabled_again(web: Web, admin: dict[str, str]) -> None:
    trader = await web.add_user("trader@desk.test", Role.TRADER)
    async with web.browser() as client:
        for active, expected in ((False, 401), (True, 200)):
            web.clock.advance(30)
            change = {"is_active": active}
            await client.patch(f"{USERS}/{trader.user.id}", json=change, headers=admin)
            assert (await client.post("/api/v1/auth/token", json=web.form(trader))).status_code == expected


async def test_the_last_active_administrator_stays(web: Web, owner: CreatedUser, admin: dict[str, str]) -> None:
    async with web.browser(headers=admin) as client:
        for change in ({"role": "trader"}, {"is_active": False}):
            answer = await client.patch(f"{USERS}/{owner.user.id}", json=change)
            assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
        assert (await client.get("/api/v1/auth/me")).status_code == 200


async def test_two_administrators_cannot_demote_each_other_at_once(
    web: Web, owner: CreatedUser, admin: dict[str, str]
) -> None:
    other = await web.add_user("other@desk.test")
    other_headers = await web.bearer(other)
    async with web.browser() as client:
        await asyncio.gather(
            client.patch(f"{USERS}/{other.user.id}", json={"role": "viewer"}, headers=admin),
            client.patch(f"{USERS}/{owner.user.id}", json={"role": "viewer"}, headers=other_headers),
        )
    users, _total = await web.identity.users.page(offset=0, limit=10)
    assert [user.role for user in users].count(Role.ADMIN) == 1


@pytest.mark.parametrize("body", [{"email": "x@desk.test"}, {"is_active": "false"}, {"new_totp_secret": 1}, []])
async def test_a_change_that_cannot_be_is_refused(
    web: Web, owner: CreatedUser, admin: dict[str, str], body: object
) -> None:
    async with web.browser(headers=admin) as client:
        assert (await client.patch(f"{USERS}/{owner.user.id}", json=body)).status_code == 422
        assert (await client.patch(f"{USERS}/{'0' * 32}", json={"role": "viewer"})).status_code == 404


async def test_a_change_of_nothing_leaves_all_as_it_is(web: Web, owner: CreatedUser, admin: dict[str, str]) -> None:
    async with web.browser(headers=admin) as client:
        answer = await client.patch(f"{USERS}/{owner.user.id}", json={"role": None, "is_active": True})
        assert answer.status_code == 200
        assert "totp_secret" not in answer.json()
        assert (await client.get("/api/v1/auth/me")).status_code == 200


async def test_no_answer_holds_a_credential(web: Web, owner: CreatedUser, admin: dict[str, str]) -> None:
    async with web.browser(headers=admin) as client:
        texts = [
            (await client.get(path)).text
            for path in (USERS, f"{USERS}/{owner.user.id}", "/api/v1/auth/me", "/api/v1/auth/sessions", "/api/v1/audit")
        ]
    for text in texts:
        assert owner.totp_secret not in text
        assert PASSWORD not in text
        assert "$argon2" not in text
        assert admin["Authorization"].split()[1] not in text
        assert "password_hash" not in json.dumps(json.loads(text))
