"""Thousands of generated requests over the whole OpenAPI document, against a running desk and its simulator.

Nothing is left out. Sign-in calls meet their throttle after some tries, which is documented (429) and counts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import schemathesis
from dotenv import dotenv_values
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from app.core.session_tokens import JwtSessionTokens
from app.db.identity import SqlIdentityStore
from app.db.session import Database
from app.domain.identity import Session, SessionKind
from tests.support.floor import Floor

pytestmark = [pytest.mark.xdist_group("generated"), pytest.mark.timeout(420)]

CASES = 5_000
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_TRADING = ("/orders", "/batches", "/exit-all", "/desk")
_TRADING_WEIGHT = 3  # these calls get three times the cases of the others
_LOGOUT = "POST /api/v1/auth/logout"


@pytest.fixture
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Each test's own: what is generated ends sessions and stops the desk.

    Reads are quick, since an exit without names reads every client's positions.
    """
    with Floor(tmp_path_factory.mktemp("generated"), clients=2, settings={"MOFSL_READ_RATE": "10"}) as opened:
        yield opened


class Doorkeeper:
    """Opens sessions of the administrator in the desk's own database, as nothing that a test calls may end them all."""

    def __init__(self, floor: Floor) -> None:
        self._url = f"sqlite:///{floor.desk.state_dir / 'desk.db'}"
        key = dotenv_values(floor.desk.state_dir / "secrets.env")["JWT_SECRET_KEY"]
        assert key is not None
        self._tokens = JwtSessionTokens(key)
        self._user_id = str(floor.call("GET", "/api/v1/auth/me")["id"])

    def bearer(self) -> dict[str, str]:
        return asyncio.run(self._open())

    async def _open(self) -> dict[str, str]:
        now = datetime.now(UTC)
        ends = (now + timedelta(hours=1)).replace(microsecond=0)
        token, session_id = self._tokens.issue(self._user_id, SessionKind.BEARER, at=now, expires_at=ends)
        session = Session(session_id, self._user_id, SessionKind.BEARER, None, None, now, now, ends, now)
        database = Database(self._url)
        async with SqlIdentityStore(database).write() as tx:
            await tx.add_session(session)
        await database.close()
        return {"Authorization": f"Bearer {token}"}


def operations(floor: Floor) -> list[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_url(f"{floor.desk.url}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == sum(len(methods) for methods in schema.raw_schema["paths"].values())
    return found


def run_cases(
    operation: APIOperation[Any, Any, Any, Any],
    keeper: Doorkeeper,
    *,
    mode: GenerationMode,
    count: int,
    checks: list[Any],
    **fixed: Any,
) -> int:
    """Send `count` generated requests; return how many went out."""
    # The session is fixed, so that a case is wrong in something else than in being signed in.
    headers = keeper.bearer()
    fixed["headers"] = {**fixed.get("headers", {}), **headers}
    session = requests.Session()
    sent = 0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **fixed))
    def send(case: Case[Any]) -> None:
        nonlocal sent
        sent += 1
        mine = keeper.bearer() if operation.label == _LOGOUT else headers
        answer = case.call(headers=mine, session=session, timeout=60)
        assert answer.status_code != 401 or "/auth/" in operation.path
        case.validate_response(answer, checks=checks, headers=mine)

    with session, suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        send()
    return sent


def test_five_thousand_generated_requests_get_documented_answers_and_never_a_server_error(floor: Floor) -> None:
    keeper = Doorkeeper(floor)
    found = operations(floor)
    weights = {op.label: _TRADING_WEIGHT if any(part in op.path for part in _TRADING) else 1 for op in found}
    each = CASES * 12 // (20 * sum(weights.values()))  # a fifth more: some operations have few cases to offer
    sent: Counter[str] = Counter()

    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            count = each * weights[operation.label]
            sent[operation.label] += run_cases(operation, keeper, mode=mode, count=count, checks=CHECKS)

    assert sent.total() >= CASES, sent


def test_what_is_malformed_is_refused_and_leaves_no_trace(floor: Floor) -> None:
    keeper = Doorkeeper(floor)
    share, client = floor.share(), floor.clients[0]
    batch = floor.settled(floor.execute(floor.trade(share, [(client, 1)]))["batch_id"])
    order_id = batch["results"][0]["order_id"]
    recorded, ledger = floor.recorded(), len(floor.ledger()["orders"])
    named = {
        "POST /api/v1/orders/preview": {},
        "POST /api/v1/orders/execute-all": {"headers": {"Idempotency-Key": "generated"}},
        "POST /api/v1/tokens/{token_mofsl_id}/exit-all": {
            "path_parameters": {"token_mofsl_id": f"NSE:{share}"},
            "headers": {"Idempotency-Key": "generated"},
        },
        "POST /api/v1/orders/{order_id}/cancel": {"path_parameters": {"order_id": order_id}},
        "POST /api/v1/batches/{batch_id}/stop": {"path_parameters": {"batch_id": batch["batch_id"]}},
        "POST /api/v1/batches/{batch_id}/retry-refused": {
            "path_parameters": {"batch_id": batch["batch_id"]},
            "headers": {"Idempotency-Key": "generated"},
        },
    }
    by_label = {operation.label: operation for operation in operations(floor)}

    for label, fixed in named.items():
        run_cases(
            by_label[label],
            keeper,
            mode=GenerationMode.NEGATIVE,
            count=60,
            checks=[*CHECKS, negative_data_rejection],
            **fixed,
        )

    assert floor.recorded() == recorded
    assert len(floor.ledger()["orders"]) == ledger
    assert floor.net(share) == {client.code: 1}
