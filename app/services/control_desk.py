"""Arm, kill, re-arm, reduce-only: killing needs no second step, sending again needs a fresh code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.domain.desk import DeskGate
from app.domain.identity import SignedIn
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import DeskChange, OrderControl

DESK_CHANGED = "desk.changed"


class SecondStep(Protocol):
    async def step_up(self, who: SignedIn, totp_code: str) -> None:
        """Raises where `totp_code` is not right, or was used before."""


@dataclass(frozen=True, slots=True)
class DeskControl:
    control: OrderControl
    second_step: SecondStep
    bus: Bus
    clock: Clock

    async def kill(self, who: SignedIn, reason: str | None) -> DeskGate:
        return await self._change(DeskChange("killed", reason, is_killed=True), who)

    async def rearm(self, who: SignedIn, totp_code: str) -> DeskGate:
        await self.second_step.step_up(who, totp_code)
        return await self._change(DeskChange("rearmed", None, is_killed=False), who)

    async def arm(self, who: SignedIn, totp_code: str) -> DeskGate:
        await self.second_step.step_up(who, totp_code)
        return await self._change(DeskChange("armed", None, is_armed=True), who)

    async def reduce_only(self, who: SignedIn, *, enabled: bool, reason: str | None) -> DeskGate:
        action = "reduce_only_on" if enabled else "reduce_only_off"
        return await self._change(DeskChange(action, reason, is_reduce_only=enabled), who)

    async def _change(self, change: DeskChange, who: SignedIn) -> DeskGate:
        gate = await self.control.change_gate(change, actor=who.actor, at=self.clock.now())
        await self.bus.publish(DESK_CHANGED, {"action": change.action})
        return gate
