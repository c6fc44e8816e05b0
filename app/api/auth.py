"""Signing in and out, and one's live sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response

from app.api.deps import (
    PUBLIC,
    CurrentDesk,
    CurrentUser,
    Desk,
    PageQuery,
    check_origin,
    cookie_name,
    source_address,
)
from app.api.strict_json import desk_router
from app.domain.identity import PERMISSIONS, Session, SessionKind, SignedIn, User
from app.schemas.fields import BoolQuery
from app.schemas.identity import (
    AccessTokenIssued,
    MeRead,
    SessionList,
    SessionRead,
    SessionsEnded,
    SignedInUserRead,
    SignInRead,
    SignInRequest,
)
from app.services.sign_in import Attempt, SignInResult

router = desk_router(prefix="/api/v1/auth", tags=["Signing in"])

SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_DEVICE_COOKIE = "desk_device"
_DEVICE_PATH = "/api/v1/auth"
_DEVICE_LIFE_S = 90 * 24 * 3600


@router.post("/login", dependencies=[PUBLIC])
async def login(desk: CurrentDesk, request: Request, response: Response, given: SignInRequest) -> SignInRead:
    """Sign a browser in: sets the session cookie. One answer for every way to fail."""
    check_origin(request)
    result = await _sign_in(desk, request, given, SessionKind.COOKIE)
    _set_cookies(response, desk, result)
    return SignInRead(user=_user(result.user), expires_at=result.session.expires_at)


@router.post("/token", dependencies=[PUBLIC])
async def token(desk: CurrentDesk, request: Request, given: SignInRequest) -> AccessTokenIssued:
    """Sign a program in: answers a bearer token."""
    check_origin(request)
    result = await _sign_in(desk, request, given, SessionKind.BEARER)
    return AccessTokenIssued(access_token=result.token, expires_at=result.session.expires_at)


@router.post("/logout", status_code=204)
async def logout(desk: CurrentDesk, who: CurrentUser, response: Response) -> None:
    await desk.identity.sessions.sign_out(who)
    secure = desk.settings.uses_secure_cookies
    response.delete_cookie(cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache"'


@router.get("/me")
async def me(who: CurrentUser) -> MeRead:
    return MeRead(
        id=who.user.id,
        email=who.user.email,
        role=who.user.role,
        session_id=who.session.id,
        expires_at=who.session.expires_at,
        permissions=sorted(permission.value for permission in PERMISSIONS[who.role]),
    )


@router.get("/sessions")
async def sessions(
    desk: CurrentDesk,
    who: CurrentUser,
    paging: PageQuery,
    user_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    everybody: BoolQuery = False,
) -> SessionList:
    """One's own live sessions; as an administrator those of `user_id`, or everybody's."""
    found, total = await desk.identity.sessions.page(
        who, user_id=user_id, everybody=everybody, offset=paging.offset, limit=paging.limit
    )
    return SessionList(items=[_session(who, *item) for item in found], total=total)


@router.delete("/sessions")
async def end_other_sessions(desk: CurrentDesk, who: CurrentUser) -> SessionsEnded:
    """End every other session of one's own."""
    return SessionsEnded(ended=await desk.identity.sessions.end_others(who))


@router.get("/sessions/{session_id}")
async def session(desk: CurrentDesk, who: CurrentUser, session_id: SessionId) -> SessionRead:
    return _session(who, *await desk.identity.sessions.one(who, session_id))


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(desk: CurrentDesk, who: CurrentUser, session_id: SessionId) -> None:
    """End one session: one's own, or anybody's as an administrator."""
    await desk.identity.sessions.end(who, session_id)


async def _sign_in(desk: Desk, request: Request, given: SignInRequest, kind: SessionKind) -> SignInResult:
    result: SignInResult = await desk.identity.sign_in.sign_in(
        Attempt(
            email=given.email,
            password=given.password.get_secret_value(),
            totp_code=given.totp_code,
            kind=kind,
            source_address=source_address(request),
            user_agent=request.headers.get("user-agent"),
            device_token=request.cookies.get(_DEVICE_COOKIE),
        )
    )
    return result


def _set_cookies(response: Response, desk: Desk, result: SignInResult) -> None:
    secure = desk.settings.uses_secure_cookies
    response.set_cookie(
        cookie_name(secure=secure),
        result.token,
        expires=result.session.expires_at,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    response.set_cookie(  # a known browser keeps its own count of tries; it opens nothing
        _DEVICE_COOKIE,
        result.device_token,
        max_age=_DEVICE_LIFE_S,
        path=_DEVICE_PATH,
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _user(user: User) -> SignedInUserRead:
    return SignedInUserRead(id=user.id, email=user.email, role=user.role)


def _session(who: SignedIn, found: Session, owner: User) -> SessionRead:
    return SessionRead(
        id=found.id,
        user_id=owner.id,
        email=owner.email,
        kind=found.kind,
        source_address=found.source_address,
        user_agent=found.user_agent,
        created_at=found.created_at,
        seen_at=found.seen_at,
        expires_at=found.expires_at,
        is_current=found.id == who.session.id,
    )
