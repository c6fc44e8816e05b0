"""What the desk says of prices and profit while its market feed works, fails and comes back.

The deadlines here leave room for a busy machine; `make soak` holds the desk to 3 s and 5 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import pytest

from tests.support.floor import Floor, FloorClient, Json
from tests.support.floor_socket import Socket
from tests.support.processes import wait_until
from tests.support.true_profit import true_profits

pytestmark = [pytest.mark.xdist_group("live prices"), pytest.mark.timeout(300)]

CLIENTS, POSITIONS = 100, 5
NOTICED_WITHIN_S, BACK_WITHIN_S = 10, 20
SETTLED_WITHIN_S = 40  # a reading after the last fill, over all clients


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A hundred clients, five positions each, and a thousand ticks a second."""
    folder = tmp_path_factory.mktemp("prices")
    with Floor(folder, clients=CLIENTS, simulator_arguments=["--set", "feed_ticks_per_s=1000"]) as opened:
        for number in range(POSITIONS):
            side, share = ("BUY", "SELL")[number % 2], opened.share()
            rows = [(client, 1 + (place + number) % 9) for place, client in enumerate(opened.clients)]
            batch = opened.execute(opened.trade(share, rows, side=side, trade_type="INTRADAY"))
            opened.settled(batch["batch_id"])
        yield opened


@pytest.fixture
def moving(floor: Floor) -> Iterator[Floor]:
    """The floor with a live feed; afterwards without faults."""
    wait_until(lambda: floor.feed_status() == "live", deadline_s=BACK_WITHIN_S, what="the feed is live")
    yield floor
    floor.clear_faults()
    floor.simulator.post("/_sim/prices", {"freeze_all": False})


def assert_profit_is_exact_at_rest(floor: Floor) -> None:
    floor.simulator.post("/_sim/prices", {"freeze_all": True})
    truth = {code: str(pl.quantize(Decimal("0.01"))) for code, pl in true_profits(floor.simulator).items()}
    shown: dict[str, str | None] = {}

    def are_equal() -> bool:
        shown.update({code: row["pl"] for code, row in floor.client_rows().items()})
        return bool(shown == truth)

    try:
        wait_until(are_equal, deadline_s=SETTLED_WITHIN_S, what="the desk shows the true profit")
    except AssertionError as error:
        wrong = {code: (shown.get(code), pl) for code, pl in truth.items() if shown.get(code) != pl}
        raise AssertionError(
            f"{error}: {len(wrong)} of {len(truth)} differ, such as {list(wrong.items())[:5]}"
        ) from None
    floor.simulator.post("/_sim/prices", {"freeze_all": False})


def rows_called_live(floor: Floor) -> list[Json]:
    return [row for row in floor.client_rows().values() if not row["pl_stale"]]


def test_profit_of_every_client_is_the_true_one_to_the_paisa(moving: Floor) -> None:
    assert_profit_is_exact_at_rest(moving)
    assert len(rows_called_live(moving)) == CLIENTS


def test_profit_moves_with_the_prices(moving: Floor) -> None:
    before = {code: row["pl"] for code, row in moving.client_rows().items()}

    def most_moved() -> bool:
        now = moving.client_rows()
        return len([code for code, row in now.items() if row["pl"] != before[code]]) > CLIENTS // 2

    wait_until(most_moved, deadline_s=NOTICED_WITHIN_S, what="the profit of most clients moved")


def test_a_fill_counts_before_the_account_is_read_again(moving: Floor) -> None:
    client, share = moving.clients[7], moving.share()
    batch = moving.execute(moving.trade(share, [(client, 12)]))
    moving.settled(batch["batch_id"])

    def shown() -> Json:
        items: list[Json] = moving.call("GET", f"/api/v1/tokens/NSE:{share}/positions?page_size=5000")["items"]
        return next(item for item in items if item["client_id"] == client.id)

    wait_until(lambda: shown()["net_quantity"] == 12, deadline_s=NOTICED_WITHIN_S, what="the fill is in the position")
    assert shown()["pl"] is not None
    assert_profit_is_exact_at_rest(moving)


def test_list_portfolio_and_instrument_show_the_same_profit_at_rest(moving: Floor) -> None:
    moving.simulator.post("/_sim/prices", {"freeze_all": True})
    client = moving.clients[3]
    portfolio: Json = {}

    def agree() -> bool:
        portfolio.update(moving.call("GET", f"/api/v1/clients/{client.id}/portfolio"))
        return bool(portfolio["totals"]["pl"] == moving.client_rows()[client.code]["pl"])

    wait_until(agree, deadline_s=SETTLED_WITHIN_S, what="list and portfolio agree")
    for position in portfolio["positions"]:
        assert position["pl"] == of_client(moving, client, position["id"])["pl"], position


def of_client(floor: Floor, client: FloorClient, token_id: str) -> Json:
    items: list[Json] = floor.call("GET", f"/api/v1/tokens/{token_id}/positions?page_size=5000")["items"]
    return next(item for item in items if item["client_id"] == client.id)


def test_an_instrument_on_a_ticket_gets_its_price_from_the_feed(moving: Floor) -> None:
    share = moving.share()
    read_before = moving.call("GET", f"/api/v1/tokens/NSE:{share}/quote")
    assert Decimal(read_before["bid"]) <= Decimal(read_before["ask"])

    def is_registered() -> bool:
        connections = moving.simulator.get("/_sim/feed")["connections"]
        return any(f"NSE:{share}" in one["registrations"] for one in connections)

    wait_until(is_registered, deadline_s=NOTICED_WITHIN_S, what="the share is on the feed")

    def is_newer() -> bool:
        return bool(moving.call("GET", f"/api/v1/tokens/NSE:{share}/quote")["as_of"] > read_before["as_of"])

    wait_until(is_newer, deadline_s=NOTICED_WITHIN_S, what="a price from the feed")


@pytest.mark.parametrize(
    ("action", "value", "says"),
    [
        ("cut", "clean", {"down"}),
        ("cut", "abrupt", {"down"}),
        ("silence", None, {"delayed"}),
        ("garble", None, {"delayed"}),
    ],
)
def test_prices_that_do_not_come_are_not_called_live_and_come_back(
    moving: Floor, action: str, value: str | None, says: set[str]
) -> None:
    if action == "cut":
        moving.fault("refuse", 503, path="feed")
    moving.fault(action, value, path="feed")
    wait_until(lambda: moving.feed_status() in says, deadline_s=NOTICED_WITHIN_S, what=f"the desk says {says}")
    wait_until(lambda: rows_called_live(moving) == [], deadline_s=NOTICED_WITHIN_S, what="no profit is called live")
    rows = moving.client_rows()
    assert all(row["pl_stale"] and row["pl_reason"] for row in rows.values())
    assert all(row["pl"] is not None for row in rows.values())  # old, said to be old, and still there

    moving.clear_faults()

    wait_until(lambda: moving.feed_status() == "live", deadline_s=BACK_WITHIN_S, what="the feed is live again")
    is_back = partial(lambda: len(rows_called_live(moving)) == CLIENTS)
    wait_until(is_back, deadline_s=BACK_WITHIN_S, what="every profit is called live again")
    assert_profit_is_exact_at_rest(moving)


def test_sockets_are_told_whose_profit_is_in_doubt_and_when_that_is_over(moving: Floor) -> None:
    wait_until(lambda: len(rows_called_live(moving)) == CLIENTS, deadline_s=BACK_WITHIN_S, what="nothing is in doubt")
    told: dict[str, bool] = {}

    def are_all(frame: Json, *, in_doubt: bool) -> bool:
        if frame["type"] == "funds_update":
            assert all((row["pl_reason"] is not None) is row["pl_stale"] for row in frame["updates"])
            told.update({row["client_id"]: row["pl_stale"] for row in frame["updates"]})
        return len(told) == CLIENTS and set(told.values()) == {in_doubt}

    with Socket(moving) as socket:
        socket.until(lambda frame: frame["type"] == "feed_status")
        moving.fault("silence", path="feed")
        socket.until(partial(are_all, in_doubt=True))
        moving.clear_faults()
        socket.until(partial(are_all, in_doubt=False))


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("half_packets", "split"),
        ("half_packets", "lost"),
        ("clock_jump", 86_400 * 400),
        ("clock_jump", -86_400 * 400),
        ("unknown_types", 5),
    ],
)
def test_a_damaged_feed_that_can_be_read_never_shows_a_wrong_profit(
    moving: Floor, action: str, value: str | int
) -> None:
    moving.fault(action, value, path="feed")
    seen = moving.simulator.get("/_sim/feed")["packets_sent"]
    wait_until(
        lambda: moving.simulator.get("/_sim/feed")["packets_sent"] > seen + 3000, deadline_s=20, what="more packets"
    )
    assert moving.feed_status() in {"live", "delayed"}
    moving.clear_faults()
    wait_until(lambda: moving.feed_status() == "live", deadline_s=BACK_WITHIN_S, what="the feed is live")
    assert_profit_is_exact_at_rest(moving)


def test_a_simulator_that_was_restarted_is_live_again_by_itself(moving: Floor) -> None:
    moving.simulator.stop()
    wait_until(lambda: moving.feed_status() == "down", deadline_s=NOTICED_WITHIN_S, what="the desk says down")
    wait_until(lambda: rows_called_live(moving) == [], deadline_s=NOTICED_WITHIN_S, what="no profit is called live")
    moving.restart_simulator()
    wait_until(lambda: moving.feed_status() == "live", deadline_s=BACK_WITHIN_S, what="the feed is live again")
