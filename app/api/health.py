"""Whether the desk is up and may serve; figures for monitoring; and the front door."""

from __future__ import annotations

from typing import Literal

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import HTTPConnection

from app.api.deps import PUBLIC, CurrentDesk, Guard, authenticate, desk_of
from app.api.strict_json import desk_router
from app.domain.identity import SignedIn
from app.schemas.base import ReadModel

router = desk_router(tags=["Health"])

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class FrontDoor(ReadModel):
    message: Literal["Trading Platform API"] = "Trading Platform API"


class Health(ReadModel):
    status: Literal["ok"] = "ok"


class LocalOrSignedIn(Guard):
    """For a monitor on the same machine, or anybody signed in."""

    async def __call__(self, request: Request) -> SignedIn | None:  # type: ignore[override]
        if _is_local(request):
            return None
        return await authenticate(request)


def _is_local(connection: HTTPConnection) -> bool:
    peer = connection.client.host if connection.client else ""
    return peer in _LOOPBACK and not any(name in connection.headers for name in _FORWARDED)


@router.get("/", dependencies=[PUBLIC], response_model=FrontDoor)
async def front_door(request: Request, response: Response) -> FrontDoor | RedirectResponse:
    """A browser that asks for HTML is sent to the dashboard."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/app/", status_code=302, headers={"Vary": "Accept"})
    response.headers["Vary"] = "Accept"
    return FrontDoor()


@router.get("/healthz", dependencies=[PUBLIC])
async def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", dependencies=[PUBLIC])
async def readyz(desk: CurrentDesk) -> Health:
    """The process may be given work: the database answers. 503 otherwise."""
    await desk.database.ping()
    return Health()


@router.get("/metrics", dependencies=[Depends(LocalOrSignedIn())], include_in_schema=False)
async def metrics(request: Request) -> Response:
    return Response(generate_latest(desk_of(request).metrics), media_type=CONTENT_TYPE_LATEST)
