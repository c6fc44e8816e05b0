"""Make the dashboard's files in `trading-dashboard-ui/dist`. Does nothing where they are of these sources already.

Usage: python3 tools/build_dashboard.py [--packages-only]. Needs Node and npm on the PATH, and says so in one sentence
where the machine lacks them.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "trading-dashboard-ui"
OLDEST = (20, 19)
PACKAGES = ("package.json", "package-lock.json", ".npmrc")
SOURCES = ("src", "public", "tools", "index.html", "vite.config.ts", "postcss.config.js", "tailwind.config.js")
NOT_BUILT_IN = (".test.ts", ".test.tsx")


def main() -> None:
    with (ROOT / ".dashboard.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second waits and finds the work done
        node = checked_node()
        packages = digest(PACKAGES) + " " + node
        stamp = FOLDER / "node_modules" / ".stamp"
        if not is_stamped(stamp, packages):
            say("Fetching the dashboard's packages; this is done once.")
            npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
            stamp.write_text(packages)
        if "--packages-only" in sys.argv[1:]:
            return
        built = packages + " " + digest(SOURCES)
        stamp = FOLDER / "dist" / ".stamp"
        if not is_stamped(stamp, built):
            say("Building the dashboard.")
            npm("run", "--silent", "build", "--", "--logLevel", "error")
            stamp.write_text(built)


def checked_node() -> str:
    """Return the version of Node that the PATH names."""
    node, npm_found = shutil.which("node"), shutil.which("npm")
    if node is None or npm_found is None:
        missing = "Node" if node is None else "npm"
        sys.exit(f"The dashboard is built with Node 20.19 or later and npm; {missing} was not found on the PATH.")
    told = subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()  # noqa: S603
    parts = told.removeprefix("v").split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]) or tuple(map(int, parts[:2])) < OLDEST:
        sys.exit(f"The dashboard is built with Node 20.19 or later; found {told or 'none that works'}.")
    return told


def is_stamped(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


def digest(names: "tuple[str, ...]") -> str:
    """Name the content of files and folders of the dashboard."""
    found = hashlib.sha256()
    for name in names:
        place = FOLDER / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not path.name.endswith(NOT_BUILT_IN):
                found.update(f"{path.relative_to(FOLDER).as_posix()}\0{path.stat().st_size}\0".encode())
                found.update(path.read_bytes())
    return found.hexdigest()


def npm(*words: str) -> None:
    command = [shutil.which("npm") or "npm", *words]
    environment = dict(os.environ, NODE_ENV="")
    done = subprocess.run(command, cwd=FOLDER, env=environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode != 0:
        sys.exit(f"npm {words[0]} failed for the dashboard; see the lines above, and run the same again.")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
