"""`python -m bench.restart`: kill a desk with many open orders, start it, and time the wait.

It is ready when it answers, and a new order has reached the broker.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from proof.real.desks import RealDesk, real_desk
from tests.support.processes import wait_until
from tests.support.services import ServiceMissing, Services

GOAL_S = 10.0
_BOUND_S = 300.0
_RESTS = Decimal("0.97")  # of the last price: inside the day's band, and no fill while the orders rest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.restart", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--batches", type=int, default=10)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    services: Services | None = None
    try:
        services = Services.ensure() if options.database == "postgresql" else None
        with (
            tempfile.TemporaryDirectory(prefix="desk-restart-") as folder,
            real_desk(Path(folder), clients=options.clients, services=services) as desk,
        ):
            return _measure(desk, options.batches)
    except ServiceMissing as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        if services is not None:
            services.stop()


def _measure(desk: RealDesk, batches: int) -> int:
    floor = desk.floor
    floor.simulator.post("/_sim/settings", {"orders_per_second": 100})
    for _ in range(batches):
        _rest(desk)
    open_orders = _open_orders(desk)
    for name in desk.parts:
        desk.processes[name].kill()
    began_s = time.monotonic()
    for name in desk.parts:
        desk.start(name)
    desk.wait_ready()
    answers_s = time.monotonic() - began_s
    _place_one(desk)
    places_s = time.monotonic() - began_s
    print(f"open orders                                {open_orders:>10,}")
    print(f"answers after                              {answers_s:>10.1f} s")
    print(f"a new order is at the broker after         {places_s:>10.1f} s")
    is_good = places_s <= GOAL_S and open_orders == batches * len(floor.clients)
    print("MET" if is_good else f"MISSED: ready within {GOAL_S:.0f} s with {open_orders:,} open orders")
    return 0 if is_good else 1


def _rest(desk: RealDesk) -> None:
    """One order for every client, below the market."""
    floor = desk.floor
    share = floor.share()
    price = (floor.last_price(share) * _RESTS).quantize(Decimal("0.1"))
    body = floor.trade(share, [(client, 1) for client in floor.clients], order_type="LIMIT", price=str(price))
    wait_until(lambda: _may_trade(desk, body), deadline_s=_BOUND_S, what="every client may trade")
    batch = floor.execute(body)
    floor.settled(batch["batch_id"], deadline_s=_BOUND_S)


def _may_trade(desk: RealDesk, body: dict[str, Any]) -> bool:
    asked = {name: value for name, value in body.items() if name != "wait_s"}
    answer = desk.floor.request("POST", "/api/v1/orders/preview", json=asked)
    return answer.status_code == 200 and answer.json()["summary"]["blocked"] == 0


def _open_orders(desk: RealDesk) -> int:
    found: int = desk.floor.call("GET", "/api/v1/orders?status=open&page_size=1")["total"]
    return found


def _place_one(desk: RealDesk) -> None:
    floor = desk.floor
    body, key = floor.trade(floor.share(), [(floor.clients[0], 1)]), uuid4().hex
    wait_until(lambda: _may_trade(desk, body), deadline_s=_BOUND_S, what="a client may trade")
    batch = floor.execute(body, key=key)
    floor.settled(batch["batch_id"], deadline_s=_BOUND_S)


if __name__ == "__main__":
    sys.exit(main())
