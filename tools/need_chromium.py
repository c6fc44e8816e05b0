"""Make sure that a Chromium is here for the dashboard's journeys. Debian's package is installed where we may.

With a font: a bare machine has none, and then no text has a width. Usage: python3 tools/need_chromium.py. CHROMIUM
names a program; else the first known name on the PATH is taken, as `trading-dashboard-ui/tools/chromium.ts` does. Ends
with one sentence where there is none: no test is skipped silently.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def main() -> None:
    wanted = os.environ.get("CHROMIUM")
    if wanted:
        if shutil.which(wanted) is None:
            sys.exit(f"CHROMIUM names no program: {wanted}")
        return
    if not found() and os.geteuid() == 0 and shutil.which("apt-get"):
        install()
    if not found():
        sys.exit(
            "The dashboard's journeys need Chromium: install it (Debian and Ubuntu: apt-get install chromium),"
            " or set CHROMIUM to its program."
        )


def found() -> bool:
    return any(shutil.which(name) for name in NAMES)


def install() -> None:
    print("Installing Debian's chromium for the dashboard's journeys.", flush=True)  # noqa: T201
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
        subprocess.run(["apt-get", "-q", *words], env=environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603, S607


if __name__ == "__main__":
    main()
