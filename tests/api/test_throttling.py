from __future__ import annotations

import asyncio
import statistics
import time

import httpx
from sqlalchemy import text

from app.config import Settings
from app.core.security import PasswordHashes
from app.db.session import Database
from app.domain.throttling import ThrottleRule
from app.services.manage_users import CreatedUser
from app.services.sign_in import ThrottleRules
from tests.support.web import Web, make_web

LOGIN = "/api/v1/auth/login"
WRONG = "not-the-right-password"


async def _try(web: Web, owner: CreatedUser, peer: str, **changes: str) -> httpx.Response:
    async with web.browser(peer=peer) as browser:
        return await browser.post(LOGIN, json=web.form(owner, **changes))


async def test_few_of_many_wrong_tries_are_evaluated_and_waiting_always_helps(web: Web, owner: CreatedUser) -> None:
    answers = await asyncio.gather(
        *(_try(web, owner, f"198.51.100.{number % 250}", password=WRONG) for number in range(300))
    )
    evaluated = [answer for answer in answers if answer.status_code == 401]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(evaluated) <= 5
    assert len(evaluated) + len(refused) == 300
    wait_s = int(refused[-1].headers["retry-after"])
    assert refused[-1].json()["code"] == "too_many_attempts"
    assert 0 < wait_s <= 2
    web.clock.advance(wait_s)
    assert (await _try(web, owner, "203.0.113.7")).status_code == 200


async def test_each_further_wrong_try_doubles_the_wait(web: Web, owner: CreatedUser) -> None:
    waits = []
    for _ in range(5):
        await _try(web, owner, "203.0.113.7", password=WRONG)
    for _ in range(4):
        refused = await _try(web, owner, "203.0.113.7", password=WRONG)
        assert refused.status_code == 429
        waits.append(int(refused.headers["retry-after"]))
        web.clock.advance(waits[-1])
        assert (await _try(web, owner, "203.0.113.7", password=WRONG)).status_code == 401
    assert waits == [2, 4, 8, 16]


async def test_the_wait_never_grows_beyond_its_limit_and_is_forgotten_in_time(web: Web, owner: CreatedUser) -> None:
    for number in range(25):
        await _try(web, owner, f"198.51.100.{number}", password=WRONG)
        web.clock.advance(300)
    await _try(web, owner, "198.51.100.99", password=WRONG)
    refused = await _try(web, owner, "198.51.100.100", password=WRONG)
    assert int(refused.headers["retry-after"]) <= 300
    web.clock.advance(901)
    statuses = [(await _try(web, owner, "198.51.100.1", password=WRONG)).status_code for _ in range(5)]
    assert statuses == [401] * 5


async def test_a_stranger_cannot_keep_the_owner_out_of_a_known_browser(web: Web, owner: CreatedUser) -> None:
    async with web.browser() as known:
        await web.log_in(known, owner)
        web.clock.advance(30)
        for number in range(8):
            await _try(web, owner, f"198.51.100.{number}", password=WRONG)
        assert (await _try(web, owner, "198.51.100.77")).status_code == 429
        assert (await known.post(LOGIN, json=web.form(owner))).status_code == 200


async def test_one_source_is_slowed_whichever_account_it_tries(web: Web, owner: CreatedUser) -> None:
    statuses = []
    for number in range(25):
        answer = await _try(web, owner, "198.51.100.7", email=f"guess{number}@desk.test")
        statuses.append(answer.status_code)
    assert statuses == [401] * 20 + [429] * 5
    assert (await _try(web, owner, "203.0.113.7")).status_code == 200


async def test_a_good_account_does_not_wash_away_the_other_tries_of_its_source(web: Web, owner: CreatedUser) -> None:
    for number in range(19):
        await _try(web, owner, "198.51.100.7", email=f"guess{number}@desk.test")
    assert (await _try(web, owner, "198.51.100.7")).status_code == 200
    assert (await _try(web, owner, "198.51.100.7", email="guess20@desk.test")).status_code == 401
    assert (await _try(web, owner, "198.51.100.7", email="guess21@desk.test")).status_code == 429


async def test_codes_cannot_be_guessed_by_who_knows_the_password(settings: Settings, database: Database) -> None:
    """The code has a count of its own, and its delay is not told: the answer would prove the password right."""
    loose = ThrottleRule(free_tries=1000)
    web = make_web(settings, database, throttles=ThrottleRules(account=loose, source=loose))
    owner = await web.add_user()
    for number in range(10):
        answer = await _try(web, owner, "198.51.100.7", totp_code=f"{number:06d}")
        assert answer.status_code == 401
    assert (await _try(web, owner, "198.51.100.7")).status_code == 401
    web.clock.advance(30)
    assert (await _try(web, owner, "198.51.100.7")).status_code == 200


async def test_the_table_of_throttles_names_nobody(web: Web, owner: CreatedUser) -> None:
    await _try(web, owner, "198.51.100.7", password=WRONG)
    async with web.desk.database.read() as connection:
        rows = str((await connection.execute(text("SELECT * FROM sign_in_throttles"))).all())
    assert "owner" not in rows
    assert "198.51.100.7" not in rows


async def test_an_unknown_user_costs_the_same_work_as_a_wrong_password(settings: Settings, database: Database) -> None:
    """Both run one real Argon2 check: in processor time, which neighbours on the machine do not change."""
    web = make_web(settings, database, hashes=PasswordHashes())
    owner = await web.add_user()
    await _try(web, owner, "192.0.2.1", email="warm@desk.test", password=WRONG)
    known, unknown = [], []
    for number in range(6):
        for kept, email in ((known, owner.user.email), (unknown, f"nobody{number}@desk.test")):
            web.clock.advance(1000)
            started = time.process_time()
            answer = await _try(web, owner, f"198.51.100.{number}", email=email, password=WRONG)
            kept.append(time.process_time() - started)
            assert answer.status_code == 401
    assert 0.5 < statistics.median(known) / statistics.median(unknown) < 2
