"""The header table of both generations: each missing or wrong header answers its own code."""

import re
from collections.abc import Mapping

from multidict import istr

from mofsl_simulator.envelopes import Refusal

AUTHORIZATION, ACCESS_TOKEN = istr("Authorization"), istr("accesstoken")
API_KEY, API_SECRET, VENDOR = istr("ApiKey"), istr("apisecretkey"), istr("vendorinfo")
_ACCEPT, _USER_AGENT, _SOURCE = istr("Accept"), istr("User-Agent"), istr("SourceId")
_LOCAL_IP, _PUBLIC_IP, _MAC = istr("ClientLocalIp"), istr("ClientPublicIp"), istr("MacAddress")
_PRESENT = (
    (VENDOR, "MO2012"),
    (istr("osname"), "MO2014"),
    (istr("osversion"), "MO2015"),
    (istr("devicemodel"), "MO2016"),
    (istr("manufacturer"), "MO2017"),
    (istr("productname"), "MO2018"),
    (istr("productversion"), "MO2019"),
)
_INSTALLED_APP = (istr("installedappid"), "MO2020")
_IMEI = (istr("imeino"), "MO2021")
_BROWSER = ((istr("browsername"), "MO2022"), (istr("browserversion"), "MO2023"))
_BY_SOURCE = {
    "WEB": _BROWSER,
    "DESKTOP": (_INSTALLED_APP,),
    "MOBILE": (_INSTALLED_APP, _IMEI),
}
_OPTIONAL = (
    (istr("latitude"), "MO2024", re.compile(r"-?\d{1,2}(\.\d+)?\Z")),
    (istr("longitude"), "MO2025", re.compile(r"-?\d{1,3}(\.\d+)?\Z")),
    (istr("sdkversion"), "MO2026", re.compile(r"\S.*\Z")),
)
_MANUFACTURER = istr("manufacturer")
_BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"{_BYTE}(\.{_BYTE}){{3}}\Z")
_MAC_FORM = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z")


class HeaderCheck:
    """Checks the common header set; remembers good addresses so that a busy client costs little."""

    def __init__(self) -> None:
        self._good_ipv4: set[str] = set()
        self._good_mac: set[str] = set()

    def __call__(self, headers: Mapping[str, str]) -> None:
        """Raise Refusal with the code of the first header that is missing or wrong."""
        get = headers.get
        if "application/json" not in get(_ACCEPT, ""):
            raise Refusal("MO2003", "accept header not acceptable")
        if not get(_USER_AGENT, "").startswith("MOSL/V."):
            raise Refusal("MO2004", "user-agent header not acceptable")
        if not get(API_KEY):
            raise Refusal("MO2005", "api key header missing")
        self._check_form(get(_MAC, ""), self._good_mac, _MAC_FORM, "MO2008")
        self._check_form(get(_LOCAL_IP, ""), self._good_ipv4, _IPV4, "MO2009")
        self._check_form(get(_PUBLIC_IP, ""), self._good_ipv4, _IPV4, "MO2010")
        by_source = _BY_SOURCE.get(get(_SOURCE, "").upper())
        if by_source is None:
            raise Refusal("MO2011", "source id header not acceptable")
        for name, code in _PRESENT:
            if not get(name):
                raise Refusal(code, f"{name} header missing")
        if len(headers[_MANUFACTURER]) > 25:
            raise Refusal("MO2017", "manufacturer header too long")
        for name, code in by_source:
            if not get(name):
                raise Refusal(code, f"{name} header missing")
        for name, code, form in _OPTIONAL:
            given = get(name)
            if given is not None and not form.match(given):
                raise Refusal(code, f"{name} header not acceptable")

    @staticmethod
    def _check_form(given: str, good: set[str], form: re.Pattern[str], code: str) -> None:
        if given in good:
            return
        if not form.match(given):
            raise Refusal(code, "address header not acceptable")
        if len(good) < 10_000:
            good.add(given)
