"""Remove what the other commands made: installed packages, the built dashboard, caches, results, the demo's state.

Usage: python3 tools/clean.py [STATE_DIR]. Needs only the standard library.
"""

import fcntl
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE = (
    ".venv",
    ".venv.lock",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".schemathesis",
    "build",
    "dist",
    "bench/results.json",
    ".dashboard.lock",
    "trading-dashboard-ui/node_modules",
    "trading-dashboard-ui/dist",
    "trading-dashboard-ui/test-results",
    "trading-dashboard-ui/playwright-report",
    "trading-dashboard-ui/coverage",
)
SIGNS_OF_A_DESK = ("demo.lock", "desk.db", "secrets.env", "demo.json")


def main() -> None:
    state = Path(sys.argv[1] if len(sys.argv) > 1 else "var").expanduser().resolve()
    if state.exists():
        remove_state(state)
    for name in MADE:
        remove(ROOT / name)
    for folder in [*ROOT.glob("*.egg-info"), *ROOT.rglob("__pycache__")]:
        remove(folder)


def remove_state(state: Path) -> None:
    """End with a sentence where `state` is in use, or is a folder that no desk made."""
    if state in {Path("/"), Path.home(), ROOT, *ROOT.parents}:
        sys.exit(f"STATE_DIR {state} holds more than a demo's state; remove the demo's files there by hand.")
    lock = state / "demo.lock"
    if not any((state / sign).exists() for sign in SIGNS_OF_A_DESK):
        if any(state.iterdir()):
            sys.exit(f"STATE_DIR {state} does not look like a demo's state, so nothing was removed.")
    elif lock.exists():
        with lock.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit(f"A demo still runs on STATE_DIR {state}; stop it first.")
    remove(state)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


if __name__ == "__main__":
    main()
