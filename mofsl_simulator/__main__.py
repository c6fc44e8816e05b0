"""Command line of the simulator: `mofsl-simulator --port 9000 --clients 25 --seed 1`."""

import argparse
import sys
from pathlib import Path

import uvloop

from mofsl_simulator.broker import Broker
from mofsl_simulator.catalogue import BadCatalogue
from mofsl_simulator.server import Server
from mofsl_simulator.settings import BadSetting, Settings
from mofsl_simulator.streams.streams import Streams


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mofsl-simulator", description="MOFSL in a box: the broker's REST API on one port, state in memory."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--clients", type=int, default=25, help="number of accounts (default 25)")
    parser.add_argument("--dealers", type=int, default=1, help="number of dealer logins (default 1)")
    parser.add_argument("--seed", type=int, default=1, help="accounts, credentials and prices follow from it")
    parser.add_argument("--instruments", type=Path, metavar="DIR", help="folder with scripmaster_NSE.csv[.gz], ...")
    parser.add_argument("--real-clock", action="store_true", help="follow the wall clock in India")
    parser.add_argument("--placeorder-ms", type=float, default=20.0, help="think time of placeorder")
    parser.add_argument("--default-ms", type=float, default=5.0, help="think time of every other call")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a switch of /_sim/settings")
    return parser


def _value(text: str) -> object:
    """Switch values on the command line: true, false, a number, or a word."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def main() -> None:
    parser = _arguments()
    options = parser.parse_args()
    if not 1 <= options.clients <= 100_000 or options.dealers < 0:
        parser.error("--clients must lie between 1 and 100000, --dealers must not be negative")
    settings = Settings()
    try:
        changes = dict(item.split("=", 1) for item in options.set)
        settings.update({"placeorder_ms": options.placeorder_ms, "default_ms": options.default_ms})
        settings.update({name: _value(value) for name, value in changes.items()})
    except (BadSetting, ValueError) as error:
        parser.error(str(error))
    try:
        broker = Broker(
            clients=options.clients,
            seed=options.seed,
            dealers=options.dealers,
            instruments_dir=options.instruments,
            real_clock=options.real_clock,
            settings=settings,
        )
    except BadCatalogue as error:
        parser.error(str(error))
    try:
        uvloop.run(Server(broker, Streams(broker, seed=options.seed)).run(options.host, options.port))
    except OSError as error:
        sys.exit(f"mofsl-simulator: cannot listen on {options.host}:{options.port}: {error.strerror}")


if __name__ == "__main__":
    main()
