"""One call to one endpoint: the right URL, headers, pool, deadline and way out, and the envelope read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

from app.core.mofsl.answers import Envelope, Row, book_rows, read_envelope, rows_of
from app.core.mofsl.endpoints import WRITES, Endpoint
from app.core.mofsl.error_codes import LOGIN_REFUSALS, meaning
from app.core.mofsl.errors import InvalidRequest, NotSent, Refused, UnreadableAnswer
from app.core.mofsl.fields import FieldError
from app.core.mofsl.headers import USER_AGENT, HeaderCache, Headers
from app.core.mofsl.settings import MofslEndpointSettings
from app.core.mofsl.transport import DIRECT, Egress, Pool, Transport, WireRequest
from app.domain.broker import AuthToken
from app.domain.errors import LoginRefused

_T = TypeVar("_T")
_CSV_HEADERS: Mapping[str, str] = {"Accept-Encoding": "gzip", "User-Agent": USER_AGENT}


def always_direct(egress_id: str | None) -> Egress:
    """Return the direct way out. Raises LookupError for a login that names one."""
    if egress_id is not None:
        raise LookupError("no egress is configured")
    return DIRECT


class MofslWire:
    """Sends requests and reads envelopes. Raises the errors of `errors.py`."""

    def __init__(
        self, settings: MofslEndpointSettings, transport: Transport, egress_of: Callable[[str | None], Egress]
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._egress_of = egress_of
        self.headers = HeaderCache(settings)

    async def close(self) -> None:
        await self._transport.close()

    async def write(self, endpoint: Endpoint, auth_token: AuthToken, body: bytes) -> Envelope:
        settings = self._settings
        status, answer = await self._transport.send(
            WireRequest(
                "POST",
                self._url(endpoint),
                self.headers.for_session(auth_token),
                body,
                Pool.WRITES,
                settings.order_timeout_s,
                settings.order_answer_max_bytes,
                self._egress(auth_token.egress_id),
            )
        )
        return read_envelope(endpoint, status, answer)

    async def read(self, endpoint: Endpoint, auth_token: AuthToken, body: bytes) -> Envelope:
        status, answer = await self._send_read(endpoint, auth_token, body)
        return read_envelope(endpoint, status, answer)

    async def rows_off_loop(
        self, endpoint: Endpoint, auth_token: AuthToken, body: bytes, only: frozenset[str]
    ) -> list[Row]:
        """Return rows with nothing but the fields `only`, decoded in a thread: for answers of many megabytes."""
        settings = self._settings
        headers = self.headers.for_session(auth_token)
        status, answer = await self._post(endpoint, headers, body, auth_token.egress_id, settings.download_timeout_s)
        return await asyncio.to_thread(
            lambda: rows_of(endpoint, status, read_envelope(endpoint, status, answer, only=only).data)
        )

    async def book(self, endpoint: Endpoint, auth_token: AuthToken, body: bytes) -> list[Row]:
        status, answer = await self._send_read(endpoint, auth_token, body)
        return book_rows(endpoint, status, answer)

    async def report(
        self, endpoint: Endpoint, auth_token: AuthToken, body: bytes, read: Callable[[Row], _T]
    ) -> list[_T]:
        envelope = await self.read(endpoint, auth_token, body)
        rows = rows_of(endpoint, envelope.http_status, envelope.data)
        return [typed_row(endpoint, envelope, read, row) for row in rows]

    async def login_step(self, endpoint: Endpoint, headers: Headers, body: bytes, egress_id: str | None) -> Envelope:
        """Raises LoginRefused where MOFSL's code says that a person must look."""
        status, answer = await self._post(endpoint, headers, body, egress_id, self._settings.login_timeout_s)
        try:
            return read_envelope(endpoint, status, answer)
        except Refused as refusal:
            code = LOGIN_REFUSALS.get(refusal.code)
            if code is None or status == 429:
                raise
            raise LoginRefused(f"{endpoint}: {meaning(refusal.code)}", code=code, broker_code=refusal.code) from None

    async def download(self, endpoint: Endpoint, parameter: str, value: str) -> tuple[int, bytes]:
        return await self._transport.send(
            WireRequest(
                "GET",
                f"{self._url(endpoint)}?{parameter}={quote(value, safe='')}",
                _CSV_HEADERS,
                None,
                Pool.READS,
                self._settings.download_timeout_s,
                self._settings.read_answer_max_bytes,
                self._egress(None),
            )
        )

    async def _send_read(self, endpoint: Endpoint, auth_token: AuthToken, body: bytes) -> tuple[int, bytes]:
        headers = self.headers.for_session(auth_token)
        return await self._post(endpoint, headers, body, auth_token.egress_id, self._settings.read_timeout_s)

    async def _post(
        self, endpoint: Endpoint, headers: Headers, body: bytes, egress_id: str | None, timeout_s: float
    ) -> tuple[int, bytes]:
        if endpoint in WRITES:
            raise ValueError("a write never goes through the pool of reads")
        return await self._transport.send(
            WireRequest(
                "POST",
                self._url(endpoint),
                headers,
                body,
                Pool.READS,
                timeout_s,
                self._settings.read_answer_max_bytes,
                self._egress(egress_id),
            )
        )

    def _url(self, endpoint: Endpoint) -> str:
        url = self._settings.urls.get(endpoint)
        if url is None:
            raise InvalidRequest(f"{endpoint} is not offered by this generation", reason="not_offered")
        return url

    def _egress(self, egress_id: str | None) -> Egress:
        try:
            return self._egress_of(egress_id)
        except LookupError:
            raise NotSent("the login's way out is not configured", reason="egress_unknown") from None


def typed_row(endpoint: Endpoint, envelope: Envelope, read: Callable[[Row], _T], row: Row) -> _T:
    """Return `row` read. Raises UnreadableAnswer naming the field, never a value."""
    try:
        return read(row)
    except FieldError as error:
        raise UnreadableAnswer(f"{endpoint}: {error}", reason="row", http_status=envelope.http_status) from None
