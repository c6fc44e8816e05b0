from __future__ import annotations

import asyncio

import pytest

from app.core.redis_calls import cancellable


async def _swallow(error: Exception | None) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        if error is not None:
            raise error from None


@pytest.mark.parametrize("error", [None, ConnectionError("lost")])
async def test_a_cancellation_that_was_swallowed_is_raised_all_the_same(error: Exception | None) -> None:
    async def call() -> str:
        with cancellable():
            await _swallow(error)
        return "went on"

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_inside_is_no_cancellation() -> None:
    with cancellable(), pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.sleep(60)


async def test_errors_and_answers_pass() -> None:
    with cancellable():
        answer = await asyncio.sleep(0, "answer")
    assert answer == "answer"
    with pytest.raises(ConnectionError), cancellable():
        raise ConnectionError("lost")
