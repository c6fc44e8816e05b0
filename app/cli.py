"""The `desk` command. Every command imports what it needs when it is called, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from app.config import ConfigError, Settings, load_settings
from app.domain.errors import DeskError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One trade, every client: the desk. Settings come from the environment and .env; see .env.example.",
)

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on; default: PORT, or 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default: LISTEN_HOST, or 127.0.0.1.")]


@app.command()
def demo(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port of the desk.")] = 8000,
    simulator_port: Annotated[
        int, typer.Option(envvar="SIMULATOR_PORT", min=1, max=65535, help="Port of the simulator.")
    ] = 9000,
    clients: Annotated[int, typer.Option(envvar="CLIENTS", min=1, max=5000, help="Number of demo clients.")] = 25,
    state_dir: Annotated[Path, typer.Option(envvar="STATE_DIR", help="Where everything is kept.")] = Path("var"),
    simulator_url: Annotated[
        str | None, typer.Option(envvar="SIMULATOR_URL", help="Use this running simulator instead of starting one.")
    ] = None,
) -> None:
    """Start a simulated broker and a desk with demo clients, in the foreground. Reads no .env."""
    from app.demo.supervisor import DemoOptions, run

    _end(run(DemoOptions(port, simulator_port, clients, state_dir, simulator_url or None)))


@app.command()
def serve(port: Port = None, host: Host = None) -> None:
    """Run web and engine in one process, against the configured broker."""
    settings = load_settings(port=port, listen_host=host)
    from app.commands import server

    _end(server.serve(settings, with_engine=True))


@app.command()
def web(port: Port = None, host: Host = None) -> None:
    """Answer people only; `desk engine` does the trading, on the same PostgreSQL and Redis."""
    settings = load_settings(port=port, listen_host=host)
    _check_shared(settings)
    from app.commands import server

    _end(server.serve(settings, with_engine=False))


@app.command()
def engine() -> None:
    """Trade only: everything that touches the broker, for any number of `desk web`."""
    settings = load_settings()
    _check_shared(settings)
    from app.commands import server

    _end(server.run_engine(settings))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document that a desk serves, as JSON. Needs no settings and starts nothing."""
    import json

    from app.main import openapi_document

    sys.stdout.write(json.dumps(openapi_document(), indent=1, sort_keys=True) + "\n")


@app.command()
def migrate() -> None:
    """Bring the database to this version's tables. Safe to run again, and with several at once."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.migrate(settings))


@app.command()
def create_admin(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    role: Annotated[str, typer.Option(help="viewer, trader, approver or admin.")] = "admin",
) -> None:
    """Make a user; reads the password from the terminal or one line of standard input, prints the TOTP secret once."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.add_user(settings, email, role))


@app.command()
def import_clients(
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, import nothing.")] = False,
) -> None:
    """Add clients from a file: all of them, or none where a row is wrong."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.import_clients(settings, file, dry_run=dry_run))


@app.command()
def sync_instruments(
    force: Annotated[
        bool, typer.Option("--force", help="Accept a master that lost more than a fifth of its rows.")
    ] = False,
) -> None:
    """Read the broker's scrip masters now."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.sync(settings, forced=force))


@app.command()
def verify_broker(
    login: Annotated[
        str | None, typer.Option(help="Client or dealer code to sign in with; default: the first.")
    ] = None,
) -> None:
    """Check the configured broker endpoint: one login and one read, no order."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.verify_broker(settings, login.strip().upper() if login else None))


@app.command()
def verify_audit() -> None:
    """Check that nobody changed the audit trail."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.verify_audit(settings))


@app.command()
def rotate_keys() -> None:
    """Seal every stored secret with the first key of FERNET_KEY; safe while the desk runs, and to run again."""
    settings = load_settings()
    from app.commands import administer

    _run(administer.rotate_keys(settings))


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="Where to write; default: STATE_DIR/backups/.")] = None,
) -> None:
    """Write the whole database to a file sealed with BACKUP_KEY; safe while the desk runs."""
    settings = load_settings()
    from app.commands import backups

    _end(backups.backup(settings, file))


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `desk backup` wrote.")]) -> None:
    """Replace the database by a backup. The desk must be stopped; it comes back disarmed."""
    settings = load_settings()
    from app.commands import backups

    _end(backups.restore(settings, file))


def _check_shared(settings: Settings) -> None:
    if settings.database_url.get_secret_value().startswith("sqlite"):
        raise ConfigError("Web and engine apart need PostgreSQL; set DATABASE_URL to one, or run: desk serve.")
    if settings.redis_url is None:
        raise ConfigError("Web and engine apart need Redis between them; set REDIS_URL, or run: desk serve.")


def _run(command: Coroutine[Any, Any, int]) -> NoReturn:
    _end(asyncio.run(command))


def _end(code: int) -> NoReturn:
    raise typer.Exit(code)


def main() -> None:
    """Turn every foreseen failure into one sentence and an exit code: 2 for settings, 1 for the rest."""
    os.umask(0o077)  # databases, backups and logs are nobody else's business
    code = _outcome(app)
    sys.stdout.flush()
    sys.exit(code)


def _outcome(command: Callable[[], None]) -> int:
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except ConfigError as error:
        return _say(str(error), 2)
    except DeskError as error:
        return _say(error.message, 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Exception:  # noqa: BLE001 - the last resort: types and places, since a library's words may quote a secret
        from app.core.logging import configure_logging, log_unforeseen

        configure_logging("INFO")
        log_unforeseen()
        return _say("Something unforeseen went wrong; the line above says where.", 1)
    return 0


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    main()
