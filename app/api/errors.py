"""How errors leave: one table from our types to HTTP, one shape for all of them, and nothing of our insides."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.domain import errors as desk_errors
from app.domain.credentials import InvalidFields
from app.domain.errors import DeskError, InvalidInput
from app.domain.identity import InvalidCredentials, NotSignedIn, TooManyAttempts
from app.schemas.problem import FieldProblem, Problem

log = logging.getLogger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"
_ERRORS_SHOWN = 100
_RETRY_STORE_S = 2

STATUS_OF: Mapping[type[DeskError], int] = {
    NotSignedIn: 401,
    InvalidCredentials: 401,
    desk_errors.NotAllowed: 403,
    desk_errors.NotFound: 404,
    desk_errors.Conflict: 409,
    desk_errors.RuleBroken: 409,
    InvalidInput: 422,
    TooManyAttempts: 429,
    desk_errors.LimitReached: 429,
    desk_errors.SessionExpired: 409,  # the client has no broker session: a person logs it in, then tries again
    desk_errors.BrokerRejected: 409,
    desk_errors.LoginRefused: 502,
    desk_errors.BrokerReadFailed: 502,
    desk_errors.BrokerUnreachable: 502,
    desk_errors.OutcomeUnknown: 504,
    desk_errors.BrokerError: 502,
    desk_errors.StoreUnavailable: 503,
    DeskError: 500,
}
"""The nearest class in the error's ancestry counts."""

STATUS_OF_CODE: Mapping[str, int] = {
    "idempotency_key_missing": 400,
    "idempotency_key_not_allowed": 400,
    "idempotency_key_reused": 422,
    "plan_changed": 409,
}
"""Codes whose status is a promise, whatever type carries them."""

_CODE_OF_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_input",
    429: "too_many_attempts",
}


def http_error_for(error: DeskError) -> int:
    """Return the HTTP status of `error`."""
    if error.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[error.code]
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, errors=list(errors) or None
    )
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=dict(headers or {}),
    )


class BodyRefused(Exception):
    """The body or the query cannot be read as what this route takes; raised before anything looks at it."""

    def __init__(self, status: int, code: str, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)


async def _desk_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DeskError)
    status = http_error_for(error)
    headers: dict[str, str] = {}
    errors = []
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, desk_errors.StoreUnavailable):
        headers["Retry-After"] = str(_RETRY_STORE_S)
        log.warning("store_unavailable", exc_info=error)
    if isinstance(error, InvalidInput) and error.field is not None:
        errors = [FieldProblem(field=error.field, message=error.message)]
    if isinstance(error, InvalidFields):
        errors = [FieldProblem(field=field, message=message) for field, message in error.fields]
    if status == 500:
        log.error("error_without_a_status", extra={"code": error.code}, exc_info=error)
        return last_resort()
    return problem(status, error.code, error.message, errors=errors, headers=headers)


async def _body_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BodyRefused)
    headers = {"Connection": "close"} if error.status == 413 else None
    return problem(error.status, error.code, error.detail, errors=error.errors, headers=headers)


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [FieldProblem(field=_path(item["loc"]), message=_message(item)) for item in error.errors()[:_ERRORS_SHOWN]]
    detail = f"{found[0].field}: {found[0].message}" if found else "the request cannot be read"
    return problem(422, "invalid_input", detail, errors=found)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_of(request))
    code = _CODE_OF_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "internal_error")
    detail = HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase
    return problem(error.status_code, code, detail, headers=headers)


def _methods_of(request: Request) -> list[str]:
    """Every method of the path: the router knows only those of the first route that matched it."""
    found: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        pattern = getattr(context, "path_regex", None)
        if pattern is not None and pattern.match(request.url.path):
            found |= context.methods or set()
    return sorted(found)


def last_resort() -> Response:
    return problem(500, "internal_error", "something went wrong here; it is in the log under this request's id")


def _path(location: Sequence[Any]) -> str:
    """`("body", "client_orders", 0, "quantity")` to `client_orders.0.quantity`."""
    parts = [str(part) for part in location[1:]] or [str(part) for part in location]
    return ".".join(parts)[:200]


def _message(item: Mapping[str, Any]) -> str:
    text = re.sub(r"^Value error, ", "", str(item["msg"]))
    return text[:1].lower() + text[1:300]


def install_errors(app: FastAPI) -> None:
    """Register a handler for everything but the unforeseen, which `WebShell` answers."""
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(BodyRefused, _body_refused)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
