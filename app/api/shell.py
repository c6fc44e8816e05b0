"""What surrounds every answer: a request id, security headers, and the last resort for what nobody foresaw."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import install_errors, last_resort
from app.schemas.problem import Problem

log = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-ID"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PAGES = "/app"

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HSTS = "max-age=31536000; includeSubDomains"


class WebShell:
    """The outermost layer, in plain ASGI: a few dictionary writes per answer.

    Every answer outside the dashboard's files gets `Cache-Control: no-store`. `https` adds HSTS.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._fixed = {**_EVERYWHERE, "Strict-Transport-Security": _HSTS} if https else dict(_EVERYWHERE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        is_page = scope["path"] == _PAGES or scope["path"].startswith(f"{_PAGES}/")
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(MutableHeaders(scope=message), request_id, is_page=is_page)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception:
                log.exception("unforeseen_error", extra={"method": scope["method"]})
                if started:  # too late for an answer: the server cuts the connection, so that none looks complete
                    raise
                await last_resort()(scope, receive, send_with_headers)

    def _dress(self, headers: MutableHeaders, request_id: str, *, is_page: bool) -> None:
        for name, value in self._fixed.items():
            headers[name] = value
        headers[REQUEST_ID_HEADER] = request_id
        headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _DATA_POLICY)
        if not is_page:
            headers.setdefault("Cache-Control", "no-store")


def _request_id(scope: Scope) -> str:
    """The caller's own id where it is harmless to write down, else a new one."""
    given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def install_shell(app: FastAPI, *, https: bool, dev_origins: Sequence[str] = ()) -> None:
    """Give `app` its error handlers, headers and OpenAPI document. Cross-origin reading: exact origins, or nobody."""
    install_errors(app)
    if dev_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(dev_origins),
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Requested-With"],
            expose_headers=["Retry-After", REQUEST_ID_HEADER],
            max_age=600,
        )
    app.add_middleware(WebShell, https=https)
    _install_openapi(app, https=https)


def _install_openapi(app: FastAPI, *, https: bool) -> None:
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = build()
            parts = document.setdefault("components", {})
            schemas = parts.setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = problem
            parts["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-desk_session" if https else "desk_session",
                },
            }
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
