"""Instruments, masters, prices: the built-in set, files, the columns, the walk from the seed."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from pathlib import Path

import pytest

from mofsl_simulator import catalogue, masters
from mofsl_simulator.contracts import monthly_expiries
from mofsl_simulator.events import Events
from mofsl_simulator.prices import Prices
from tests.simulator.in_process import CURRENT, InProcess

NIFTY_TODAY = date(2026, 11, 23)


def csv_rows(sim: InProcess, page: str, query: str) -> list[dict[str, str]]:
    from mofsl_simulator import dispatch
    from mofsl_simulator.call import Call
    from mofsl_simulator.endpoints import ENDPOINTS

    call = Call(sim.broker, ENDPOINTS[page], {}, {}, "127.0.0.1")
    return list(csv.DictReader(io.StringIO(dispatch.answer(call, "GET", query).body.decode())))


def test_the_built_in_set_is_large_and_tradable() -> None:
    built_in = catalogue.built_in(NIFTY_TODAY)

    assert len(built_in) >= 300
    assert all(len(built_in.of(exchange)) >= 100 for exchange in ("NSE", "BSE", "NSEFO", "BSEFO"))
    for item in built_in:
        assert item.lower_points <= item.ltp_points <= item.upper_points, item
        assert item.ltp_points % item.tick_points == 0, item
        assert item.lot >= 1
        assert item.expiry is None or item.expiry >= NIFTY_TODAY


@pytest.mark.parametrize(
    ("underlying", "lot", "freeze"),
    [("NIFTY", 65, 1800), ("BANKNIFTY", 30, 600), ("FINNIFTY", 60, 1800), ("MIDCPNIFTY", 120, 2800),
     ("NIFTYNXT50", 25, 600)],
)  # fmt: skip
def test_index_contracts_have_the_lots_of_the_market(underlying: str, lot: int, freeze: int) -> None:
    contracts = [item for item in catalogue.built_in(NIFTY_TODAY).of("NSEFO") if item.short_name == underlying]

    assert {(item.lot, item.freeze_units) for item in contracts} == {(lot, freeze)}
    assert {item.instrument_name for item in contracts} == {"FUTIDX", "OPTIDX"}
    assert all(item.expiry is not None and item.expiry.weekday() == 1 for item in contracts)


def test_shares_known_on_both_exchanges_share_their_isin() -> None:
    built_in = catalogue.built_in(NIFTY_TODAY)
    itc = built_in.get("NSE", 1660)
    twin = built_in.with_isin("BSE", "INE154A01025")

    assert itc is not None
    assert twin is not None
    assert (itc.isin, itc.name, twin.token, twin.short_name) == ("INE154A01025", "ITC EQ", 500875, "ITC")


def test_a_contract_keeps_its_token_from_one_day_to_the_next() -> None:
    today = {item.name: item.token for item in catalogue.built_in(date(2026, 11, 25)).of("NSEFO")}
    tomorrow = {item.name: item.token for item in catalogue.built_in(date(2026, 11, 26)).of("NSEFO")}

    same = today.keys() & tomorrow.keys()
    assert len(same) > 500
    assert all(today[name] == tomorrow[name] for name in same)


def test_monthly_expiries_are_the_last_weekday_of_each_month() -> None:
    assert monthly_expiries(date(2026, 11, 25), 1) == [date(2026, 12, 29), date(2027, 1, 26), date(2027, 2, 23)]
    assert monthly_expiries(date(2026, 12, 31), 3) == [date(2026, 12, 31), date(2027, 1, 28), date(2027, 2, 25)]


def test_the_scrip_master_has_the_brokers_columns_and_quirks(sim: InProcess) -> None:
    cash = {row["scripcode"]: row for row in csv_rows(sim, "/getscripmastercsv", "name=NSE")}
    derivatives = csv_rows(sim, "/getscripmastercsv", "name=NSEFO")

    assert list(cash["1660"]) == masters.SCRIP_COLUMNS
    itc = cash["1660"]
    assert (itc["exchange"], itc["scripname"], itc["ticksize"], itc["instrumentname"]) == (
        "1",
        "ITC EQ",
        "0.050",
        "      ",
    )
    assert (itc["expirydate"], itc["strikeprice"], itc["optiontype"], itc["markettype"]) == ("0", "0.000", "EQ", " ")
    future = next(row for row in derivatives if row["instrumentname"] == "FUTIDX")
    assert (future["strikeprice"], future["optiontype"], future["exchange"]) == ("-1.000", "XX", "2")
    option = next(row for row in derivatives if row["optiontype"] == "CE")
    assert option["scripname"].endswith(f"CE {option['strikeprice'].removesuffix('.000')}")
    assert int(option["maxqtyperorder"]) > 0


def test_the_json_master_has_the_band_and_no_freeze(sim: InProcess) -> None:
    rows = sim.post("getscripsbyexchangename", {"exchangename": "NSE"})["data"]
    row = next(row for row in rows if row["scripcode"] == 1660)

    assert (row["lowercircuitprice"], row["uppercircuitprice"], row["ticksize"]) == (254.25, 310.75, 0.05)
    assert "maxqtyperorder" not in row


@pytest.mark.parametrize(
    ("page", "query", "columns"),
    [
        ("/getindexdatacsv", "name=NSE", masters.INDEX_COLUMNS),
        ("/geteoddatacsv", "name=BSE", masters.EOD_COLUMNS),
        ("/getdprcsv", "symbol=NIFTY", masters.DPR_COLUMNS),
    ],
)
def test_the_other_files_have_their_columns(sim: InProcess, page: str, query: str, columns: list[str]) -> None:
    rows = csv_rows(sim, page, query)

    assert rows
    assert list(rows[0]) == columns


def test_the_reports_of_the_exchange_answer_rows(sim: InProcess) -> None:
    indices = sim.post("getindexdatabyexchangename", {"exchangename": "NSE"})["data"]
    assert {"exchange": "NSE", "indexcode": 26000, "indexname": "Nifty 50"} in indices
    eod = sim.post("geteoddatabyexchangename", {"exchangename": "NSEFO"})["data"]
    assert (eod[0]["open"], eod[0]["volume"], eod[0]["date"]) == (0, 0, "23-11-2026")
    dpr = sim.post("getdprvalues", {"symbol": "BANKNIFTY"})["data"]
    assert {row["scripshortname"] for row in dpr} == {"BANKNIFTY"}
    (index,) = sim.post("getindexltpdata", {"exchange": "NSE", "scripcode": "26000"})["data"]
    assert (index["exchange"], index["close"]) == ("NSECASH", 24500.0)
    rates = sim.post("getbrokeragedetail", {"exchangename": "NSEFO", "series": "F"})["data"][0]
    assert (rates["segment"], rates["futurebuy"]) == ("FO", "0.0200")
    assert sim.post("getbroadcastmaxlimit")["data"] == {"MaxBroadcastLimit": 200}
    assert sim.post("getparticipantsdetail")["data"][0]["participanname"] == "TEST PARTICIPANT"
    assert sim.post("getprofile")["data"]["usertype"] == "Investorclient"


@pytest.mark.parametrize(
    ("key", "body", "code"),
    [
        ("getltpdata", {"exchange": "NFO", "scripcode": 1660}, "MO1051"),
        ("getltpdata", {"exchange": "NSE", "scripcode": 1}, "MO1058"),
        ("getindexltpdata", {"exchangename": "NSEFO", "scripcode": "26000"}, "MO1051"),
        ("getindexltpdata", {"exchangename": "NSE", "scripcode": "1"}, "MO1058"),
        ("getscripsbyexchangename", {"exchangename": "X"}, "MO1051"),
        ("getindexdatabyexchangename", {}, "MO1051"),
        ("geteoddatabyexchangename", {}, "MO1051"),
        ("getdprvalues", {"symbol": "SENSEX"}, "MO1050"),
        ("getbrokeragedetail", {"exchangename": "X", "series": "EQ"}, "MO1051"),
        ("getbrokeragedetail", {"exchangename": "NSEFO", "series": "EQ"}, "MO1050"),
    ],
)
def test_a_report_refuses_bad_input_by_code(sim: InProcess, key: str, body: dict[str, object], code: str) -> None:
    assert sim.post(key, body)["errorcode"] == code


def test_every_documented_endpoint_answers(sim: InProcess) -> None:
    public = {"getscripmastercsv", "getindexdatacsv", "geteoddatacsv", "getdprcsv", "webhook"}

    for key in CURRENT.keys() - public - {"authdirectapi"}:
        answer = sim.post(key)
        assert answer["status"] in ("SUCCESS", "ERROR"), key
        sim.sign_in(sim.account())


def test_prices_are_in_paise_with_bid_and_ask_a_tick_around(sim: InProcess) -> None:
    row = sim.post("getltpdata", {"exchange": "NSE", "scripcode": 1660})["data"]

    assert (row["ltp"], row["bid"], row["ask"], row["close"]) == (28250, 28245, 28255, 28250)


def walk(seed: int, steps: int, looks: int) -> list[int]:
    """Last prices after some steps, looked at now and then."""
    instruments = catalogue.built_in(NIFTY_TODAY)
    prices = Prices(instruments, Events(), seed)
    for step in range(steps):
        prices.step()
        if looks and step % looks == 0:
            for item in instruments.of("NSE"):
                prices.ltp(item)
    return [prices.ltp(item) for item in instruments.of("NSE")]


def test_the_walk_depends_on_the_seed_and_not_on_who_looks() -> None:
    assert walk(1, 300, looks=0) == walk(1, 300, looks=7)
    assert walk(1, 300, looks=0) != walk(2, 300, looks=0)


def test_the_walk_moves_by_ticks_inside_the_band(sim: InProcess) -> None:
    sim.broker.prices.freeze_all(False)
    seen = set()
    item = sim.broker.instruments.get("NSE", 1660)
    assert item is not None
    for _ in range(2000):
        sim.broker.prices.step()
        seen.add(sim.broker.prices.ltp(item))

    assert len(seen) > 20
    assert all(price % item.tick_points == 0 and item.lower_points < price < item.upper_points for price in seen)
    assert (item.high_points, item.low_points) == (max(seen | {item.close_points}), min(seen | {item.close_points}))


def test_a_frozen_price_stays_until_it_is_released(sim: InProcess) -> None:
    sim.broker.prices.freeze_all(False)
    sim.sim("POST", "prices", {"exchange": "NSE", "symboltoken": 1660, "ltp": "290.15", "freeze": True})
    item = sim.broker.instruments.get("NSE", 1660)
    assert item is not None
    for _ in range(200):
        sim.broker.prices.step()
    held = sim.broker.prices.ltp(item)
    sim.sim("POST", "prices", {"exchange": "NSE", "symboltoken": 1660, "freeze": False})
    for _ in range(200):
        sim.broker.prices.step()

    assert held == 2_901_500
    assert sim.broker.prices.ltp(item) != held


def test_one_seed_gives_the_same_accounts_whatever_their_number() -> None:
    few, many = InProcess(clients=3), InProcess(clients=40)
    other = InProcess(clients=3, seed=2)
    shown = few.sim("GET", "accounts")[1]["accounts"]

    assert shown == many.sim("GET", "accounts")[1]["accounts"][:3]
    assert shown[0]["password"] != other.sim("GET", "accounts")[1]["accounts"][0]["password"]
    assert few.account(3).holdings.keys() == many.account(3).holdings.keys() != set()


def master_line(**changes: str) -> str:
    row = dict.fromkeys(masters.SCRIP_COLUMNS, "0") | {
        "exchange": "1", "exchangename": "NSE", "scripcode": "77", "scripname": "DEMO EQ", "marketlot": "1",
        "scripshortname": "DEMO", "issuspended": "N", "instrumentname": "      ", "strikeprice": "0.000",
        "optiontype": "EQ", "markettype": " ", "foexposurepercent": "0.000", "ticksize": "0.050",
        "scripisinno": "INE0DEMO0001",
        "isbanscrip": "N", "scripfullname": "DEMO LTD-DEMO EQ", "facevalue": "10",
    }  # fmt: skip
    return ",".join((row | changes).values())


def test_masters_can_come_from_a_folder(tmp_path: Path) -> None:
    header = ",".join(masters.SCRIP_COLUMNS)
    suspended = master_line(scripcode="78", scripname="HALT EQ", issuspended="Y", scripisinno="INE0DEMO0002")
    (tmp_path / "scripmaster_NSE.csv").write_text("\n".join([header, master_line(), suspended]) + "\n")
    option = master_line(
        exchange="2", exchangename="NSEFO", scripcode="900", scripname="DEMO 29-Dec-2026 CE 100", marketlot="50",
        instrumentname="OPTSTK", expirydate="1483021800", strikeprice="100.000", optiontype="CE",
        scripisinno="", maxqtyperorder="2000",
    )  # fmt: skip
    with gzip.open(tmp_path / "scripmaster_NSEFO.csv.gz", "wt") as file:
        file.write(f"{header}\n{option}\n")
    (tmp_path / "reference_prices.csv").write_text("exchange,scripcode,close\nNSE,77,101.25\n")

    loaded = catalogue.from_folder(tmp_path, NIFTY_TODAY)

    share, halted, call = loaded.get("NSE", 77), loaded.get("NSE", 78), loaded.get("NSEFO", 900)
    assert share is not None
    assert halted is not None
    assert call is not None
    assert (share.close_points, halted.is_suspended) == (1_012_500, True)
    assert (call.lot, call.expiry, call.strike_points, call.freeze_units) == (50, date(2026, 12, 29), 1_000_000, 2000)
    assert call.close_points > 12_500
    assert halted.close_points == catalogue.from_folder(tmp_path, NIFTY_TODAY).of("NSE")[1].close_points > 0
    assert masters.scrip_csv(loaded, "NSE").decode().splitlines()[1] == master_line()


@pytest.mark.parametrize("content", ["", "exchange,scripcode\n1,x\n"])
def test_a_folder_without_usable_masters_is_refused(tmp_path: Path, content: str) -> None:
    if content:
        (tmp_path / "scripmaster_NSE.csv").write_text(content)

    with pytest.raises(catalogue.BadCatalogue):
        catalogue.from_folder(tmp_path, NIFTY_TODAY)
