"""Imports point one way, and the rules stay pure."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.support.processes import ROOT
from tests.support.sources import Import, imports_of

ADAPTERS = {"domain", "models", "schemas", "core"}
MAY_IMPORT = {
    "domain": {"domain"},
    "services": {"services", "domain"},
    "engine": {"engine", "services", "domain"},
    "models": {"models", "domain"},
    "schemas": {"schemas", "domain"},
    "core": ADAPTERS,
    "brokers": ADAPTERS | {"brokers"},
    "db": ADAPTERS | {"db"},
    "api": {"api", "services", "schemas", "domain"},
}
ALSO = {
    "app/models/": {"app.db.types"},
    "app/api/deps.py": {"app.core", "app.brokers", "app.db", "app.models", "app.config", "app.wiring"},
}
WIRING = ("app/main.py", "app/cli.py", "app/wiring", "app/commands/", "app/demo/", "app/config")
IMPURE = {
    "asyncio", "ctypes", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid",
}  # fmt: skip
PURE_PARTS_OF_IMPURE = {"urllib.parse"}
CLOCK_CALLS = {"now", "utcnow", "today"}


def layer(file: str) -> str:
    return file.split("/")[1]


def is_allowed(found: Import) -> bool:
    if found.file.startswith(WIRING) or found.module in {"app", "app.__version__"}:
        return True
    if any(found.file.startswith(place) and _inside(found.module, modules) for place, modules in ALSO.items()):
        return True
    return found.module.split(".")[1] in MAY_IMPORT.get(layer(found.file), set())


def _inside(module: str, allowed: set[str]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in allowed)


def test_imports_point_one_way() -> None:
    inner = [found for found in imports_of("app") if found.module.split(".")[0] == "app"]
    assert inner
    assert [str(found) for found in inner if not is_allowed(found)] == []


def test_every_folder_of_the_application_has_a_place_in_the_table() -> None:
    folders = {path.name for path in (ROOT / "app").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert folders - {"commands", "demo"} == set(MAY_IMPORT)


def test_imports_are_absolute() -> None:
    assert [str(found) for found in imports_of("app") if found.module.startswith(".")] == []


def test_the_simulator_and_the_desk_know_nothing_of_each_other() -> None:
    assert [str(found) for found in imports_of("app") if found.module.startswith("mofsl_simulator")] == []
    outer = {"app", "migrations", "tests", "bench", "proof"}
    assert [str(found) for found in imports_of("mofsl_simulator") if found.module.split(".")[0] in outer] == []


def test_the_product_does_not_import_its_tests() -> None:
    outer = {"tests", "bench", "tools", "proof"}
    assert [str(found) for found in imports_of("app") if found.module.split(".")[0] in outer] == []


def test_the_rules_import_nothing_but_themselves_and_the_pure_standard_library() -> None:
    assert [str(found) for found in imports_of("app/domain") if not _is_pure(found.module)] == []


def _is_pure(module: str) -> bool:
    top = module.partition(".")[0]
    if top == "app":
        return module.split(".")[1] == "domain"
    return _inside(module, PURE_PARTS_OF_IMPURE) or (top in sys.stdlib_module_names and top not in IMPURE)


def test_the_rules_ask_no_clock() -> None:
    asked = []
    for path in sorted((ROOT / "app/domain").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                if name in {"datetime", "date", "time"}:
                    asked.append(f"{path.name}:{node.lineno} {name}.{node.func.attr}")
    assert asked == []


@pytest.mark.parametrize(
    ("file", "module", "allowed"),
    [
        ("app/domain/orders.py", "app.core.clock", False),
        ("app/services/plan.py", "app.db.session", False),
        ("app/engine/runner.py", "app.brokers.mofsl", False),
        ("app/api/orders.py", "app.engine.dispatcher", False),
        ("app/api/deps.py", "app.engine.dispatcher", False),
        ("app/api/deps.py", "app.db.session", True),
        ("app/models/base.py", "app.db.types", True),
        ("app/models/base.py", "app.db.session", False),
        ("app/wiring.py", "app.engine.dispatcher", True),
    ],
)
def test_the_table_itself_refuses_what_it_should(file: str, module: str, allowed: bool) -> None:
    assert is_allowed(Import(file, 1, module)) is allowed
