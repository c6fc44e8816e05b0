"""What becomes of an order at the exchange, whatever the desk does meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from proof.exchange.ledger import Ledger, LedgerOrder
from proof.fault_points import FaultPoint as P
from proof.fault_points import Faults
from proof.virtual_time import VirtualLoop, VirtualProcess

_RESTS = 0.12  # of the orders find nobody to trade with
_MOST_PARTS = 4


class Nature:
    def __init__(
        self, loop: VirtualLoop, process: VirtualProcess, chance: random.Random, faults: Faults, ledger: Ledger
    ) -> None:
        self._loop = loop
        self._context = process.context
        self._chance = chance
        self._faults = faults
        self._ledger = ledger

    def take(self, order: LedgerOrder) -> None:
        self._later(self._chance.uniform(0.02, 0.6), self._confirm, order)

    def cancel(self, order: LedgerOrder) -> None:
        order.cancel_asked_s = self._loop.time()
        delay_s = self._chance.uniform(0.02, 1.5)
        if self._faults.strikes(P.FILLED_WHILE_CANCELLING):
            part = self._chance.randint(1, max(1, order.remaining))
            self._later(delay_s * self._chance.random(), self._fill, order, part)
        self._later(delay_s, self._ledger_cancel, order)

    def modify(self, order: LedgerOrder, lots: int, units: int, paise: int) -> None:
        delay_s = self._chance.uniform(0.02, 1.5)
        if order.remaining and self._faults.strikes(P.FILLED_WHILE_MODIFYING):
            part = self._chance.randint(1, order.remaining)
            self._later(delay_s * self._chance.random(), self._fill, order, part)
        self._later(delay_s, self._ledger_modify, order, lots, units, paise)

    def _ledger_modify(self, order: LedgerOrder, lots: int, units: int, paise: int) -> None:
        self._ledger.modify(order, lots, units, paise, self._loop.time())

    def _confirm(self, order: LedgerOrder) -> None:
        if not order.is_working:
            return
        now_s = self._loop.time()
        if self._faults.strikes(P.REJECTED_LATER):
            self._ledger.close(order, "Rejected", "RMS: margin not enough", now_s)
            return
        order.word = "Confirm"
        if self._chance.random() < _RESTS:
            return
        if order.units > 1 and self._faults.strikes(P.PARTIAL_FILLS):
            at_s = 0.0
            for _ in range(self._chance.randint(2, _MOST_PARTS)):
                at_s += self._chance.uniform(0.05, 6.0)
                self._later(at_s, self._fill, order, self._chance.randint(1, order.units))
        else:
            self._later(self._chance.uniform(0.02, 3.0), self._fill, order, order.units)

    def _fill(self, order: LedgerOrder, units: int) -> None:
        if order.is_working:
            better = self._chance.randint(0, 3) * 5
            paise = order.paise - better if order.is_buy else order.paise + better
            self._ledger.fill(order, units, max(paise, 5), self._loop.time())

    def _ledger_cancel(self, order: LedgerOrder) -> None:
        self._ledger.close(order, "Cancel", "", self._loop.time())

    def _later(self, delay_s: float, what: Callable[..., None], *given: Any) -> None:
        self._loop.call_later(delay_s, what, *given, context=self._context)
