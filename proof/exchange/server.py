"""The broker's side of the wire: it takes orders, answers as its faults say, and shows its books."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from app.core.mofsl.endpoints import Endpoint
from app.core.mofsl.errors import MofslError, PerhapsSent
from app.domain.instruments import Instrument
from proof.exchange import answers
from proof.exchange.answers import Reply, failure, success
from proof.exchange.ledger import Ledger, LedgerOrder
from proof.exchange.nature import Nature
from proof.exchange.readings import BrokerReadings
from proof.exchange.rows import stamp
from proof.exchange.shown import ShownBooks
from proof.fault_points import FaultPoint as P
from proof.fault_points import Faults
from proof.virtual_time import VirtualLoop, VirtualProcess

Body = dict[str, Any]
Outcome = Reply | MofslError | None
"""None: the answer never comes."""
_CLOSED = PerhapsSent("the connection closed before an answer came", reason="closed")
_NO_ANSWER = PerhapsSent("no answer came in time", reason="timeout")
_PLACE_FAULTS = (
    P.REPLY_LOST, P.REQUEST_LOST, P.REPLY_NEVER, P.RESET, P.HTTP_5XX, P.HTTP_400, P.THROTTLED, P.GARBAGE, P.NO_ID,
    P.FOREIGN_ID, P.REPEATED_ID, P.UNLISTED_CODE, P.REFUSED, P.SESSION_DEAD,
)  # fmt: skip
_ALWAYS_ACCEPTED = frozenset({P.REPLY_LOST, P.REPLY_NEVER, P.NO_ID, P.FOREIGN_ID, P.REPEATED_ID})
_EITHER = frozenset({P.RESET, P.HTTP_5XX, P.HTTP_400, P.THROTTLED, P.GARBAGE, P.UNLISTED_CODE})
_OVER = {"Cancel": "MO1066", "Traded": "MO1067", "Rejected": "MO1068", "Error": "MO1069"}


class BrokerServer:
    """`on_dead` is told of each token that the broker has let die."""

    def __init__(
        self,
        loop: VirtualLoop,
        chance: random.Random,
        faults: Faults,
        readings: BrokerReadings,
        instruments: dict[tuple[str, int], Instrument],
        start: datetime,
    ) -> None:
        self.loop = loop
        self.process = VirtualProcess("broker")
        self.ledger = Ledger()
        self.readings = readings
        self._chance = chance
        self._faults = faults
        self._instruments = instruments
        self._nature = Nature(loop, self.process, chance, faults, self.ledger)
        self.books = ShownBooks(chance, faults, readings, self.ledger, start)
        self._sessions: dict[str, str] = {}  # live token -> the client code it acts for, or "" for a dealer's
        self._tokens = 0
        self._start = start
        self.session_refusals: Counter[str] = Counter()  # by tag: placements refused because the session was dead
        self.look_alikes: set[str] = set()  # tags that a person's order carries too
        self.faulted: set[str] = set()  # tags whose placement did not go plainly
        self._answers: dict[Endpoint, Callable[[str, Body], Outcome]] = {
            Endpoint.PLACEORDER: self._place,
            Endpoint.CANCELORDER: self._cancel,
            Endpoint.MODIFYORDER: self._modify,
            Endpoint.GETORDERBOOK: self._order_book,
            Endpoint.GETTRADEBOOK: self._trade_book,
            Endpoint.GETPOSITION: self._positions,
            Endpoint.GETDPHOLDING: self._holdings,
        }

    def open_session(self, client_code: str, before: str | None) -> str:
        if before is not None and self.readings.second_login_ends_first:
            self._sessions.pop(before, None)
        self._tokens += 1
        token = f"{self._tokens:032x}_M"
        self._sessions[token] = client_code
        return token

    def receive(
        self, endpoint: Endpoint, token: str, body: bytes, reply: asyncio.Future[Reply], *, timeout_s: float
    ) -> None:
        """Bytes have arrived at the wire; the broker reads them a little later, whatever becomes of the sender."""
        up_s = self._chance.uniform(*self.readings.answer_s) / 2
        too_late_s = self.loop.time() + timeout_s
        context = self.process.context
        self.loop.call_later(up_s, self._serve, endpoint, token, body, reply, too_late_s, context=context)

    def _serve(
        self, endpoint: Endpoint, token: str, body: bytes, reply: asyncio.Future[Reply], too_late_s: float
    ) -> None:
        """Answer, or let the sender's time run out."""
        outcome = self._outcome(endpoint, token, orjson.loads(body))
        answered_s = self.loop.time() + self._chance.uniform(*self.readings.answer_s) / 2
        if outcome is None or answered_s > too_late_s:
            outcome, answered_s = _NO_ANSWER, too_late_s
        self.loop.call_at(answered_s, _deliver, reply, outcome, context=self.process.context)

    def _outcome(self, endpoint: Endpoint, token: str, body: Body) -> Outcome:
        owner = self._sessions.get(token)
        if owner is None:
            self._note_session_refusal(endpoint, body)
            return self._refusal("MO8001")
        code = owner or str(body.get("clientcode", ""))
        if endpoint is Endpoint.PLACEORDER:
            fault = self._faults.first_of(_PLACE_FAULTS)
            if fault is P.SESSION_DEAD:
                self._sessions.pop(token)
                self._note_session_refusal(endpoint, body)
                return self._refusal(self._chance.choice(answers.SESSION_CODES))
            return self._placed(code, body, fault)
        return self._answers[endpoint](code, body)

    def _note_session_refusal(self, endpoint: Endpoint, body: Body) -> None:
        if endpoint is Endpoint.PLACEORDER:
            self.session_refusals[body["tag"]] += 1
            self.faulted.add(body["tag"])

    def _refusal(self, code: str) -> Reply:
        return failure(code, http_status=400 if self.readings.are_failures_4xx else 200)

    # orders

    def _placed(self, code: str, body: Body, fault: P | None) -> Outcome:
        if fault is None:
            return self._place(code, body)
        self.faulted.add(body["tag"])
        is_accepted = fault in _ALWAYS_ACCEPTED or (fault in _EITHER and self._chance.random() < 0.5)
        normal = self._place(code, body) if is_accepted else None
        match fault:
            case P.REPLY_LOST | P.REQUEST_LOST | P.RESET:
                return _CLOSED
            case P.REPLY_NEVER:
                return None
            case P.HTTP_5XX:
                return answers.server_error(self._chance)
            case P.HTTP_400:
                return failure(self._chance.choice(answers.UNLISTED), http_status=400)
            case P.THROTTLED:
                return answers.throttled(self._chance)
            case P.GARBAGE:
                return answers.garbage(self._chance)
            case P.NO_ID:
                return success("Order Placed Successfully", uniqueorderid=self._chance.choice(["", " ", None, 0]))
            case P.FOREIGN_ID:
                return success("Order Placed Successfully", uniqueorderid="0000001ZZ9999")
            case P.REPEATED_ID:
                return self._earlier_id(code) or normal
            case P.UNLISTED_CODE:
                return failure(self._chance.choice(answers.UNLISTED))
            case _:
                return self._refusal(self._chance.choice(answers.REFUSALS))

    def _earlier_id(self, code: str) -> Reply | None:
        """Success with the id of the client's first order; None where there is none before this one."""
        earlier = [order for order in self.ledger.by_client[code][:-1] if not order.is_external]
        if not earlier:
            return None
        self.faulted.add(earlier[0].tag)  # whose own answer may come later, and look like the repetition
        return success("Order Placed Successfully", uniqueorderid=earlier[0].order_id)

    def _place(self, code: str, body: Body) -> Outcome:
        instrument = self._instruments.get((body["exchange"], body["symboltoken"]))
        if instrument is None:
            return self._refusal("MO1058")
        if body["ordertype"] == "MARKET":
            return self._refusal("M01108")
        now_s = self.loop.time()
        order = LedgerOrder(
            order_id=self.ledger.next_id(code),
            client_code=code,
            exchange=body["exchange"],
            token=body["symboltoken"],
            is_buy=body["buyorsell"] == "BUY",
            product=body["producttype"],
            order_type=body["ordertype"],
            lots=body["quantityinlot"],
            units=body["quantityinlot"] * instrument.lot_size,
            paise=round(body["price"] * 100),
            trigger_paise=round(body["triggerprice"] * 100),
            tag=body["tag"],
            is_after_market=body["amoorder"] == "Y",
            accepted_s=now_s,
            shown_s=now_s + self._chance.uniform(*self.readings.shown_after_s),
        )
        self.books.decide(order)
        self.ledger.add(order)
        self._nature.take(order)
        if self.readings.is_id_inside_data:
            return success("Order Placed Successfully", data={"uniqueorderid": order.order_id})
        return success("Order Placed Successfully", uniqueorderid=order.order_id)

    def _cancel(self, code: str, body: Body) -> Outcome:
        fault = self._faults.first_of((P.CANCEL_REPLY_LOST, P.CANCEL_REQUEST_LOST))
        if fault is P.CANCEL_REQUEST_LOST:
            return _CLOSED
        order = self.ledger.orders.get(body["uniqueorderid"])
        if order is None or order.client_code != code:
            return self._refusal("MO1060")
        if not order.is_working:
            return self._refusal(_OVER[order.word])
        self._nature.cancel(order)
        return _CLOSED if fault is P.CANCEL_REPLY_LOST else success("Cancel Order Request Sent")

    def _modify(self, code: str, body: Body) -> Outcome:
        """All terms at once, under the stamp and the quantity filled that the sender has seen (mofsl/API.md 8.8)."""
        fault = self._faults.first_of((P.MODIFY_REPLY_LOST, P.MODIFY_REQUEST_LOST))
        if fault is P.MODIFY_REQUEST_LOST:
            return _CLOSED
        order = self.ledger.orders.get(body["uniqueorderid"])
        if order is None or order.client_code != code:
            return self._refusal("MO1060")
        if not order.is_working:
            return self._refusal(_OVER[order.word])
        if body["lastmodifiedtime"] != stamp(self._start, order.changed_s):
            return self._refusal("MO1089")
        if body["qtytradedtoday"] != order.filled:
            return self._refusal("MO1090")
        lots = body["newquantityinlot"]
        units = lots * (order.units // order.lots)
        self._nature.modify(order, lots, units, round(body["newprice"] * 100))
        return _CLOSED if fault is P.MODIFY_REPLY_LOST else success("Modify Order Request Sent Successfully")

    # books

    def _order_book(self, code: str, _body: Body) -> Outcome:
        return self.books.order_book(code, self.loop.time())

    def _trade_book(self, code: str, _body: Body) -> Outcome:
        return self.books.trade_book(code, self.loop.time())

    def _positions(self, code: str, _body: Body) -> Outcome:
        return self.books.positions(code, self.loop.time())

    def _holdings(self, _code: str, _body: Body) -> Outcome:
        return answers.empty_book(self.readings.empty_book, "MO1015")

    def end_day(self) -> None:
        """What still works is over, and the books are final."""
        for order in self.ledger.orders.values():
            self.ledger.close(order, "Cancel", "", self.loop.time())

    # people elsewhere

    def trade_by_phone(self, code: str, instrument: Instrument, units: int, product: str, *, tag: str = "") -> None:
        """The client trades outside the desk: filled at once. `units` are signed."""
        now_s = self.loop.time()
        paise = 40_000
        order = LedgerOrder(
            order_id=self.ledger.next_id(code),
            client_code=code,
            exchange=instrument.exchange.value,
            token=instrument.symbol_token,
            is_buy=units > 0,
            product=product,
            order_type="LIMIT",
            lots=abs(units) // instrument.lot_size,
            units=abs(units),
            paise=paise,
            trigger_paise=0,
            tag=tag,
            is_after_market=False,
            accepted_s=now_s,
            shown_s=now_s,
            is_external=True,
            word="Confirm",
            shown_tag=tag,
        )
        self.ledger.add(order)
        self.ledger.fill(order, abs(units), paise, now_s)


def _deliver(reply: asyncio.Future[Reply], outcome: Reply | MofslError) -> None:
    if reply.done():
        return
    if isinstance(outcome, MofslError):
        reply.set_exception(PerhapsSent(outcome.message, reason=outcome.reason))
    else:
        reply.set_result(outcome)
