"""The three margin reports. Amounts in rupees; the meaning of a row sits in its `srno`."""

from dataclasses import dataclass
from typing import Any

from mofsl_simulator import money, risk
from mofsl_simulator.accounts import Account
from mofsl_simulator.call import Call
from mofsl_simulator.envelopes import success
from mofsl_simulator.prices import Prices

Row = dict[str, Any]
_BROKERAGE_PER_MILLION = 300


@dataclass(frozen=True, slots=True)
class Figures:
    """All in points. total = 200 − 300 + 400 − 500, with 400 signed."""

    cash: int
    noncash: int
    equities: int
    derivatives: int
    brokerage: int
    unrealised: tuple[int, int]
    """Equities, derivatives."""
    realised: tuple[int, int]

    @property
    def margin(self) -> int:
        return self.cash + self.noncash

    @property
    def usage(self) -> int:
        return self.equities + self.derivatives + self.brokerage

    @property
    def mark_to_market(self) -> int:
        return sum(self.unrealised) + sum(self.realised)

    @property
    def total(self) -> int:
        return self.margin - self.usage + self.mark_to_market


def figures_of(account: Account, prices: Prices) -> Figures:
    used = risk.usage(account, prices)
    unrealised, realised, traded = [0, 0], [0, 0], 0
    for position in account.positions.values():
        profit = position.profit(prices.ltp(position.instrument))
        segment = 0 if position.instrument.is_cash else 1
        unrealised[segment] += profit.marked
        realised[segment] += profit.booked
        traded += position.day_buy_amount + position.day_sell_amount
    return Figures(
        cash=account.cash_points,
        noncash=account.noncash_points,
        equities=used.equities,
        derivatives=used.derivatives,
        brokerage=traded * _BROKERAGE_PER_MILLION // 1_000_000 // 100 * 100,
        unrealised=(unrealised[0], unrealised[1]),
        realised=(realised[0], realised[1]),
    )


def _rows(*rows: tuple[int, str, int]) -> list[Row]:
    return [
        {"srno": number, "particulars": particulars, "amount": money.rupees(amount)}
        for number, particulars, amount in rows
    ]


def getreportmarginsummary(call: Call) -> bytes:
    f = figures_of(call.account(), call.broker.prices)
    rows = _rows(
        (102, "Available, cash segment", f.total),
        (103, "Available, FO segment", f.total),
        (104, "Available, currency segment", f.total),
        (105, "Available, commodity segment", f.total),
        (106, "Available, other", 0),
        (201, "Cash deposit", f.cash),
        (220, "Non cash deposit", f.noncash),
        (301, "Usage, cash", f.equities),
        (321, "Usage, FO", f.derivatives),
        (340, "Usage, currency", 0),
        (360, "Usage, commodity", 0),
        (381, "Usage, brokerage", f.brokerage),
        (600, "P/L MTM", f.mark_to_market),
        (700, "P/L booked", sum(f.realised)),
    )
    return success("margin summary", data=rows)


def getreportmargindetail(call: Call) -> bytes:
    f = figures_of(call.account(), call.broker.prices)
    rows = _rows(
        (100, "Total available (A-B-C-D)", f.total),
        (101, "Credit limit", 0),
        (102, "Available cash/SLBM", f.total),
        (103, "Available FO", f.total),
        (104, "Available currency", f.total),
        (105, "Available commodity", f.total),
        (106, "Available IPO/MF/FD/bond/option buy", 0),
        (200, "Total margin (A)", f.margin),
        (201, "Cash balance (cash margin)", f.cash),
        (202, "Ledger balance", f.cash),
        (220, "Non-cash balance", f.noncash),
        (221, "Demat stock after haircut", f.noncash),
        (507, "Scrip capital cash", 0),
        (507, "Stock capital cash", 0),
        (508, "Stock capital approved", f.noncash),
        (300, "Usage (B)", f.usage),
        (301, "Equities usage", f.equities),
        (302, "On orders/trades", f.equities),
        (321, "FO usage", f.derivatives),
        (322, "FO span and premium", f.derivatives),
        (323, "FO exposure", 0),
        (340, "Currency usage", 0),
        (360, "Commodity usage", 0),
        (380, "SLBM usage", 0),
        (381, "Brokerage", f.brokerage),
        (400, "MTM (C)", f.mark_to_market),
        (401, "Equities MTM", f.unrealised[0] + f.realised[0]),
        (402, "Unrealised", f.unrealised[0]),
        (403, "Realised", f.realised[0]),
        (421, "FO MTM", f.unrealised[1] + f.realised[1]),
        (422, "Unrealised", f.unrealised[1]),
        (423, "Realised", f.realised[1]),
        (500, "Others (D)", 0),
        (501, "Withdrawal request", 0),
        (600, "Total P/L MTM", f.mark_to_market),
        (700, "Total P/L booked", sum(f.realised)),
    )
    return success("margin detail", data=rows)


def getreportmargin(call: Call) -> bytes:
    f = figures_of(call.account(), call.broker.prices)
    row = {
        "equitycashmargin": money.rupees(f.cash),
        "equitynoncashmargin": money.rupees(f.noncash),
        "derivativecashmargin": 0,
        "derivativenoncashmargin": 0,
        "marginutlized": money.rupees(f.usage),
        "equitiesmarginutilized": money.rupees(f.equities),
        "fnomarginutilized": money.rupees(f.derivatives),
        "currencymarginutilized": 0,
        "commoditymarginutilized": 0,
        "othersmarginutilized": money.rupees(f.brokerage),
    }
    return success("margin", data=[row])
