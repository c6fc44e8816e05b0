"""The book in columns against a slow book of dictionaries, over random sequences of what may happen."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.domain.broker import Side
from app.domain.position_fills import Waiting
from app.domain.profit_loss import PositionFacts, PositionKey, Traded, facts_of
from app.engine.profit_book import ProfitBook
from tests.support.profit import Account

_INSTRUMENTS = 12
_LTP = np.arange(1, _INSTRUMENTS + 1, dtype=np.int64) * 1_000_500
_FLAGS = (np.arange(_INSTRUMENTS) % 3).astype(np.uint8)
_CLIENTS = st.integers(0, 7)
_INSTRUMENT = st.integers(0, _INSTRUMENTS - 1)
_PRICE = st.integers(1, 50_000).map(lambda paise: Decimal(paise) / 100)


def key_of(instrument: int) -> PositionKey:
    return ("NSE", 100 + instrument, "DELIVERY")


class SlowBook:
    """What `ProfitBook` says, one position after another."""

    def __init__(self) -> None:
        self.held: dict[int, dict[int, tuple[Traded, Traded]]] = {client: {} for client in range(8)}
        self.snapshot: dict[int, dict[int, PositionFacts]] = {client: {} for client in range(8)}

    def day(self, client: int) -> int:
        return sum(day.net * int(_LTP[n]) - day.cost for n, (day, _) in self.held[client].items())

    def actual(self, client: int) -> int:
        return sum(own.net * int(_LTP[n]) - own.cost for n, (_, own) in self.held[client].items())

    def realised(self, client: int) -> tuple[int, int]:
        pairs = self.held[client].values()
        return sum(day.realised for day, _ in pairs), sum(own.realised for _, own in pairs)

    def flag(self, client: int) -> int:
        return max((int(_FLAGS[n]) for n, (day, _) in self.held[client].items() if day.net), default=0)


class Books(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.slow, self.book = SlowBook(), ProfitBook()
        assert [self.book.add_client() for _ in range(8)] == list(range(8))

    @rule(
        client=_CLIENTS,
        rows=st.dictionaries(
            _INSTRUMENT, st.tuples(st.integers(-90, 90), _PRICE, _PRICE, st.integers(0, 90)), max_size=_INSTRUMENTS
        ),
    )
    def snapshot(self, client: int, rows: dict[int, tuple[int, Decimal, Decimal, int]]) -> None:
        found = {}
        for instrument, (carried, close, cost, sold) in rows.items():
            trades = [(Side.SELL, sold, close)] if sold else []
            found[instrument] = facts_of(Account(key_of(instrument), close, carried, cost, trades).row("1"))
        self.book.replace(client, [(facts, instrument) for instrument, facts in found.items()])
        self.slow.snapshot[client] = found
        self.slow.held[client] = {n: (facts.day, facts.actual or Traded()) for n, facts in found.items()}

    @rule(client=_CLIENTS, instrument=_INSTRUMENT, bought=st.integers(0, 90), sold=st.integers(0, 90), price=_PRICE)
    def fill(self, client: int, instrument: int, bought: int, sold: int, price: Decimal) -> None:
        amount = int(price * 10_000)
        waiting = Waiting(bought, bought * amount, sold, sold * amount)
        if not self.book.has(client, key_of(instrument)):
            self.book.add_position(client, key_of(instrument), instrument)
        self.book.fill(client, key_of(instrument), waiting)
        facts = self.slow.snapshot[client].get(instrument)
        bases = (facts.day, facts.actual or Traded()) if facts else (Traded(), Traded())
        day, own = (
            basis.plus(Side.BUY, bought, bought * amount).plus(Side.SELL, sold, sold * amount) for basis in bases
        )
        self.slow.held[client][instrument] = (day, own)

    @rule(client=_CLIENTS)
    def clear(self, client: int) -> None:
        self.book.clear(client)
        self.slow.held[client], self.slow.snapshot[client] = {}, {}

    @invariant()
    def both_say_the_same(self) -> None:
        clients = range(8)
        assert self.book.day_totals(_LTP).tolist() == [self.slow.day(client) for client in clients]
        assert self.book.actual_totals(_LTP).tolist() == [self.slow.actual(client) for client in clients]
        realised = zip(*(column.tolist() for column in self.book.realised()), strict=True)
        assert list(realised) == [self.slow.realised(client) for client in clients]
        assert self.book.worst_flags(_FLAGS).tolist() == [self.slow.flag(client) for client in clients]
        is_open = {n for client in clients for n, (day, _) in self.slow.held[client].items() if day.net}
        assert set(self.book.open_instruments().tolist()) == is_open


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_many_clients_and_a_client_who_outgrows_its_block_again_and_again_keep_their_sums() -> None:
    book = ProfitBook()
    account = Account(key_of(0), Decimal(1), carried=3)
    clients = [book.add_client() for _ in range(1_500)]
    for client in clients:
        book.replace(client, [(facts_of(account.row("1")), 0)])
    for instrument in range(1, _INSTRUMENTS):
        book.add_position(700, key_of(instrument), instrument)
        book.fill(700, key_of(instrument), Waiting(bought=1))
    totals = book.day_totals(_LTP)
    whole = 3 * int(_LTP[0]) - 30_000
    assert int(totals[700]) == whole + int(_LTP[1:].sum())
    assert set(np.delete(totals, 700).tolist()) == {whole}


def test_blocks_that_are_given_back_are_used_again() -> None:
    book = ProfitBook()
    client = book.add_client()
    positions = [(facts_of(Account(key_of(n), Decimal(1), carried=3).row("1")), n) for n in range(_INSTRUMENTS)]
    for _ in range(2):
        for count in (1, 5, 9, 0, 12, 2):
            book.replace(client, positions[:count])
        book.clear(client)
        book.replace(client, positions[:1])
        for instrument in range(1, _INSTRUMENTS):
            book.add_position(client, key_of(instrument), instrument)
        taken = book.rows_taken
        book.clear(client)
    for _ in range(50):
        for count in (1, 5, 9, 0, 12, 2):
            book.replace(client, positions[:count])
        book.clear(client)
        book.add_position(client, key_of(0), 0)
        for instrument in range(1, _INSTRUMENTS):
            book.add_position(client, key_of(instrument), instrument)
        book.clear(client)
    assert book.rows_taken == taken
