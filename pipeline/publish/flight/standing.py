"""What flights that stand say to a month, to its report and of its cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, shape
from shapely.geometry.base import BaseGeometry

from pipeline.findings.overextraction import Taken
from pipeline.layers.model import LayerSet
from pipeline.projection import between
from pipeline.publish.flight import record
from pipeline.publish.flight.page import SAYS


def over_extracted(output: Path, last_day: date, layers: LayerSet, crs: str) -> list[Taken]:
    """Rights whose latest flight measured more than their scale allows, by id."""
    latest: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for flight in record.standing(output):
        if date.fromisoformat(flight["captured"]) > last_day:
            continue
        for each in flight["extractions"]:
            latest[each["right_id"]] = flight, each
    found = []
    for right_id, (flight, said) in sorted(latest.items()):
        flown = date.fromisoformat(flight["captured"])
        grounds = {right.id: right.geometry for right in layers.stood_on(flown)}
        dug = _dug(record.folder(output, flight["flight"]), crs).intersection(grounds[right_id]) if right_id in grounds else MultiPolygon()
        areas = [part for part in shapely.get_parts(dug) if part.geom_type == "Polygon"]
        if said["finding"] and areas:
            low = said["m3_95"][0]
            found.append(Taken(right_id, shapely.union_all(areas), flown, flight["flight"], said["m3"], low, said["limit_m3"]))
    return found


def flown_in(output: Path, month: str) -> list[dict[str, Any]]:
    """Records of the flights of a month that stand, by day."""
    return [each for each in record.standing(output) if each["captured"][:7] == month and not each.get("visit")]


def said_of(output: Path, case_id: str) -> Iterator[tuple[str, str, str]]:
    """Day, what it says and why, of each flight that shows a case, the latest first."""
    for flight in reversed(record.standing(output)):
        for said in flight["cases"]:
            if said["id"] == case_id:
                yield flight["captured"], SAYS[said["says"]], said["why"]


def _dug(folder: Path, crs: str) -> BaseGeometry:
    """Outlines of what a flight saw dug, in a CRS."""
    rows = json.loads((folder / "outlines.geojson").read_text("utf-8"))["features"]
    cuts = shapely.union_all([shape(row["geometry"]) for row in rows if row["properties"]["kind"] == "cut"])
    to_grid = between("EPSG:4326", crs)
    return shapely.transform(cuts, lambda xy: np.column_stack(to_grid.transform(xy[:, 0], xy[:, 1])))
