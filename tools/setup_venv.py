"""Make `.venv` hold what a requirements file pins, and this project itself. Does nothing where that is so already.

Usage: python3 tools/setup_venv.py requirements.txt. Needs only the standard library, and says so in one sentence where
the machine lacks something. The syntax stays old, so that an old Python can still say that it is too old.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def main():
    # type: () -> None
    if sys.version_info < OLDEST:
        sys.exit("This needs Python 3.11 or later, found " + sys.version.split()[0] + "; set PYTHON to a newer one.")
    requirements = ROOT / sys.argv[1]
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second waits and finds the work done
        stamp = VENV / (".stamp-" + requirements.name)
        wanted = fingerprint(requirements)
        if stamp.exists() and stamp.read_text() == wanted and runs(PYTHON):
            return
        print("Setting up .venv from " + requirements.name + "; this is done once.", flush=True)  # noqa: T201
        if not runs(PYTHON):
            make_venv()
        pip("--require-hashes", "-r", str(requirements))
        pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
        subprocess.run([str(PYTHON), "-m", "compileall", "-q", "app", "mofsl_simulator", "migrations"], cwd=str(ROOT))  # noqa: PLW1510, S603
        stamp.write_text(fingerprint(requirements))


def fingerprint(requirements):
    # type: (Path) -> str
    """Name what an installation depends on: the pins, the project's own metadata, the interpreter, the place."""
    parts = [requirements.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode()]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    link = VENV / "bin" / "python"
    return digest + " " + (str(link.resolve()) if link.exists() else sys.executable)


def runs(python):
    # type: (Path) -> bool
    if not python.exists():
        return False
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([str(python), "-c", check], stderr=subprocess.DEVNULL).returncode == 0  # noqa: PLW1510, S603


def make_venv():
    # type: () -> None
    if VENV.exists():
        shutil.rmtree(str(VENV))
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: PLW1510, S603
    if made.returncode != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        sys.exit("Python could not make a virtual environment; on Debian and Ubuntu install the package python3-venv.")


def pip(*words):
    # type: (*str) -> None
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    environment = dict(os.environ, PIP_ROOT_USER_ACTION="ignore", PIP_REQUIRE_VIRTUALENV="0")
    if subprocess.run([*command, *words], env=environment, cwd=str(ROOT), stdin=subprocess.DEVNULL).returncode != 0:  # noqa: PLW1510, S603
        sys.exit("The packages could not be installed; see the lines above, check the network, and run the same again.")


if __name__ == "__main__":
    main()
