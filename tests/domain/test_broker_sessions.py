"""What is true of a broker session at a moment, asked in two ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.broker_sessions import LoginKind, SessionRecord, SessionState, is_ready_at, status_at

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", list(SessionState))
@pytest.mark.parametrize("left", [None, timedelta(seconds=-1), timedelta(0), timedelta(microseconds=1)])
def test_ready_is_what_the_status_says(state: SessionState, left: timedelta | None) -> None:
    expires_at = None if left is None else NOW + left
    record = SessionRecord("login", LoginKind.CLIENT, "C1", state=state, expires_at=expires_at)
    assert is_ready_at(record, NOW) is (status_at(record, NOW).state is SessionState.READY)


def test_a_session_is_over_at_the_instant_of_its_end() -> None:
    record = SessionRecord("login", LoginKind.CLIENT, "C1", state=SessionState.READY, expires_at=NOW)
    assert not is_ready_at(record, NOW)
    assert status_at(record, NOW).state is SessionState.EXPIRED
