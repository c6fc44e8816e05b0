"""The bugs of FAULTS.md, "planted bugs", and their kin. A text that no longer matches fails the run at once."""

from __future__ import annotations

from proof.bugs.plant import Bug

_ANSWERS, _MATCHING, _PLANNING = "app/domain/answers.py", "app/domain/matching.py", "app/domain/planning.py"
_DISPATCHER, _WRITER, _VERDICTS = (
    "app/engine/dispatcher.py",
    "app/engine/result_writer.py",
    "app/brokers/mofsl_verdicts.py",
)
_EXITS, _CONFLICTS, _SQUARE_OFF = "app/domain/exits.py", "app/domain/conflicts.py", "app/services/square_off.py"
_ABSENCE = "app/domain/absence.py"
_EXECUTE, _ORDERS, _RECONCILER = "app/services/execute_batch.py", "app/domain/orders.py", "app/engine/reconciler.py"

BUGS: tuple[Bug, ...] = (
    Bug(
        "blind retry: whatever is not known goes back to the queue",
        _ANSWERS,
        "    if isinstance(error, BrokerUnreachable):\n",
        "    if isinstance(error, DeskError):\n",
    ),
    Bug(
        "requeue on a read timeout or reset",
        _VERDICTS,
        '    if isinstance(error, NotSent):\n        return BrokerUnreachable(f"Not sent: {error.message}", '
        'code=f"not_sent_{error.reason}")\n    if isinstance(error, Refused):\n        return _refused_write',
        '    if isinstance(error, NotSent) or error.reason in ("closed", "timeout"):\n'
        '        return BrokerUnreachable(f"Not sent: {error.message}", code="not_sent")\n'
        "    if isinstance(error, Refused):\n        return _refused_write",
    ),
    Bug(
        "send before commit: a claim that failed is sent all the same",
        _DISPATCHER,
        "            self.in_flight.difference_update(order.id for order in group)\n"
        "            self._uncertain.update(order.id for order in group)\n            raise\n",
        "            for order in group:\n                self._start(order.to(OrderStatus.SENDING, attempt=1))\n"
        "            raise\n",
    ),
    Bug(
        "default lot 1: units are sent as lots",
        "app/domain/slicing.py",
        "    lots, rest = divmod(quantity, instrument.lot_size)\n",
        "    lots, rest = divmod(quantity, 1)\n",
    ),
    Bug(
        "units sent as lots on the wire",
        "app/core/mofsl/order_payload.py",
        '"quantityinlot":{order.lots},',
        '"quantityinlot":{order.quantity},',
    ),
    Bug(
        "quantities are rounded up to whole lots",
        _PLANNING,
        "    lots = lots_of(instrument, quantity)\n",
        "    quantity += -quantity % instrument.lot_size\n    lots = lots_of(instrument, quantity)\n",
    ),
    Bug(
        "slices as large as the freeze quantity and more",
        "app/domain/slicing.py",
        "    lots = (instrument.freeze_quantity - 1) // instrument.lot_size\n",
        "    lots = (instrument.freeze_quantity + 1) // instrument.lot_size\n",
    ),
    Bug(
        "a failed read of positions is flat",
        _SQUARE_OFF,
        '            return (HeldPosition(client.id, "", None, at, "read_failed", '
        "message, client_name=client.name),)\n",
        "            return ()\n",
    ),
    Bug(
        "a failed read proves an exit flat",
        "app/engine/exit_verifier.py",
        "            return None, error.message[:300]\n",
        "            return 0, None\n",
    ),
    Bug(
        "tags come round again",
        "app/domain/tags.py",
        "    rest = sequence\n",
        "    rest = sequence % 31\n",
    ),
    Bug(
        "the check symbol weighs from nought",
        "app/domain/tags.py",
        "for place, symbol in enumerate(body, start=1)",
        "for place, symbol in enumerate(body, start=0)",
    ),
    Bug(
        "a fill that a stale book forgets is dropped",
        _MATCHING,
        "    filled = max(order.filled_quantity, row.filled)\n",
        "    filled = row.filled\n",
    ),
    Bug(
        "fills of a cancelled order are dropped",
        _MATCHING,
        "    filled = max(order.filled_quantity, row.filled)\n",
        "    filled = order.filled_quantity if status is _S.CANCELLED else max(order.filled_quantity, row.filled)\n",
    ),
    Bug(
        "absent after a few reads",
        _MATCHING,
        "    status = _S.UNKNOWN if order.status is _S.ACKNOWLEDGED else order.status\n",
        "    status = _S.ABSENT if order.status is _S.UNKNOWN else order.status\n",
    ),
    Bug(
        "resend on restart",
        _ANSWERS,
        '    after = order.to(OrderStatus.UNKNOWN, code="owner_lost", message=message)\n',
        '    after = order.to(OrderStatus.QUEUED, attempt=0, code="owner_lost", message=message)\n',
    ),
    Bug(
        "an order found sending after a restart is taken as refused",
        _ANSWERS,
        '    after = order.to(OrderStatus.UNKNOWN, code="owner_lost", message=message)\n',
        '    after = order.to(OrderStatus.REJECTED, code="owner_lost", message=message)\n',
    ),
    Bug(
        "the exit's lock is dropped before its end is seen",
        _CONFLICTS,
        "        if other.status not in FINAL:\n            is_exit",
        '        if other.status in ("queued", "sending"):\n            is_exit',
    ),
    Bug(
        "an exit goes the wrong way",
        _EXITS,
        "            side=Side.SELL if position.held > 0 else Side.BUY,\n",
        "            side=Side.BUY if position.held > 0 else Side.SELL,\n",
    ),
    Bug(
        "an exit sends more than is held",
        _EXITS,
        "            quantity=abs(position.held) if position.to_exit is None else position.to_exit,\n",
        "            quantity=abs(position.held) * 2,\n",
    ),
    Bug(
        "an exit of one product is sent in another",
        _EXITS,
        "            product=Product(position.product),\n",
        "            product=Product.VALUEPLUS,\n",
    ),
    Bug(
        "paise are read as rupees",
        "app/brokers/mofsl_prices.py",
        "    if lowest <= scaled_down / reference <= highest:\n",
        "    if lowest > scaled_down / reference:\n",
    ),
    Bug(
        "duplicates do not count what is not known",
        _CONFLICTS,
        "        may_stand = other.status not in SURELY_NOT_PLACED and not other.is_given_up\n",
        '        may_stand = other.status not in {*SURELY_NOT_PLACED, "sending", "unknown"} '
        "and not other.is_given_up\n",
    ),
    Bug(
        "a repeated key is answered with a new batch",
        _EXECUTE,
        "            idempotency_key=press.idempotency_key,\n",
        "            idempotency_key=press.idempotency_key + str(now.timestamp()),\n",
    ),
    Bug(
        "a reused key with another body is taken",
        _EXECUTE,
        "    if recorded.request_hash == press.request_hash:\n",
        "    if recorded.request_hash:\n",
    ),
    Bug(
        "a price of long ago is accepted",
        "app/services/plan_batch.py",
        "        return quote, None\n",
        "        return replace(quote, ltp=quote.ltp * 3 / 4), None\n",
    ),
    Bug(
        "the protection price is on the wrong side",
        "app/domain/protection.py",
        "    if side is Side.BUY:\n",
        "    if side is Side.SELL:\n",
    ),
    Bug(
        "the kill switch is not read",
        "app/domain/desk.py",
        "        if self.is_killed:\n",
        "        if self.is_killed and is_exit:\n",
    ),
    Bug(
        "an unlisted code is a refusal",
        _VERDICTS,
        '            return OutcomeUnknown(_with_words(sentence, refusal), code="unknown_code", broker_code=code)\n',
        '            return BrokerRejected(_with_words(sentence, refusal), code="unknown_code", broker_code=code)\n',
    ),
    Bug(
        "an unreadable answer is a refusal",
        _VERDICTS,
        '    return OutcomeUnknown(f"The outcome is not known: {error.message}", code=f"unknown_{error.reason}")\n',
        '    return BrokerRejected(f"Refused: {error.message}", code=f"unknown_{error.reason}")\n',
    ),
    Bug(
        "429 is a refusal",
        _VERDICTS,
        '        return OutcomeUnknown("The broker is throttling: the outcome is not known", code="throttled")\n',
        '        return BrokerRejected("The broker is throttling", code="throttled")\n',
    ),
    Bug(
        "a success without an id is taken",
        "app/core/mofsl_api_wrapper.py",
        "        if not isinstance(order_id, str) or not 0 < len(order_id.strip()) <= _UNIQUE_ORDER_ID_MAX_CHARS:\n",
        '        order_id = order_id if isinstance(order_id, str) else ""\n        if len(order_id) > 50:\n',
    ),
    Bug(
        "an id of another client is taken",
        _ANSWERS,
        "    if named is not None and named[1] != order.client_code.upper():\n",
        "    if named is not None and not named[1]:\n",
    ),
    Bug(
        "an id given before is taken again",
        _DISPATCHER,
        "        is_id_new = self._broker_ids.setdefault(key, order.id) == order.id\n",
        "        is_id_new = bool(key)\n",
    ),
    Bug(
        "executions are kept under an id that no book has shown",
        _ABSENCE,
        "for order in orders if is_id_proven(order)}",
        "for order in orders if order.broker_order_id}",
    ),
    Bug(
        "a modification counts as in force before a book shows it",
        _MATCHING,
        "    if wanted is None or order.wanted_sent_at is None or not wanted.are_shown_by(row):\n",
        "    if wanted is None or order.wanted_sent_at is None:\n",
    ),
    Bug(
        "a modified order keeps its old price",
        _MATCHING,
        "        price=terms.price,\n",
        "        price=order.price,\n",
    ),
    Bug(
        "a deadline is not kept",
        _DISPATCHER,
        "            if now >= order.deadline_at:\n                self._lapse(order)\n                continue\n",
        "",
    ),
    Bug(
        "the rate window is too short",
        "app/domain/send_rate.py",
        "WINDOW_S = 1.1 ",
        "WINDOW_S = 0.3 ",
    ),
    Bug(
        "sends before a restart are forgotten by the rate limit",
        "app/engine/rate_limiter.py",
        "        self._opens_at_s = monotonic_s() + (WINDOW_S if waits_first else 0.0)\n",
        "        self._opens_at_s = monotonic_s()\n",
    ),
    Bug(
        "a late answer is written over whatever the row has become",
        _WRITER,
        "            if row is not None and row.status is change.before.status is OrderStatus.SENDING:\n",
        "            if row is not None:\n",
    ),
    Bug(
        "results are dropped while the database is away",
        _WRITER,
        "                await asyncio.sleep(_RETRY_S)\n",
        "                return\n",
    ),
    Bug(
        "a claim whose commit was not confirmed is forgotten",
        _DISPATCHER,
        "            self._uncertain.update(order.id for order in group)\n",
        "",
    ),
    Bug(
        "the executions are never fetched",
        _RECONCILER,
        "                    await self._record_fills(reads)\n",
        "",
    ),
    Bug(
        "a person is told that an unknown order was placed",
        _ORDERS,
        "NOT_KNOWN = frozenset({S.QUEUED, S.SENDING, S.UNKNOWN})\n",
        "NOT_KNOWN = frozenset({S.QUEUED, S.SENDING})\n",
    ),
    Bug(
        "an unknown order counts as surely not placed",
        _ORDERS,
        "SURELY_NOT_PLACED = frozenset({S.BLOCKED, S.LAPSED, S.REJECTED, S.ABSENT})\n",
        "SURELY_NOT_PLACED = frozenset({S.BLOCKED, S.LAPSED, S.REJECTED, S.ABSENT, S.UNKNOWN})\n",
    ),
    Bug(
        "one order's fault is nobody's: its result is never written",
        _DISPATCHER,
        "            self._heed(change)\n            self._writer.add(change)\n"
        "            if not isinstance(error, Exception):\n",
        "            if not isinstance(error, Exception):\n",
    ),
    Bug(
        "a row that disagrees is matched",
        _MATCHING,
        "        if ours != theirs:\n",
        '        if ours != theirs and name == "client":\n',
    ),
    Bug(
        "a tag in lower case is not known",
        "app/domain/tags.py",
        "    folded = text.strip().upper()\n",
        "    folded = text.strip().lower()\n",
    ),
    Bug(
        "an unknown status word is final",
        _MATCHING,
        '            return _S.OPEN, f"the broker shows',
        '            return _S.REJECTED, f"the broker shows',
    ),
    Bug(
        "a stale book opens a cancelled order again",
        _MATCHING,
        "    if status in _STILL_WORKS and _is_over_at_broker(order) and row.filled <= order.filled_quantity:\n",
        "    if status in _STILL_WORKS and _is_over_at_broker(order) and row.filled < 0:\n",
    ),
    Bug(
        "a dead session is tried for ever",
        _DISPATCHER,
        "        return is_past_known and order.id not in self._refused_by_session\n",
        "        return True\n",
    ),
    Bug(
        "a dealer's orders name no client",
        "app/core/mofsl/order_payload.py",
        "    return client_code\n",
        '    return ""\n',
    ),
    Bug(
        "rows of the batch are lost: the last one",
        _PLANNING,
        "    for allocation in trade.allocations:\n",
        "    for allocation in trade.allocations[:-1]:\n",
    ),
    Bug(
        "prices lose their paise",
        "app/core/mofsl/order_payload.py",
        '    text = format(price, "f")\n',
        '    text = format(price, ".0f")\n',
    ),
    Bug(
        "a closed market is not looked at",
        "app/services/plan_batch.py",
        "            market_refusal=self._market_refusal(trade, instrument),\n",
        "            market_refusal=None,\n",
    ),
)
