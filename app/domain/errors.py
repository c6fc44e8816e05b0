"""Errors are types, and the type says what to do next.

DeskError                    raised on purpose; its `code` is public API
├── RuleBroken               nothing was sent or stored
│   ├── IllegalTransition, OverFill, Contradiction
├── NotFound                 no such thing, or none that this user may see
├── Conflict                 the world has moved on: read again, then decide
├── InvalidInput             the request itself cannot be read; names the field
├── NotAllowed               wrong role, or a second step is needed
├── LimitReached             as many as anybody may have at once: close some, or wait
├── StoreUnavailable         the database did not answer: nothing was sent, try again
├── EngineReplaced           another engine owns the queue: stop sending
└── BrokerError
    ├── BrokerRejected       a definitive refusal: final
    ├── BrokerUnreachable    surely not sent: may retry
    ├── SessionExpired       surely not placed: log in again, then retry once
    ├── LoginRefused         a person must look at the credentials
    ├── BrokerReadFailed     a read gave nothing that may be used for a decision
    └── OutcomeUnknown       perhaps sent: reconcile, never resend
"""

from __future__ import annotations

from typing import ClassVar


class DeskError(Exception):
    """Raised on purpose; `code` is stable, snake case, and public."""

    default_code: ClassVar[str] = "desk_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code


class RuleBroken(DeskError):
    default_code = "rule_broken"


class IllegalTransition(RuleBroken):
    default_code = "illegal_transition"


class OverFill(RuleBroken):
    default_code = "over_fill"


class Contradiction(RuleBroken):
    default_code = "contradiction"


class LimitReached(DeskError):
    """The caller has as many of these as anybody may have at once."""

    default_code = "limit_reached"


class NotFound(DeskError):
    default_code = "not_found"


class Conflict(DeskError):
    default_code = "conflict"


class InvalidInput(DeskError):
    """The request cannot be acted on; `field` names the part that is wrong."""

    default_code = "invalid_input"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class NotAllowed(DeskError):
    default_code = "not_allowed"


class StoreUnavailable(DeskError):
    default_code = "database_unavailable"


class EngineReplaced(DeskError):
    """Another engine owns the queue now: this one must stop sending at once."""

    default_code = "engine_replaced"


class BrokerError(DeskError):
    """What went wrong at the broker. `broker_code` is MOFSL's own code, where it sent one."""

    default_code = "broker_error"

    def __init__(self, message: str, *, code: str | None = None, broker_code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.broker_code = broker_code


class BrokerRejected(BrokerError):
    default_code = "broker_rejected"


class BrokerUnreachable(BrokerError):
    default_code = "broker_unreachable"


class SessionExpired(BrokerError):
    default_code = "session_expired"


class LoginRefused(BrokerError):
    default_code = "login_refused"


class BrokerReadFailed(BrokerError):
    default_code = "broker_read_failed"


class OutcomeUnknown(BrokerError):
    default_code = "outcome_unknown"


SURELY_NOT_PLACED = (BrokerRejected, BrokerUnreachable, SessionExpired)
