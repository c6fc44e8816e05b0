"""Trades, batches, orders and the desk's state, as callers send and see them (CONTRACT.md, "Orders")."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.domain.batches import BatchKind, BatchStatus
from app.domain.broker import Side, Validity
from app.domain.exits import ExitVerdict
from app.domain.instruments import Exchange
from app.domain.orders import CancelState, OrderStatus
from app.domain.trading import OrderType, TradeType
from app.schemas.base import InstantOut, MoneyIn, MoneyOut, ReadModel, RequestModel
from app.schemas.fields import FilledLine, TotpCodeIn

MOST_ROWS = 5000
MOST_UNITS = 1_000_000_000
LONGEST_WAIT_S = 60

ExchangeIn = Annotated[Exchange, Field(strict=False)]
TradeTypeIn = Annotated[TradeType, Field(strict=False)]
OrderTypeIn = Annotated[OrderType, Field(strict=False)]
SymbolToken = Annotated[int, Field(ge=1, le=999_999_999)]
ClientId = Annotated[FilledLine, Field(min_length=1, max_length=100)]
WaitSeconds = Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)]
PlanHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ClientOrder(RequestModel):
    client_id: ClientId
    quantity: Annotated[int, Field(ge=0, le=MOST_UNITS, description="Units; rows with 0 are left out")]


class OrderBase(RequestModel):
    """The terms that all clients of a trade share."""

    exchange: ExchangeIn
    symbol_token: SymbolToken
    side: Annotated[Side, Field(strict=False)]
    trade_type: TradeTypeIn
    order_type: OrderTypeIn
    price: MoneyIn | None = None
    trigger_price: MoneyIn | None = None
    validity: Annotated[Validity, Field(strict=False)] = Validity.DAY
    amo: bool = False


class OrderCreate(OrderBase):
    """One trade for many clients. The same body previews and executes."""

    plan_hash: PlanHash | None = None
    wait_s: WaitSeconds = 30
    client_orders: Annotated[list[ClientOrder], Field(min_length=1, max_length=MOST_ROWS)]
    overrides_duplicate_of: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        if self.order_type is OrderType.MARKET:
            if self.price is not None or self.trigger_price is not None:
                raise ValueError("a MARKET order has neither price nor trigger_price")
        elif self.price is None or self.price <= 0:
            raise ValueError(f"a {self.order_type} order needs a price above zero")
        if self.order_type is OrderType.STOP_LIMIT:
            if self.trigger_price is None or self.trigger_price <= 0:
                raise ValueError("a STOP_LIMIT order needs a trigger_price above zero")
        elif self.trigger_price is not None:
            raise ValueError("only a STOP_LIMIT order has a trigger_price")
        return self


class ExitCreate(RequestModel):
    """Exit one instrument. No `client_ids`: every client that holds it. An empty list is an error, never "all"."""

    exchange: ExchangeIn | None = None
    client_ids: Annotated[list[ClientId], Field(min_length=1, max_length=MOST_ROWS)] | None = None
    trade_type: TradeTypeIn | None = None
    order_type: OrderTypeIn
    price: MoneyIn | None = None
    dry_run: bool = False
    wait_s: WaitSeconds = 30

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        if self.order_type is OrderType.STOP_LIMIT:
            raise ValueError("an exit is MARKET or LIMIT")
        if (self.price is None) is not (self.order_type is OrderType.MARKET):
            raise ValueError("a LIMIT exit needs a price, a MARKET exit has none")
        if self.price is not None and self.price <= 0:
            raise ValueError("a LIMIT exit needs a price above zero")
        return self


class BatchRetry(RequestModel):
    wait_s: WaitSeconds = 30


class Empty(RequestModel):
    """`{}`, or no body at all."""


class KillRequest(RequestModel):
    reason: Annotated[FilledLine, Field(max_length=300)] | None = None


class ReduceOnlyRequest(RequestModel):
    enabled: bool = True
    reason: Annotated[FilledLine, Field(max_length=300)] | None = None


class ArmRequest(RequestModel):
    totp_code: TotpCodeIn


class ExitRead(ReadModel):
    held: int | None
    exited: int
    remaining: int | None
    verdict: ExitVerdict
    read_at: InstantOut | None


class ResultRead(ReadModel):
    client_id: str
    client_name: str
    order_id: str | None
    quantity: int
    status: OrderStatus
    success: bool | None
    broker_order_id: str | None
    price: str | None
    code: str | None
    message: str
    side: Side | None = None
    filled_quantity: int = 0
    average_price: str | None = None
    tag: str | None = None
    attention: str | None = None
    exit: ExitRead | None = None


class SummaryRead(ReadModel):
    requested: int
    success: int
    refused: int
    not_known: int
    by_status: dict[str, int]


class BatchBase(ReadModel):
    batch_id: str
    status: BatchStatus
    plan_hash: str
    summary: SummaryRead
    kind: BatchKind
    parent_batch_id: str | None
    exchange: Exchange
    symbol_token: int
    created_at: InstantOut
    created_by: str


class BatchRead(BatchBase):
    results: list[ResultRead]


class BatchList(ReadModel):
    items: list[BatchBase]
    total: int


class PlannedRead(ReadModel):
    client_id: str
    client_name: str
    quantity: int
    lots: int | None
    status: Literal["ok", "blocked"]
    side: Side
    price: MoneyOut | None
    price_rule: str | None
    code: str | None
    message: str | None


class PreviewSummary(ReadModel):
    requested: int
    ok: int
    blocked: int
    total_quantity: int
    estimated_value: MoneyOut | None


class PreviewRead(ReadModel):
    plan_hash: str
    summary: PreviewSummary
    results: list[PlannedRead]


class OrderRead(ReadModel):
    """One order of the blotter. Units, rupees as text, instants in UTC."""

    id: str
    batch_id: str
    client_id: str
    client_name: str
    client_code: str | None
    exchange: str
    symbol_token: int
    side: Side
    product: str
    order_type: str
    validity: str
    amo: bool
    quantity: int
    lots: int | None
    price: MoneyOut | None
    trigger_price: MoneyOut | None
    price_rule: str | None
    tag: str | None
    status: OrderStatus
    success: bool | None
    code: str | None
    message: str
    attention: str | None
    broker_order_id: str | None
    exchange_order_id: str | None
    filled_quantity: int
    average_price: MoneyOut | None
    pending_op: str | None
    pending_op_state: CancelState | None
    pending_op_message: str | None
    sent_at: InstantOut | None
    answered_at: InstantOut | None
    seen_at: InstantOut | None
    created_at: InstantOut
    updated_at: InstantOut


class OrderEventRead(ReadModel):
    at: InstantOut
    from_status: str | None
    to_status: str
    source: str
    code: str | None
    detail: str | None
    actor_id: str | None


class TradeRead(ReadModel):
    trade_no: str
    quantity: int
    price: MoneyOut
    traded_at: InstantOut | None


class OrderDetailRead(OrderRead):
    events: list[OrderEventRead]
    trades: list[TradeRead]


class OrderList(ReadModel):
    items: list[OrderRead]
    total: int


class DeskRead(ReadModel):
    """Whether the desk sends: `sending` is the sum of the three flags for new positions."""

    sending: bool
    is_armed: bool
    is_killed: bool
    is_reduce_only: bool
    reason: str | None
    changed_by: str | None
    changed_at: InstantOut


def json_of(model: RequestModel, *, exclude: set[str]) -> dict[str, Any]:
    """Return the canonical form of a request, the one that idempotency compares."""
    return model.model_dump(mode="json", exclude=exclude)
