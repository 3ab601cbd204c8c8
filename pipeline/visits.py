"""Photos of a field visit: to the cases that they look at, originals and hashes kept."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline import flown, months
from pipeline.config import Project
from pipeline.drone import photos
from pipeline.drone.arrays import Surface
from pipeline.drone.photos import Photo, Trip
from pipeline.drone.place import captured_on
from pipeline.drone.sight import hidden
from pipeline.errors import MinewardenError
from pipeline.files import fsync_folder
from pipeline.handed import Say, with_place
from pipeline.publish.flight import record
from pipeline.publish.flight.write import keep

OPTION = "--visited"


def take(project: Project, folder: Path, visited: str | None, reviewer: str, say: Say) -> tuple[dict[str, Any], bool]:
    """Take in a folder of photos; the visit's record, and whether it is new. Photos that another visit brought are left out.

    Raises MinewardenError `MW-DRONE-PHOTOS`, `-PHOTO` or `-DATE`; nothing is changed then.
    """
    taken = with_place(folder, say)
    known = {sha256: each for each in record.standing(project.output) if each.get("visit") for sha256 in each["photographs"]}
    fresh = [each for each in taken if each.sha256 not in known]
    if not fresh:
        return _noted(project, known[taken[0].sha256]), False
    day, _ = captured_on(visited, [each.taken.date() for each in fresh if each.taken], None, months.office_day(), option=OPTION)
    cases, _ = flown.known_ground(project)
    crs = project.config.grid.crs
    ground = shapely.union_all([case.geometry for case in cases]) if cases else shapely.Polygon()
    shown = photos.attach(fresh, cases, crs, Trip(day, ground, "核查", "在册图斑", _Terrain(project.output, crs).hides))
    found = _record(project, _id(day, fresh), day, reviewer, fresh, [record.photo(each) for each in shown])
    target = project.output / record.VISITS / found["flight"]
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        keep(folder, partial / "photos", shown)
        record.write(partial, found)
        fsync_folder(partial)
        with flown.ledger_of(project) as ledger, ledger.transaction():
            ledger.audit(reviewer, flown.VISITED, _event(found))
            os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    fsync_folder(target.parent)
    return found, True


def _noted(project: Project, found: dict[str, Any]) -> dict[str, Any]:
    """A visit that is there; where a kill kept it from the ledger, it is noted now."""
    with flown.ledger_of(project) as ledger:
        if all(detail["visit"] != found["flight"] for _, detail in ledger.last_audit(flown.VISITED)):
            ledger.audit(found["by"], flown.VISITED, _event(found))
    return found


def _event(found: dict[str, Any]) -> dict[str, Any]:
    return {"visit": found["flight"], "photos": {each["sha256"]: each["case_id"] for each in found["photos"]}}


def _id(day: date, taken: Sequence[Photo]) -> str:
    said = " ".join([day.isoformat(), *sorted(each.sha256 for each in taken)])
    return f"v{day:%Y%m%d}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _record(project: Project, id: str, day: date, reviewer: str, taken: Sequence[Photo], shown: list[dict[str, Any]]) -> dict[str, Any]:
    """As a flight's, which shows nothing but photos."""
    if (project.output / record.VISITS / id).exists():
        message = f"Visit {id} was withdrawn."
        raise MinewardenError("MW-DRONE-WITHDRAWN", message, "Hand in other photos, or give the right day; the withdrawn ones stay withdrawn.")
    nothing: list[str] = ["inputs", "cases", "pieces", "new", "overshoots", "extractions", "depths", "patches", "pictures"]
    return {
        "version": record.VERSION, "flight": id, "visit": True, "county": project.config.county.name, "captured": day.isoformat(), "by": reviewer,
        "photographs": [each.sha256 for each in taken], "photos": shown, **{key: [] for key in nothing},
    }  # fmt: skip


class _Terrain:
    """Surfaces of flights that stand, the latest first, each read when it is first asked for."""

    def __init__(self, output: Path, crs: str) -> None:
        files = (record.folder(output, each["flight"]) / "dsm.tif" for each in reversed(record.standing(output)))
        self._files, self._read = [file for file in files if file.is_file()], dict[Path, tuple[Surface, GeoBox] | None]()
        self._crs = crs

    def hides(self, here: shapely.Point, target: BaseGeometry, above_m: float) -> bool | None:
        return next((said for surface, box in self._surfaces() if (said := hidden(surface, box, here, target, above_m)) is not None), None)

    def _surfaces(self) -> Iterator[tuple[Surface, GeoBox]]:
        for file in self._files:
            if file not in self._read:
                self._read[file] = self._open(file)
            found = self._read[file]
            if found is not None:
                yield found

    def _open(self, file: Path) -> tuple[Surface, GeoBox] | None:
        with rasterio.open(file, driver="GTiff") as source:
            if source.crs != rasterio.crs.CRS.from_user_input(self._crs):
                return None
            return source.read(1).astype(np.float32), GeoBox(source.shape, source.transform, self._crs)
