"""What only a live account can confirm (ORDERS.md section 10): each schedule draws one reading of all of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.core.mofsl.endpoints import Generation

_WORDS = {"Sent": "SENT", "Confirm": "CONFIRM", "Partial": "PARTIAL", "Traded": "TRADED", "Cancel": "CANCEL"}


@dataclass(frozen=True, slots=True)
class BrokerReadings:
    generation: Generation
    shown_after_s: tuple[float, float]  # from acceptance to the order book, least and most
    traded_after_s: float  # from an execution to the trade book
    are_words_upper: bool
    average_is_scaled: bool
    trade_price_is_scaled: bool
    trade_time_is_short: bool
    empty_book: str  # code, null, blank, list
    untouched_stamp_is_zero: bool
    are_failures_4xx: bool  # refusals come under HTTP 400 rather than 200
    is_id_inside_data: bool
    second_login_ends_first: bool
    answer_s: tuple[float, float]
    is_dealer: bool

    def word(self, word: str) -> str:
        return _WORDS.get(word, word.upper()) if self.are_words_upper else word


def draw_readings(chance: random.Random) -> BrokerReadings:
    slow = chance.random() < 0.3
    return BrokerReadings(
        generation=chance.choice(list(Generation)),
        shown_after_s=chance.choice([(0.0, 0.0), (0.0, 0.5), (0.2, 3.0), (1.0, 12.0)]),
        traded_after_s=chance.choice([0.0, 0.0, 1.5]),
        are_words_upper=chance.random() < 0.25,
        average_is_scaled=chance.random() < 0.2,
        trade_price_is_scaled=chance.random() < 0.2,
        trade_time_is_short=chance.random() < 0.25,
        empty_book=chance.choice(["code", "null", "blank", "list"]),
        untouched_stamp_is_zero=chance.random() < 0.5,
        are_failures_4xx=chance.random() < 0.3,
        is_id_inside_data=chance.random() < 0.2,
        second_login_ends_first=chance.random() < 0.5,
        answer_s=(0.05, 2.0) if slow else (0.005, 0.12),
        is_dealer=chance.random() < 0.3,
    )
