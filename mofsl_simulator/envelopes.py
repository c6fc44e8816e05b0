"""The broker's answers: success and failure envelopes, and the refusal that turns into one."""

from typing import Any

import orjson

MEANINGS = {
    "MO1000": "user id or password wrong",
    "MO1001": "user id not valid",
    "MO1002": "password length not acceptable",
    "MO1004": "api key not valid",
    "MO1005": "api key not known",
    "MO1006": "account not enabled for live",
    "MO1007": "second factor wrong",
    "MO1011": "no open login",
    "MO1013": "no order found",
    "MO1014": "no trade found",
    "MO1015": "no holding found",
    "MO1016": "no position found",
    "MO1050": "input not acceptable",
    "MO1051": "exchange not acceptable",
    "MO1052": "side not acceptable",
    "MO1053": "order type not acceptable",
    "MO1054": "order duration not acceptable",
    "MO1055": "quantity not acceptable",
    "MO1056": "disclosed quantity not acceptable",
    "MO1057": "product type not acceptable",
    "MO1058": "token not acceptable",
    "MO1059": "quantity is not a multiple of the lot",
    "MO1060": "order id not acceptable",
    "MO1061": "amo flag not acceptable",
    "MO1062": "client code missing",
    "MO1063": "good till date not acceptable",
    "MO1064": "algo id not acceptable",
    "MO1065": "order state not known yet",
    "MO1066": "order already cancelled",
    "MO1067": "order already filled",
    "MO1068": "order already rejected",
    "MO1069": "order is in error state",
    "MO1070": "order id missing",
    "MO1071": "disclosed quantity does not go with ioc",
    "MO1073": "price below the lower circuit",
    "MO1074": "price above the upper circuit",
    "MO1075": "trigger price missing",
    "MO1076": "trigger price not acceptable",
    "MO1077": "trigger must be below the limit price",
    "MO1078": "trigger must be above the limit price",
    "MO1079": "trigger price does not go with this order type",
    "MO1080": "tag too long",
    "MO1081": "tag holds a forbidden character",
    "MO1082": "disclosed quantity not offered on this exchange",
    "MO1083": "order type and price do not go together",
    "MO1084": "product not offered on this exchange",
    "MO1085": "gtd and date do not go together",
    "MO1086": "gtc not offered on this exchange",
    "MO1087": "client code is the dealer's own",
    "MO1088": "client code is a vendor's",
    "MO1089": "lastmodifiedtime not acceptable",
    "MO1090": "qtytradedtoday not acceptable",
    "MO1091": "modify sent to a wrong address",
    "MO1092": "consent missing",
    "MO1093": "totp wrong",
    "MO1094": "totp secret not set",
    "MO1095": "otp session not valid",
    "MO1096": "too many otp attempts",
    "MO1097": "token not verified yet",
    "MO1098": "dealer access refused",
    "MO1099": "otp format wrong",
    "MO1100": "login access refused",
    "MO1101": "time format wrong",
    "MO1102": "participant code not acceptable",
    "MO2000": "too many open sessions",
    "MO2001": "http method not allowed",
    "MO2002": "body is not valid json",
    "MO2012": "vendor information not acceptable",
    "MO2035": "source address not registered",
    "MO5002": "reply lost by a network fault",
    "MO8000": "technical fault",
    "MO8001": "token not recognised",
    "MO8002": "token has lapsed",
    "MO8003": "token missing",
    "M01108": "market orders are not accepted for algo orders",
}
_ACCESS_CODES = frozenset({"MO1004", "MO1005", "MO2005", "MO2006", "MO2007", "MO2035", "MO8001", "MO8002", "MO8003"})


class Refusal(Exception):
    """The request is refused with one of the broker's codes."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MEANINGS.get(code, "refused")

    @property
    def is_about_access(self) -> bool:
        return self.code in _ACCESS_CODES


def success(message: str, **top_level: Any) -> bytes:
    """`status`, `message`, `errorcode` and whatever stands beside them (`data`, `AuthToken`, ...)."""
    return orjson.dumps({"status": "SUCCESS", "message": message, "errorcode": "", **top_level})


def failure(code: str, message: str, *, status: str = "ERROR") -> bytes:
    return orjson.dumps({"status": status, "message": message, "errorcode": code, "data": None})


def empty(form: str, refusal: Refusal, message: str) -> bytes:
    """An empty book in the form that the switch panel names."""
    if form == "code":
        return failure(refusal.code, refusal.message)
    return success(message, data={"null": None, "blank": "", "list": []}[form])


def bare(row: dict[str, Any]) -> bytes:
    """An object without envelope, as the webhook answers."""
    return orjson.dumps(row)
