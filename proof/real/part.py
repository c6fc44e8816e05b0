"""One part of the desk as a process: `python -m proof.real.part serve|web|engine`, on a demo's state and settings.

A demo's settings alone let the market count as open at any hour, and no environment variable can turn them on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.commands.server import run_engine, serve
from app.demo.desk import demo_settings
from app.demo.state import DemoState


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["serve", "web", "engine"])
    parser.add_argument("--simulator-url", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    options = parser.parse_args()
    state = DemoState(options.state_dir)
    settings = demo_settings(state, simulator_url=options.simulator_url, port=options.port)
    if options.part == "engine":
        return run_engine(settings)
    return serve(settings, with_engine=options.part == "serve")


if __name__ == "__main__":
    sys.exit(main())
