from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pyotp
import pytest

from app.core.mofsl.credentials import TotpSteps, password_hash
from app.core.mofsl.endpoints import Generation
from app.core.mofsl.error_codes import ERROR_CODES, LOGIN_REFUSALS
from app.core.mofsl.errors import InvalidRequest, MofslError, NotSent, Refused, UnreadableAnswer
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.domain.errors import LoginRefused
from tests.core.mofsl.scripted import (
    ACCESS_TOKEN,
    ALL_SECRETS,
    API_KEY,
    SECRETS,
    TOKEN_VALUE,
    HandClock,
    ScriptedTransport,
    auth_token,
    failure,
    json_reply,
    open_sealed,
    sealed_login,
    settings,
    success,
    wrapper_on,
)

VERIFIED = success(AuthToken=TOKEN_VALUE, isAuthTokenVerified="TRUE")
ACCESS = success(accesstoken=ACCESS_TOKEN)


def test_the_password_hash_is_the_documented_one() -> None:
    expected = "144e1fd41a1df78dea0715b42ec651b080b202aa47d91ff9c8959bc7dc96b055"
    assert password_hash("demo-Pass1", API_KEY) == expected


async def test_a_login_of_the_current_generation_has_two_steps() -> None:
    transport = ScriptedTransport([VERIFIED, ACCESS])
    clock = HandClock()
    token = await wrapper_on(transport, clock=clock).authenticate_client(sealed_login())
    assert (token.value, token.access_token, token.user_id) == (TOKEN_VALUE, ACCESS_TOKEN, "TC0042")
    assert transport.path(0) == "/rest/login/v7/authdirectapi"
    assert transport.path(1) == "/rest/login/v1/getaccesstoken"
    assert transport.requests[1].body == b""
    assert transport.body(0) == {
        "userid": "TC0042",
        "password": "144e1fd41a1df78dea0715b42ec651b080b202aa47d91ff9c8959bc7dc96b055",
        "2FA": "07/03/1985",
        "totp": pyotp.TOTP(SECRETS["totp_secret"]).at(clock.now()),
    }


async def test_a_login_of_the_older_generation_has_one_step_and_no_secret_header() -> None:
    transport = ScriptedTransport([VERIFIED])
    token = await wrapper_on(transport, Generation.OLDER).authenticate_client(sealed_login())
    assert token.access_token is None
    assert transport.path(0) == "/rest/login/v3/authdirectapi"
    assert "apisecretkey" not in transport.requests[0].headers


async def test_the_headers_of_each_login_step_are_the_documented_ones() -> None:
    transport = ScriptedTransport([VERIFIED, ACCESS])
    await wrapper_on(transport).authenticate_client(sealed_login())
    first, second = (request.headers for request in transport.requests)
    assert "Authorization" not in first
    assert "accesstoken" not in first
    assert second["Authorization"] == TOKEN_VALUE
    assert "accesstoken" not in second
    assert first["apisecretkey"] == second["apisecretkey"] == SECRETS["api_secret"]


async def test_a_row_with_the_same_columns_logs_in_like_a_sealed_login() -> None:
    login = sealed_login()
    columns = {name: getattr(login, name) for name in login.__slots__ if name.startswith("encrypted_")}
    row = SimpleNamespace(id="C-42", mofsl_client_code="tc0042", **columns)
    transport = ScriptedTransport([VERIFIED, ACCESS])
    token = await wrapper_on(transport).authenticate_client(row)
    assert (token.owner_id, token.user_id, transport.body(0)["userid"]) == ("C-42", "TC0042", "TC0042")


@pytest.mark.parametrize(
    ("now", "expires_at"),
    [
        (datetime(2026, 9, 14, 3, 0, tzinfo=UTC), datetime(2026, 9, 15, 0, 30, tzinfo=UTC)),
        (datetime(2026, 9, 14, 0, 29, 30, tzinfo=UTC), datetime(2026, 9, 14, 0, 30, tzinfo=UTC)),
        (datetime(2026, 9, 14, 0, 30, tzinfo=UTC), datetime(2026, 9, 15, 0, 30, tzinfo=UTC)),
    ],
)
async def test_a_session_ends_at_the_next_six_in_the_morning(now: datetime, expires_at: datetime) -> None:
    transport = ScriptedTransport([VERIFIED, ACCESS])
    token = await wrapper_on(transport, clock=HandClock(now)).authenticate_client(sealed_login())
    assert token.expires_at == expires_at


@pytest.mark.parametrize(
    "reply",
    [
        success(data={"AuthToken": TOKEN_VALUE, "isAuthTokenVerified": "true"}),
        success(authToken=TOKEN_VALUE, isAuthTokenVerified=" TRUE "),
    ],
)
@pytest.mark.parametrize("name", ["accessToken", "AccessToken", "accesstoken"])
async def test_tokens_are_found_in_every_place_and_spelling(reply: tuple[int, bytes], name: str) -> None:
    for access in (success(**{name: ACCESS_TOKEN}), success(data={name: ACCESS_TOKEN})):
        token = await wrapper_on(ScriptedTransport([reply, access])).authenticate_client(sealed_login())
        assert (token.value, token.access_token) == (TOKEN_VALUE, ACCESS_TOKEN)


@pytest.mark.parametrize("verified", ["FALSE", "false", "", "yes", None, True, 1])
async def test_anything_but_the_text_true_is_not_verified(verified: object) -> None:
    transport = ScriptedTransport([success(AuthToken=TOKEN_VALUE, isAuthTokenVerified=verified)])
    with pytest.raises(LoginRefused) as caught:
        await wrapper_on(transport).authenticate_client(sealed_login())
    assert caught.value.code == "otp_required"


async def test_a_pending_login_is_completed_by_a_one_time_password() -> None:
    pending_reply = success(AuthToken=TOKEN_VALUE, isAuthTokenVerified="FALSE")
    transport = ScriptedTransport([pending_reply, success(), success(), ACCESS])
    wrapper = wrapper_on(transport)
    pending = await wrapper.begin_login(sealed_login())
    assert not pending.is_verified
    await wrapper.resend_otp(pending.auth_token)
    await wrapper.verify_otp(pending.auth_token, "030518")
    token = await wrapper.finish_login(pending.auth_token)
    assert token.access_token == ACCESS_TOKEN
    assert transport.path(2) == "/rest/login/v5/verifyotp"
    assert transport.body(2) == {"otp": "030518"}
    with pytest.raises(InvalidRequest):
        await wrapper.verify_otp(pending.auth_token, "12345")


@pytest.mark.parametrize(
    ("broker_code", "code"),
    [
        ("MO1000", "credentials_refused"),
        ("MO1007", "credentials_refused"),
        ("MO1004", "api_key_refused"),
        ("MO2006", "api_key_refused"),
        ("MO1093", "totp_refused"),
        ("MO1094", "totp_secret_refused"),
        ("MO1097", "otp_required"),
        ("MO2000", "too_many_sessions"),
        ("MO2035", "ip_not_registered"),
        ("MO2012", "headers_refused"),
    ],
)
@pytest.mark.parametrize("status", ["FAILURE", "ERROR", "error"])
async def test_a_refused_login_says_why(broker_code: str, code: str, status: str) -> None:
    reply = json_reply(401, status=status, message="no", errorcode=broker_code, data="null")
    with pytest.raises(LoginRefused) as caught:
        await wrapper_on(ScriptedTransport([reply])).authenticate_client(sealed_login())
    assert (caught.value.code, caught.value.broker_code) == (code, broker_code)


@pytest.mark.parametrize("broker_code", ["MO8000", "MO5000", "MO5002", "XX9999", ""])
async def test_a_fault_of_the_broker_does_not_blame_the_login(broker_code: str) -> None:
    with pytest.raises(Refused):
        await wrapper_on(ScriptedTransport([failure(broker_code)])).authenticate_client(sealed_login())


@pytest.mark.parametrize(
    "reply", [success(isAuthTokenVerified="TRUE"), success(AuthToken="", isAuthTokenVerified="TRUE"), (200, b"<html>")]
)
async def test_a_login_without_a_token_is_no_login(reply: tuple[int, bytes]) -> None:
    with pytest.raises(UnreadableAnswer):
        await wrapper_on(ScriptedTransport([reply])).authenticate_client(sealed_login())


async def test_a_totp_step_is_never_used_twice_for_one_login() -> None:
    clock = HandClock()
    steps = TotpSteps(clock, clock.sleep)
    totp = pyotp.TOTP(SECRETS["totp_secret"])
    codes, moments = [], []
    for _ in range(4):
        codes.append(await steps.next_code("TC0042", SECRETS["totp_secret"]))
        moments.append(clock.now().timestamp() // 30)
    assert len(set(moments)) == 4
    assert codes == [totp.at(int(moment) * 30) for moment in moments]


async def test_other_logins_do_not_wait_for_each_others_steps() -> None:
    clock = HandClock()
    steps = TotpSteps(clock, clock.sleep)
    before = clock.now()
    for n in range(5):
        await steps.next_code(f"TC{n:04}", SECRETS["totp_secret"])
    assert clock.now() == before


async def test_a_step_that_is_about_to_end_is_left_alone() -> None:
    clock = HandClock(datetime(2026, 9, 14, 4, 51, 29, 500_000, tzinfo=UTC))
    code = await TotpSteps(clock, clock.sleep).next_code("TC0042", SECRETS["totp_secret"])
    assert clock.now() == datetime(2026, 9, 14, 4, 51, 30, tzinfo=UTC)
    assert code == pyotp.TOTP(SECRETS["totp_secret"]).at(clock.now())


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082"),  # RFC 6238, appendix B, at 59 s
        ("JBSWY3DPEHPK3PXP", "996554"),  # 80 bits: many authenticators give no more; RFC 4226, counter 1
        ("jbsw y3dp ehpk 3pxp", "996554"),
    ],
)
async def test_secrets_of_any_usual_length_give_the_code_of_the_rfc(secret: str, code: str) -> None:
    clock = HandClock(datetime(1970, 1, 1, 0, 0, 40, tzinfo=UTC))
    assert await TotpSteps(clock, clock.sleep).next_code("TC0042", secret) == code


async def test_a_clock_that_steps_back_does_not_bring_an_old_step_back() -> None:
    clock = HandClock()
    steps = TotpSteps(clock, clock.sleep)
    first = await steps.next_code("TC0042", SECRETS["totp_secret"])
    await clock.sleep(-45)
    assert await steps.next_code("TC0042", SECRETS["totp_secret"]) != first


@pytest.mark.parametrize(
    ("login", "code"),
    [
        (sealed_login(owner_id="C-43"), "credentials_unreadable"),
        (sealed_login(totp_secret="not base32!"), "totp_secret_invalid"),
        (SimpleNamespace(id="C-42", mofsl_client_code="TC0042"), "credentials_missing"),
    ],
)
async def test_credentials_that_do_not_open_are_refused_before_anything_is_sent(login: object, code: str) -> None:
    transport = ScriptedTransport()
    with pytest.raises(LoginRefused) as caught:
        await wrapper_on(transport).authenticate_client(login)
    assert caught.value.code == code
    assert transport.requests == []


async def test_no_secret_shows_in_any_error_or_repr() -> None:
    shown = [repr(sealed_login()), repr(auth_token())]
    replies = [failure("MO1000", message=TOKEN_VALUE[:0] + "no"), (502, b"<html>"), success(AuthToken=TOKEN_VALUE)]
    for reply in replies:
        transport = ScriptedTransport([reply])
        with pytest.raises((LoginRefused, MofslError)) as caught:
            await wrapper_on(transport).authenticate_client(sealed_login())
        shown += [repr(caught.value), str(caught.value), repr(transport.requests)]
    with pytest.raises(LoginRefused) as unreadable:
        await wrapper_on(ScriptedTransport()).authenticate_client(sealed_login(owner_id="C-43"))
    shown += [repr(unreadable.value), str(unreadable.value)]
    for secret in ALL_SECRETS:
        assert not any(secret in text for text in shown)


async def test_a_login_through_an_unknown_way_out_is_not_sent() -> None:
    transport = ScriptedTransport()
    login = sealed_login()
    row = SimpleNamespace(
        id="C-42",
        mofsl_client_code="TC0042",
        egress_id="missing",
        **{name: getattr(login, name) for name in login.__slots__ if name.startswith("encrypted_")},
    )
    with pytest.raises(NotSent):
        await wrapper_on(transport).authenticate_client(row)
    assert transport.requests == []


async def test_logout_names_the_login_and_ends_the_header_cache() -> None:
    transport = ScriptedTransport([success()])
    wrapper = MOFSLApiWrapper(settings(), transport, open_sealed=open_sealed, clock=HandClock())
    await wrapper.logout(auth_token())
    assert transport.path() == "/rest/login/v5/logout"
    assert transport.body() == {"userid": "TC0042"}
    await wrapper.close()
    assert transport.is_closed


def test_every_documented_code_is_on_record_with_its_class() -> None:
    assert len(ERROR_CODES) == 113  # 110 official, M01108 in both spellings, MOSL100
    assert {code.error_class for code in ERROR_CODES.values()} == {
        "auth", "session", "validation", "risk-or-margin", "not-found", "server", "unknown",
    }  # fmt: skip
    assert all(code.meaning for code in ERROR_CODES.values())
    assert ERROR_CODES["MO8002"].error_class == "session"
    assert ERROR_CODES["MO5002"].retry == "reconcile"
    assert set(LOGIN_REFUSALS) <= set(ERROR_CODES)
    for code in ERROR_CODES.values():
        if code.error_class == "auth":
            assert code.code in LOGIN_REFUSALS
        if code.error_class == "server":
            assert code.code not in LOGIN_REFUSALS
