"""Sheets made without scenes."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry import box

from pipeline.layers.model import LayerSet, Right
from pipeline.publish.coordinates import positions
from pipeline.publish.evidence.case import Subject, subject
from pipeline.publish.evidence.choose import Shown
from pipeline.publish.evidence.glance import Look
from pipeline.publish.evidence.locator import Locator
from pipeline.publish.evidence.overlay import Surroundings, overlay
from pipeline.publish.evidence.series import Season, Series
from pipeline.publish.evidence.sheet import Date, Sheet
from pipeline.publish.features import Judged, flagged_features
from pipeline.sources.scene import BandFile, Scene
from tests.made_month import GRID, two_months

BANDS = ("B04", "B03", "B02", "B12", "B08")
BEFORE, AFTER = date(2024, 4, 27), date(2024, 7, 28)


def scene(day: date) -> Scene:
    file = BandFile(Path("nowhere"), 0.0001, -0.1)
    when = datetime(day.year, day.month, day.day, 3, 40, tzinfo=UTC)
    name = f"S2A_MSIL2A_{day:%Y%m%d}T034001"
    return Scene(id=name, acquired=when, bands={"B04": file, "B08": file}, scl=None, baseline="", pass_key=f"- - {day:%Y%m%d}")


def cases(folder: Path) -> list[Judged]:
    return [each for each in two_months(folder) if each.case is not None]


def spectrum(each: Subject, bands: tuple[str, ...] = BANDS) -> NDArray[np.int16]:
    """Reflectance that rises from west to east, so that every value between is there."""
    rows, cols = each.frame.geobox.shape
    ramp = np.linspace(500, 3500, cols).astype(np.int16)
    return np.broadcast_to(ramp, (len(bands), rows, cols)).copy()


def sheet(judged: Judged, layers: LayerSet, **changes: Any) -> Sheet:
    """A sheet of a case. Changes are those of the sheet's fields, or `row` values."""
    each = subject(judged, GRID)
    row: dict[str, Any] = flagged_features([judged], month="2024-07", layers_version="0123456789ab")[0].properties
    west, east = each.frame.corners
    middle, *corners = positions(GRID.crs, [each.ground.centroid.coords[0], west, east])
    looks = tuple((date(2024, month, 7), Look(1, month % 3 > 0, 1, 1500, 2500) if month % 3 else Look(1, 0, 0)) for month in range(1, 8))
    days = np.arange(19_500, 19_935, 5)
    season = Season(days, np.stack([0.3 + 0 * days, 0.05 + 0 * days]), np.stack([0.1 + 0 * days, 0.02 + 0 * days]))
    dates = tuple(
        Date(name, Shown(day, (scene(day),)), spectrum(each, changes.get("bands", BANDS)), "", ("ab" * 32,))
        for name, day in (("前时相", BEFORE), ("后时相", AFTER))
    )
    given: dict[str, Any] = {
        "subject": each, "row": row | changes.pop("row", {}), "county": "会宁县", "month": "2024-07", "maker": "minewarden", "bands": BANDS,
        "dates": dates, "overlay": overlay(each, Surroundings(layers)), "series": Series(date(2023, 5, 1), date(2024, 7, 31), looks, season, 16),
        "locator": Locator(layers).marked(*each.ground.centroid.coords[0]), "middle": middle, "corners": (corners[0], corners[1]), "north": 0.01,
    }  # fmt: skip
    return Sheet(**(given | changes))


def pixels(png: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        assert image.info == {}, "nothing but pixels"
        return np.asarray(image)


def around(judged: Judged, name: str) -> LayerSet:
    """A county with one right around a case, under any name."""
    west, south, east, north = judged.finding.geometry.bounds
    right = Right(id="C1", name=name, geometry=box(west - 60, south - 60, east + 60, north + 60))
    return LayerSet(area=box(west - 3000, south - 3000, east + 3000, north + 3000), rights=(right,))
