"""`/ws/updates`: live updates (CONTRACT.md section 3). Everything is refused before the upgrade, as an HTTP answer."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter, WebSocket
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect, WebSocketState

from app.api.deps import CurrentDesk, Desk, Viewer, check_origin, cookie_name, desk_of, source_address
from app.api.errors import BodyRefused
from app.api.strict_json import desk_router
from app.domain.errors import NotAllowed
from app.domain.events import CloseCode
from app.domain.identity import NotSignedIn, Permission, SessionKind, SignedIn
from app.domain.ports.clock import Clock
from app.schemas.live import SocketTicketRead
from app.schemas.problem import FieldProblem
from app.schemas.trading import Empty
from app.services.live.outbox import Outbox

_MOST_MESSAGES, _PER_S = 20, 10.0  # from a client: it has nothing to say, but its library may send beats of its own
_TEXT_PARTS = "desk.text_parts"  # what the desk's own server offers: nothing is copied per socket

tickets = desk_router(prefix="/api/v1", tags=["live"])
sockets = APIRouter()


@tickets.post("/ws-ticket")
async def ticket(desk: CurrentDesk, who: Viewer, _given: Empty | None = None) -> SocketTicketRead:
    """Issue a key for one socket: `/ws/updates?ticket=…`, within 30 s, once."""
    secret, expires_at = await desk.updates.tickets.issue(who)
    return SocketTicketRead(ticket=secret, expires_at=expires_at)


@sockets.websocket("/ws/updates")
async def updates(socket: WebSocket) -> None:
    """Open a socket for a signed-in browser (cookie and allowed Origin), or for whoever has a ticket."""
    desk = desk_of(socket)
    given = _given(socket)
    check_origin(socket)
    who = await _who(desk, socket, given.ticket)
    if not who.may(Permission.VIEW):
        raise NotAllowed("your role may not do this", code="role_not_allowed")
    async with desk.updates.hub.place(who.session.id, is_batched=given.is_batched) as outbox:
        await socket.accept()
        await serve(socket, outbox, desk.clock)


router = APIRouter()
router.include_router(tickets)
router.include_router(sockets)


@dataclass(frozen=True, slots=True)
class _Query:
    ticket: str | None
    is_batched: bool


def _given(socket: HTTPConnection) -> _Query:
    """Raises BodyRefused (422) for what nobody defined: a session token in an address, say."""
    found: dict[str, str] = {}
    for name, value in socket.query_params.multi_items():
        if name not in {"ticket", "batched"}:
            raise _refused(name, "unknown query parameter")
        if name in found:
            raise _refused(name, "given more than once")
        found[name] = value
    batched = found.get("batched", "0")
    if batched not in {"0", "1"}:
        raise _refused("batched", "expected 0 or 1")
    return _Query(found.get("ticket"), batched == "1")


def _refused(name: str, message: str) -> BodyRefused:
    field = name.encode("utf-8", "replace").decode()[:100]
    return BodyRefused(422, "invalid_input", f"{field}: {message}", [FieldProblem(field=field, message=message)])


async def _who(desk: Desk, socket: HTTPConnection, secret: str | None) -> SignedIn:
    """Raises NotSignedIn; NotAllowed for a cookie without an Origin, which every browser sends."""
    if secret is not None:
        by_ticket: SignedIn = await desk.updates.tickets.redeem(secret, source_address=source_address(socket))
        return by_ticket
    cookie = socket.cookies.get(cookie_name(secure=desk.settings.uses_secure_cookies))
    if not cookie:
        raise NotSignedIn("sign in, or ask for a ticket, to open a socket")
    if not socket.headers.getlist("origin"):
        raise NotAllowed("a socket that is opened with a cookie needs an Origin", code="origin_not_allowed")
    by_cookie: SignedIn = await desk.identity.sessions.signed_in(
        cookie, SessionKind.COOKIE, source_address=source_address(socket)
    )
    return by_cookie


async def serve(socket: WebSocket, outbox: Outbox, clock: Clock) -> None:
    """Send and listen until the client goes, or the desk closes the socket."""
    tasks = [
        asyncio.create_task(_send(socket, outbox, clock), name="socket-send"),
        asyncio.create_task(_listen(socket, outbox, clock), name="socket-listen"),
        asyncio.create_task(outbox.closed.wait(), name="socket-closed"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    if outbox.closes_with is not None and socket.client_state is not WebSocketState.DISCONNECTED:
        code, reason = outbox.closes_with
        with suppress(WebSocketDisconnect):  # it went by itself
            await socket.close(code, reason)
    for outcome in ended:
        if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
            raise outcome


async def _send(socket: WebSocket, outbox: Outbox, clock: Clock) -> None:
    takes_parts = _TEXT_PARTS in socket.scope["extensions"]
    seq = 0
    while True:
        frame = await outbox.next()
        seq += 1
        outbox.sending_since_s = clock.monotonic_s()
        if takes_parts:
            await socket.send({"type": "websocket.send", _TEXT_PARTS: frame.parts(seq)})
        else:
            await socket.send({"type": "websocket.send", "text": frame.text(seq)})
        outbox.sending_since_s = None


async def _listen(socket: WebSocket, outbox: Outbox, clock: Clock) -> None:
    """Take what the client says and do nothing: nothing is asked for, or changed, over a socket."""
    said: deque[float] = deque(maxlen=_MOST_MESSAGES)
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        now_s = clock.monotonic_s()
        if len(said) == _MOST_MESSAGES and now_s - said[0] < _PER_S:
            outbox.close(CloseCode.NOT_ALLOWED, "too_many_messages")
            return
        said.append(now_s)
