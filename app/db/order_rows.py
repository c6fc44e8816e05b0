"""Between rows of `orders` and the engine's `WorkingOrder`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, select

from app.domain.broker import Product, Side, Validity, WireOrderType
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus, Resolution
from app.domain.terms import terms_from_json
from app.domain.working import WorkingOrder
from app.models.models import Order

# Looked up, because calling an enumeration costs several times as much, and each row has six.
EXCHANGES = {exchange.value: exchange for exchange in Exchange}
SIDES = {side.value: side for side in Side}
PRODUCTS = {product.value: product for product in Product}
ORDER_TYPES = {order_type.value: order_type for order_type in WireOrderType}
VALIDITIES = {validity.value: validity for validity in Validity}
STATUSES = {status.value: status for status in OrderStatus}

ORDERS: Table = Order.__table__  # type: ignore[assignment]

_READ = (
    "id", "batch_id", "client_id", "client_code", "login_id", "lane", "exchange", "symbol_token", "side", "product",
    "order_type", "validity", "is_after_market", "quantity", "lots", "price", "trigger_price", "tag", "deadline_at",
    "trading_day", "version", "status", "attempt", "requeues", "attempt_epoch", "sent_at", "answered_at", "code",
    "message", "broker_order_id", "exchange_order_id", "filled_quantity", "average_price", "attention",
    "last_modified_text", "seen_at", "wanted_terms", "terms_sent_at", "resolution",
)  # fmt: skip

# What evidence may change; the rest of a row is as recorded.
MUTABLE = (
    "status", "attempt", "requeues", "sent_at", "answered_at", "code", "message", "broker_order_id",
    "exchange_order_id", "filled_quantity", "average_price", "attention", "last_modified_text", "seen_at",
)  # fmt: skip


def select_working() -> Select[Any]:
    return select(*(ORDERS.c[name] for name in _READ))


def working_order(row: Sequence[Any]) -> WorkingOrder:
    (
        id_, batch_id, client_id, client_code, login_id, lane, exchange, symbol_token, side, product,
        order_type, validity, is_after_market, quantity, lots, price, trigger_price, tag, deadline_at,
        trading_day, version, status, *evidence, wanted, wanted_sent_at, resolution,
    ) = row  # fmt: skip
    evidence += [
        terms_from_json(wanted) if wanted else None,
        wanted_sent_at,
        Resolution(resolution) if resolution else None,
    ]
    return WorkingOrder(
        id_, batch_id, client_id, client_code, login_id, lane, EXCHANGES[exchange], symbol_token, SIDES[side],
        PRODUCTS[product], ORDER_TYPES[order_type], VALIDITIES[validity], is_after_market, quantity, lots, price,
        trigger_price, tag, deadline_at, trading_day, version, STATUSES[status], *evidence,
    )  # fmt: skip
