"""The raw client of Motilal Oswal's OpenAPI: its endpoints under its names, for both generations.

Nothing here decides what an answer means for an order; `app/brokers/mofsl.py` does. Every call is one request with one
total deadline, never repeated. Books come back as MOFSL's own rows (`data`, exact numbers), everything else as types.

Errors: `InvalidRequest` (not expressible: nothing sent), `NotSent` (proven), `PerhapsSent`, `UnreadableAnswer`,
`Refused` (MOFSL's code inside); see `app/core/mofsl/errors.py`. `authenticate_client` also raises `LoginRefused`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson

from app.core.mofsl import reports
from app.core.mofsl.answers import Envelope, Row, find_token, one_object, rows_of
from app.core.mofsl.credentials import OpenSealed, TotpSteps, open_login, password_hash
from app.core.mofsl.csv_files import DPR_COLUMNS, EOD_COLUMNS, INDEX_COLUMNS, csv_rows
from app.core.mofsl.endpoints import Endpoint
from app.core.mofsl.errors import InvalidRequest, UnreadableAnswer
from app.core.mofsl.fields import FieldError, count
from app.core.mofsl.headers import login_headers
from app.core.mofsl.order_payload import (
    cancel_order_body,
    modify_order_body,
    order_id_text,
    place_order_body,
    wire_client_code,
)
from app.core.mofsl.settings import MofslEndpointSettings
from app.core.mofsl.transport import Egress, Transport
from app.core.mofsl.wire import MofslWire, always_direct, typed_row
from app.domain.broker import AuthToken, ModifyInstruction, OrderInstruction, Product
from app.domain.errors import LoginRefused
from app.domain.ports import Clock
from app.domain.time import SESSION_MAX, next_session_cut

_T = TypeVar("_T")
_UNIQUE_ORDER_ID_MAX_CHARS = 50
_BROADCAST_FALLBACK = 200  # instruments; API.md 8.30


@dataclass(frozen=True, slots=True)
class ConvertDetails:
    """A position to move from one product to another; `quantity` in units."""

    client_code: str
    exchange: str
    symbol_token: int
    quantity: int
    old_product: Product
    new_product: Product


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login after its first step. An unverified one waits for `verify_otp`."""

    auth_token: AuthToken
    is_verified: bool


class MOFSLApiWrapper:
    """One instance per process. `egress_of` maps an egress id to the way out; for an unknown id it raises LookupError,
    and then nothing is sent. `open_sealed` opens credentials; `sleep` waits on `clock`.
    """

    def __init__(
        self,
        settings: MofslEndpointSettings,
        transport: Transport,
        *,
        open_sealed: OpenSealed,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        egress_of: Callable[[str | None], Egress] = always_direct,
    ) -> None:
        self._settings = settings
        self._wire = MofslWire(settings, transport, egress_of)
        self._open_sealed = open_sealed
        self._clock = clock
        self._totp_steps = TotpSteps(clock, sleep)

    async def close(self) -> None:
        await self._wire.close()

    # Signing in ------------------------------------------------------------------------------------------------

    async def authenticate_client(self, client: Any) -> AuthToken:
        """Log in with TOTP and, on the current generation, fetch the access token.

        `client`: `SealedLogin`, or a row with the same columns. Raises LoginRefused where a person must look (its code
        says why: `credentials_refused`, `totp_refused`, `otp_required`, ...), MofslError for anything else.
        """
        pending = await self.begin_login(client)
        if not pending.is_verified:
            raise LoginRefused("the broker wants a one-time password that it has sent", code="otp_required")
        return await self.finish_login(pending.auth_token)

    async def begin_login(self, client: Any) -> PendingLogin:
        """Do the first step, authdirectapi. Raises as `authenticate_client`."""
        login = open_login(client, self._open_sealed)
        code = await self._totp_steps.next_code(login.user_id, login.totp_secret)
        started_at = self._clock.now()
        body = orjson.dumps(
            {
                "userid": login.user_id,
                "password": password_hash(login.password, login.api_key),
                "2FA": login.two_fa,
                "totp": code,
            }
        )
        headers = login_headers(
            self._settings, api_key=login.api_key, api_secret=login.api_secret, user_id=login.user_id
        )
        envelope = await self._wire.login_step(Endpoint.AUTHDIRECTAPI, headers, body, login.egress_id)
        return PendingLogin(
            AuthToken(
                owner_id=login.owner_id,
                user_id=login.user_id,
                is_dealer=login.is_dealer,
                value=_token_in(Endpoint.AUTHDIRECTAPI, envelope, "AuthToken", "authtoken", "authToken"),
                access_token=None,
                api_key=login.api_key,
                api_secret=login.api_secret,
                expires_at=min(started_at + SESSION_MAX, next_session_cut(started_at)),
                egress_id=login.egress_id,
            ),
            _is_verified(envelope),
        )

    async def finish_login(self, auth_token: AuthToken) -> AuthToken:
        """Do the second step of the current generation, getaccesstoken; on the older one there is none."""
        if not self._settings.needs_access_token:
            return auth_token
        headers = self._wire.headers.for_session(auth_token)
        envelope = await self._wire.login_step(Endpoint.GETACCESSTOKEN, headers, b"", auth_token.egress_id)
        access_token = _token_in(Endpoint.GETACCESSTOKEN, envelope, "accesstoken", "accessToken", "AccessToken")
        return replace(auth_token, access_token=access_token)

    async def verify_otp(self, auth_token: AuthToken, otp: str) -> None:
        """Confirm a pending login with the code sent by SMS or e-mail; then call `finish_login`."""
        if not (len(otp) == 6 and otp.isascii() and otp.isdigit()):
            raise InvalidRequest("expected a one-time password of 6 digits")
        headers = self._wire.headers.for_session(auth_token)
        await self._wire.login_step(Endpoint.VERIFYOTP, headers, orjson.dumps({"otp": otp}), auth_token.egress_id)

    async def resend_otp(self, auth_token: AuthToken) -> None:
        headers = self._wire.headers.for_session(auth_token)
        await self._wire.login_step(Endpoint.RESENDOTP, headers, b'{"clientcode":""}', auth_token.egress_id)

    async def logout(self, auth_token: AuthToken) -> None:
        """End the session at once."""
        await self._wire.read(Endpoint.LOGOUT, auth_token, orjson.dumps({"userid": auth_token.user_id}))
        self._wire.headers.forget(auth_token)

    async def get_profile(self, auth_token: AuthToken, client_code: str) -> Row:
        envelope = await self._wire.read(Endpoint.GETPROFILE, auth_token, _client_body(auth_token, client_code))
        return one_object(Endpoint.GETPROFILE, envelope)

    # Orders ----------------------------------------------------------------------------------------------------

    async def place_order(self, auth_token: AuthToken, order_details: OrderInstruction) -> str:
        """Send one order; return its `uniqueorderid`. The request was taken: no more than that is known.

        Raises UnreadableAnswer for a success without a usable id.
        """
        body = place_order_body(auth_token, order_details, self._settings.header_set)
        envelope = await self._wire.write(Endpoint.PLACEORDER, auth_token, body)
        order_id = envelope.fields.get("uniqueorderid")
        if order_id is None and isinstance(envelope.data, dict):
            order_id = envelope.data.get("uniqueorderid")
        if not isinstance(order_id, str) or not 0 < len(order_id.strip()) <= _UNIQUE_ORDER_ID_MAX_CHARS:
            raise UnreadableAnswer(
                "placeorder: success without a usable order id", reason="no_order_id", http_status=envelope.http_status
            )
        _require_same_client(envelope, order_details.client_code)
        return order_id.strip()

    async def modify_order(self, auth_token: AuthToken, modify_details: ModifyInstruction) -> None:
        """Ask for a full replacement of an order's terms. No id comes back: it does not change."""
        body = modify_order_body(auth_token, modify_details)
        await self._wire.write(Endpoint.MODIFYORDER, auth_token, body)

    async def cancel_order(self, auth_token: AuthToken, unique_order_id: str, client_code: str | None = None) -> None:
        """Ask for a cancellation. `client_code` is needed with a dealer's token."""
        body = cancel_order_body(auth_token, client_code or auth_token.user_id, unique_order_id)
        await self._wire.write(Endpoint.CANCELORDER, auth_token, body)

    async def convert_position(self, auth_token: AuthToken, details: ConvertDetails) -> None:
        if details.quantity <= 0:
            raise InvalidRequest("expected a quantity above 0")
        body = orjson.dumps(
            {
                "clientcode": wire_client_code(auth_token, details.client_code),
                "exchange": details.exchange,
                "scripcode": details.symbol_token,
                "quantity": details.quantity,
                "oldproduct": details.old_product,
                "newproduct": details.new_product,
            }
        )
        await self._wire.write(Endpoint.POSITIONCONVERSION, auth_token, body)

    # Books -----------------------------------------------------------------------------------------------------

    async def get_order_book(self, auth_token: AuthToken, client_code: str) -> list[Row]:
        return await self._wire.book(Endpoint.GETORDERBOOK, auth_token, _client_body(auth_token, client_code))

    async def get_order_detail(self, auth_token: AuthToken, client_code: str, unique_order_id: str) -> list[Row]:
        body = _order_body(auth_token, client_code, unique_order_id)
        return await self._wire.book(Endpoint.GETORDERDETAIL, auth_token, body)

    async def get_trade_book(self, auth_token: AuthToken, client_code: str) -> list[Row]:
        return await self._wire.book(Endpoint.GETTRADEBOOK, auth_token, _client_body(auth_token, client_code))

    async def get_trade_detail(self, auth_token: AuthToken, client_code: str, unique_order_id: str) -> list[Row]:
        body = _order_body(auth_token, client_code, unique_order_id)
        return await self._wire.book(Endpoint.GETTRADEDETAIL, auth_token, body)

    async def get_positions(self, auth_token: AuthToken, client_code: str) -> list[Row]:
        return await self._wire.book(Endpoint.GETPOSITION, auth_token, _client_body(auth_token, client_code))

    async def get_position_detail(self, auth_token: AuthToken, client_code: str) -> list[Row]:
        return await self._wire.book(Endpoint.GETPOSITIONDETAIL, auth_token, _client_body(auth_token, client_code))

    async def get_holdings(self, auth_token: AuthToken, client_code: str) -> list[Row]:
        return await self._wire.book(Endpoint.GETDPHOLDING, auth_token, _client_body(auth_token, client_code))

    # Reports ---------------------------------------------------------------------------------------------------

    async def get_margin_summary(self, auth_token: AuthToken, client_code: str) -> list[reports.MarginRow]:
        body = _client_body(auth_token, client_code)
        return await self._wire.report(Endpoint.GETREPORTMARGINSUMMARY, auth_token, body, reports.read_margin_row)

    async def get_margin_detail(self, auth_token: AuthToken, client_code: str) -> list[reports.MarginRow]:
        body = _client_body(auth_token, client_code)
        return await self._wire.report(Endpoint.GETREPORTMARGINDETAIL, auth_token, body, reports.read_margin_row)

    async def get_margin(self, auth_token: AuthToken, client_code: str) -> list[reports.MarginTotals]:
        body = _client_body(auth_token, client_code)
        return await self._wire.report(Endpoint.GETREPORTMARGIN, auth_token, body, reports.read_margin_totals)

    async def get_brokerage(
        self, auth_token: AuthToken, client_code: str, exchange: str, series: str
    ) -> list[reports.BrokerageRates]:
        body = _client_body(auth_token, client_code, exchangename=exchange, series=series)
        return await self._wire.report(Endpoint.GETBROKERAGE, auth_token, body, reports.read_brokerage)

    async def get_participants(self, auth_token: AuthToken, client_code: str) -> list[reports.Participant]:
        body = _client_body(auth_token, client_code)
        return await self._wire.report(Endpoint.GETPARTICIPANTS, auth_token, body, reports.read_participant)

    async def get_broadcast_limit(self, auth_token: AuthToken, client_code: str) -> int:
        """Return how many instruments the market feed carries; 200 where MOFSL says 0."""
        envelope = await self._wire.read(
            Endpoint.GETBROADCASTMAXLIMIT, auth_token, _client_body(auth_token, client_code)
        )
        data = one_object(Endpoint.GETBROADCASTMAXLIMIT, envelope)
        limit = typed_row(Endpoint.GETBROADCASTMAXLIMIT, envelope, lambda row: count(row, "MaxBroadcastLimit"), data)
        return limit or _BROADCAST_FALLBACK

    # Prices and instruments ------------------------------------------------------------------------------------

    async def get_ltp(self, auth_token: AuthToken, client_code: str, exchange: str, symbol_token: int) -> Row:
        """Return MOFSL's row, prices in paise; the older generation's list of one counts as the row."""
        body = _client_body(auth_token, client_code, exchange=exchange, scripcode=symbol_token)
        return one_object(Endpoint.GETLTPDATA, await self._wire.read(Endpoint.GETLTPDATA, auth_token, body))

    async def get_index_ltp(
        self, auth_token: AuthToken, client_code: str, exchange: str, index_code: int
    ) -> reports.IndexPrice:
        body = _client_body(  # which name the server reads is not settled: both is the safe form (API.md 8.22)
            auth_token, client_code, exchangename=exchange, exchange=exchange, scripcode=str(index_code)
        )
        envelope = await self._wire.read(Endpoint.GETINDEXLTPDATA, auth_token, body)
        row = one_object(Endpoint.GETINDEXLTPDATA, envelope)
        return typed_row(Endpoint.GETINDEXLTPDATA, envelope, reports.read_index_price, row)

    async def search_instruments(self, auth_token: AuthToken, exchange: str) -> list[Row]:
        """Return the whole scrip master of `exchange` as JSON rows. `get_instruments_csv` is lighter."""
        body = _client_body(auth_token, auth_token.user_id, exchangename=exchange)
        envelope = await self._wire.read(Endpoint.GETSCRIPS, auth_token, body)
        return rows_of(Endpoint.GETSCRIPS, envelope.http_status, envelope.data)

    async def get_instrument_fields(self, auth_token: AuthToken, exchange: str, only: frozenset[str]) -> list[Row]:
        """Return the JSON scrip master with nothing but the fields `only` of each row."""
        body = _client_body(auth_token, auth_token.user_id, exchangename=exchange)
        return await self._wire.rows_off_loop(Endpoint.GETSCRIPS, auth_token, body, only)

    async def get_instruments_csv(self, exchange: str) -> tuple[int, bytes]:
        """Return HTTP status and file of the scrip master, for reading off the event loop."""
        return await self._wire.download(Endpoint.GETSCRIPMASTERCSV, "name", exchange)

    async def get_index_data(self, auth_token: AuthToken, exchange: str) -> list[reports.IndexName]:
        body = _client_body(auth_token, auth_token.user_id, exchangename=exchange)
        return await self._wire.report(Endpoint.GETINDEXDATA, auth_token, body, reports.read_index_name)

    async def get_index_data_csv(self, exchange: str) -> list[reports.IndexName]:
        status, body = await self._wire.download(Endpoint.GETINDEXDATACSV, "name", exchange)
        return await asyncio.to_thread(_typed_csv, status, body, INDEX_COLUMNS, reports.read_index_name)

    async def get_eod(self, auth_token: AuthToken, exchange: str) -> list[reports.EndOfDay]:
        body = _client_body(auth_token, auth_token.user_id, exchangename=exchange)
        return await self._wire.report(Endpoint.GETEODDATA, auth_token, body, reports.read_end_of_day)

    async def get_eod_csv(self, exchange: str) -> list[reports.EndOfDay]:
        status, body = await self._wire.download(Endpoint.GETEODDATACSV, "name", exchange)
        return await asyncio.to_thread(_typed_csv, status, body, EOD_COLUMNS, reports.read_end_of_day)

    async def get_dpr(self, auth_token: AuthToken, symbol: str) -> list[reports.PriceRange]:
        """Return the daily price ranges of the derivatives on `symbol` (NIFTY or BANKNIFTY)."""
        body = _client_body(auth_token, auth_token.user_id, symbol=symbol)
        return await self._wire.report(Endpoint.GETDPRVALUES, auth_token, body, reports.read_price_range)

    async def get_dpr_csv(self, symbol: str) -> list[reports.PriceRange]:
        status, body = await self._wire.download(Endpoint.GETDPRCSV, "symbol", symbol)
        return await asyncio.to_thread(_typed_csv, status, body, DPR_COLUMNS, reports.read_price_range)


def _client_body(auth_token: AuthToken, client_code: str, **fields: Any) -> bytes:
    return orjson.dumps({"clientcode": wire_client_code(auth_token, client_code), **fields})


def _order_body(auth_token: AuthToken, client_code: str, unique_order_id: str) -> bytes:
    order_id_text(unique_order_id)
    return _client_body(auth_token, client_code, uniqueorderid=unique_order_id)


def _require_same_client(envelope: Envelope, client_code: str) -> None:
    for name in ("clientcode", "clientid"):
        named = envelope.fields.get(name)
        if isinstance(named, str) and named.strip() and named.strip().upper() != client_code.upper():
            raise UnreadableAnswer(
                "placeorder: a success for another client", reason="other_client", http_status=envelope.http_status
            )


def _token_in(endpoint: Endpoint, envelope: Envelope, *names: str) -> str:
    token = find_token(envelope.fields, *names)
    if token is None or not token.isascii() or not token.isprintable():
        raise UnreadableAnswer(
            f"{endpoint}: success without a token", reason="no_token", http_status=envelope.http_status
        )
    return token


def _is_verified(envelope: Envelope) -> bool:
    """`isAuthTokenVerified` is the text TRUE or FALSE; anything but TRUE is not verified."""
    return (find_token(envelope.fields, "isAuthTokenVerified") or "").upper() == "TRUE"


def _typed_csv(status: int, body: bytes, columns: tuple[str, ...], read: Callable[[Row], _T]) -> list[_T]:
    try:
        return [read(dict(row)) for row in csv_rows(status, body, columns)]
    except FieldError as error:
        raise UnreadableAnswer(f"CSV: {error}", reason="row", http_status=status) from None


__all__ = ["ConvertDetails", "MOFSLApiWrapper", "PendingLogin"]
