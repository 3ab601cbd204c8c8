"""Folders that exports are written into."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline import months
from pipeline.errors import MinewardenError


def made(folder: Path, output: Path) -> Path:
    """The folder, in which files can be written and which is no month's own. Raises MinewardenError `MW-EXPORT-OUT`."""
    inside = folder.resolve()
    if any(inside.is_relative_to((output / each).resolve()) for each in months.finished(output)):
        raise MinewardenError("MW-EXPORT-OUT", f"{folder} belongs to a finished month, which stays as it is.", "Choose another folder with --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error.strerror or "") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, "no permission to write")
    return folder


def _unwritable(folder: Path, why: str) -> MinewardenError:
    return MinewardenError("MW-EXPORT-OUT", f"{folder} can't be written ({why}).", "Choose another folder with --out, or check its permissions.")
