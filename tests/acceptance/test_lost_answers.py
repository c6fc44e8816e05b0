"""Orders whose answer was lost are settled soon after the broker's books show them, and never sent again."""

from __future__ import annotations

import pytest

from tests.support.floor import Floor

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]
SETTLED_WITHIN_S = 15.0  # the promise for 99 of 100; here the books show every order before the press is answered


@pytest.mark.parametrize("path", ["stream", "books alone"])
def test_lost_answers_are_settled_by_the_stream_and_by_the_books_alone(quiet: Floor, path: str) -> None:
    share, clients = quiet.share(), quiet.clients
    if path != "stream":
        quiet.fault("drop", path="tradesocket")
    quiet.fault("close_after_accept")
    first = quiet.execute(quiet.trade(share, [(client, 1) for client in clients]))

    batch = quiet.settled(first["batch_id"], deadline_s=SETTLED_WITHIN_S)

    assert {row["success"] for row in batch["results"]} == {True}
    assert {len(orders) for orders in quiet.in_ledger(batch).values()} == {1}
    assert len(quiet.of_share(share)) == len(clients)
