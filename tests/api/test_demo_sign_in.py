"""The demo's administrator is told to this machine's own pages, in a demo, and to nobody else."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pyotp
import pytest

from app.api import demo
from app.core.totp import TotpVerifier
from app.db.identity import SqlIdentityStore
from app.main import create_app
from app.services.demo_sign_in import DemoAdministrator, DemoSignIn
from app.services.manage_users import CreatedUser
from tests.support.web import CSRF, PASSWORD, Web

FORM = "/api/v1/demo/sign-in-form"


@pytest.fixture
async def owner(web: Web) -> CreatedUser:
    made = await web.add_user()
    known = DemoAdministrator(made.user.email, PASSWORD, made.totp_secret)
    store = SqlIdentityStore(web.desk.database)
    web.desk.demo = DemoSignIn(lambda: known, TotpVerifier().code, store, web.clock)  # type: ignore[attr-defined]
    web.app.include_router(demo.router)
    return made


async def ask(web: Web, *, peer: str = "127.0.0.1", **headers: str) -> httpx.Response:
    async with web.browser(peer=peer) as client:
        return await client.post(FORM, headers=CSRF | {name.replace("_", "-"): text for name, text in headers.items()})


async def test_what_is_filled_in_signs_in_and_then_says_how_long_to_wait(web: Web, owner: CreatedUser) -> None:
    filled = (await ask(web, origin="http://127.0.0.1:8000")).json()
    assert filled == {
        "email": owner.user.email,
        "password": PASSWORD,
        "totp_code": pyotp.TOTP(owner.totp_secret).at(int(web.clock.now().timestamp())),
        "wait_s": 0,
    }
    del filled["wait_s"]
    async with web.browser(peer="127.0.0.1") as client:
        assert (await client.post("/api/v1/auth/login", json=filled)).status_code == 200
    again = (await ask(web)).json()
    assert again["totp_code"] is None
    assert again["wait_s"] == 30 - int(web.clock.now().timestamp()) % 30
    web.clock.advance(again["wait_s"])
    assert (await ask(web)).json()["totp_code"] is not None


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("203.0.113.7", {}),
        ("127.0.0.1", {"host": "rebound.example:8000"}),
        ("127.0.0.1", {"host": "127.0.0.1.example:8000"}),
        ("127.0.0.1", {"origin": "https://other.example"}),
        ("127.0.0.1", {"origin": "null"}),
        ("127.0.0.1", {"sec_fetch_site": "cross-site"}),
        ("127.0.0.1", {"x_requested_with": ""}),
    ],
)
async def test_nobody_else_is_told(peer: str, headers: dict[str, str], web: Web, owner: CreatedUser) -> None:
    refused = await ask(web, peer=peer, **headers)
    assert refused.status_code == 403
    assert owner.user.email not in refused.text
    assert PASSWORD not in refused.text


async def test_a_desk_that_is_no_demo_has_no_such_call(shell: Web) -> None:
    app = create_app(cast("Any", shell.desk))
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        assert (await client.post(FORM, headers=CSRF)).status_code == 404


def test_secrets_of_the_form_are_not_printed() -> None:
    assert "hunter2" not in repr(DemoAdministrator("a@b.example", "hunter2", "hunter2"))
