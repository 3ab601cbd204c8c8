"""A flight's folder: everything that is kept of it, its record last."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from pipeline.drone.control import HeightError
from pipeline.drone.judge import Said
from pipeline.drone.measure import Measured
from pipeline.drone.photos import Shown
from pipeline.drone.raster import Raster
from pipeline.drone.register import Placement
from pipeline.errors import MinewardenError
from pipeline.files import sha256_file, write_atomic
from pipeline.layers.model import LayerSet
from pipeline.publish import geojson
from pipeline.publish.features import Feature
from pipeline.publish.flight import item, page, pictures, rasters, record
from pipeline.publish.flight.pictures import CASE, CUT, FILL, RIGHT, Line, Picture
from pipeline.publish.flight.profile import profile
from pipeline.publish.wgs84 import Projector

Say = Callable[[str, int, int], None]


class Frame(StrEnum):
    """On what the flight was laid."""

    CONTROL = "ground control"
    SATELLITE = "satellite"
    EARLIER = "earlier surface"
    OWN = "own position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A flight in its place, as it was measured."""

    county: str
    crs: str
    """The county's."""
    id: str
    captured: date
    earlier: date | None
    """Day of the earlier surface, where it is known."""
    inputs: tuple[tuple[str, str, str], ...]
    """Role, file name and SHA-256 of what was handed in."""
    photographs: tuple[str, ...]
    """SHA-256 of all photos that were handed in."""
    replaces: tuple[str, ...]
    """Flights of the same orthophoto in whose place this one stands."""
    ortho: Raster
    """Where it should lie."""
    frame: BaseGeometry
    placement: Placement
    applied: tuple[float, float]
    """By how much the orthophoto was taken back, metres east and north."""
    frame_of: Frame
    measured: Measured | None
    position_error_m: float
    control: HeightError | None
    control_m: float | None
    """Horizontal error at ground control, as the flight software reports it (RMS)."""
    heights: str | None
    """Height system of the surface, where its file names one."""
    notes: tuple[str, ...]

    @property
    def shift_m(self) -> list[float | None]:
        """East, north, up: new minus before; against the satellite's pictures, and no height, where no surface came before. None = not told."""
        fit = self.measured.fit if self.measured else None
        if fit is not None and not fit.weak:
            return [round(fit.east, 3), round(fit.north, 3), round(fit.up, 3)]
        if not self.placement.looks:
            return [None, None, None]
        return [round(self.placement.east, 2), round(self.placement.north, 2), None]


def write(folder: Path, flight: Flight, said: Said, shown: Sequence[Shown], ground: LayerSet, originals: Path | None, say: Say) -> dict[str, Any]:
    """Fill a flight's folder; its record."""
    rasters.copy_ortho(flight.ortho, flight.crs, folder / "orthophoto.tif", lambda done, of: say("orthophoto, MB", done, of))
    if flight.measured is not None:
        rasters.write_surface(folder / "dsm.tif", flight.measured.new, flight.measured.box)
        if flight.measured.change is not None:
            rasters.write_surface(folder / "change.tif", flight.measured.change.difference, flight.measured.box)
    if originals is not None and shown:
        keep(originals, folder / "photos", shown)
    projector = Projector(flight.crs)
    write_atomic(folder / "outlines.geojson", geojson.encode(_outlines(flight, projector)))
    made = _pictures(folder, flight, said, ground)
    for each in made:
        write_atomic(folder / f"{each.name}.png", each.png())
    found = _record(flight, said, shown, made, projector)
    drawn = profile(flight.measured) if flight.measured else None
    write_atomic(folder / "report.html", page.render(found, made, drawn, folder, shown).encode("utf-8", "replace"))
    record.write(folder, found)
    write_atomic(folder / "item.json", item.render(folder, flight.id, flight.county, flight.captured, found["footprint"], found["bbox"]))
    return found


def keep(originals: Path, target: Path, shown: Sequence[Shown]) -> None:
    """Photos byte for byte as they came. Raises MinewardenError `MW-DRONE-PHOTO` where one changed meanwhile."""
    target.mkdir()
    for each in shown:
        kept = target / each.photo.name
        shutil.copyfile(originals / each.photo.name, kept)
        if sha256_file(kept) != each.photo.sha256:
            fix = "Let whoever writes it finish, then ingest again."
            raise MinewardenError("MW-DRONE-PHOTO", f"{each.photo.name} changes while it is read.", fix)


def _outlines(flight: Flight, projector: Projector) -> list[Feature]:
    found = []
    for piece in flight.measured.pieces if flight.measured else ():
        written = projector.write(piece.geometry)
        found.append(Feature(written, record.piece(piece) | {"flight": flight.id, "captured": flight.captured.isoformat()}))
    return found


def _pictures(folder: Path, flight: Flight, said: Said, ground: LayerSet) -> list[Picture]:
    pieces = flight.measured.pieces if flight.measured else ()
    rights = ground.stood_on(flight.captured)
    lines = [
        Line([right.geometry.intersection(flight.frame.buffer(500)) for right in rights if right.geometry.intersects(flight.frame)], RIGHT),
        Line([each.case.geometry for each in said.cases], CASE),
        Line([piece.geometry for piece in pieces if not piece.is_cut], FILL),
        Line([piece.geometry for piece in pieces if piece.is_cut], CUT),
    ]
    made = [pictures.orthophoto(folder / "orthophoto.tif", flight.ortho.colours, flight.ortho.alpha, lines, flight.crs)]
    if flight.measured is not None:
        shades = {each.name: each for each in pictures.relief(flight.measured, lines)}
        if "before" in shades:
            made.append(pictures.beside(shades["before"], shades["after"]))
        made += [shades[name] for name in ("after", "change") if name in shades]
    return made


def _record(flight: Flight, said: Said, shown: Sequence[Shown], made: Sequence[Picture], projector: Projector) -> dict[str, Any]:
    footprint = projector.write(flight.frame.simplify(0.05))
    west, south, east, north = footprint.geometry.bounds
    measured, placement = flight.measured, flight.placement
    volumes = measured is not None and measured.too_coarse is None
    return {
        "version": record.VERSION,
        "flight": flight.id,
        "county": flight.county,
        "captured": flight.captured.isoformat(),
        "earlier": flight.earlier.isoformat() if flight.earlier else None,
        "inputs": [{"role": role, "name": name, "sha256": sha256} for role, name, sha256 in flight.inputs],
        "photographs": list(flight.photographs),
        "replaces": list(flight.replaces),
        "footprint": footprint.mapping,
        "bbox": [west, south, east, north],
        "shift_m": flight.shift_m,
        "placement": {
            "east_m": round(placement.east, 2),
            "north_m": round(placement.north, 2),
            "residual_m": None if placement.weak and placement.residual_m != placement.residual_m else round(placement.residual_m, 2),
            "agreement": round(placement.agreement, 3),
            "looks": list(placement.looks),
            "weak": placement.weak,
            "applied_m": [round(each, 2) for each in flight.applied],
            "lies_on": flight.frame_of.value,
            "position_error_m": round(flight.position_error_m, 1),
        },
        "surfaces": _surfaces(flight),
        "control": _control(flight),
        "cut_m3": round(measured.cut.m3, 1) if measured and volumes else None,
        "fill_m3": round(measured.fill.m3, 1) if measured and volumes else None,
        "cut_m3_95": [round(measured.cut.low, 1), round(measured.cut.high, 1)] if measured and volumes else None,
        "too_coarse": measured.too_coarse if measured else "no surface was given",
        "pieces": [record.piece(each) for each in measured.pieces] if measured else [],
        "cases": [record.case(each) for each in said.cases],
        "new": [record.piece(each) for each in said.new],
        "overshoots": [record.overshoot(each) for each in said.overshoots],
        "extractions": [record.extraction(each) for each in said.extractions],
        "depths": [record.depth(each) for each in said.depths],
        "patches": list(said.patches),
        "photos": [record.photo(each) for each in shown],
        "pictures": [{"file": f"{each.name}.png", "title": each.title} for each in made],
        "orthophoto": "orthophoto.tif",
        "report": "report.html",
        "warnings": _warnings(flight, shown),
    }


def _surfaces(flight: Flight) -> dict[str, Any] | None:
    measured = flight.measured
    if measured is None:
        return None
    fit, change = measured.fit, measured.change
    return {
        "cell_m": round(float(measured.box.resolution.x), 3),
        "height_system": flight.heights,
        "turn_degrees": None if fit is None else round(fit.turn * 57.29578, 3),
        "tilt_m_per_m": None if fit is None else [round(fit.tilt_east, 5), round(fit.tilt_north, 5)],
        "spread_m": None if fit is None or fit.spread != fit.spread else round(fit.spread, 3),
        "stable_share": None if fit is None else round(fit.stable_share, 3),
        "weak": None if fit is None else fit.weak,
        "detection_m": None if change is None else round(change.detection_m, 3),
        "noise_m": None if change is None else round(change.noise.spread_m, 3),
        "noise_ranges_m": None if change is None else [round(each, 1) for each in change.noise.ranges_m],
        "measured": "between two surfaces" if change is not None else "below the rim",
    }


def _control(flight: Flight) -> dict[str, Any] | None:
    found = flight.control
    if found is None and flight.control_m is None:
        return None
    heights = {
        "points": found.points,
        "mean_m": round(found.mean_m, 3),
        "rmse_m": round(found.rmse_m, 3),
        "worst_m": round(found.worst_m, 3),
        "worst": found.worst,
    } if found else None  # fmt: skip
    return {"horizontal_m": None if flight.control_m is None else round(flight.control_m, 3), "heights": heights}


def _warnings(flight: Flight, shown: Sequence[Shown]) -> list[str]:
    found = list(flight.notes)
    if flight.placement.weak:
        found.append(f"Not laid on the satellite's pictures: {flight.placement.weak}. It lies on: {flight.frame_of.value}.")
    fit = flight.measured.fit if flight.measured else None
    if fit is not None and fit.weak:
        found.append(f"The surfaces could not be brought to fit: {fit.weak}.")
    if flight.measured is not None and flight.measured.too_coarse:
        found.append(f"No volume can be told: {flight.measured.too_coarse}.")
    found += [f"Photo {each.photo.name} shows no case for sure: {'; '.join(each.doubts)}." for each in shown if each.doubts]
    return found
