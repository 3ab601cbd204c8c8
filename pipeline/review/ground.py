"""The ground of a month's cases: where each lies, what lies around it, and when its cells changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.windows import Window
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pipeline.findings.finding import Code, Finding
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet
from pipeline.ledger import RecordedCase
from pipeline.projection import between
from pipeline.publish.evidence.case import Days, Subject, subject
from pipeline.publish.evidence.overlay import LARGER, Named, Surroundings
from pipeline.publish.evidence.window import Frame, frame_of
from pipeline.publish.features import Feature, Judged

WIDER = (1, 2, 4)
"""How many times as wide as in its evidence picture the surroundings of a case can be looked at."""
MOST_CELLS = 1600
"""A side of a picture, beyond which it is not widened."""
REMEMBERED = 512
BEYOND = 4.0
"""Cells beyond the picture where outlines are cut off, so that the cut is not seen."""


@dataclass(frozen=True, slots=True)
class Line:
    """An outline over a picture, in cells from its upper left corner."""

    kind: str
    name: str
    path: str
    """As SVG writes it."""


class Grounds:
    """Cases of a finished month by id. Safe for several threads."""

    def __init__(
        self,
        cases: Mapping[str, RecordedCase],
        rows: Mapping[str, Feature],
        patches: Mapping[str, BaseGeometry],
        layers: LayerSet,
        grid: Grid,
        raster: Path,
    ) -> None:
        self.grid = grid
        self._cases, self._rows, self._patches, self._raster = cases, rows, patches, raster
        self._surroundings = Surroundings(layers)
        self._to_grid = between("EPSG:4326", grid.crs)
        self.subject = lru_cache(REMEMBERED)(self._subject)
        self.lines = lru_cache(REMEMBERED)(self._lines)

    def _subject(self, case_id: str) -> Subject:
        """A case as its pictures need it. Raises KeyError for an id that the month does not list."""
        case, row = self._cases[case_id], self._rows[case_id].properties
        draft = case.draft
        finding = Finding(
            patch=None, part=draft.part, code=Code(draft.code), geometry=draft.geometry, status=draft.status,
            first_seen=date.fromisoformat(draft.first_seen), last_seen=date.fromisoformat(row["last_seen"]),
        )  # fmt: skip
        judged = Judged(finding=finding, written=self._rows[case_id].written, patch_id=draft.patch_id, case=case.record)
        return subject(judged, self.grid, self._days(frame_of(draft.geometry, self.grid)) if draft.patch_id else None)

    def _days(self, frame: Frame) -> Days:
        """When the frame's cells changed, as the month's raster has it."""
        height, width = self.grid.shape
        top, left = max(frame.top, 0), max(frame.left, 0)
        bottom, right = min(frame.top + frame.geobox.shape.y, height), min(frame.left + frame.geobox.shape.x, width)
        if top >= bottom or left >= right:
            return {}
        with rasterio.open(self._raster, driver="GTiff") as raster:
            status, first = raster.read([1, 2], window=Window(left, top, right - left, bottom - top))
        rows, cols = np.nonzero((status >= 1) & (status <= 3))
        days = first[rows, cols].tolist()
        return {(row + top, col + left): day for row, col, day in zip(rows.tolist(), cols.tolist(), days, strict=True)}

    def frame(self, case_id: str, wider: int) -> Frame:
        """What a picture of the case shows: its evidence picture's ground, or several times as much."""
        frame = self.subject(case_id).frame
        size = frame.geobox.shape
        while wider > 1 and max(size) * wider > MOST_CELLS:
            wider //= 2
        rows, cols = size.y * (wider - 1) // 2, size.x * (wider - 1) // 2
        box = GeoBox((size.y + 2 * rows, size.x + 2 * cols), frame.geobox.affine @ Affine.translation(-cols, -rows), frame.geobox.crs)
        return Frame(box, frame.top - rows, frame.left - cols, 1)

    def _lines(self, case_id: str, wider: int) -> tuple[Line, ...]:
        """Outlines over a picture of the case, its own last."""
        frame, own = self.frame(case_id, wider), self._cases[case_id].draft
        named = self._near(frame)
        patch = self._patches.get(own.patch_id) if own.patch_id else None
        if patch is not None and patch.area > LARGER * own.geometry.area:
            named.append(Named("patch", "", patch))
        named.append(Named("case", case_id, own.geometry))
        return tuple(Line(each.kind, each.name, path) for each in named if (path := "".join(_paths(each.geometry, frame))))

    def _near(self, frame: Frame) -> list[Named]:
        a, size = frame.geobox.affine, frame.geobox.shape
        seen = shapely.box(a.c, a.f - size.y * self.grid.resolution, a.c + size.x * self.grid.resolution, a.f)
        return self._surroundings.within(seen)

    def drawn_line(self, case_id: str, wider: int, written: Mapping[str, Any]) -> str:
        """The path over a picture of the case of a GeoJSON outline."""
        outline = shapely.transform(shape(written), lambda points: np.column_stack(self._to_grid.transform(points[:, 0], points[:, 1])))
        return "".join(_paths(outline, self.frame(case_id, wider)))

    def place(self, case_id: str, wider: int) -> dict[str, Any]:
        """Rows and columns of a picture, and where in the county's grid it lies."""
        frame = self.frame(case_id, wider)
        size = frame.geobox.shape
        return {"rows": size.y, "cols": size.x, "top": frame.top, "left": frame.left, "metres": self.grid.resolution}


def _paths(geometry: BaseGeometry, frame: Frame) -> Iterator[str]:
    a, cell = frame.geobox.affine, abs(float(frame.geobox.resolution.x))
    rows, cols = frame.geobox.shape
    box = (a.c - BEYOND * cell, a.f - (rows + BEYOND) * cell, a.c + (cols + BEYOND) * cell, a.f + BEYOND * cell)
    outline = shapely.clip_by_rect(geometry.boundary, *box)
    for part in shapely.get_parts(shapely.line_merge(outline) if outline.geom_type == "MultiLineString" else outline):
        points = shapely.get_coordinates(part)
        if len(points) > 1:
            yield "M" + "L".join(f"{(x - a.c) / cell:.2f} {(a.f - y) / cell:.2f}" for x, y in points.tolist())


def rings(geometry: BaseGeometry, origin: tuple[float, float], tolerance: float) -> list[list[int]]:
    """Outer and inner rings, simplified, as whole metres east and south of an origin: x, y, x, y, …"""
    out = []
    for polygon in shapely.get_parts(geometry.simplify(tolerance)):
        for ring in (polygon.exterior, *polygon.interiors) if polygon.geom_type == "Polygon" else ():
            points = np.round((np.asarray(ring.coords)[:-1, :2] - origin) * (1, -1)).astype(int)
            out.append(points.ravel().tolist())
    return out


def county_map(layers: LayerSet, grid: Grid) -> dict[str, Any]:
    """The county's outlines in metres east and south of the grid's upper left corner."""
    a, resolution = grid.geobox.affine, grid.resolution
    origin = a.c, a.f

    def listed(kind: str, rows: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            {"kind": kind, "name": str(getattr(row, "name", None) or row.id), "rings": rings(row.geometry, origin, resolution / 2)} for row in rows
        ]

    shapes = [
        *listed("town", layers.towns),
        *listed("field", [zone for zone in layers.zones if not zone.bans_mining]),
        *listed("zone", [zone for zone in layers.zones if zone.bans_mining]),
        *listed("approval", layers.approvals),
        *listed("legacy", layers.legacy),
        *listed("right", layers.rights),
    ]
    west, south, east, north = layers.area.bounds
    bounds = [round(west - a.c), round(a.f - north), round(east - a.c), round(a.f - south)]
    return {"bounds": bounds, "area": rings(layers.area, origin, resolution), "shapes": shapes}
