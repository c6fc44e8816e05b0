"""DDL that makes `audit_events` append-only in the database itself. The migration that creates the table runs it."""

from __future__ import annotations

from collections.abc import Sequence

_REFUSAL = "audit_events is append-only"

_SQLITE_CREATE = tuple(
    f"CREATE TRIGGER audit_events_no_{verb.lower()} BEFORE {verb} ON audit_events "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    for verb in ("UPDATE", "DELETE")
)
_SQLITE_DROP = tuple(f"DROP TRIGGER IF EXISTS audit_events_no_{verb}" for verb in ("update", "delete"))

_POSTGRESQL_CREATE = (
    "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
    "CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events "
    "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()",
    "CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
)
_POSTGRESQL_DROP = (
    "DROP TRIGGER IF EXISTS audit_events_no_truncate ON audit_events",
    "DROP TRIGGER IF EXISTS audit_events_no_change ON audit_events",
    "DROP FUNCTION IF EXISTS refuse_audit_change()",
)


def create_statements(dialect_name: str) -> Sequence[str]:
    """Return the statements to run, one by one, after `audit_events` exists (`sqlite` or `postgresql`)."""
    return _SQLITE_CREATE if dialect_name == "sqlite" else _POSTGRESQL_CREATE


def drop_statements(dialect_name: str) -> Sequence[str]:
    """Return the statements to run, one by one, before `audit_events` is dropped."""
    return _SQLITE_DROP if dialect_name == "sqlite" else _POSTGRESQL_DROP
