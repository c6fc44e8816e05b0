"""The dashboard's lock: whole for every platform, hashed to the last package, from no named place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.processes import ROOT

FOLDER = ROOT / "trading-dashboard-ui"


@pytest.fixture(scope="module")
def packages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    return found


def test_every_package_has_a_version_and_a_hash_and_no_address(packages: dict[str, dict[str, Any]]) -> None:
    locked = {path: facts for path, facts in packages.items() if path and not facts.get("inBundle")}
    assert locked
    assert [path for path, facts in locked.items() if not facts.get("version")] == []
    assert [path for path, facts in locked.items() if not facts.get("integrity", "").startswith("sha512-")] == []
    assert [path for path, facts in locked.items() if "resolved" in facts or facts.get("link")] == []


def test_the_parts_for_other_platforms_are_locked_too(packages: dict[str, dict[str, Any]]) -> None:
    """`npm ci` refuses a lock that lacks one, on every platform."""
    missing = [
        f"{path}: {name}"
        for path, facts in packages.items()
        for name in facts.get("optionalDependencies", {})
        if f"node_modules/{name}" not in packages and f"{path}/node_modules/{name}" not in packages
    ]
    assert missing == []


def test_what_is_asked_for_is_an_exact_version_and_the_locked_one(packages: dict[str, dict[str, Any]]) -> None:
    asked = json.loads((FOLDER / "package.json").read_text())
    wanted = asked["dependencies"] | asked["devDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
