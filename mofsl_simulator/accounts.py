"""The broker's customers: accounts and dealer logins, made from the seed."""

import base64
import hashlib
import random
import string
from dataclasses import dataclass, field
from typing import Any

from mofsl_simulator import money
from mofsl_simulator.instruments import Instrument, Instruments
from mofsl_simulator.orders import Fill, Order
from mofsl_simulator.positions import Position, PositionKey

VENDOR_NAME = "SIMVENDOR"
LOOPBACK = ("127.0.0.1", "::1")
_FIRST = [
    "Aarav",
    "Aditi",
    "Ananya",
    "Arjun",
    "Bhavna",
    "Chetan",
    "Deepa",
    "Divya",
    "Esha",
    "Farhan",
    "Gauri",
    "Harish",
    "Ishaan",
    "Jaya",
    "Kabir",
    "Kavita",
    "Lakshmi",
    "Manoj",
    "Meera",
    "Mohan",
    "Nandini",
    "Neha",
    "Nikhil",
    "Pooja",
    "Pranav",
    "Rahul",
    "Rekha",
    "Rohan",
    "Sanjay",
    "Sara",
    "Shreya",
    "Sunita",
    "Tara",
    "Uday",
    "Varun",
    "Vidya",
    "Vikram",
    "Yamini",
    "Yash",
    "Zoya",
]
_LAST = [
    "Agarwal",
    "Bhat",
    "Chopra",
    "Das",
    "Desai",
    "Fernandes",
    "Ghosh",
    "Gupta",
    "Iyer",
    "Jain",
    "Joshi",
    "Kapoor",
    "Khan",
    "Kulkarni",
    "Mehta",
    "Menon",
    "Mishra",
    "Nair",
    "Patel",
    "Pillai",
    "Rao",
    "Reddy",
    "Saxena",
    "Shah",
    "Sharma",
    "Singh",
    "Thomas",
    "Trivedi",
    "Varma",
    "Yadav",
]
_ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(slots=True, eq=False)
class Login:
    """Somebody who can sign in: an investor, or a dealer."""

    code: str
    name: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    password: str = field(repr=False)
    two_fa: str = field(repr=False)
    totp_secret: str = field(repr=False)
    registered: set[str] = field(default_factory=lambda: set(LOOPBACK))
    refused_with: str = ""
    """Error code that answers every login (MO1006, MO1092, MO1100, ...); empty lets it in."""
    last_totp_step: int = -1

    @property
    def password_hash(self) -> str:
        """SHA-256 of clear password and API key, as the login call carries it."""
        return hashlib.sha256((self.password + self.api_key).encode()).hexdigest()


@dataclass(slots=True, eq=False)
class Holding:
    """Delivered shares. Quantities are units; `quantity` includes what is pledged."""

    isin: str
    quantity: int
    average_points: int
    collateral: int = 0
    bought_yesterday: int = 0
    needs_authorisation: int = 0
    """Units that the depository must release first (`tpinquantity`, no power of attorney)."""


@dataclass(slots=True, eq=False)
class Account(Login):
    cash_points: int = 0
    noncash_points: int = 0
    holdings: dict[str, Holding] = field(default_factory=dict)
    positions: dict[PositionKey, Position] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    """Of the day, in the order of acceptance."""
    working: dict[str, Order] = field(default_factory=dict)
    trades: list[tuple[Order, Fill]] = field(default_factory=list)
    next_sequence: int = 0
    used_this_second: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Order calls by exchange: (second, number)."""

    def position(self, instrument: Instrument, product: str) -> Position:
        """The row of this instrument and product, made if there is none."""
        key = (instrument.exchange, instrument.token, product)
        found = self.positions.get(key)
        if found is None:
            found = Position(instrument, product, previous_close=instrument.close_points)
            self.positions[key] = found
        return found


@dataclass(slots=True, eq=False)
class Dealer(Login):
    mapped: set[str] = field(default_factory=set)


def _credentials(chance: random.Random, code: str) -> dict[str, Any]:
    letters = "".join(chance.choices(string.ascii_uppercase, k=5))
    return {
        "code": code,
        "name": f"{chance.choice(_FIRST)} {chance.choice(_LAST)}",
        "api_key": "".join(chance.choices(_ALPHANUMERIC, k=16)),
        "api_secret": "".join(chance.choices(_ALPHANUMERIC, k=32)),
        "password": "".join(chance.choices(_ALPHANUMERIC, k=10)) + "-" + str(chance.randrange(10, 99)),
        "two_fa": f"{letters}{chance.randrange(1000, 9999)}{chance.choice(string.ascii_uppercase)}",
        "totp_secret": base64.b32encode(chance.randbytes(20)).decode(),
    }


def make_accounts(count: int, seed: int, instruments: Instruments, yesterday: str) -> dict[str, Account]:
    """Accounts `TC0001`, `TC0002`, ...: always the same for one seed, whatever their number."""
    cash = [share for share in instruments.of("NSE") if share.isin and share.option_type == "EQ"][:200]
    futures = [item for item in instruments.of("NSEFO") if item.instrument_name == "FUTIDX"][:9]
    accounts: dict[str, Account] = {}
    for number in range(1, count + 1):
        code = f"TC{number:04d}"
        chance = random.Random(f"{seed}:{code}")
        account = Account(**_credentials(chance, code))
        account.cash_points = money.points(chance.randrange(20, 200) * 100_000)
        account.noncash_points = money.points(chance.randrange(0, 10) * 50_000)
        if cash and number % 3 == 0:
            _give_holdings(account, chance.sample(cash, k=min(len(cash), chance.randrange(2, 9))), chance)
        if number % 6 == 0:
            _give_positions(account, cash, futures, chance)
            for position in account.positions.values():
                position.carried_since = yesterday
        accounts[code] = account
    return accounts


def _give_holdings(account: Account, shares: list[Instrument], chance: random.Random) -> None:
    for share in shares:
        quantity = chance.randrange(1, 60) * 10
        cost = share.close_points * chance.randrange(70, 115) // 100
        pledged = quantity // 5 if chance.random() < 0.2 else 0
        account.holdings[share.isin] = Holding(share.isin, quantity, cost // 100 * 100, collateral=pledged)


def _give_positions(account: Account, cash: list[Instrument], futures: list[Instrument], chance: random.Random) -> None:
    if futures:
        future = chance.choice(futures)
        position = account.position(future, "NORMAL")
        lots = chance.randrange(1, 4)
        cost = money.to_tick(future.close_points * chance.randrange(97, 103) // 100, future.tick_points)
        amount = cost * lots * future.lot
        if chance.random() < 0.5:
            position.cf_buy_quantity, position.cf_buy_amount = lots * future.lot, amount
        else:
            position.cf_sell_quantity, position.cf_sell_amount = lots * future.lot, amount
    if cash and chance.random() < 0.5:
        share = chance.choice(cash)
        funded = account.position(share, "MTF")
        funded.cf_buy_quantity = chance.randrange(1, 20) * 10
        cost = money.to_tick(share.close_points * chance.randrange(95, 105) // 100, share.tick_points)
        funded.cf_buy_amount = cost * funded.cf_buy_quantity


def make_dealers(count: int, seed: int, codes: list[str]) -> dict[str, Dealer]:
    """Dealers `DL0001`, ...: each may trade for the last few accounts."""
    dealers: dict[str, Dealer] = {}
    mapped = codes[-max(1, min(10, len(codes) // 5)) :] if codes else []
    for number in range(1, count + 1):
        code = f"DL{number:04d}"
        chance = random.Random(f"{seed}:{code}")
        dealers[code] = Dealer(**_credentials(chance, code), mapped=set(mapped))
    return dealers
