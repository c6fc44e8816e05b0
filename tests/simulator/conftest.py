"""Fixtures of the simulator's tests: one in process for rules, one as a real process for the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.simulator.in_process import InProcess
from tests.simulator.wire import SimulatorProcess, WireClient


@pytest.fixture
def sim() -> InProcess:
    return InProcess()


@pytest.fixture(scope="session")
def _simulator_process() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(clients=12, seed=7)
    yield process
    process.stop()


@pytest.fixture
async def wire(_simulator_process: SimulatorProcess) -> AsyncIterator[WireClient]:
    """A client of the shared process, without faults left over from another test."""
    async with WireClient(_simulator_process.url) as client:
        yield client
        await client.control("DELETE", "faults")
