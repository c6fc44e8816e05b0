"""The project's own files, for tests that read the code: what a checkout holds, without what commands make."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ROOT

_MADE_FOLDERS = {
    ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".schemathesis", "__pycache__",
    "node_modules", "var", "dist", "build", "test-results", "playwright-report", "coverage",
}  # fmt: skip
_MADE_FILES = {".env", ".venv.lock", ".dashboard.lock", ".pdm-python", "results.json"}


def project_files() -> Iterator[Path]:
    """Yield every file that belongs to the project, by path."""
    yield from _walk(ROOT)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _MADE_FOLDERS and not path.name.endswith(".egg-info"):
                yield from _walk(path)
        elif path.name not in _MADE_FILES and path.suffix not in {".pyc", ".pyo"}:
            yield path


def texts() -> Iterator[tuple[str, str]]:
    """Yield (path relative to the project, text) of every file that is UTF-8 text."""
    for path in project_files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@dataclass(frozen=True)
class Import:
    file: str  # relative to the project
    line: int
    module: str  # absolute, as deep as the statement tells: "app.db.types" also for `from app.db import types`

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports_of(package: str) -> Iterator[Import]:
    """Yield every import in `package` (a top-level folder), wherever in a file it stands."""
    for path in sorted((ROOT / package).rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (Import(file, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                if node.level:
                    yield Import(file, node.lineno, "." * node.level)
                else:
                    yield from (Import(file, node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
