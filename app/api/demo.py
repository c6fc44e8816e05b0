"""How a stranger signs in to a demo without an authenticator. Part of the application in a demo only.

The demo's administrator trades simulated accounts alone, yet a page from elsewhere must not become that administrator:
see docs/adr/0021-fill-in-the-demo-administrator-from-a-demo-only-call.md.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from app.api.deps import PUBLIC, CurrentDesk, check_csrf
from app.api.strict_json import desk_router
from app.domain.errors import NotAllowed, NotFound
from app.schemas.identity import DemoFormRead

router = desk_router(prefix="/api/v1/demo", tags=["Demo"])

_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


@router.post("/sign-in-form", dependencies=[PUBLIC], include_in_schema=False)
async def sign_in_form(desk: CurrentDesk, request: Request) -> DemoFormRead:
    """Return what the demo's administrator would type now. Only this machine's own pages may ask."""
    check_csrf(request)
    if not _is_this_machine(request):
        raise NotAllowed("a demo tells its administrator only to the machine it runs on", code="not_this_machine")
    if desk.demo is None:
        raise NotFound("this desk is no demo")
    filled = await desk.demo.fill()
    return DemoFormRead(email=filled.email, password=filled.password, totp_code=filled.totp_code, wait_s=filled.wait_s)


def _is_this_machine(request: Request) -> bool:
    """The peer is loopback, and the page was reached under a name that no stranger's DNS can point here."""
    peer = request.client.host if request.client else ""
    try:
        is_local = ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
    host = urlsplit(f"//{request.headers.get('host', '')}").netloc.rpartition(":")[0].lower()
    return is_local and host in _LOCAL_NAMES
