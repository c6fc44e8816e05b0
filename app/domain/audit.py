"""The audit trail: who did what, when, from where; each entry's hash covers the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from app.domain.identity import Actor

Plain: TypeAlias = "str | int | bool | None | Sequence[Plain] | Mapping[str, Plain]"
Detail: TypeAlias = Mapping[str, Plain]

FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be recorded. `action` is snake case with dots (`user.created`); `subject` names what it was done to.

    `detail` holds plain values: text, whole numbers, booleans, lists and mappings of them. Never a secret, never a
    float (money goes in as text): the hash must come out the same after a round trip through either database.
    """

    actor: Actor
    action: str
    subject: str | None = None
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One stored row of the trail."""

    sequence: int
    at: datetime
    actor_id: str | None
    actor: str
    source_address: str | None
    action: str
    subject: str | None
    detail: Detail
    previous_hash: str
    hash: str


def chain_hash(sequence: int, at: datetime, entry: AuditEntry, previous_hash: str) -> str:
    """Return the SHA-256, in hex, of the entry in canonical JSON together with the hash before it."""
    body = [
        sequence,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor.user_id,
        entry.actor.name,
        entry.actor.source_address,
        entry.action,
        entry.subject,
        entry.detail,
        previous_hash,
    ]
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def next_record(entry: AuditEntry, at: datetime, last: tuple[int, str] | None) -> AuditRecord:
    """Return the record that follows `last` (sequence and hash); None starts the chain."""
    sequence, previous_hash = (last[0] + 1, last[1]) if last else (1, FIRST_HASH)
    return AuditRecord(
        sequence=sequence,
        at=at,
        actor_id=entry.actor.user_id,
        actor=entry.actor.name,
        source_address=entry.actor.source_address,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        previous_hash=previous_hash,
        hash=chain_hash(sequence, at, entry, previous_hash),
    )


def is_intact(record: AuditRecord, previous: tuple[int, str] | None) -> bool:
    """Tell whether `record` follows `previous` and still hashes to what it says."""
    entry = AuditEntry(
        Actor(record.actor, record.actor_id, record.source_address), record.action, record.subject, record.detail
    )
    sequence, previous_hash = (previous[0] + 1, previous[1]) if previous else (1, FIRST_HASH)
    expected = chain_hash(sequence, record.at, entry, previous_hash)
    return record.sequence == sequence and record.previous_hash == previous_hash and record.hash == expected
