"""Trades, batches, orders and the desk's state, as callers send and see them (CONTRACT.md, "Orders")."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.domain.batches import BatchKind, BatchStatus
from app.domain.broker import Side, Validity
from app.domain.broker_mode import BrokerMode
from app.domain.exits import ExitVerdict
from app.domain.feed import FeedState
from app.domain.instruments import Exchange
from app.domain.market_calendar import Phase
from app.domain.orders import OperationState, OrderStatus, PendingOp, Resolution
from app.domain.trading import OrderType, TradeType
from app.schemas.base import InstantOut, MoneyIn, MoneyOut, ReadModel, RequestModel
from app.schemas.estimates import EstimateRead
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


class PricedTerms(RequestModel):
    """The prices of an order, as its type needs them."""

    order_type: OrderTypeIn
    price: MoneyIn | None = None
    trigger_price: MoneyIn | None = None
    validity: Annotated[Validity, Field(strict=False)] = Validity.DAY

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


class OrderBase(PricedTerms):
    """The terms that all clients of a trade share."""

    exchange: ExchangeIn
    symbol_token: SymbolToken
    side: Annotated[Side, Field(strict=False)]
    trade_type: TradeTypeIn
    amo: bool = False


class OrderCreate(OrderBase):
    """One trade for many clients. The same body previews and executes."""

    plan_hash: PlanHash | None = None
    wait_s: WaitSeconds = 30
    client_orders: Annotated[list[ClientOrder], Field(min_length=1, max_length=MOST_ROWS)]
    overrides_duplicate_of: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None


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
    """Retry what was surely not placed: of all clients, or of those named. With `dry_run` only the preview is made."""

    client_ids: Annotated[list[ClientId], Field(min_length=1, max_length=MOST_ROWS)] | None = None
    plan_hash: PlanHash | None = None
    dry_run: bool = False
    wait_s: WaitSeconds = 30


class OrderModify(PricedTerms):
    """A full replacement of a working order's terms; `quantity` is the new total in units."""

    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS)]


class OrderResolve(RequestModel):
    """A person's decision on an order whose fate is not known."""

    decision: Annotated[Resolution, Field(strict=False)]
    reason: Annotated[FilledLine, Field(min_length=3, max_length=300)]


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
    product: str | None = None
    filled_quantity: int = 0
    average_price: str | None = None
    tag: str | None = None
    attention: str | None = None
    client_code: str | None = None
    sent_at: InstantOut | None = None
    updated_at: InstantOut | None = None
    exit: ExitRead | None = None


class SummaryRead(ReadModel):
    requested: int
    success: int
    refused: int
    not_known: int
    by_status: dict[str, int]


class BatchTermsRead(ReadModel):
    """What was asked of every row. `side` and `trade_type` are null for an exit: each row has its own."""

    side: Side | None
    trade_type: TradeType | None
    order_type: OrderType
    price: MoneyOut | None
    trigger_price: MoneyOut | None


class BatchBase(ReadModel):
    batch_id: str
    status: BatchStatus
    plan_hash: str
    summary: SummaryRead
    kind: BatchKind
    parent_batch_id: str | None
    exchange: Exchange
    symbol_token: int
    symbol: str | None = Field(description="Null where the instrument master does not hold it")
    terms: BatchTermsRead | None = Field(description="Null where there was nothing to send")
    created_at: InstantOut
    created_by: str
    stopped_at: InstantOut | None


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


class HeldRead(ReadModel):
    """What one client holds in one product; `held` is null where that could not be read, with `code` saying why."""

    client_id: str
    client_name: str
    product: str
    held: int | None
    read_at: InstantOut
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
    estimate: EstimateRead
    results: list[PlannedRead]


class ExitPreviewRead(PreviewRead):
    """The answer to `dry_run`. `positions` has every client that was looked at, those who could not be read too."""

    positions: list[HeldRead]


class TermsRead(ReadModel):
    """A modification that is under way."""

    quantity: int
    lots: int
    order_type: str
    price: MoneyOut
    trigger_price: MoneyOut
    validity: str


class OrderRead(ReadModel):
    """One order of the blotter. Units, rupees as text, instants in UTC."""

    id: str
    batch_id: str
    client_id: str
    client_name: str
    client_code: str | None
    exchange: str
    symbol_token: int
    symbol: str | None = Field(description="Null where the instrument master does not hold it")
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
    pending_op: PendingOp | None
    pending_op_state: OperationState | None
    pending_op_message: str | None
    wanted_terms: TermsRead | None
    resolution: Resolution | None
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


class FeedRead(ReadModel):
    """The market feed as a whole. Counts are of instruments: on the feed, read one by one, and of finer ticks."""

    status: FeedState
    reason: str | None
    last_tick_at: InstantOut | None
    streamed: int
    polled: int
    unsupported: int


class MarketPhaseRead(ReadModel):
    """One exchange now. `code` is null while it is open; `reason` is a sentence for a person."""

    exchange: Exchange
    phase: Phase
    code: str | None
    reason: str


class DeskRead(ReadModel):
    """Whether the desk sends: `sending` is the sum of the three flags for new positions. `feed`: are prices live?"""

    broker_mode: BrokerMode
    market: list[MarketPhaseRead]
    server_time: InstantOut

    sending: bool
    is_armed: bool
    is_killed: bool
    is_reduce_only: bool
    reason: str | None
    changed_by: str | None
    changed_by_email: str | None = Field(description="Whose email that is; null where it is not known")
    changed_at: InstantOut
    feed: FeedRead


def json_of(model: RequestModel, *, exclude: set[str]) -> dict[str, Any]:
    """Return the canonical form of a request, the one that idempotency compares."""
    return model.model_dump(mode="json", exclude=exclude)
