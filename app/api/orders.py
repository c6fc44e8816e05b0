"""Placing, exiting and looking at orders. Routes parse and answer; what they mean is in the services."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request
from starlette.responses import Response

from app.api.batch_answers import batch_body, json_response, order_body
from app.api.deps import CurrentDesk, Desk, PageQuery, Trader, Viewer
from app.api.order_requests import blotter_filter, exit_request, new_terms, press_of, trade_of
from app.api.preview_answers import exit_preview_body, preview_body
from app.api.strict_json import desk_router
from app.domain.batches import BatchKind, BatchStatus
from app.domain.errors import InvalidInput, NotFound
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus
from app.domain.views import BatchHead, OrderView
from app.schemas.trading import (
    BatchRead,
    Empty,
    ExitCreate,
    ExitPreviewRead,
    OrderCreate,
    OrderDetailRead,
    OrderList,
    OrderModify,
    OrderRead,
    OrderResolve,
    PreviewRead,
)

router = desk_router(prefix="/api/v1", tags=["orders"])


async def _one_key(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="Made once per decision; a repeat returns its batch")
    ] = None,
) -> str | None:
    """Raises InvalidInput for several keys: which one names the decision is not for us to guess."""
    if len(request.headers.getlist("Idempotency-Key")) > 1:
        raise InvalidInput(
            "Send one Idempotency-Key header, not several.", code="idempotency_key_repeated", field="Idempotency-Key"
        )
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(_one_key)]
OrderId = Annotated[str, Path(max_length=64)]


@router.post("/orders/preview", response_model=PreviewRead)
async def preview(desk: CurrentDesk, who: Trader, given: OrderCreate) -> Response:
    """Say what each row would come to, with a hash that binds the approval. Nothing is recorded or sent."""
    trade = trade_of(given)
    plan = await desk.trading.planner.plan(trade, operator_id=who.user_id)
    return json_response(preview_body(plan, await desk.trading.estimator.estimate(trade, plan)))


@router.post("/orders/execute-all", response_model=BatchRead, responses={202: {"model": BatchRead}})
async def execute_all(desk: CurrentDesk, who: Trader, given: OrderCreate, idempotency_key: IdempotencyKey) -> Response:
    """Place one order per row with a quantity; answer 200 with every outcome, or 202 with what is known by `wait_s`."""
    press = press_of(who, idempotency_key, given, BatchKind.EXECUTE)
    recorded = await desk.trading.executor.execute(trade_of(given), press, approved_plan_hash=given.plan_hash)
    return await batch_answer(desk, recorded.id, given.wait_s)


@router.post(
    "/tokens/{token_mofsl_id}/exit-all",
    response_model=BatchRead | ExitPreviewRead,
    responses={202: {"model": BatchRead}},
)
async def exit_all(
    desk: CurrentDesk,
    who: Trader,
    given: ExitCreate,
    token_mofsl_id: Annotated[str, Path(max_length=24, description="EXCHANGE:symbol_token, or the number")],
    idempotency_key: IdempotencyKey,
) -> Response:
    """Close what the clients hold in one instrument; with `dry_run` only say what that would come to.

    A failed read is never taken for "flat".
    """
    request = exit_request(token_mofsl_id, given)
    if given.dry_run:
        planned = await desk.trading.square_off.plan(request, operator_id=who.user_id)
        estimate = await desk.trading.estimator.estimate(planned.trade, planned.plan)
        return json_response(exit_preview_body(planned, estimate))
    press = press_of(
        who, idempotency_key, given, BatchKind.EXIT, instrument=f"{request.exchange}:{request.symbol_token}"
    )
    recorded = await desk.trading.square_off.execute(request, press)
    return await batch_answer(desk, recorded.id, given.wait_s)


@router.get("/orders", response_model=OrderList)
async def blotter(
    desk: CurrentDesk,
    _who: Viewer,
    paging: PageQuery,
    status: Annotated[list[OrderStatus] | None, Query()] = None,
    client_id: Annotated[str | None, Query(max_length=100)] = None,
    batch_id: Annotated[str | None, Query(max_length=64)] = None,
    token: Annotated[str | None, Query(max_length=24, description="EXCHANGE:symbol_token")] = None,
    since: Annotated[str | None, Query(alias="from", max_length=40, description="Instant, inclusive")] = None,
    until: Annotated[str | None, Query(alias="to", max_length=40, description="Instant, exclusive")] = None,
    needs_look: Annotated[bool, Query(description="Only orders at which a person must look")] = False,
) -> Response:
    wanted = blotter_filter(status or [], client_id, batch_id, token, since, until, needs_look=needs_look)
    orders, total = await desk.trading.views.orders(wanted, offset=paging.offset, limit=paging.limit)
    return json_response({"items": [order_body(order, symbol_of(desk, order)) for order in orders], "total": total})


@router.get("/orders/{order_id}", response_model=OrderDetailRead)
async def order_detail(desk: CurrentDesk, _who: Viewer, order_id: OrderId) -> Response:
    body = await _order(desk, order_id)
    events, trades = await desk.trading.views.history(order_id)
    detail = {
        "events": list(events),
        "trades": [
            {"trade_no": t.trade_no, "quantity": t.quantity, "price": f"{t.price:f}", "traded_at": t.traded_at}
            for t in trades
        ],
    }
    return json_response({**body, **detail})


@router.post("/orders/{order_id}/cancel", response_model=OrderRead)
async def cancel(desk: CurrentDesk, who: Trader, order_id: OrderId, _given: Empty | None = None) -> Response:
    """Cancel: at once while queued, else through the broker. The status turns `cancelled` when the book says so."""
    await desk.trading.canceller.cancel(order_id, who.actor)
    return json_response(await _order(desk, order_id))


@router.post("/orders/{order_id}/modify", response_model=OrderRead)
async def modify(desk: CurrentDesk, who: Trader, order_id: OrderId, given: OrderModify) -> Response:
    """Replace a working order's terms, all of them. They are in force once the broker's book shows them."""
    await desk.trading.modifier.modify(order_id, new_terms(given), who.actor)
    return json_response(await _order(desk, order_id))


@router.post("/orders/{order_id}/resolve", response_model=OrderRead)
async def resolve(desk: CurrentDesk, who: Trader, order_id: OrderId, given: OrderResolve) -> Response:
    """Record a person's decision on an order whose fate is not known. The broker's books still settle its status."""
    await desk.trading.resolver.resolve(order_id, given.decision, given.reason, who.actor)
    return json_response(await _order(desk, order_id))


async def batch_answer(desk: Desk, batch_id: str, wait_s: int) -> Response:
    """Answer with the batch once every order has an outcome, or 202 with what is known after `wait_s`."""
    if wait_s:
        await desk.trading.executor.wait(batch_id, wait_s=wait_s)
    view = await desk.trading.views.batch(batch_id)
    if view is None:
        raise NotFound("No such batch.", code="batch_not_found")
    status_code = 200 if view.status is BatchStatus.COMPLETED else 202
    return json_response(batch_body(view, symbol_of(desk, view.head)), status_code=status_code)


def symbol_of(desk: Desk, of: BatchHead | OrderView) -> str | None:
    """Return the name of the instrument; None where the master does not hold it any more."""
    instrument = desk.trading.planner.catalogue.get(Exchange(of.exchange), of.symbol_token)
    return None if instrument is None else instrument.name


async def _order(desk: Desk, order_id: str) -> dict[str, Any]:
    order = await desk.trading.views.order(order_id)
    if order is None:
        raise NotFound("No such order.", code="order_not_found")
    return order_body(order, symbol_of(desk, order))
