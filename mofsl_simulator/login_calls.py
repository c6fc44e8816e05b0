"""The login family: tokens, second factors, profile, logout."""

from mofsl_simulator import headers
from mofsl_simulator.accounts import VENDOR_NAME, Dealer
from mofsl_simulator.call import Call
from mofsl_simulator.envelopes import Refusal, success


def authdirectapi(call: Call) -> bytes:
    sessions = call.broker.sessions
    api_key = call.headers[headers.API_KEY]
    login = sessions.login_of(str(call.body.get("userid") or "").strip().upper())
    if login is not None and call.headers[headers.VENDOR].upper() not in (login.code, VENDOR_NAME):
        raise Refusal("MO2012")
    if login is not None and call.source not in login.registered:
        raise Refusal("MO2035")
    session = sessions.sign_in(call.body, api_key)
    return success(
        "Return Auth Token SUCCESS",
        AuthToken=session.auth_token,
        isAuthTokenVerified="TRUE" if session.is_verified else "FALSE",
    )


def getaccesstoken(call: Call) -> bytes:
    return success("", accesstoken=call.broker.sessions.exchange(call.living_session()))


def resendotp(call: Call) -> bytes:
    call.broker.sessions.send_otp(call.living_session())
    return success("otp sent again")


def verifyotp(call: Call) -> bytes:
    call.broker.sessions.verify_otp(call.living_session(), call.body.get("otp"))
    return success("otp accepted")


def logout(call: Call) -> bytes:
    session = call.living_session()
    value = call.body.get("userid")
    named = value.strip().upper() if isinstance(value, str) else ""
    if named and named != session.login.code:
        raise Refusal("MO1001")
    call.broker.sessions.end(session)
    return success("LOGOUT SUCCESSFULL")


def getprofile(call: Call) -> bytes:
    is_dealer = isinstance(call.living_session().login, Dealer)
    account = call.account()
    return success(
        "Profile Data",
        data={
            "clientcode": account.code,
            "name": account.name,
            "exchanges": ["NSE", "BSE", "NSEFO", "NSECD", "MCX", "BSEFO", "NSEEX", "BSECD"],
            "products": ["Normal", "Delivery", "ValuePlus", "SellFromDP", "BTST", "MTF"],
            "usertype": "Dealer" if is_dealer else "Investorclient",
        },
    )
