from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from app.domain.clients import account_code, plain_groups, plain_name
from app.domain.credentials import checked_secrets
from app.domain.egresses import Egress, EgressKind, ProbedEgress, judge
from app.domain.errors import InvalidInput
from app.domain.shards import SHARD_COUNT, shard_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def egress(kind: EgressKind, value: str | None, registered: str | None) -> Egress:
    return Egress("e", "E", kind, value, registered, None, None, NOW, NOW)


def test_shards_never_move_and_fill_evenly() -> None:
    assert [shard_of(text) for text in ("a", "b", "client-1")] == [shard_of(text) for text in ("a", "b", "client-1")]
    assert shard_of("a") == 3
    counts = Counter(shard_of(f"id-{number}") for number in range(6400))
    assert len(counts) == SHARD_COUNT
    assert max(counts.values()) < 200


@pytest.mark.parametrize("text", ["", " ", "A-1", "A" * 16, "É1", "A 1", "A\n"[:1] + "\x00"])
def test_a_code_is_fifteen_capitals_and_digits(text: str) -> None:
    with pytest.raises(InvalidInput):
        account_code(text, field="mofsl_client_code")


def test_a_code_is_put_in_capitals() -> None:
    assert account_code(" ab12 ", field="x") == "AB12"


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "a\nb", "evil\u202etxt", "a" * 101, "\ud800"])
def test_a_name_that_would_deceive_or_break_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        plain_name(text)


def test_names_are_composed_and_groups_are_kept_once() -> None:
    assert plain_name("E\u0301mile") == "\u00c9mile"
    assert plain_groups(["b", "a", "b "]) == ("b", "a")
    with pytest.raises(InvalidInput):
        plain_groups([str(number) for number in range(21)])
    with pytest.raises(InvalidInput):
        plain_groups(["g" * 41])


def test_secrets_are_normalised_and_never_shown() -> None:
    secrets = checked_secrets(
        {"totp_secret": "jbsw y3dp ehpk 3pxp", "two_fa": "abcde1234f", "password": " keeps spaces "}
    )
    assert secrets.given() == {
        "totp_secret": "JBSWY3DPEHPK3PXP",
        "two_fa": "ABCDE1234F",
        "password": " keeps spaces ",
    }
    assert "JBSW" not in repr(secrets)


@pytest.mark.parametrize(
    ("kind", "value", "registered", "local", "matches"),
    [
        (EgressKind.LOCAL_ADDRESS, "203.0.113.9", "203.0.113.9", "203.0.113.9", True),
        (EgressKind.LOCAL_ADDRESS, "10.0.0.5", "203.0.113.9", "10.0.0.5", None),
        (EgressKind.LOCAL_ADDRESS, "10.0.0.5", None, "10.0.0.6", False),
        (EgressKind.DIRECT, None, "8.8.8.8", "8.8.4.4", False),
        (EgressKind.DIRECT, None, None, "10.0.0.5", None),
        (EgressKind.PROXY, "http://10.0.0.1:3128", "203.0.113.9", "10.0.0.5", None),
    ],
)
def test_a_verdict_claims_no_more_than_was_seen(
    kind: EgressKind, value: str | None, registered: str | None, local: str, matches: bool | None
) -> None:
    verdict = judge(egress(kind, value, registered), ProbedEgress("broker.test", local, None))
    assert (verdict.connected, verdict.matches_registered) == (True, matches)
