"""The floor: the same endpoint with nothing stored. It reads the same body as strictly, makes the same plan, sends the
same orders through the same client, and answers with the same rows (PERFORMANCE.md, section 4).

Beside it `/bytes` gives back what was put there: the floor of any list.

Run as `python -m bench.bare_server PORT BROKER_URL CLIENTS_FILE` (a JSON object of client code by client id).
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from app.api.order_requests import trade_of
from app.api.strict_json import parse
from app.brokers.mofsl import MofslBroker
from app.core.clock import SystemClock
from app.core.mofsl.aiohttp_transport import AiohttpTransport
from app.core.mofsl.endpoints import Generation
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl.transport import Transport
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.domain.broker import AuthToken, OrderInstruction, Product, Side, Validity, WireOrderType
from app.domain.instruments import Exchange, Instrument
from app.domain.orders import OrderStatus
from app.domain.planning import ClientFacts, MarketFacts, PlannedOrder, plan
from app.domain.result_rows import result_row
from app.domain.trading import Trade
from app.domain.views import OrderView
from app.engine.rate_limiter import SlidingWindowLimiter
from app.schemas.trading import OrderCreate
from bench.accounts import open_plain, session_of

_GC_THRESHOLDS = (50_000, 20, 20)  # as the desk's own, so that only what is measured differs
_PRODUCTS = {"DELIVERY": Product.DELIVERY}


def wrapper_for(broker_url: str, transport: Transport) -> MOFSLApiWrapper:
    identity = HeaderIdentity(client_public_ip="127.0.0.1")
    endpoints = MofslEndpointSettings.for_generation(broker_url, Generation.CURRENT, identity)
    return MOFSLApiWrapper(endpoints, transport, open_sealed=open_plain, clock=SystemClock())


def instruction_of(body: dict[str, Any], row: dict[str, Any], client_code: str) -> OrderInstruction:
    return OrderInstruction(
        client_code=client_code,
        exchange=Exchange(body["exchange"]),
        symbol_token=body["symbol_token"],
        side=Side(body["side"]),
        product=_PRODUCTS[body["trade_type"]],
        order_type=WireOrderType.LIMIT,
        validity=Validity.DAY,
        quantity=row["quantity"],
        lots=row["quantity"],
        price=Decimal(body["price"]),
        trigger_price=Decimal(0),
        is_after_market=False,
        tag="BARE",
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the desk knows, kept in memory only."""

    sessions: Mapping[str, AuthToken]
    clients: Mapping[str, ClientFacts]
    instruments: Mapping[int, Instrument]


async def known(broker: MofslBroker, codes: Mapping[str, str]) -> Facts:
    return Facts(
        sessions={client_id: session_of(code) for client_id, code in codes.items()},
        clients={
            client_id: ClientFacts(client_id, code, code, client_id, 0, is_active=True, session_refusal=None)
            for client_id, code in codes.items()
        },
        instruments={one.symbol_token: one for one in await broker.instruments(Exchange.NSE)},
    )


def create_app(broker: MofslBroker, codes: Mapping[str, str]) -> FastAPI:
    app = FastAPI()
    clock = SystemClock()
    limiter = SlidingWindowLimiter(10, clock.monotonic_s, waits_first=False)
    facts: list[Facts] = []

    @app.post("/fan-out")
    async def fan_out(request: Request) -> Response:
        if not facts:
            facts.append(await known(broker, codes))
        given = OrderCreate.model_validate(parse(await request.body()))
        trade = trade_of(given)
        market = MarketFacts(facts[0].instruments[trade.symbol_token], None, None, None, None)
        planned = plan(trade, facts[0].clients, market)

        async def place(order: PlannedOrder) -> dict[str, Any]:
            assert order.client is not None
            key = order.client.id, trade.exchange
            await limiter.turn(key)
            sent_at = clock.now()
            instruction = _instruction(trade, order, order.client)
            order_id = await broker.place_order(facts[0].sessions[order.client.id], instruction)
            return result_row(_view(trade, order, order.client, order_id, sent_at, clock.now()), None)

        results = await asyncio.gather(*map(place, planned.orders))
        return Response(orjson.dumps({"plan_hash": planned.hash, "results": results}), media_type="application/json")

    kept: list[bytes] = [b""]

    @app.put("/bytes")
    async def keep(request: Request) -> Response:
        kept[0] = await request.body()
        return Response(status_code=204)

    @app.get("/bytes")
    async def give() -> Response:
        return Response(kept[0], media_type="application/json")

    return app


def _instruction(trade: Trade, order: PlannedOrder, client: ClientFacts) -> OrderInstruction:
    assert order.lots is not None
    assert order.price is not None
    return OrderInstruction(
        client_code=client.code,
        exchange=trade.exchange,
        symbol_token=trade.symbol_token,
        side=order.side,
        product=order.product,
        order_type=order.order_type,
        validity=trade.validity,
        quantity=order.quantity,
        lots=order.lots,
        price=order.price,
        trigger_price=order.trigger_price,
        is_after_market=trade.is_after_market,
        tag="BARE",
    )


def _view(
    trade: Trade, order: PlannedOrder, client: ClientFacts, broker_order_id: str, sent_at: datetime, at: datetime
) -> OrderView:
    return OrderView(
        id=client.id,
        batch_id="bare",
        requested_client_id=client.id,
        client_name=client.name,
        client_code=client.code,
        exchange=trade.exchange,
        symbol_token=trade.symbol_token,
        side=order.side,
        product=order.product,
        order_type=order.order_type,
        validity=trade.validity,
        is_after_market=trade.is_after_market,
        quantity=order.quantity,
        lots=order.lots,
        price=order.price,
        trigger_price=order.trigger_price,
        price_rule=order.price_rule,
        tag="BARE",
        status=OrderStatus.ACKNOWLEDGED,
        code=None,
        message=None,
        attention=None,
        broker_order_id=broker_order_id,
        exchange_order_id=None,
        filled_quantity=0,
        average_price=None,
        pending_op=None,
        pending_op_state=None,
        pending_op_message=None,
        wanted_terms=None,
        resolution=None,
        sent_at=sent_at,
        answered_at=at,
        seen_at=None,
        created_at=sent_at,
        updated_at=at,
    )


def main(port: int, broker_url: str, clients_file: str) -> None:
    codes: dict[str, str] = orjson.loads(Path(clients_file).read_bytes())
    broker = MofslBroker(wrapper_for(broker_url, AiohttpTransport()), SystemClock())
    app = create_app(broker, codes)
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
