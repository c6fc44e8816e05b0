"""What the broker shows of its ledger: late, cut, stale, flapping, with tags and words of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

import orjson

from app.brokers.mofsl_mapping import book_orders
from app.brokers.mofsl_prices import PriceScale
from app.core.mofsl.answers import decode_json
from app.core.mofsl.errors import PerhapsSent
from app.domain.broker import BookOrder
from proof.exchange import answers
from proof.exchange.answers import Reply, empty_book, failure, success
from proof.exchange.ledger import Ledger, LedgerOrder
from proof.exchange.readings import BrokerReadings
from proof.exchange.rows import Row, order_row, position_row, trade_row
from proof.fault_points import FaultPoint as P
from proof.fault_points import Faults

_REMEMBERED = "27"  # last digits of the orders whose rows are kept, to be fed again at the end
_ODD_WORDS = ("RMS Pending", "Queued", "Frozen", "AMO Req Received", "Trigger Pending")


class ShownBooks:
    def __init__(
        self, chance: random.Random, faults: Faults, readings: BrokerReadings, ledger: Ledger, start: datetime
    ) -> None:
        self._chance = chance
        self._faults = faults
        self._readings = readings
        self._ledger = ledger
        self._start = start
        self._earlier: dict[str, list[Row]] = {}
        self.latest_s = 40.0  # how late an order may be shown
        self.lost_tags: set[str] = set()  # tags that the broker will never echo
        self.served_s: dict[str, float] = {}  # client code -> when its positions were last answered well
        self._history: dict[str, list[Row]] = {}  # order id -> rows shown of it, for some orders

    def decide(self, order: LedgerOrder) -> None:
        """Draw how this order will be shown."""
        order.shown_tag = order.tag
        if self._faults.strikes(P.TAG_PADDED):
            order.shown_tag = self._chance.choice([f"{order.tag} ", f" {order.tag.lower()}", order.tag.lower()])
        elif self._faults.strikes(P.TAG_LOST):
            order.shown_tag = self._chance.choice(["", order.tag[:8], order.tag[:9], "0"])
            self.lost_tags.add(order.tag)
        if self._faults.strikes(P.LATE_IN_BOOK):
            order.shown_s += self._chance.uniform(5.0, self.latest_s)

    def order_book(self, code: str, now_s: float) -> Reply | PerhapsSent | None:
        fault = self._faults.first_of((P.BOOK_FAILS, P.BOOK_STALE, P.BOOK_CUT))
        if fault is P.BOOK_FAILS:
            return self._failed()
        rows = self._order_rows(code, now_s)
        if fault is P.BOOK_STALE:
            rows = self._earlier.get(code, [])
        else:
            self._earlier[code] = rows
        reply = self._book(rows, "MO1013", "Order Data")
        if fault is P.BOOK_CUT:
            return reply[0], reply[1][: self._chance.randrange(1, len(reply[1]))]
        return reply

    def trade_book(self, code: str, now_s: float) -> Reply | PerhapsSent | None:
        if self._faults.strikes(P.TRADES_FAIL):
            return self._failed()
        rows = [
            trade_row(order, fill, self._readings, self._start)
            for order in self._ledger.by_client.get(code, ())
            if order.shown_s <= now_s
            for fill in order.fills
            if fill.at_s + self._readings.traded_after_s <= now_s
        ]
        if rows and self._faults.strikes(P.TRADES_REPEATED):
            rows = rows + self._chance.sample(rows, self._chance.randint(1, len(rows)))
            self._chance.shuffle(rows)
        return self._book(rows, "MO1014", "Trade Data")

    def positions(self, code: str, now_s: float) -> Reply | PerhapsSent | None:
        if self._faults.strikes(P.POSITIONS_FAIL):
            return self._failed()
        self.served_s[code] = now_s
        rows = [position_row(key, held) for key, held in self._ledger.positions.items() if key[0] == code]
        return self._book(rows, "MO1016", "Position Data")

    def _order_rows(self, code: str, now_s: float) -> list[Row]:
        flaps = self._faults.strikes(P.BOOK_FLAPS)
        rows = []
        for order in self._ledger.by_client.get(code, ()):
            if order.shown_s > now_s or (flaps and self._chance.random() < 0.4):
                continue
            row = order_row(order, self._readings, self._start)
            if order.is_working and self._faults.strikes(P.ODD_WORD):
                row["orderstatus"] = self._chance.choice(_ODD_WORDS)
            if order.fills and self._faults.strikes(P.OVERFILL):
                row["qtytradedtoday"] = order.units + self._chance.randint(1, 50)
            rows.append(row)
            if order.order_id[6] in _REMEMBERED:
                self._history.setdefault(order.order_id, []).append(row)
        return rows

    def readings_of(self, tag: str) -> Sequence[BookOrder]:
        """Return what the desk could read of the order in all its books, in the order shown."""
        orders = self._ledger.by_tag.get(tag, ())
        return [
            row
            for order in orders
            for row in book_orders(
                decode_json(orjson.dumps(self._history.get(order.order_id, []))), order.client_code, PriceScale.AUTO
            )
        ]

    def _book(self, rows: list[Row], empty_code: str, message: str) -> Reply:
        if not rows:
            return empty_book(self._readings.empty_book, empty_code)
        return success(message, data=rows)

    def _failed(self) -> Reply | PerhapsSent | None:
        kind = self._chance.randrange(6)
        if kind == 0:
            return PerhapsSent("the connection closed before an answer came", reason="closed")
        if kind == 1:
            return None
        if kind == 2:
            return failure(self._chance.choice(("MO8000", "MO5002", "MO2014")))
        if kind == 3:
            return answers.server_error(self._chance)
        if kind == 4:
            return answers.throttled(self._chance)
        return answers.garbage(self._chance)
