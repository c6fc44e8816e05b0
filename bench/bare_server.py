"""The floor: an endpoint that takes the same body, sends the same orders through the same client, and stores nothing.

Beside it `/bytes` gives back what was put there: the floor of any list.

Run as `python -m bench.bare_server PORT BROKER_URL CLIENTS_FILE` (a JSON object of client code by client id).
"""

from __future__ import annotations

import asyncio
import gc
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from app.brokers.mofsl import MofslBroker
from app.core.clock import SystemClock
from app.core.mofsl.aiohttp_transport import AiohttpTransport
from app.core.mofsl.endpoints import Generation
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl.transport import Transport
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.domain.broker import AuthToken, OrderInstruction, Product, Side, Validity, WireOrderType
from app.domain.instruments import Exchange
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


def create_app(broker: MofslBroker, sessions: dict[str, AuthToken]) -> FastAPI:
    app = FastAPI()

    @app.post("/fan-out")
    async def fan_out(request: Request) -> Response:
        body = orjson.loads(await request.body())

        async def place(row: dict[str, Any]) -> dict[str, Any]:
            auth_token = sessions[row["client_id"]]
            order_id = await broker.place_order(auth_token, instruction_of(body, row, auth_token.user_id))
            return {"client_id": row["client_id"], "broker_order_id": order_id}

        results = await asyncio.gather(*map(place, body["client_orders"]))
        return Response(orjson.dumps({"results": results}), media_type="application/json")

    kept: list[bytes] = [b""]

    @app.put("/bytes")
    async def keep(request: Request) -> Response:
        kept[0] = await request.body()
        return Response(status_code=204)

    @app.get("/bytes")
    async def give() -> Response:
        return Response(kept[0], media_type="application/json")

    return app


def main(port: int, broker_url: str, clients_file: str) -> None:
    codes: dict[str, str] = orjson.loads(Path(clients_file).read_bytes())
    sessions = {client_id: session_of(code) for client_id, code in codes.items()}
    broker = MofslBroker(wrapper_for(broker_url, AiohttpTransport()), SystemClock())
    app = create_app(broker, sessions)
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
