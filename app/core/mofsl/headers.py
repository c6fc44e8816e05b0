"""MOFSL's header sets, built once per login and used for every call of that login."""

from __future__ import annotations

from collections import OrderedDict

from multidict import CIMultiDict

from app.core.mofsl.endpoints import Generation
from app.core.mofsl.errors import InvalidRequest
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.domain.broker import AuthToken

USER_AGENT = "MOSL/V.1.1.0"  # fixed in every SDK; anything else is MO2004
_CACHE_SIZE = 20_000  # logins

Headers = CIMultiDict[str]


def login_headers(settings: MofslEndpointSettings, *, api_key: str, api_secret: str, user_id: str) -> Headers:
    """Return the set without tokens, for the login call itself. Raises InvalidRequest for an unsendable value."""
    return _checked(_common(settings, api_key, api_secret, user_id))


def session_headers(settings: MofslEndpointSettings, auth_token: AuthToken) -> Headers:
    """Return the set for calls after login; without `accesstoken` while there is none (getaccesstoken, OTP)."""
    headers = _common(settings, auth_token.api_key, auth_token.api_secret, auth_token.user_id)
    headers["Authorization"] = auth_token.value
    if settings.header_set is Generation.CURRENT and auth_token.access_token:
        headers["accesstoken"] = auth_token.access_token
    return _checked(headers)


def _common(settings: MofslEndpointSettings, api_key: str, api_secret: str, user_id: str) -> dict[str, str]:
    identity = settings.identity
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # answers are small, and a body that is not compressed cannot be a bomb
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "ApiKey": api_key,
        "ClientLocalIp": identity.client_local_ip,
        "ClientPublicIp": identity.client_public_ip,
        "MacAddress": identity.mac_address,
        "SourceId": identity.source_id,
        "vendorinfo": identity.vendor_info or user_id,
        "osname": identity.os_name,
        "osversion": identity.os_version,
        "devicemodel": identity.device_model,
        "manufacturer": identity.manufacturer,
        "productname": identity.product_name,
        "productversion": identity.product_version,
        **_by_source(identity),
    }
    if settings.header_set is Generation.CURRENT:
        headers["apisecretkey"] = api_secret
    return headers


def _by_source(identity: HeaderIdentity) -> dict[str, str]:
    match identity.source_id.upper():
        case "WEB":
            return {"browsername": identity.browser_name, "browserversion": identity.browser_version}
        case "DESKTOP":
            return {"installedappid": identity.installed_app_id}
        case "MOBILE":
            return {"installedappid": identity.installed_app_id, "imeino": identity.imei_no}
        case _:
            raise InvalidRequest("expected a source id out of WEB, DESKTOP and MOBILE")


def _checked(headers: dict[str, str]) -> Headers:
    for name, value in headers.items():
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise InvalidRequest(f"the header {name} holds a value that cannot be sent")
    return CIMultiDict(headers)


class HeaderCache:
    """Header objects by login session. Building them costs more than an order's body does."""

    def __init__(self, settings: MofslEndpointSettings) -> None:
        self._settings = settings
        self._by_token: OrderedDict[str, tuple[AuthToken, Headers]] = OrderedDict()

    def for_session(self, auth_token: AuthToken) -> Headers:
        known = self._by_token.get(auth_token.value)
        if known is not None and (known[0] is auth_token or known[0] == auth_token):
            return known[1]
        headers = session_headers(self._settings, auth_token)
        self._by_token[auth_token.value] = (auth_token, headers)
        if len(self._by_token) > _CACHE_SIZE:
            self._by_token.popitem(last=False)
        return headers

    def forget(self, auth_token: AuthToken) -> None:
        self._by_token.pop(auth_token.value, None)
