"""How many instruments the market feed carries, asked of MOFSL in a box in both generations."""

from __future__ import annotations

import pytest

from app.core.mofsl.endpoints import Generation
from app.domain.errors import SessionExpired
from tests.brokers.harness import MofslHarness, control
from tests.simulator.wire import SimulatorProcess


@pytest.mark.parametrize("generation", list(Generation))
async def test_the_limit_is_the_broker_s_or_200_where_it_names_none(generation: Generation) -> None:
    process = SimulatorProcess.start(clients=1, seed=3)
    try:
        accounts = {row["clientcode"]: row for row in control(process.url, "accounts")["accounts"]}
        harness = MofslHarness(process.url, generation, process.url, tuple(accounts), accounts)
        [code] = accounts
        token = await harness.broker.log_in(harness.login(code))
        for told, limit in ((350, 350), (0, 200)):
            control(process.url, "settings", {"max_broadcast_limit": told})
            assert await harness.broker.broadcast_limit(token, code) == limit
        await harness.broker.log_out(token)
        with pytest.raises(SessionExpired):
            await harness.broker.broadcast_limit(token, code)
        await harness.broker.close()
    finally:
        process.stop()
