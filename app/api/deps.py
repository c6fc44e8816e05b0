"""Who asks, and what they may do: the dependencies that every route names.

Routes say what they need: `who: Annotated[SignedIn, Depends(require(Permission.TRADE))]`, or one of the short forms
below. A route without one is refused when it is defined (`strict_json.StrictRoute`), unless it says `PUBLIC`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from starlette.requests import HTTPConnection

from app.domain.errors import NotAllowed
from app.domain.identity import NotSignedIn, Permission, SessionKind, SignedIn
from app.schemas.fields import WholeQuery

if TYPE_CHECKING:
    from app.wiring import Desk as Desk  # noqa: PLC0414 (routes import it from here)
else:
    Desk: TypeAlias = Any

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER, CSRF_VALUE = "x-requested-with", "desk"
_SCOPE_KEY = "desk.signed_in"
PAGE_SIZE_MAX = 5000
PAGE_MAX = 1_000_000


async def get_desk(request: Request) -> Desk:
    """Async like every dependency here: a plain function is sent to a thread, which costs more than most routes."""
    return desk_of(request)


def desk_of(connection: HTTPConnection) -> Desk:
    desk: Desk = connection.app.state.desk
    return desk


def cookie_name(*, secure: bool) -> str:
    """`__Host-` binds the cookie to this host over TLS; on loopback without TLS browsers would not keep it."""
    return "__Host-desk_session" if secure else "desk_session"


def source_address(connection: HTTPConnection) -> str | None:
    """The peer's address. Forwarded headers count only where the server was told which proxies to trust."""
    return connection.client.host if connection.client else None


def is_allowed_origin(connection: HTTPConnection, origin: str) -> bool:
    """Whether a page of `origin` may change things here: our own host, or an origin from the settings."""
    if origin in desk_of(connection).settings.origins:
        return True
    parts = urlsplit(origin)
    own_host = connection.headers.get("host", "")
    return parts.scheme in {"http", "https"} and bool(own_host) and parts.netloc.lower() == own_host.lower()


def check_origin(connection: HTTPConnection) -> None:
    """Raises NotAllowed `origin_not_allowed` where a browser says that another site sent this."""
    origins = connection.headers.getlist("origin")
    if any(not is_allowed_origin(connection, origin) for origin in origins):
        raise NotAllowed("requests from another site are refused", code="origin_not_allowed")
    if not origins and connection.headers.get("sec-fetch-site") == "cross-site":
        raise NotAllowed("requests from another site are refused", code="origin_not_allowed")


def check_csrf(request: HTTPConnection) -> None:
    """What a cookie needs beside itself to change anything. Raises NotAllowed."""
    check_origin(request)
    if request.headers.getlist(CSRF_HEADER) != [CSRF_VALUE]:
        raise NotAllowed("send the header X-Requested-With: desk with this request", code="csrf_header_missing")


async def authenticate(connection: HTTPConnection) -> SignedIn:
    """Return who sent this, read once per request. Raises NotSignedIn or, without the CSRF header, NotAllowed."""
    known = connection.scope.get(_SCOPE_KEY)
    if isinstance(known, SignedIn):
        return known
    token, kind = _presented(connection)
    who: SignedIn = await desk_of(connection).identity.sessions.signed_in(
        token, kind, source_address=source_address(connection)
    )
    if kind is SessionKind.COOKIE and connection.scope.get("method", "GET") not in SAFE_METHODS:
        check_csrf(connection)
    connection.scope[_SCOPE_KEY] = who
    return who


def _presented(connection: HTTPConnection) -> tuple[str, SessionKind]:
    given = connection.headers.getlist("authorization")
    if given:
        scheme, _, token = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn("sign in to do this")
        return token.strip(), SessionKind.BEARER
    secure = desk_of(connection).settings.uses_secure_cookies
    cookie = connection.cookies.get(cookie_name(secure=secure))
    if not cookie:
        raise NotSignedIn("sign in to do this")
    return cookie, SessionKind.COOKIE


class Guard:
    """A route's condition: somebody signed in, with `permission` where one is named."""

    def __init__(self, permission: Permission | None = None) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> SignedIn:
        who = await authenticate(request)
        if self.permission is not None and not who.may(self.permission):
            log.warning("permission_refused", extra={"user_id": who.user_id, "permission": self.permission.value})
            raise NotAllowed("your role may not do this", code="role_not_allowed")
        return who


class PublicMark:
    """Says that a route is meant to be open to everybody."""

    async def __call__(self) -> None:
        return None


def require(permission: Permission) -> Guard:
    return Guard(permission)


PUBLIC = Depends(PublicMark())

CurrentDesk = Annotated[Desk, Depends(get_desk)]
CurrentUser = Annotated[SignedIn, Depends(Guard())]
Viewer = Annotated[SignedIn, Depends(require(Permission.VIEW))]
Trader = Annotated[SignedIn, Depends(require(Permission.TRADE))]
DeskStopper = Annotated[SignedIn, Depends(require(Permission.STOP_DESK))]
DeskArmer = Annotated[SignedIn, Depends(require(Permission.ARM_DESK))]
ClientManager = Annotated[SignedIn, Depends(require(Permission.MANAGE_CLIENTS))]
LimitManager = Annotated[SignedIn, Depends(require(Permission.MANAGE_LIMITS))]
UserManager = Annotated[SignedIn, Depends(require(Permission.MANAGE_USERS))]
AuditReader = Annotated[SignedIn, Depends(require(Permission.READ_AUDIT))]


@dataclass(frozen=True, slots=True)
class Paging:
    """`page` counts from 1."""

    page: int
    page_size: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size

    @property
    def limit(self) -> int:
        return self.page_size


async def paging_of(
    page: Annotated[WholeQuery, Query(ge=1, le=PAGE_MAX)] = 1,
    page_size: Annotated[WholeQuery, Query(ge=1, le=PAGE_SIZE_MAX)] = 100,
) -> Paging:
    return Paging(page, page_size)


PageQuery = Annotated[Paging, Depends(paging_of)]
