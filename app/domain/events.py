"""What the desk tells open sockets: the types of frames (CONTRACT.md section 3), and the topics of the bus behind them.

A message on the bus is a hint, "look now": what a socket is told is read from the database. Two things are nowhere in
it and travel whole: live profit, and how the market feed is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.batches import BatchStatus, BatchSummary

LOGINS_CHANGED = "logins.changed"  # {"logins": [ids]}: the state of these broker logins is another
SESSIONS_ENDED = "sessions.ended"  # {}: somebody's session at the desk was ended
# {"at", "is_whole": of everybody, "is_repeat": told before, "updates": JSON text of [[client_id, new_pl], ...]}
PROFIT_FRAMES = "profit.frames"
PROFIT_WANTED = "profit.wanted"  # {}: a reader missed frames and needs a whole one


class FrameType(StrEnum):
    HELLO = "hello"
    PL_UPDATE = "pl_update"
    PL_UPDATES = "pl_updates"
    ORDER_UPDATE = "order_update"
    BATCH_UPDATE = "batch_update"
    FUNDS_UPDATE = "funds_update"
    SESSION_UPDATE = "session_update"
    DESK_UPDATE = "desk_update"
    FEED_STATUS = "feed_status"


class CloseCode:
    """WebSocket close codes that the desk sends."""

    NOT_ALLOWED = 1008  # the session has ended, or the client says too much
    TRY_AGAIN = 1013  # cannot be served now: come back, and start from a snapshot


@dataclass(frozen=True, slots=True)
class BatchState:
    """How a batch stands: `status` and `summary` are those of `GET /api/v1/batches/{id}`."""

    batch_id: str
    is_exit: bool
    status: BatchStatus
    summary: BatchSummary


@dataclass(frozen=True, slots=True)
class Ticket:
    """What opens one socket within seconds: the hash of a secret that only its owner knows."""

    hashed: str
    session_id: str
    expires_at: datetime
