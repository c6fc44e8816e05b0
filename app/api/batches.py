"""Batches: list, look, stop, retry what was surely not placed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from app.api.batch_answers import batch_list_body, json_response
from app.api.deps import CurrentDesk, Desk, PageQuery, Trader, Viewer
from app.api.order_requests import press_of, trade_of
from app.api.orders import IdempotencyKey, batch_answer, symbol_of
from app.api.preview_answers import preview_body
from app.api.strict_json import desk_router
from app.domain.batches import BatchKind
from app.domain.errors import NotFound
from app.domain.trading import Trade
from app.schemas.trading import BatchList, BatchRead, BatchRetry, Empty, OrderCreate
from app.services.retry_refused import refused_rows

router = desk_router(prefix="/api/v1/batches", tags=["batches"])

BatchId = Annotated[str, Path(max_length=64)]


@router.get("", response_model=BatchList)
async def batches(desk: CurrentDesk, _who: Viewer, paging: PageQuery) -> Response:
    listings, total = await desk.trading.views.batches(offset=paging.offset, limit=paging.limit)
    return json_response(batch_list_body(listings, total, lambda head: symbol_of(desk, head)))


@router.get("/{batch_id}", response_model=BatchRead)
async def batch(desk: CurrentDesk, _who: Viewer, batch_id: BatchId) -> Response:
    response = await batch_answer(desk, batch_id, 0)
    response.status_code = 200
    return response


@router.post("/{batch_id}/stop", response_model=BatchRead)
async def stop(desk: CurrentDesk, who: Trader, batch_id: BatchId, _given: Empty | None = None) -> Response:
    """Lapse what has not left yet. What has left stays with the broker: cancel it order by order."""
    await desk.trading.stopper.stop(batch_id, who.actor)
    response = await batch_answer(desk, batch_id, 0)
    response.status_code = 200
    return response


@router.post("/{batch_id}/cancel", response_model=BatchRead)
async def cancel(desk: CurrentDesk, who: Trader, batch_id: BatchId, _given: Empty | None = None) -> Response:
    """Stop the batch, and ask the broker to cancel every order of it that may be working there.

    An order whose fate is not known yet is cancelled once the broker's book shows it.
    """
    await desk.trading.canceller.cancel_batch(batch_id, who.actor)
    response = await batch_answer(desk, batch_id, 0)
    response.status_code = 200
    return response


@router.post("/{batch_id}/retry-refused", response_model=BatchRead, responses={202: {"model": BatchRead}})
async def retry_refused(
    desk: CurrentDesk,
    who: Trader,
    batch_id: BatchId,
    idempotency_key: IdempotencyKey,
    given: BatchRetry | None = None,
) -> Response:
    """Make a new batch, linked to this one, of the rows that were surely not placed; with `dry_run`, its preview.

    `plan_hash` binds it to that preview, as in execute-all.
    """
    given = given or BatchRetry()
    if given.dry_run:
        trade = await _retried_trade(desk, batch_id, given)
        plan = await desk.trading.planner.plan(trade, operator_id=who.user_id)
        return json_response(preview_body(plan, await desk.trading.estimator.estimate(trade, plan)))
    press = press_of(who, idempotency_key, given, BatchKind.RETRY, parent_batch_id=batch_id, retries=batch_id)
    existing = await desk.trading.executor.repeated(press)
    if existing is None:
        trade = await _retried_trade(desk, batch_id, given)
        existing = await desk.trading.executor.execute(trade, press, approved_plan_hash=given.plan_hash)
    return await batch_answer(desk, existing.id, given.wait_s)


async def _retried_trade(desk: Desk, batch_id: str, given: BatchRetry) -> Trade:
    parent = await desk.trading.views.batch(batch_id)
    if parent is None:
        raise NotFound("No such batch.", code="batch_not_found")
    rows = refused_rows(parent, frozenset(given.client_ids) if given.client_ids is not None else None)
    request = await desk.trading.store.original_request(batch_id)
    return trade_of(OrderCreate.model_validate({**request, "client_orders": rows, "plan_hash": None}))
