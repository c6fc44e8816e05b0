"""Carries out faults around a call: before the broker looks at it, on the order, and on the way back."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson

from mofsl_simulator import dispatch
from mofsl_simulator.call import Call
from mofsl_simulator.dispatch import Answer
from mofsl_simulator.envelopes import MEANINGS
from mofsl_simulator.fault_actions import (
    BEFORE_ACCEPT,
    CLOSES,
    DISTORTS_ID,
    HANGS,
    ORDER_EFFECTS,
    REPLACES_ANSWER,
    RESETS,
)
from mofsl_simulator.faults import Fault
from mofsl_simulator.orders import Effects, Status


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to do with the connection. Exactly one of the endings, or a plain answer."""

    answer: Answer | None = None
    """None: no byte is sent."""
    closes: bool = False
    resets: bool = False
    drip: dict[str, Any] | None = None
    cut_at: int | None = None


_CLOSE = Delivery(closes=True)
_RESET = Delivery(resets=True)


async def _hang(fault: Fault) -> Delivery:
    await fault.released.wait()
    return _CLOSE


async def _wait(fault: Fault, delay_ms: float) -> None:
    """Wait, but no longer than the fault lives."""
    try:
        async with asyncio.timeout(delay_ms / 1000):
            await fault.released.wait()
    except TimeoutError:
        return


async def run(call: Call, method: str, query: str, faults: list[Fault]) -> Delivery:
    """The call with all its faults; think time is left to the caller."""
    for fault in faults:
        ended = await _before(call, fault)
        if ended is not None:
            return ended
    answer = dispatch.answer(call, method, query)
    delivery = Delivery(answer)
    for fault in faults:
        delivery = await _after(call, fault, delivery)
        if delivery.closes or delivery.resets:
            return delivery
    return delivery


async def _before(call: Call, fault: Fault) -> Delivery | None:
    action, value = fault.action, fault.value
    if action in BEFORE_ACCEPT:
        if action in HANGS:
            return await _hang(fault)
        return _CLOSE if action in CLOSES else _RESET
    if action in REPLACES_ANSWER and not value["after_accept"]:
        return Delivery(_replacement(action, value))
    if action == "delay_ms" and value["before_accept"]:
        await _wait(fault, value["ms"])
    elif action in ORDER_EFFECTS:
        call.effects = call.effects or Effects()
        _apply_to_order(call, call.effects, action, value)
    elif action == "token_dead":
        session = call.broker.sessions.peek(call.headers.get("Authorization", ""))
        if session is not None:
            call.broker.sessions.end(session)
            if value != "MO8002":
                return Delivery(_refusal(value))
    elif action == "flap":
        reader = (dispatch.client_of(call), call.endpoint.path)
        fault.turns[reader] += 1
        call.hides_rows = fault.turns[reader] % 2 == 0
    elif action == "stale_book":
        now_s = call.broker.scheduler.now_s()
        call.shows_until_s = fault.created_s if value is None else now_s - value
    return None


def _apply_to_order(call: Call, effects: Effects, action: str, value: Any) -> None:
    if action == "delay_visibility_s":
        effects.hidden_until_s = call.broker.scheduler.now_s() + value
    elif action == "drop_tag":
        effects.tag_form = "off"
    elif action == "mangle_tag":
        effects.tag_form = value
    elif action == "partial_fills":
        effects.fill_pieces = value.get("pieces", 0)
        effects.fill_fraction = value.get("fraction", 0.0)
    elif action == "reject_later":
        effects.later_status, effects.later_text = Status(value["status"]), value["text"]
    elif action == "status_word":
        effects.shown_status = value
    elif action == "overfill":
        effects.overfill = value


def _refusal(code: str, message: str = "", status: str = "ERROR") -> Answer:
    message = message or MEANINGS.get(code, "refused")
    envelope = {"status": status, "message": message, "errorcode": code, "data": None}
    return Answer(orjson.dumps(envelope))


def _replacement(action: str, value: dict[str, Any], true_answer: Answer | None = None) -> Answer:
    if action == "errorcode":
        answer = _refusal(value["code"], value["message"], value["status"])
        answer.status = value["http_status"]
        return answer
    default = f"<html><head><title>{value['status']}</title></head><body>Gateway fault</body></html>"
    if "body" not in value and true_answer is not None and action == "body":
        return Answer(true_answer.body, value["status"], true_answer.content_type)
    body = value.get("body", default)
    kind = "text/html" if body.lstrip().startswith("<") else "application/json"
    return Answer(body.encode(), value["status"], value.get("content_type", kind))


async def _after(call: Call, fault: Fault, delivery: Delivery) -> Delivery:
    action, value = fault.action, fault.value
    if action in HANGS:
        return await _hang(fault)
    if action in CLOSES:
        return _CLOSE
    if action in RESETS:
        return _RESET
    answer = delivery.answer
    if answer is None:
        return delivery
    if action == "delay_ms" and not value["before_accept"]:
        await _wait(fault, value["ms"])
    elif action == "drip":
        return Delivery(answer, drip=value, cut_at=delivery.cut_at)
    elif action in REPLACES_ANSWER:
        replaced = _replacement(action, value, answer)
        return Delivery(replaced, drip=delivery.drip, cut_at=value.get("cut_at"))
    elif action in DISTORTS_ID:
        return Delivery(_distorted_id(call, fault, answer), drip=delivery.drip)
    elif action == "stale_book":
        key = (dispatch.client_of(call), call.endpoint.path)
        answer.body = fault.memory.setdefault(key, answer.body)
    return delivery


def _distorted_id(call: Call, fault: Fault, answer: Answer) -> Answer:
    """SUCCESS with no id, with one of another client, or with one already given to this client."""
    order = call.order
    if order is None:
        return answer
    envelope = orjson.loads(answer.body)
    if fault.action == "success_without_id":
        del envelope["uniqueorderid"]
    elif fault.action == "other_clients_id":
        others = [code for code in call.broker.accounts if code != order.account.code]
        other = others[0] if others else "TC9999"
        envelope["uniqueorderid"] = order.unique_id.removesuffix(order.account.code) + other
    else:
        earlier = [known for known in order.account.orders if known != order.unique_id]
        envelope["uniqueorderid"] = earlier[-1] if earlier else order.unique_id
    return Answer(orjson.dumps(envelope))
