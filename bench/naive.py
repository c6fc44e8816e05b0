"""What a simple script does: for each client log in, post the order, go on to the next."""

from __future__ import annotations

import time
from collections.abc import Mapping

from app.core.mofsl.httpx_transport import HttpxTransport
from bench.accounts import plain_login
from bench.bare_server import instruction_of, wrapper_for

ORDERS = 100


async def naive_ms_per_order(broker_url: str, body: dict[str, object], clients: Mapping[str, str]) -> float:
    """Return the milliseconds that one order takes, over `ORDERS` of them: more would only take longer alike."""
    codes = list(clients.values())[:ORDERS]
    row = {"quantity": 10}
    broker = wrapper_for(broker_url, HttpxTransport())
    try:
        began_s = time.monotonic()
        for code in codes:
            auth_token = await broker.authenticate_client(plain_login(code))
            await broker.place_order(auth_token, instruction_of(body, row, code))
        return (time.monotonic() - began_s) * 1e3 / len(codes)
    finally:
        await broker.close()
