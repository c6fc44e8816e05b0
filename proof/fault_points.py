"""Every place where a schedule may break something, by name. FAULTS.md says what must happen then."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum


class FaultPoint(StrEnum):
    # the broker's answer to a placement
    REPLY_LOST = "place: accepted, the reply is lost"
    REQUEST_LOST = "place: not accepted, the reply is lost"
    REPLY_NEVER = "place: accepted, the reply never comes"
    RESET = "place: the connection resets, accepted or not"
    NOT_SENT = "place: connection refused, no name, no TLS"
    HTTP_5XX = "place: HTTP 5xx, accepted or not"
    HTTP_400 = "place: HTTP 400 with an unlisted code, accepted or not"
    THROTTLED = "place: 429, accepted or not"
    GARBAGE = "place: 200 with a body that is no answer, accepted or not"
    NO_ID = "place: success without an id"
    FOREIGN_ID = "place: success with another client's id"
    REPEATED_ID = "place: success with an id given before"
    UNLISTED_CODE = "place: an error code that proves nothing, accepted or not"
    REFUSED = "place: a listed refusal"
    SESSION_DEAD = "place: the session is dead"
    # the books
    LATE_IN_BOOK = "book: shown late"
    BOOK_FLAPS = "book: an order is there, gone, and there again"
    BOOK_FAILS = "book: the read fails"
    BOOK_STALE = "book: an older state is served"
    BOOK_CUT = "book: the body is cut short"
    TAG_PADDED = "tag: padded or in lower case"
    TAG_LOST = "tag: cut or dropped"
    LOOK_ALIKE = "tag: a person's order carries one of ours"
    ODD_WORD = "book: a status word nobody knows"
    OVERFILL = "book: more filled than ordered"
    TRADES_REPEATED = "trades: repeated and out of order"
    TRADES_FAIL = "trades: the read fails"
    POSITIONS_FAIL = "positions: the read fails"
    # the exchange and people elsewhere
    REJECTED_LATER = "exchange: refuses after the broker accepted"
    PARTIAL_FILLS = "exchange: fills in parts"
    FILLED_WHILE_CANCELLING = "exchange: fills while a cancel is on its way"
    PHONE_TRADE = "phone: the client trades elsewhere"
    # cancels
    CANCEL_REPLY_LOST = "cancel: done, the reply is lost"
    CANCEL_REQUEST_LOST = "cancel: not done, the reply is lost"
    CANCEL_NOT_SENT = "cancel: connection refused"
    # modifications
    MODIFY_REPLY_LOST = "modify: done, the reply is lost"
    MODIFY_REQUEST_LOST = "modify: not done, the reply is lost"
    MODIFY_NOT_SENT = "modify: connection refused"
    FILLED_WHILE_MODIFYING = "exchange: fills while a modification is on its way"
    # the desk's own processes
    KILLED_BEFORE_FIRST_BYTE = "engine: killed between the claim and the first byte"
    KILLED_AFTER_BYTES = "engine: killed after the bytes, before the reply"
    KILLED_BEFORE_RESULT = "engine: killed after the reply, before its commit"
    KILLED_ANYWHERE = "engine: killed at any instant"
    STOPPED = "engine: stopped in good order"
    PAUSED = "engine: stands still while another takes over"
    WEB_KILLED = "web: killed with a press under way"
    CLOCK_JUMPS = "clock: the wall clock jumps"
    # the database and the bus
    STORE_DOWN = "store: does not answer"
    NO_CLAIM = "store: takes no claim for a while"
    COMMIT_REPLY_LOST = "store: commits, the answer is lost"
    RESULT_NOT_STORED = "store: refuses to store results for a while"
    BUS_LOSES = "bus: loses messages"
    # people at the desk
    PRESSED_TWICE = "press: delivered several times at once"
    PRESSED_LATER = "press: delivered again later"
    KEY_REUSED = "press: the key comes with another body"
    SAME_TRADE = "press: a colleague presses the same trade"
    RETRIED = "press: the rows surely not placed are tried again"
    KILL_SWITCH = "desk: the kill switch, and armed again"
    BATCH_STOPPED = "desk: a batch is stopped"
    ORDER_CANCELLED = "desk: an order is cancelled"
    ORDER_MODIFIED = "desk: an order is modified"
    EXIT_RACE = "desk: two exits of one instrument at once"
    # the market
    NO_QUOTE = "market: no fresh price"
    MARKET_CLOSED = "market: closed"
    DAY_ENDS = "market: the day ends, and its final books are read"
    NO_SESSION = "login: no session for a while"


class Faults:
    """Which points a schedule uses, how often each strikes, and how often it did."""

    def __init__(
        self, chance: random.Random, rates: Mapping[FaultPoint, float], most: Mapping[FaultPoint, int] | None = None
    ) -> None:
        self._chance = chance
        self._rates = dict(rates)
        self._most = dict(most or {})
        self.hits: Counter[FaultPoint] = Counter()

    def __contains__(self, point: FaultPoint) -> bool:
        return point in self._rates

    def strikes(self, point: FaultPoint) -> bool:
        rate = self._rates.get(point)
        if rate is None or self._chance.random() >= rate:
            return False
        self.hits[point] += 1
        if self.hits[point] >= self._most.get(point, 1_000_000):
            del self._rates[point]
        return True

    def first_of(self, points: Iterable[FaultPoint]) -> FaultPoint | None:
        return next((point for point in points if point in self._rates and self.strikes(point)), None)

    def end(self) -> None:
        """From now on nothing breaks."""
        self._rates.clear()
