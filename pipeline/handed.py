"""What was handed in of a flight: looked at before anything is written, and what it is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from pipeline import months
from pipeline.config import Project
from pipeline.drone import control, photos
from pipeline.drone.control import ControlList, Reported
from pipeline.drone.photos import Photo
from pipeline.drone.place import captured_on, check_cells, check_overlap, check_place
from pipeline.drone.project import Given
from pipeline.drone.raster import Raster, Role, examine
from pipeline.errors import MinewardenError
from pipeline.layers.model import LayerSet
from pipeline.publish.flight import record
from pipeline.publish.plain import plain

Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Checked files of a flight."""

    given: Given
    ortho: Raster
    dsm: Raster | None
    before: Raster | None
    photos: tuple[Photo, ...]
    control: ControlList | None
    reported: Reported | None
    """Error at ground control as the flight software reports it."""
    captured: date
    ground: BaseGeometry
    """Frame of the orthophoto, in the county's CRS."""
    notes: tuple[str, ...]

    @property
    def id(self) -> str:
        """The day, and a hash of all that was handed in."""
        parts = [self.captured.isoformat(), *(sha256 for _, _, sha256 in self.inputs), *(each.sha256 for each in self.photos)]
        return f"{self.captured:%Y%m%d}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:8]}"

    @property
    def inputs(self) -> tuple[tuple[str, str, str], ...]:
        """Role, file name and SHA-256 of all but the photos."""
        rasters = [(each.role.value, each.path.name, each.sha256) for each in (self.ortho, self.dsm, self.before) if each is not None]
        if self.control is not None:
            rasters.append((record.CONTROL, self.control.file, self.control.sha256))
        if self.reported is not None:
            rasters.append((record.REPORTED, self.reported.file, self.reported.sha256))
        return tuple((role, plain(name), sha256) for role, name, sha256 in rasters)

    @property
    def hashes(self) -> frozenset[str]:
        """Of all files."""
        return frozenset([*(sha256 for _, _, sha256 in self.inputs), *(each.sha256 for each in self.photos)])


def look(project: Project, given: Given, captured: str | None, ground: LayerSet, say: Say) -> HandedIn:
    """Everything that can be refused, before anything is written. Raises MinewardenError `MW-DRONE-…`."""
    crs = project.config.grid.crs
    ortho = examine(given.ortho, Role.ORTHO)
    frame = check_place(ortho, ground.area, crs)
    check_cells(ortho, crs)
    dsm = examine(given.dsm, Role.DSM) if given.dsm else None
    before = examine(given.before, Role.BEFORE) if given.before else None
    if before is not None and dsm is None:
        raise MinewardenError("MW-DRONE-DSM", "There is an earlier DSM, but none of this flight.", "Give this flight's surface as --dsm.")
    for each in (dsm, before):
        if each is not None:
            check_place(each, ground.area, crs)
            check_overlap(each, ortho, crs)
    taken, notes = _photographed(given, say)
    days = [each.taken.date() for each in taken if each.taken]
    day, note = captured_on(captured or (None if days else _said_before(project, ortho)), days, ortho.taken, months.office_day())
    listed = control.read(given.control, crs) if given.control else None
    if listed is not None:
        control.check_place(listed, frame, crs)
    reported = control.reported_by_odm(given.project) if given.project else None
    return HandedIn(given, ortho, dsm, before, tuple(taken), listed, reported, day, frame, (*notes, *((note,) if note else ())))


def _said_before(project: Project, ortho: Raster) -> str | None:
    """The day of the flight that was taken in with the same orthophoto."""
    return next((str(each["captured"]) for each in record.standing(project.output) if record.orthophoto(each) == ortho.sha256), None)


def _photographed(given: Given, say: Say) -> tuple[list[Photo], list[str]]:
    """Photos, and what is to be said of them. Those of a project are taken as far as they go; those that were handed in must be photos with a place.

    Raises MinewardenError `MW-DRONE-PHOTOS` or `-PHOTO`.
    """
    if given.photos is None:
        return [], []
    try:
        return with_place(given.photos, say), []
    except MinewardenError as error:
        if given.album:
            raise
        return [], [f"The project's own photos are left out ({error.code})."]


def with_place(folder: Path, say: Say) -> list[Photo]:
    """Photos of a folder, of which one at least says where it was taken. Raises MinewardenError `MW-DRONE-PHOTOS` or `-PHOTO`."""
    files, taken = photos.find(folder), []
    for number, file in enumerate(files, 1):
        taken.append(photos.read(file))
        say("photos", number, len(files))
    if all(each.lon is None for each in taken):
        message = f"None of the {len(taken)} photos in {folder} says where it was taken."
        raise MinewardenError("MW-DRONE-PHOTOS", message, "Give photos as the camera wrote them: chat programs remove the position.")
    return taken
