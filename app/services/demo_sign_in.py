"""What the administrator of a demo would type to sign in now. Exists in a demo only, which trades with a simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.broker_sessions import TOTP_STEP_S
from app.domain.errors import NotFound
from app.domain.ports.clock import Clock
from app.domain.ports.identity import IdentityStore


@dataclass(frozen=True, slots=True)
class DemoAdministrator:
    """As `demo.json` names them."""

    email: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FilledForm:
    """`totp_code` is None where this moment's code was used already: the next one comes in `wait_s` seconds."""

    email: str
    password: str = field(repr=False)
    totp_code: str | None = field(repr=False)
    wait_s: int


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    administrator: Callable[[], DemoAdministrator | None]
    code_at: Callable[[str, datetime], str]
    store: IdentityStore
    clock: Clock

    async def fill(self) -> FilledForm:
        """Opens nothing by itself: the form is sent, and checked, as everybody's is. Raises NotFound."""
        known = self.administrator()
        if known is None:
            raise NotFound("this demo has no administrator of its own", code="demo_administrator_not_found")
        now = self.clock.now()
        step, gone_s = divmod(int(now.timestamp()), TOTP_STEP_S)
        async with self.store.read() as tx:
            found = await tx.user_by_email(known.email)
            used = await tx.last_totp_step(found[0].id) if found is not None else None
        if used is not None and used >= step:
            return FilledForm(known.email, known.password, None, TOTP_STEP_S - gone_s)
        return FilledForm(known.email, known.password, self.code_at(known.totp_secret, now), 0)
