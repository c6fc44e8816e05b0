"""Which faults a schedule meets, and how often each strikes."""

from __future__ import annotations

import random

from proof.fault_points import FaultPoint as P

_PLACE = (
    P.REPLY_LOST, P.REQUEST_LOST, P.REPLY_NEVER, P.RESET, P.NOT_SENT, P.HTTP_5XX, P.HTTP_400, P.THROTTLED, P.GARBAGE,
    P.NO_ID, P.FOREIGN_ID, P.REPEATED_ID, P.UNLISTED_CODE, P.REFUSED, P.SESSION_DEAD,
)  # fmt: skip
_BOOKS = (
    P.LATE_IN_BOOK, P.BOOK_FLAPS, P.BOOK_FAILS, P.BOOK_STALE, P.BOOK_CUT, P.TAG_PADDED, P.TAG_LOST, P.ODD_WORD,
    P.OVERFILL, P.TRADES_REPEATED, P.TRADES_FAIL,
)  # fmt: skip
_EXCHANGE = (P.REJECTED_LATER, P.PARTIAL_FILLS, P.FILLED_WHILE_CANCELLING, P.LOOK_ALIKE)
_CANCELS = (P.CANCEL_REPLY_LOST, P.CANCEL_REQUEST_LOST, P.CANCEL_NOT_SENT, P.ORDER_CANCELLED)
_MODIFIES = (
    P.MODIFY_REPLY_LOST, P.MODIFY_REQUEST_LOST, P.MODIFY_NOT_SENT, P.FILLED_WHILE_MODIFYING, P.ORDER_MODIFIED,
)  # fmt: skip
_PROCESSES = (
    P.KILLED_BEFORE_FIRST_BYTE, P.KILLED_AFTER_BYTES, P.KILLED_BEFORE_RESULT, P.KILLED_ANYWHERE, P.STOPPED, P.PAUSED,
    P.WEB_KILLED, P.CLOCK_JUMPS,
)  # fmt: skip
_STORE = (P.STORE_DOWN, P.NO_CLAIM, P.COMMIT_REPLY_LOST, P.RESULT_NOT_STORED, P.BUS_LOSES)
_PEOPLE = (
    P.PRESSED_TWICE, P.PRESSED_LATER, P.KEY_REUSED, P.SAME_TRADE, P.KILL_SWITCH, P.BATCH_STOPPED, P.RETRIED,
)  # fmt: skip
_MARKET = (P.NO_QUOTE, P.MARKET_CLOSED, P.NO_SESSION)
_EXITS = (P.POSITIONS_FAIL, P.PHONE_TRADE, P.EXIT_RACE)

# With these alone every book can be read and the engine lives: how fast unknown orders are settled is timed then.
UNHINDERED = frozenset(_PLACE) - {P.SESSION_DEAD} | frozenset(_PEOPLE) | frozenset(_EXCHANGE) | frozenset(_CANCELS)
UNHINDERED |= frozenset(_MODIFIES)
UNHINDERED |= {P.TAG_PADDED, P.LATE_IN_BOOK, P.TRADES_REPEATED, P.TRADES_FAIL, P.POSITIONS_FAIL, P.NO_QUOTE}
UNHINDERED |= {P.PHONE_TRADE, P.EXIT_RACE}

_PER_CALL = {  # several of thousands of calls are enough
    P.STORE_DOWN: 0.01, P.COMMIT_REPLY_LOST: 0.05, P.RESULT_NOT_STORED: 0.1, P.NO_CLAIM: 0.3, P.BUS_LOSES: 0.4,
    P.NO_SESSION: 0.02, P.SESSION_DEAD: 0.05, P.KILLED_BEFORE_FIRST_BYTE: 0.03, P.KILLED_AFTER_BYTES: 0.03,
    P.KILLED_BEFORE_RESULT: 0.03, P.PAUSED: 0.02, P.NO_QUOTE: 0.3,
}  # fmt: skip
_ALWAYS = frozenset(
    {
        P.KILLED_ANYWHERE, P.STOPPED, P.WEB_KILLED, P.KILL_SWITCH, P.BATCH_STOPPED, P.SAME_TRADE, P.KEY_REUSED,
        P.PRESSED_TWICE, P.PRESSED_LATER, P.ORDER_CANCELLED, P.EXIT_RACE, P.CLOCK_JUMPS, P.MARKET_CLOSED, P.LOOK_ALIKE,
        P.PHONE_TRADE, P.RETRIED, P.ORDER_MODIFIED,
        P.DAY_ENDS,
    }
)  # fmt: skip
MOST = {
    P.KILLED_BEFORE_FIRST_BYTE: 2, P.KILLED_AFTER_BYTES: 2, P.KILLED_BEFORE_RESULT: 2, P.PAUSED: 2, P.STORE_DOWN: 3,
    P.RESULT_NOT_STORED: 3, P.NO_CLAIM: 3, P.COMMIT_REPLY_LOST: 8, P.NO_SESSION: 5, P.SESSION_DEAD: 8,
}  # fmt: skip


def draw_faults(chance: random.Random, *, is_exit: bool, is_patient: bool, ends_day: bool) -> dict[P, float]:
    """Return at least three faults with their rates: some of the broker's, and some of everything else."""
    points: set[P] = set(chance.sample(_PLACE, chance.randint(1, 4)))
    points |= set(chance.sample(_BOOKS, chance.randint(1, 3)))
    points |= {P.PARTIAL_FILLS} | set(chance.sample(_EXCHANGE, chance.randint(0, 2)))
    for group, share in (
        (_PROCESSES, 0.5),
        (_STORE, 0.4),
        (_PEOPLE, 0.5),
        (_MARKET, 0.15),
        (_CANCELS, 0.4),
        (_MODIFIES, 0.4),
    ):
        if chance.random() < share:
            points |= set(chance.sample(group, chance.randint(1, 2)))
    if is_exit:
        points |= set(_EXITS)
        points -= {P.CLOCK_JUMPS, P.MARKET_CLOSED}
    if is_patient:  # time enough for deadlines to pass, and for books to show an order after minutes
        points |= {P.LATE_IN_BOOK, P.REPLY_LOST, P.REQUEST_LOST, P.NO_SESSION}
    if ends_day:  # with a clock that is an hour wrong, nobody can know when the day ends
        points |= {P.DAY_ENDS, P.REQUEST_LOST}
        points -= {P.CLOCK_JUMPS}
    if points & set(_CANCELS):
        points.add(P.ORDER_CANCELLED)
    if points & set(_MODIFIES):
        points.add(P.ORDER_MODIFIED)
    return {point: _rate(chance, point) for point in sorted(points)}


def _rate(chance: random.Random, point: P) -> float:
    if point in _ALWAYS:
        return 1.0
    return _PER_CALL.get(point) or chance.choice((0.04, 0.1, 0.25))
