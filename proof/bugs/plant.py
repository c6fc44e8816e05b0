"""What a planted bug is: one change of text in one file, which must match exactly once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("app", "proof")


@dataclass(frozen=True, slots=True)
class Bug:
    name: str
    file: str
    right: str
    wrong: str


class DoesNotApply(Exception):
    """The desk's text has changed: the bug must be planted anew, by hand."""


def copy_of_the_desk(folder: Path) -> Path:
    """Copy what a schedule needs into `folder`; return it."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def plant(bug: Bug, folder: Path) -> None:
    """Apply `bug` to the copy in `folder`. Raises DoesNotApply."""
    path = folder / bug.file
    text = path.read_text()
    if text.count(bug.right) != 1:
        raise DoesNotApply(f"{bug.name}: {bug.file} holds the text {text.count(bug.right)} times, not once")
    path.write_text(text.replace(bug.right, bug.wrong))


def remove(bug: Bug, folder: Path) -> None:
    shutil.copyfile(ROOT / bug.file, folder / bug.file)
