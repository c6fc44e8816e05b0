"""Draft a migration from the models: `python -m migrations.draft "what changes"`, then review the file.

`--first` rewrites the first migration whole: only while no release has shipped it.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from app.db.migrate import migration_config
from app.db.session import Database

_VERSIONS = Path(__file__).parent / "versions"
_FIRST = _VERSIONS / "0001_first_tables.py"
_TRIGGERS_IMPORT = "from app.db.audit_triggers import create_statements, drop_statements\n"
_ADDED_IMPORTS = """import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa"""
_FIRST_STATE = """
    # The desk starts disarmed. Its epoch symbol tells its tags from those of other desks; a restore raises it, so it
    # starts in the first half of the alphabet.
    state = sa.table(
        "desk_state",
        sa.column("id", sa.SmallInteger()),
        sa.column("is_armed", sa.Boolean()),
        sa.column("is_killed", sa.Boolean()),
        sa.column("is_reduce_only", sa.Boolean()),
        sa.column("engine_epoch", sa.BigInteger()),
        sa.column("tag_epoch", sa.String()),
        sa.column("changed_at", UtcInstant()),
    )
    op.execute(
        state.insert().values(
            id=1,
            is_armed=False,
            is_killed=False,
            is_reduce_only=False,
            engine_epoch=0,
            tag_epoch=secrets.choice("123456789ABCDEF"),
            changed_at=datetime.now(UTC),
        )
    )"""
_RUN_EACH = """

def _run_each(statements: Sequence[str]) -> None:
    for statement in statements:
        op.execute(statement)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", nargs="?", default="Create the tables of the desk.")
    parser.add_argument("--first", action="store_true", help="rewrite the first migration")
    options = parser.parse_args()
    if options.first:
        for old in _VERSIONS.glob("*.py"):
            old.unlink()
    drafted = asyncio.run(_draft(options.message, first=options.first))
    if options.first:
        _add_what_models_cannot_say(drafted)
    _drop_remarks(drafted)
    for tool in (["format", "--quiet"], ["check", "--fix", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *tool, str(drafted)], check=True)  # noqa: S603
    sys.stdout.write(f"{drafted}\n")


async def _draft(message: str, *, first: bool) -> Path:
    number = len(list(_VERSIONS.glob("[0-9]*.py"))) + 1

    def write(connection: Connection) -> None:
        config = migration_config()
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        config.attributes["connection"] = connection
        config.attributes["is_first"] = first
        if not first:
            command.upgrade(config, "head")
        command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04d}")

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/draft.db")
        try:
            async with database.write() as connection:
                await connection.run_sync(write)
        finally:
            await database.close()
    drafted = next(_VERSIONS.glob(f"{number:04d}_*.py"))
    return drafted.rename(_FIRST) if first else drafted


def _drop_remarks(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")))


def _add_what_models_cannot_say(path: Path) -> None:
    """What the models cannot say, and the first migration adds by hand: append-only, and the desk's one row."""
    text = path.read_text()
    text = text.replace("import sqlalchemy as sa", _ADDED_IMPORTS, 1)
    text = text.replace("from alembic import op\n", "from alembic import op\n" + _TRIGGERS_IMPORT, 1)
    head, foot = text.split("\n\n\ndef downgrade() -> None:\n", 1)
    head += _FIRST_STATE + "\n    _run_each(create_statements(op.get_bind().dialect.name))"
    foot = "    _run_each(drop_statements(op.get_bind().dialect.name))\n" + foot
    path.write_text(head + "\n\n\ndef downgrade() -> None:\n" + foot + _RUN_EACH)


if __name__ == "__main__":
    main()
