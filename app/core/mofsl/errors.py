"""What can go wrong between the desk and MOFSL's wire, before anybody decides what it means.

MofslError
├── InvalidRequest       the request cannot be expressed on the wire: nothing was sent
├── NotSent              proven: no byte of the request left
├── PerhapsSent          it may have left; no answer, or none that could be received whole
├── UnreadableAnswer     an answer came, but not MOFSL's envelope, or one that contradicts itself
└── Refused              a well-formed envelope with a documented failure status

No message holds a credential, a token or a body.
"""

from __future__ import annotations


class MofslError(Exception):
    """`reason` is a short snake-case word for logs and metrics."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class InvalidRequest(MofslError):
    def __init__(self, message: str, *, reason: str = "invalid_request") -> None:
        super().__init__(message, reason=reason)


class NotSent(MofslError):
    pass


class PerhapsSent(MofslError):
    pass


class UnreadableAnswer(MofslError):
    """`http_status` is what the answer carried; it proves nothing."""

    def __init__(self, message: str, *, reason: str, http_status: int) -> None:
        super().__init__(message, reason=reason)
        self.http_status = http_status


class Refused(MofslError):
    """MOFSL said no. `code` is its error code (may be empty), `broker_message` its words, cleaned for display."""

    def __init__(self, *, endpoint: str, code: str, broker_message: str, http_status: int) -> None:
        super().__init__(f"{endpoint} was refused with {code or 'no code'}", reason="refused")
        self.endpoint = endpoint
        self.code = code
        self.broker_message = broker_message
        self.http_status = http_status
