"""Profit worked out from the simulator's ledger and last prices alone, to compare the desk's with."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.support.processes import SimulatorProcess

Key = tuple[str, str, int]  # client code, exchange, token


def true_profits(simulator: SimulatorProcess) -> dict[str, Decimal]:
    """Return rupees by client code: sales − purchases + what is open at the last price.

    What was carried forward counts at the previous close. It is what the ledger's orders do not explain.
    """
    ledger = simulator.get("/_sim/ledger")
    cash: dict[Key, Decimal] = defaultdict(Decimal)
    traded: dict[Key, int] = defaultdict(int)
    for order in ledger["orders"]:
        sign = 1 if order["buyorsell"] == "BUY" else -1
        for fill in order["fills"]:
            cash[_key(order)] -= sign * fill["quantity"] * Decimal(fill["price"])
            traded[_key(order)] += sign * fill["quantity"]
    net: dict[Key, int] = defaultdict(int)
    for position in ledger["positions"]:
        net[_key(position)] += position["net"]
    prices = {key[1:]: _prices(simulator, *key[1:]) for key in net.keys() | cash.keys()}
    profits = {entry["clientcode"]: Decimal(0) for entry in simulator.get("/_sim/accounts")["accounts"]}
    for key in net.keys() | cash.keys():
        ltp, close = prices[key[1:]]
        carried = net[key] - traded[key]
        profits[key[0]] += cash[key] - carried * close + net[key] * ltp
    return profits


def _key(row: dict[str, Any]) -> Key:
    return row["clientcode"], row["exchange"], row["symboltoken"]


def _prices(simulator: SimulatorProcess, exchange: str, token: int) -> tuple[Decimal, Decimal]:
    found = simulator.get(f"/_sim/prices?exchange={exchange}&symboltoken={token}")
    return Decimal(found["ltp"]), Decimal(found["close"])
