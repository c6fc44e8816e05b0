"""What is installed is what was locked: exact versions, with hashes, from no named place."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.processes import ROOT

Pins = dict[tuple[str, str], tuple[str, frozenset[str]]]  # (name, marker) -> (version, hashes)
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)\s*(?:;\s*(?P<marker>[^\\]+?))?\s*(?:\\|$)")


def pins(file: str) -> Pins:
    found: Pins = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / file).read_text()):
        head = _PIN.match(block)
        assert head, f"{file}: cannot read {block[:60]!r}"
        hashes = frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block))
        name = canonicalize_name(head["name"])
        found[name, head["marker"] or ""] = (head["version"], hashes)
    return found


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def installed_closure(wanted: list[str]) -> set[str]:
    """Return the names that `wanted` needs on this interpreter and platform, by the installed packages' own words."""
    seen: set[tuple[str, str]] = set()
    names: set[str] = set()
    queue = [Requirement(text) for text in wanted]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        names.add(name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for text in requires(name) or []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    queue.append(needed)
    return names


@pytest.mark.parametrize("file", ["requirements.txt", "requirements.lock"])
def test_every_requirement_is_pinned_with_hashes(file: str) -> None:
    assert pins(file)
    assert [name for name, (_version, hashes) in pins(file).items() if not hashes] == []


def test_requirements_txt_is_a_part_of_the_lock_to_the_last_hash() -> None:
    lock = pins("requirements.lock")
    differing = {key for key, pin in pins("requirements.txt").items() if lock.get(key) != pin}
    assert differing == set()


def test_requirements_txt_holds_exactly_what_the_desk_needs_to_run() -> None:
    project = pyproject()
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    pinned = {name for name, marker in pins("requirements.txt") if not marker or Marker(marker).evaluate()}
    try:
        needed = installed_closure(wanted)
    except PackageNotFoundError as missing:
        pytest.fail(f"{missing} is needed and not installed")
    assert pinned == needed


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    project = pyproject()
    groups = project["dependency-groups"]
    versions: dict[str, list[str]] = {}
    for (name, _marker), (version, _hashes) in pins("requirements.lock").items():
        versions.setdefault(name, []).append(version)
    for text in [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]:
        wanted = Requirement(text)
        locked = versions.get(canonicalize_name(wanted.name), [])
        assert locked, f"{wanted.name} is not locked"
        assert all(wanted.specifier.contains(version, prereleases=True) for version in locked), text


@pytest.mark.parametrize("name", ["python-jose", "passlib", "psycopg2", "psycopg2-binary"])
def test_packages_that_are_no_longer_safe_are_not_locked(name: str) -> None:
    assert name not in {locked for locked, _marker in pins("requirements.lock")}


@pytest.mark.parametrize(
    ("name", "oldest", "why"),
    [
        ("starlette", "0.49.1", "CVE-2025-62727"),
        ("python-multipart", "0.0.27", "CVE-2024-53981, CVE-2026-40347"),
        ("h11", "0.16.0", "CVE-2025-43859"),
    ],
)
def test_packages_are_newer_than_their_known_holes(name: str, oldest: str, why: str) -> None:
    versions = [version for (locked, _), (version, _) in pins("requirements.lock").items() if locked == name]
    assert versions
    assert all(Version(version) >= Version(oldest) for version in versions), why


def test_no_requirement_names_a_place_to_download_from() -> None:
    for file in ("requirements.txt", "requirements.lock", "pyproject.toml"):
        text = (ROOT / file).read_text()
        assert not re.search(r"https?://|git\+|--(extra-)?index-url|--find-links|\bfile:", text), file
