"""From trouble on MOFSL's wire to the errors that say what to do next (ORDERS.md section 3)."""

from __future__ import annotations

from app.brokers.definitive_codes import DefinitiveCodes, Proof
from app.core.mofsl.endpoints import Endpoint
from app.core.mofsl.error_codes import ErrorClass, error_class, meaning
from app.core.mofsl.errors import InvalidRequest, MofslError, NotSent, Refused, UnreadableAnswer
from app.domain.errors import (
    BrokerError,
    BrokerReadFailed,
    BrokerRejected,
    BrokerUnreachable,
    OutcomeUnknown,
    SessionExpired,
)

_HTTP_TOO_MANY = 429
_REJECTED_CODES = {
    "MO2035": ("ip_not_registered", "The broker refuses calls from this address: register it on MOFSL's portal"),
    "M01108": ("market_order_refused", "The broker takes no market orders through its API: send a limit"),
    "MO1108": ("market_order_refused", "The broker takes no market orders through its API: send a limit"),
    "MO1066": ("order_already_cancelled", "The order is already cancelled"),
    "MO1067": ("order_already_filled", "The order is already filled"),
    "MO1068": ("order_already_rejected", "The order was already rejected"),
    "MO1069": ("order_in_error", "The order was already refused by the broker"),
    "MO1089": ("order_changed", "The order has changed since it was last read: read it again"),
    "MO1090": ("order_changed", "The order has been filled further since it was last read: read it again"),
}


def write_error(endpoint: Endpoint, error: MofslError, definitive: DefinitiveCodes) -> BrokerError:
    """Return what `error` proves about an order call; what proves nothing is OutcomeUnknown."""
    if isinstance(error, InvalidRequest):
        return BrokerRejected(f"The order cannot be expressed to the broker: {error.message}", code="invalid_order")
    if isinstance(error, NotSent):
        return BrokerUnreachable(f"Not sent: {error.message}", code=f"not_sent_{error.reason}")
    if isinstance(error, Refused):
        return _refused_write(endpoint, error, definitive)
    if isinstance(error, UnreadableAnswer) and error.http_status == _HTTP_TOO_MANY:
        return OutcomeUnknown("The broker is throttling: the outcome is not known", code="throttled")
    return OutcomeUnknown(f"The outcome is not known: {error.message}", code=f"unknown_{error.reason}")


def _refused_write(endpoint: Endpoint, refusal: Refused, definitive: DefinitiveCodes) -> BrokerError:
    code = refusal.code or None
    if refusal.http_status == _HTTP_TOO_MANY:
        return OutcomeUnknown("The broker is throttling: the outcome is not known", code="throttled", broker_code=code)
    match definitive.proof_of(endpoint, refusal.code):
        case Proof.REJECTED:
            name, sentence = _REJECTED_CODES.get(refusal.code, (None, f"The broker refused: {meaning(refusal.code)}"))
            return BrokerRejected(_with_words(sentence, refusal), code=name, broker_code=code)
        case Proof.NOT_PLACED_SESSION:
            return SessionExpired(f"Not placed, the session is over: {meaning(refusal.code)}", broker_code=code)
        case Proof.NONE:
            sentence = f"The broker answered {code or 'without a code'}, which proves nothing"
            return OutcomeUnknown(_with_words(sentence, refusal), code="unknown_code", broker_code=code)


def read_error(error: MofslError) -> BrokerError:
    """Return what `error` means for a read: the session is over, or the read gave nothing usable."""
    if isinstance(error, Refused):
        code = error.code or None
        if error.http_status == _HTTP_TOO_MANY:
            return BrokerReadFailed("The broker is throttling reads", code="throttled", broker_code=code)
        if error_class(error.code) is ErrorClass.SESSION:
            return SessionExpired(f"The session is over: {meaning(error.code)}", broker_code=code)
        if error.code == "MO2035":
            return BrokerReadFailed(_REJECTED_CODES["MO2035"][1], code="ip_not_registered", broker_code=code)
        return BrokerReadFailed(_with_words(f"The broker refused: {meaning(error.code)}", error), broker_code=code)
    if isinstance(error, UnreadableAnswer) and error.http_status == _HTTP_TOO_MANY:
        return BrokerReadFailed("The broker is throttling reads", code="throttled")
    return BrokerReadFailed(f"The read failed: {error.message}")


def login_error(error: MofslError) -> BrokerError:
    """Return what `error` means for a login: surely not sent, or no usable answer (it may be tried again later)."""
    if isinstance(error, NotSent):
        return BrokerUnreachable(f"Not sent: {error.message}", code=f"not_sent_{error.reason}")
    return BrokerReadFailed(f"The login failed: {error.message}", code=_login_code(error))


def _login_code(error: MofslError) -> str | None:
    status = error.http_status if isinstance(error, Refused | UnreadableAnswer) else None
    return "throttled" if status == _HTTP_TOO_MANY else None


def _with_words(sentence: str, refusal: Refused) -> str:
    return f"{sentence} ({refusal.broker_message})" if refusal.broker_message else sentence
