"""Every address the broker answers, of both generations and of the variants seen in its SDKs."""

from dataclasses import dataclass

_PREFIXES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # key: (current prefixes, older prefixes)
    "authdirectapi": (("login/v7",), ("login/v3", "login/v4")),
    "getaccesstoken": (("login/v1",), ()),
    "resendotp": (("login/v5",), ("login/v3",)),
    "verifyotp": (("login/v5",), ("login/v3",)),
    "getprofile": (("login/v5",), ("login/v1",)),
    "logout": (("login/v5",), ("login/v1",)),
    "placeorder": (("trans/v2",), ("trans/v1",)),
    "modifyorder": (("trans/v5", "trans/v6"), ("trans/v2",)),
    "cancelorder": (("trans/v2",), ("trans/v1",)),
    "positionconversion": (("trans/v2",), ("trans/v1",)),
    "getorderbook": (("book/v5", "book/v4"), ("book/v2", "book/v1")),
    "getorderdetailbyuniqueorderid": (("book/v5", "book/v4"), ("book/v2", "book/v1")),
    "gettradebook": (("book/v4",), ("book/v1",)),
    "gettradedetailbyuniqueorderid": (("book/v4",), ("book/v1",)),
    "getposition": (("book/v4",), ("book/v1",)),
    "getpositiondetail": (("book/v4",), ("book/v1",)),
    "getdpholding": (("report/v3",), ("report/v1",)),
    "getreportmarginsummary": (("report/v3",), ("report/v1",)),
    "getreportmargindetail": (("report/v3",), ("report/v1",)),
    "getreportmargin": (("report/v3",), ("report/v1",)),
    "getltpdata": (("report/v3",), ("report/v1",)),
    "getindexltpdata": (("report/v3",), ("report/v1",)),
    "getscripsbyexchangename": (("report/v3",), ("report/v1",)),
    "getindexdatabyexchangename": (("report/v3",), ("report/v1",)),
    "geteoddatabyexchangename": (("report/v3",), ("report/v1",)),
    "getdprvalues": (("report/v3",), ("report/v1",)),
    "getparticipantsdetail": (("report/v3",), ("report/v1",)),
    "getbrokeragedetail": (("report/v3",), ("report/v1",)),
    "getbroadcastmaxlimit": (("report/v3",), ("report/v1",)),
}
_MODIFY_MISDIRECTED = ("trans/v1", "trans/v3", "trans/v4", "trans/v7")
PUBLIC_KEYS = frozenset({"getscripmastercsv", "getindexdatacsv", "geteoddatacsv", "getdprcsv", "webhook"})
WITHOUT_ACCESS_TOKEN = frozenset({"getaccesstoken", "verifyotp", "resendotp"})
WITHOUT_CLIENT_CODE = WITHOUT_ACCESS_TOKEN | {"logout"}
"""Everything else names the client when a dealer calls."""
UNVERIFIED_ALLOWED = frozenset({"verifyotp", "resendotp"})
ORDER_CALLS = frozenset({"placeorder", "modifyorder", "cancelorder"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    key: str
    path: str
    is_current: bool
    """True: apisecretkey and accesstoken are demanded."""
    is_public: bool = False
    """A GET without headers and login."""


def _table() -> dict[str, Endpoint]:
    table: dict[str, Endpoint] = {}
    for key, generations in _PREFIXES.items():
        for is_current, prefixes in zip((True, False), generations, strict=True):
            for prefix in prefixes:
                path = f"/rest/{prefix}/{key}"
                table[path] = Endpoint(key, path, is_current)
    for prefix in _MODIFY_MISDIRECTED:
        path = f"/rest/{prefix}/modifyorder"
        table[path] = Endpoint("modifyorder", path, is_current=False)
    for key in PUBLIC_KEYS:
        table[f"/{key}"] = Endpoint(key, f"/{key}", is_current=False, is_public=True)
    return table


ENDPOINTS = _table()
KEYS = frozenset(endpoint.key for endpoint in ENDPOINTS.values())
MODIFY_MISDIRECTED_PATHS = frozenset(f"/rest/{prefix}/modifyorder" for prefix in _MODIFY_MISDIRECTED)
MODIFY_WITHOUT_LOCK_PATH = "/rest/trans/v6/modifyorder"
