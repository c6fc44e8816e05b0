"""From what callers send to what the services take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from app.domain.batches import BatchKind
from app.domain.errors import InvalidInput
from app.domain.identity import SignedIn
from app.domain.instruments import Exchange, parse_instrument_id
from app.domain.orders import OrderStatus
from app.domain.trading import PRODUCT, Allocation, Trade
from app.domain.views import OrderFilter
from app.schemas.base import RequestModel
from app.schemas.fields import InstantIn
from app.schemas.trading import ExitCreate, OrderCreate, OrderModify, json_of
from app.services.execute_batch import Press
from app.services.modify_order import NewTerms
from app.services.square_off import ExitRequest

_INSTANT: TypeAdapter[datetime] = TypeAdapter(InstantIn)
_ABOUT_THE_CALL = {"wait_s"}  # how long the caller waits is no part of what was asked


def trade_of(given: OrderCreate) -> Trade:
    """Raises InvalidInput (`no_quantity`) where no row has a quantity: an empty selection is never "all"."""
    allocations = tuple(
        Allocation(row.client_id, row.quantity, given.side, PRODUCT[given.trade_type])
        for row in given.client_orders
        if row.quantity > 0
    )
    if not allocations:
        raise InvalidInput("No row has a quantity above zero.", code="no_quantity", field="client_orders")
    return Trade(
        exchange=given.exchange,
        symbol_token=given.symbol_token,
        order_type=given.order_type,
        price=given.price,
        trigger_price=given.trigger_price,
        validity=given.validity,
        is_after_market=given.amo,
        allocations=allocations,
        overrides_duplicate_of=given.overrides_duplicate_of,
    )


def new_terms(given: OrderModify) -> NewTerms:
    return NewTerms(given.quantity, given.order_type, given.price, given.trigger_price, given.validity)


def exit_request(token_mofsl_id: str, given: ExitCreate) -> ExitRequest:
    """Raises InvalidInput where the path and the body do not name one instrument."""
    exchange, symbol_token = _instrument(token_mofsl_id, given.exchange)
    return ExitRequest(
        exchange=exchange,
        symbol_token=symbol_token,
        client_ids=tuple(dict.fromkeys(given.client_ids)) if given.client_ids is not None else None,
        trade_type=given.trade_type,
        order_type=given.order_type,
        price=given.price,
    )


def _instrument(token_mofsl_id: str, exchange: Exchange | None) -> tuple[Exchange, int]:
    field = "token_mofsl_id"
    text = token_mofsl_id
    if ":" not in text:
        if exchange is None:
            raise InvalidInput("Name the exchange: EXCHANGE:token in the path, or exchange in the body.", field=field)
        text = f"{exchange}:{token_mofsl_id}"
    try:
        found, symbol_token = parse_instrument_id(text)
    except ValueError as error:
        raise InvalidInput(str(error), field=field) from error
    if exchange is not None and exchange is not found:
        raise InvalidInput(f"The path names {found}, the body {exchange}.", field="exchange")
    return found, symbol_token


def press_of(
    who: SignedIn,
    idempotency_key: str | None,
    given: RequestModel,
    kind: BatchKind,
    *,
    parent_batch_id: str | None = None,
    **about: str,
) -> Press:
    """Raises InvalidInput (`idempotency_key_missing`, `idempotency_key_not_allowed`) without a usable key."""
    if idempotency_key is None or not idempotency_key.strip():
        raise InvalidInput(
            "Send an Idempotency-Key header, made once for this decision: a repeat then returns the same batch.",
            code="idempotency_key_missing",
            field="Idempotency-Key",
        )
    if not idempotency_key.isprintable():
        raise InvalidInput(
            "The Idempotency-Key header has characters that are not allowed: use letters, digits and plain signs, "
            "without a TAB or another control character.",
            code="idempotency_key_not_allowed",
            field="Idempotency-Key",
        )
    request = {**json_of(given, exclude=_ABOUT_THE_CALL), **about}
    return Press(
        actor=who.actor,
        user_id=who.user_id,
        idempotency_key=idempotency_key,
        request=request,
        kind=kind,
        parent_batch_id=parent_batch_id,
    )


def blotter_filter(
    statuses: Sequence[OrderStatus],
    client_id: str | None,
    batch_id: str | None,
    token: str | None,
    since: str | None,
    until: str | None,
    *,
    needs_look: bool,
) -> OrderFilter:
    """Raises InvalidInput, naming the parameter."""
    exchange, symbol_token = None, None
    if token is not None:
        try:
            exchange, symbol_token = parse_instrument_id(token)
        except ValueError as error:
            raise InvalidInput(str(error), field="token") from error
    return OrderFilter(
        statuses=tuple(statuses),
        client_id=client_id,
        batch_id=batch_id,
        exchange=exchange,
        symbol_token=symbol_token,
        since=_instant("from", since),
        until=_instant("to", until),
        needs_look=needs_look,
    )


def _instant(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return _INSTANT.validate_python(text.replace(" ", "+")).astimezone(UTC)
    except (ValidationError, OverflowError) as error:
        raise InvalidInput("expected an instant with its zone, such as 2026-11-23T04:30:00Z", field=name) from error
