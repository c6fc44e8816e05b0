"""Whether the desk may send at all: armed, killed, reduce-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeskGate:
    is_armed: bool
    is_killed: bool
    is_reduce_only: bool
    reason: str | None
    tag_epoch: str
    changed_by: str | None
    changed_at: datetime

    def refusal(self, *, is_exit: bool) -> tuple[str, str] | None:
        """Return (code, sentence) where an order may not be sent now, else None."""
        if self.is_killed:
            return "desk_killed", "The kill switch is on: nothing is sent until an administrator re-arms the desk."
        if not self.is_armed:
            return "desk_disarmed", "Sending is disarmed: an administrator arms it with a code from the authenticator."
        if self.is_reduce_only and not is_exit:
            return "desk_reduce_only", "The desk is reduce-only: exits are sent, new positions are not."
        return None
