"""Whether the desk may send at all: armed, killed, reduce-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DeskGate:
    is_armed: bool
    is_killed: bool
    is_reduce_only: bool
    reason: str | None
    tag_epoch: str
    changed_by: str | None
    changed_at: datetime
    limits_version: int = 0  # rises with every change of a limit
    changed_by_email: str | None = None  # for people; None where that user is not known any more

    def refusal(self, *, is_exit: bool) -> tuple[str, str] | None:
        """Return (code, sentence) where an order may not be sent now, else None."""
        if self.is_killed:
            return "desk_killed", "The kill switch is on: nothing is sent until an administrator re-arms the desk."
        if not self.is_armed:
            return "desk_disarmed", "Sending is disarmed: an administrator arms it with a code from the authenticator."
        if self.is_reduce_only and not is_exit:
            return "desk_reduce_only", "The desk is reduce-only: exits are sent, new positions are not."
        return None


def desk_row(gate: DeskGate) -> dict[str, Any]:
    """Return the state as callers see it: in answers, and in `desk_update`."""
    return {
        "sending": gate.refusal(is_exit=False) is None,
        "is_armed": gate.is_armed,
        "is_killed": gate.is_killed,
        "is_reduce_only": gate.is_reduce_only,
        "reason": gate.reason,
        "changed_by": gate.changed_by,
        "changed_by_email": gate.changed_by_email,
        "changed_at": gate.changed_at,
    }
