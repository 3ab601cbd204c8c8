"""Flights, and photos of visits, that were dropped into the output folder: taken in by the next run, before its months."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from pipeline import flights, visits
from pipeline.config import Project
from pipeline.drone.photos import SUFFIXES
from pipeline.drone.project import gathered, holds_orthophoto
from pipeline.errors import MinewardenError, of_the_system
from pipeline.handed import Say

FOLDER, TAKEN = "inbox", "taken"
BEFORE = "dsm_before.tif"
"""An earlier surface, in the folder of a project."""


def take(project: Project, say: Say) -> tuple[list[str], list[str]]:
    """What was taken in, and what was not and why, a line each. Hold the lock.

    What is taken moves to `inbox/taken/<flight>-<name>`; what is refused stays, and is tried again by the next run.
    """
    inbox = project.output / FOLDER
    taken, refused = [], []
    for entry in _dropped(inbox):
        try:
            found, is_new = _taken(project, entry, say)
            flight = found["flight"]
            (inbox / TAKEN).mkdir(exist_ok=True)
            os.replace(entry, _free(inbox / TAKEN, f"{flight}-{entry.name}"))
        except (MinewardenError, OSError) as error:
            told = error if isinstance(error, MinewardenError) else of_the_system(error)
            if told is None:
                raise
            refused.append(f"{FOLDER}/{entry.name} was not taken in. {told}")
            continue
        taken.append(f"{FOLDER}/{entry.name}: {'visit' if found.get('visit') else 'flight'} {flight}{'' if is_new else ', taken in already'}")
    return taken, refused


def _taken(project: Project, entry: Path, say: Say) -> tuple[dict[str, Any], bool]:
    """A flight, or, where a folder holds photos alone, a visit."""
    if entry.is_dir() and not holds_orthophoto(entry) and any(each.suffix.lower() in SUFFIXES for each in entry.iterdir()):
        return visits.take(project, entry, None, FOLDER, say)
    before = entry / BEFORE if (entry / BEFORE).is_file() else None
    return flights.ingest(project, gathered(entry, None, before, None, None), None, say)


def _free(folder: Path, name: str) -> Path:
    """A path that nothing has yet: what is dropped again goes beside what was taken before."""
    stem, dot, suffix = name.rpartition(".")
    names = (name if k == 1 else f"{stem}-{k}.{suffix}" if dot else f"{name}-{k}" for k in count(1))
    return next(folder / each for each in names if not (folder / each).exists())


def _dropped(inbox: Path) -> Iterator[Path]:
    """Orthophotos, and folders of projects or of photos."""
    for entry in sorted(inbox.iterdir()) if inbox.is_dir() else ():
        is_flight = entry.is_dir() or entry.suffix.lower() in (".tif", ".tiff")
        if is_flight and entry.name != TAKEN and not entry.name.startswith(".") and not entry.is_symlink():
            yield entry
