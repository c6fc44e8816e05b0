"""What a demo keeps in STATE_DIR between starts: its lock, its secrets, and how to sign in."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.config import ConfigError

_LOCK_PATIENCE_S = 5.0  # after `kill -9`, what the killed desk had started needs a moment to end


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """The content of `demo.json`: where the demo is, and its first administrator."""

    base_url: str
    simulator_url: str
    email: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


class DemoState:
    def __init__(self, folder: Path) -> None:
        """Raises ConfigError where `folder` cannot be made or written."""
        self.folder = folder.expanduser().absolute()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / ".writable").touch()
            (self.folder / ".writable").unlink()
        except OSError as error:
            raise ConfigError(f"STATE_DIR {folder} cannot be written: {error.strerror}; choose another one.") from None

    @property
    def secrets_file(self) -> Path:
        return self.folder / "secrets.env"

    @property
    def access_file(self) -> Path:
        return self.folder / "demo.json"

    def lock(self) -> int:
        """Return an open file that marks this folder as in use for as long as any process holds it.

        Raises ConfigError where another demo holds it.
        """
        descriptor = os.open(self.folder / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise ConfigError(
                        f"A demo already runs on STATE_DIR {self.folder};"
                        " stop it first, or set STATE_DIR to another folder."
                    ) from None
                time.sleep(0.1)
            else:
                return descriptor

    def keep_account_count(self, wanted: int) -> int:
        """Return how many accounts the simulator must hold: the desk keeps the clients of every earlier start."""
        file = self.folder / "accounts"
        known = int(file.read_text()) if file.exists() else 0
        file.write_text(str(max(known, wanted)))
        return max(known, wanted)

    def keep_secrets(self) -> None:
        """Make the keys at the first start. Raises ConfigError where data exists whose keys are gone."""
        if self.secrets_file.exists():
            return
        if (self.folder / "desk.db").exists():
            raise ConfigError(
                f"{self.secrets_file} is missing, and without it nothing in {self.folder} can be opened;"
                " put it back, or start afresh with: make clean."
            )
        lines = [
            f"JWT_SECRET_KEY={secrets.token_hex(32)}",
            f"FERNET_KEY={_fernet_key()}",
            f"BACKUP_KEY={_fernet_key()}",
        ]
        write_private(self.secrets_file, "\n".join(lines) + "\n")

    def access(self) -> DemoAccess | None:
        """Return how to sign in, None before the first start has made it. Raises ConfigError where it is damaged."""
        try:
            return DemoAccess(**json.loads(self.access_file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ConfigError(
                f"{self.access_file} is damaged; put it back, or start afresh with: make clean."
            ) from None

    def keep_access(self, access: DemoAccess) -> None:
        write_private(self.access_file, json.dumps(asdict(access), indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write `path` whole or not at all, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
