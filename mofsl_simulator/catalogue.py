"""Loads what can be traded: the built-in set, or scrip masters from a folder."""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from mofsl_simulator import money
from mofsl_simulator.contracts import (
    Underlying,
    contracts_on,
    future_price,
    option_price,
)
from mofsl_simulator.instruments import EXCHANGE_IDS, Index, Instrument, Instruments, plausible_close

Row = dict[str, str]
_STOCKS_WITH_OPTIONS = 12


class BadCatalogue(ValueError):
    """A folder or file that cannot be used; the message says what was expected."""


def _data_rows(name: str) -> list[Row]:
    text = files("mofsl_simulator").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def load_indices() -> list[Index]:
    return [
        Index(row["exchange"], int(row["code"]), row["name"], row["underlying"], money.points(row["close"]))
        for row in _data_rows("indices.csv")
    ]


def built_in(today: date) -> Instruments:
    """More than a hundred NSE shares, their BSE twins, and contracts for the expiries after `today`."""
    equities = _data_rows("equities.csv")
    instruments = [share for row in equities for share in _shares(row)]
    taken: set[int] = set()
    for underlying in _underlyings(equities):
        instruments.extend(contracts_on(underlying, today, taken))
    return Instruments(instruments, load_indices())


def _shares(row: Row) -> Iterator[Instrument]:
    for exchange, token, series in (("NSE", row["token"], "EQ"), ("BSE", row["bse_code"], "A")):
        if not token:
            continue
        share = Instrument(
            exchange=exchange,
            token=int(token),
            name=f"{row['symbol']} {series}",
            short_name=row["symbol"],
            lot=1,
            tick_points=money.points(row["tick"]),
            option_type=series,
            isin=row["isin"],
            full_name=f"{row['name']}-{row['symbol']} {series}" if exchange == "NSE" else row["name"],
            face_value=row["face_value"],
        )
        share.begin_day(money.to_tick(money.points(row["close"]), share.tick_points))
        yield share


def _underlyings(equities: list[Row]) -> Iterator[Underlying]:
    for row in _data_rows("indices.csv"):
        if row["derivative_exchange"]:
            yield Underlying(
                symbol=row["underlying"],
                exchange=row["derivative_exchange"],
                close_points=money.points(row["close"]),
                lot=int(row["lot"]),
                freeze_units=int(row["freeze"]),
                tick_points=money.points(row["tick"]),
                strike_step_points=money.points(row["strike_step"]),
                is_index=True,
                is_weekly=row["weekly"] == "Y",
                has_options=True,
            )
    with_derivatives = [row for row in equities if row["derivative_lot"]]
    for position, row in enumerate(with_derivatives):
        yield Underlying(
            symbol=row["symbol"],
            exchange="NSEFO",
            close_points=money.points(row["close"]),
            lot=int(row["derivative_lot"]),
            freeze_units=int(row["freeze"]),
            tick_points=money.points("0.05"),
            strike_step_points=0,
            is_index=False,
            is_weekly=False,
            has_options=position < _STOCKS_WITH_OPTIONS,
        )


def from_folder(folder: Path, today: date) -> Instruments:
    """Read `scripmaster_{NSE,BSE,NSEFO,BSEFO}.csv[.gz]` and, if there, `reference_prices.csv[.gz]`.

    An instrument without a price gets a plausible one. Raises BadCatalogue.
    """
    if not folder.is_dir():
        raise BadCatalogue(f"{folder} is not a folder")
    prices = {(row["exchange"], row["scripcode"]): row["close"] for row in _rows(folder, "reference_prices")}
    instruments: list[Instrument] = []
    for exchange in EXCHANGE_IDS:
        rows = _rows(folder, f"scripmaster_{exchange}")
        instruments.extend(_from_master(row, exchange) for row in rows)
    if not instruments:
        raise BadCatalogue(f"{folder} holds no scripmaster_NSE.csv, _BSE, _NSEFO or _BSEFO (.csv or .csv.gz)")
    spots = _set_cash_prices(instruments, prices)
    for instrument in instruments:
        if not instrument.is_cash:
            _set_derivative_price(instrument, spots, today)
    return Instruments(instruments, _indices_with(prices))


def _rows(folder: Path, stem: str) -> list[Row]:
    for path in (folder / f"{stem}.csv", folder / f"{stem}.csv.gz"):
        if path.is_file():
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
            return list(csv.DictReader(io.StringIO(text)))
    return []


def _from_master(row: Row, exchange: str) -> Instrument:
    try:
        expiry_s = int(row["expirydate"])
        strike = money.points(row["strikeprice"])
        is_option = row["optiontype"].strip() in ("CE", "PE")
        return Instrument(
            exchange=exchange,
            token=int(row["scripcode"]),
            name=row["scripname"].strip(),
            short_name=row["scripshortname"].strip(),
            lot=int(row["marketlot"]),
            tick_points=money.points(row["ticksize"]) or 500,
            option_type=row["optiontype"].strip(),
            instrument_name=row["instrumentname"].strip(),
            expiry=date(1980, 1, 1) + timedelta(seconds=expiry_s) if expiry_s else None,
            expiry_1980_s=expiry_s,
            strike_points=strike if is_option else None,
            isin=row["scripisinno"].strip(),
            full_name=row["scripfullname"].strip(),
            face_value=row["facevalue"].strip(),
            freeze_units=int(row["maxqtyperorder"] or 0),
            is_suspended=row["issuspended"].strip() == "Y",
            is_banned=row["isbanscrip"].strip() == "Y",
        )
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise BadCatalogue(f"scripmaster_{exchange}: unusable row {row!r}: {error}") from None


def _set_cash_prices(instruments: list[Instrument], prices: dict[tuple[str, str], str]) -> dict[str, int]:
    """Give shares their close; answer the price of every underlying by its symbol."""
    spots = {symbol: money.points(close) for (kind, symbol), close in prices.items() if kind == "INDEX"}
    for index in load_indices():
        if index.underlying:
            spots.setdefault(index.underlying, index.close_points)
    for instrument in instruments:
        if instrument.is_cash:
            known = prices.get((instrument.exchange, str(instrument.token)))
            close = money.points(known) if known else plausible_close(instrument)
            instrument.begin_day(money.to_tick(close, instrument.tick_points))
            spots.setdefault(instrument.short_name, instrument.close_points)
    return spots


def _set_derivative_price(instrument: Instrument, spots: dict[str, int], today: date) -> None:
    spot = spots.get(instrument.short_name)
    days = max(0, (instrument.expiry - today).days) if instrument.expiry else 0
    tick = instrument.tick_points
    if instrument.strike_points is not None:
        spot = spot or instrument.strike_points
        close = option_price(spot, instrument.strike_points, instrument.option_type, days, tick)
    else:
        close = future_price(spot, days, tick) if spot else plausible_close(instrument)
    instrument.begin_day(close)


def _indices_with(prices: dict[tuple[str, str], str]) -> list[Index]:
    indices = load_indices()
    for index in indices:
        known = prices.get(("INDEX", index.underlying))
        if known:
            index.close_points = money.points(known)
    return indices
