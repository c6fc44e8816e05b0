"""MOFSL's endpoints and the paths of both API generations."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Generation(StrEnum):
    CURRENT = "current"  # since December 2025: access token and api secret on every call
    OLDER = "older"


class Endpoint(StrEnum):
    """MOFSL's own names, as its error lists and ours use them."""

    AUTHDIRECTAPI = "authdirectapi"
    GETACCESSTOKEN = "getaccesstoken"
    RESENDOTP = "resendotp"
    VERIFYOTP = "verifyotp"
    GETPROFILE = "getprofile"
    LOGOUT = "logout"
    PLACEORDER = "placeorder"
    MODIFYORDER = "modifyorder"
    CANCELORDER = "cancelorder"
    POSITIONCONVERSION = "positionconversion"
    GETORDERBOOK = "getorderbook"
    GETORDERDETAIL = "getorderdetailbyuniqueorderid"
    GETTRADEBOOK = "gettradebook"
    GETTRADEDETAIL = "gettradedetailbyuniqueorderid"
    GETPOSITION = "getposition"
    GETPOSITIONDETAIL = "getpositiondetail"
    GETDPHOLDING = "getdpholding"
    GETREPORTMARGINSUMMARY = "getreportmarginsummary"
    GETREPORTMARGINDETAIL = "getreportmargindetail"
    GETREPORTMARGIN = "getreportmargin"
    GETLTPDATA = "getltpdata"
    GETINDEXLTPDATA = "getindexltpdata"
    GETSCRIPS = "getscripsbyexchangename"
    GETINDEXDATA = "getindexdatabyexchangename"
    GETEODDATA = "geteoddatabyexchangename"
    GETDPRVALUES = "getdprvalues"
    GETPARTICIPANTS = "getparticipantsdetail"
    GETBROKERAGE = "getbrokeragedetail"
    GETBROADCASTMAXLIMIT = "getbroadcastmaxlimit"
    GETSCRIPMASTERCSV = "getscripmastercsv"
    GETINDEXDATACSV = "getindexdatacsv"
    GETEODDATACSV = "geteoddatacsv"
    GETDPRCSV = "getdprcsv"


WRITES = frozenset({Endpoint.PLACEORDER, Endpoint.MODIFYORDER, Endpoint.CANCELORDER, Endpoint.POSITIONCONVERSION})
"""Calls that change something at the broker: never sent twice, never in a pool with reads."""

DOWNLOADS = frozenset(
    {Endpoint.GETSCRIPMASTERCSV, Endpoint.GETINDEXDATACSV, Endpoint.GETEODDATACSV, Endpoint.GETDPRCSV}
)
"""Plain GETs without headers, answering CSV."""

EMPTY_BOOK_CODES: Mapping[Endpoint, str] = MappingProxyType(
    {
        Endpoint.GETORDERBOOK: "MO1013",
        Endpoint.GETORDERDETAIL: "MO1013",
        Endpoint.GETTRADEBOOK: "MO1014",
        Endpoint.GETTRADEDETAIL: "MO1014",
        Endpoint.GETDPHOLDING: "MO1015",
        Endpoint.GETPOSITION: "MO1016",
        Endpoint.GETPOSITIONDETAIL: "MO1016",
    }
)
"""The failure code by which each book says that it is empty. On any other endpoint the code is a failure."""


def _paths(
    login: Mapping[str, str], *, trans: str, modify: str, order_book: str, book: str, report: str
) -> dict[str, str]:
    orders = {name: f"/rest/trans/{trans}/{name}" for name in ("placeorder", "cancelorder", "positionconversion")}
    order_reads = ("getorderbook", "getorderdetailbyuniqueorderid")
    book_reads = ("gettradebook", "gettradedetailbyuniqueorderid", "getposition", "getpositiondetail")
    reports = [
        name.value
        for name in Endpoint
        if name.value.startswith("getreport")
        or name
        in {
            Endpoint.GETDPHOLDING,
            Endpoint.GETLTPDATA,
            Endpoint.GETINDEXLTPDATA,
            Endpoint.GETSCRIPS,
            Endpoint.GETINDEXDATA,
            Endpoint.GETEODDATA,
            Endpoint.GETDPRVALUES,
            Endpoint.GETPARTICIPANTS,
            Endpoint.GETBROKERAGE,
            Endpoint.GETBROADCASTMAXLIMIT,
        }
    ]
    return {
        **{name: f"/rest/login/{version}/{name}" for name, version in login.items()},
        **orders,
        "modifyorder": f"/rest/trans/{modify}/modifyorder",
        **{name: f"/rest/book/{order_book}/{name}" for name in order_reads},
        **{name: f"/rest/book/{book}/{name}" for name in book_reads},
        **{name: f"/rest/report/{report}/{name}" for name in reports},
        **{name.value: f"/{name}" for name in DOWNLOADS},
    }


def _as_endpoints(paths: Mapping[str, str]) -> Mapping[Endpoint, str]:
    return MappingProxyType({Endpoint(name): path for name, path in paths.items()})


_CURRENT_LOGIN = {
    "authdirectapi": "v7",
    "getaccesstoken": "v1",
    "resendotp": "v5",
    "verifyotp": "v5",
    "getprofile": "v5",
    "logout": "v5",
}
_OLDER_LOGIN = {"authdirectapi": "v3", "resendotp": "v3", "verifyotp": "v3", "getprofile": "v1", "logout": "v1"}

CURRENT_PATHS = _as_endpoints(_paths(_CURRENT_LOGIN, trans="v2", modify="v5", order_book="v5", book="v4", report="v3"))
OLDER_PATHS = _as_endpoints(
    {
        name: path
        for name, path in _paths(_OLDER_LOGIN, trans="v1", modify="v2", order_book="v2", book="v1", report="v1").items()
        if name != "getpositiondetail"  # never seen in the older generation
    }
)
PATHS: Mapping[Generation, Mapping[Endpoint, str]] = MappingProxyType(
    {Generation.CURRENT: CURRENT_PATHS, Generation.OLDER: OLDER_PATHS}
)
