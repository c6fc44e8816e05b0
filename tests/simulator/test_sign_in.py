"""Logging in, headers, tokens, dealers, registered addresses: each wrong thing by its code."""

from __future__ import annotations

from typing import Any

import pytest

from mofsl_simulator.accounts import VENDOR_NAME
from tests.simulator.in_process import CURRENT, LIMIT_ORDER, OLDER, InProcess

LOGIN = CURRENT["authdirectapi"]
BOOK = CURRENT["getorderbook"]


def sign_in_answer(sim: InProcess, **changes: Any) -> dict[str, Any]:
    account = sim.account()
    return sim.call(LOGIN, sim.login_body(account, **changes), sim.headers(account))


def test_a_full_login_answers_a_token_and_the_text_true(sim: InProcess) -> None:
    answer = sign_in_answer(sim)

    assert answer["isAuthTokenVerified"] == "TRUE"
    assert len(answer["AuthToken"]) == 34
    assert answer["AuthToken"].endswith("_M")
    assert "data" not in answer


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"userid": "NOBODY"}, "MO1001"),
        ({"userid": None}, "MO1001"),
        ({"password": "a" * 64}, "MO1000"),
        ({"password": "short"}, "MO1002"),
        ({"password": None}, "MO1002"),
        ({"2FA": "01/01/1990"}, "MO1007"),
        ({"2FA": None}, "MO1007"),
        ({"totp": "abc"}, "MO1093"),
    ],
)
def test_each_wrong_factor_answers_its_own_code(sim: InProcess, changes: dict[str, Any], code: str) -> None:
    answer = sign_in_answer(sim, **changes)

    assert (answer["status"], answer["errorcode"]) == ("FAILURE", code)
    assert "AuthToken" not in answer


@pytest.mark.parametrize(("offset_s", "accepted"), [(0, True), (-30, True), (30, True), (-90, False), (90, False)])
def test_the_totp_is_checked_against_the_clock_one_step_either_way(
    sim: InProcess, offset_s: int, accepted: bool
) -> None:
    answer = sign_in_answer(sim, totp=sim.totp(sim.account(), offset_s=offset_s))

    assert answer["errorcode"] == ("" if accepted else "MO1093")


def test_a_used_totp_is_refused_only_when_the_switch_says_so(sim: InProcess) -> None:
    assert [sign_in_answer(sim)["errorcode"] for _ in range(2)] == ["", ""]
    sim.broker.settings.update({"totp_reuse_refused": True})

    assert sign_in_answer(sim)["errorcode"] == "MO1093"
    sim.elapse(30)
    assert [sign_in_answer(sim)["errorcode"] for _ in range(2)] == ["", "MO1093"]


def test_without_totp_the_token_waits_for_the_code_that_control_shows(sim: InProcess) -> None:
    account = sim.account()
    answer = sign_in_answer(sim, totp=None)
    headers = sim.headers(account, Authorization=answer["AuthToken"])

    assert answer["isAuthTokenVerified"] == "FALSE"
    assert sim.call(CURRENT["getaccesstoken"], {}, headers)["errorcode"] == "MO1097"
    assert sim.call(CURRENT["verifyotp"], {"otp": "12x"}, headers)["errorcode"] == "MO1099"
    first = sim.sim("GET", "otps")[1]["otps"][account.code]
    wrong = "000000" if first != "000000" else "000001"
    assert sim.call(CURRENT["verifyotp"], {"otp": wrong}, headers)["errorcode"] == "MO1095"
    assert sim.call(CURRENT["resendotp"], {}, headers)["status"] == "SUCCESS"
    code = sim.sim("GET", "otps")[1]["otps"][account.code]
    assert sim.call(CURRENT["verifyotp"], {"otp": code}, headers)["status"] == "SUCCESS"
    assert sim.call(CURRENT["getaccesstoken"], {}, headers)["status"] == "SUCCESS"
    assert sim.call(CURRENT["resendotp"], {}, headers)["errorcode"] == "MO1095"


def test_too_many_wrong_codes_lock_the_otp(sim: InProcess) -> None:
    headers = sim.headers(sim.account(), Authorization=sign_in_answer(sim, totp=None)["AuthToken"])
    code = sim.sim("GET", "otps")[1]["otps"]["TC0001"]
    wrong = "000000" if code != "000000" else "000001"
    codes = [sim.call(CURRENT["verifyotp"], {"otp": wrong}, headers)["errorcode"] for _ in range(4)]

    assert codes == ["MO1095", "MO1095", "MO1095", "MO1096"]


def test_too_many_open_sessions_are_refused(sim: InProcess) -> None:
    sim.broker.settings.update({"max_sessions": 2})

    assert [sign_in_answer(sim)["errorcode"] for _ in range(3)] == ["", "", "MO2000"]


def test_a_second_login_may_end_the_first(sim: InProcess) -> None:
    sim.post("getprofile")
    sign_in_answer(sim)
    assert sim.post("getprofile")["status"] == "SUCCESS"
    sim.broker.settings.update({"second_login_ends_first": True})
    sign_in_answer(sim)

    assert sim.post("getprofile")["errorcode"] == "MO8002"


@pytest.mark.parametrize("code", ["MO1100", "MO1092", "MO1006"])
def test_an_account_may_be_refused_by_the_portal(sim: InProcess, code: str) -> None:
    sim.sim("POST", "accounts", {"clientcode": "TC0001", "login_refused": code})

    assert sign_in_answer(sim)["errorcode"] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Accept": None}, "MO2003"),
        ({"User-Agent": "curl/8"}, "MO2004"),
        ({"ApiKey": None}, "MO2005"),
        ({"ApiKey": "unknownKey123456"}, "MO1005"),
        ({"apisecretkey": None}, "MO2006"),
        ({"apisecretkey": "wrong"}, "MO2006"),
        ({"Authorization": None}, "MO8003"),
        ({"Authorization": "Bearer x"}, "MO2007"),
        ({"Authorization": "0" * 32 + "_M"}, "MO8001"),
        ({"accesstoken": None}, "MO8003"),
        ({"accesstoken": "0" * 32 + "_M"}, "MO8001"),
        ({"MacAddress": "zz"}, "MO2008"),
        ({"ClientLocalIp": "10.0.0"}, "MO2009"),
        ({"ClientPublicIp": "300.1.1.1"}, "MO2010"),
        ({"SourceId": "FAX"}, "MO2011"),
        ({"vendorinfo": ""}, "MO2012"),
        ({"osname": None}, "MO2014"),
        ({"osversion": None}, "MO2015"),
        ({"devicemodel": None}, "MO2016"),
        ({"manufacturer": None}, "MO2017"),
        ({"manufacturer": "x" * 26}, "MO2017"),
        ({"productname": None}, "MO2018"),
        ({"productversion": None}, "MO2019"),
        ({"SourceId": "DESKTOP"}, "MO2020"),
        ({"SourceId": "MOBILE", "installedappid": "x"}, "MO2021"),
        ({"browsername": None}, "MO2022"),
        ({"browserversion": None}, "MO2023"),
        ({"latitude": "north"}, "MO2024"),
        ({"longitude": "east"}, "MO2025"),
        ({"sdkversion": ""}, "MO2026"),
    ],
)
def test_each_header_answers_its_own_code(sim: InProcess, changes: dict[str, str | None], code: str) -> None:
    account = sim.account()
    sim.sign_in(account)

    assert sim.call(BOOK, {}, sim.headers(account, **changes))["errorcode"] == code


def test_a_secret_sent_as_key_and_the_key_of_another_client_are_told_apart(sim: InProcess) -> None:
    one, two = sim.account(1), sim.account(2)
    sim.sign_in(one)
    foreign = sim.headers(one, ApiKey=two.api_key, apisecretkey=two.api_secret)

    assert sim.call(BOOK, {}, sim.headers(one, ApiKey=one.api_secret))["errorcode"] == "MO2005"
    assert sim.call(BOOK, {}, foreign)["errorcode"] == "MO1004"
    assert sim.call(LOGIN, sim.login_body(one), foreign)["errorcode"] == "MO1004"


@pytest.mark.parametrize(("vendor", "code"), [(VENDOR_NAME, ""), ("tc0001", ""), ("TC0002", "MO2012")])
def test_vendorinfo_is_the_client_code_or_a_vendor_name(sim: InProcess, vendor: str, code: str) -> None:
    account = sim.account()

    answer = sim.call(LOGIN, sim.login_body(account), sim.headers(account, vendorinfo=vendor))

    assert answer["errorcode"] == code


@pytest.mark.parametrize("source", ["DESKTOP", "Desktop"])
def test_a_desktop_needs_no_browser(sim: InProcess, source: str) -> None:
    account = sim.account()
    sim.sign_in(account)
    headers = sim.headers(account, SourceId=source, installedappid="8d3b6a52", browsername=None, latitude="0.0000")

    assert sim.call(BOOK, {}, headers)["errorcode"] == "MO1013"


def test_the_older_generation_needs_neither_secret_nor_access_token(sim: InProcess) -> None:
    account = sim.account()
    bare = {"apisecretkey": None, "accesstoken": None}
    token = sim.call(OLDER["authdirectapi"], sim.login_body(account), sim.headers(account, **bare))["AuthToken"]
    headers = sim.headers(account, **bare, Authorization=token)

    placed = sim.call(OLDER["placeorder"], LIMIT_ORDER, headers)
    rows = sim.call(OLDER["getorderbook"], {}, headers)["data"]
    ltp = sim.call(OLDER["getltpdata"], {"exchange": "NSE", "scripcode": 1660}, headers)["data"]

    assert placed["status"] == "SUCCESS"
    assert "recordinserttime" not in rows[0]
    assert "participantcode" not in rows[0]
    assert ltp[0]["ltp"] == 28250
    assert "bid" not in ltp[0]
    assert sim.call(BOOK, {}, sim.headers(account, Authorization=token))["errorcode"] == "MO8003"


def test_logout_ends_the_token_at_once(sim: InProcess) -> None:
    assert sim.post("logout", {"userid": "TC0002"})["errorcode"] == "MO1001"
    assert sim.post("logout", {"userid": None})["status"] == "SUCCESS"
    assert sim.post("getprofile")["errorcode"] == "MO8002"


def test_a_call_from_an_address_that_is_not_registered_is_refused(sim: InProcess) -> None:
    account = sim.account()
    sim.sign_in(account)
    elsewhere = sim.call(BOOK, {}, sim.headers(account), source="127.0.0.5")
    login = sim.call(LOGIN, sim.login_body(account), sim.headers(account), source="127.0.0.5")
    status, shown = sim.sim("POST", "accounts", {"clientcode": "TC0001", "registered_addresses": ["127.0.0.5"]})

    assert elsewhere["errorcode"] == login["errorcode"] == "MO2035"
    assert (status, shown["registered_addresses"]) == (200, ["127.0.0.5"])
    assert sim.call(BOOK, {}, sim.headers(account), source="127.0.0.5")["errorcode"] == "MO1013"
    assert sim.post("getorderbook")["errorcode"] == "MO2035"


@pytest.mark.parametrize(
    ("clientcode", "code"),
    [("", "MO1062"), (None, "MO1062"), ("DL0001", "MO1087"), (VENDOR_NAME, "MO1088"), ("TC0001", "MO1098")],
)
def test_a_dealer_must_name_a_client_of_its_own(sim: InProcess, clientcode: str | None, code: str) -> None:
    dealer = sim.broker.dealers["DL0001"]

    for key in ("placeorder", "getorderbook", "getltpdata", "getprofile", "getdpholding"):
        body = LIMIT_ORDER | {"clientcode": clientcode, "scripcode": 1660}
        assert sim.post(key, body, login=dealer)["errorcode"] == code


def test_a_dealer_trades_for_a_mapped_client(sim: InProcess) -> None:
    dealer = sim.broker.dealers["DL0001"]
    code = sorted(dealer.mapped)[0]

    unique_id = str(sim.place(login=dealer, clientcode=code)["uniqueorderid"])
    sim.elapse()
    (row,) = sim.post("getorderbook", {"clientcode": code}, login=dealer)["data"]

    assert row["uniqueorderid"] == unique_id
    assert (row["clientid"], row["orderinitiatorid"]) == (code, "DL0001")
    assert sim.post("getprofile", {"clientcode": code}, login=dealer)["data"]["usertype"] == "Dealer"
    assert list(sim.broker.accounts[code].orders) == [unique_id]


def test_secrets_never_show_in_a_representation(sim: InProcess) -> None:
    account = sim.account()
    sim.sign_in(account)
    session = sim.broker.sessions.peek(sim.headers(account)["Authorization"])

    for secret in (account.password, account.api_secret, account.totp_secret, account.two_fa):
        assert secret not in repr(account)
        assert secret not in repr(session)
