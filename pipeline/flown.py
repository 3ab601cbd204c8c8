"""What the ledger is told of flights, and what it knows of the ground they fly over."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline import months
from pipeline.config import Project
from pipeline.drone.judge import KnownCase
from pipeline.ledger import Ledger
from pipeline.ledgers import open_or_begin
from pipeline.projection import between
from pipeline.publish import geojson

INGESTED, WITHDRAWN, VISITED = "flight", "flight_withdrawn", "visit"
"""Actions of the audit trail."""


def ledger_of(project: Project) -> Ledger:
    """The county's ledger; one is begun where no month is done yet. One that finished months miss is never made anew."""
    return open_or_begin(project, months.finished(project.output))


def event(found: dict[str, Any]) -> dict[str, Any]:
    """What the audit trail says of a flight."""
    kept = ("flight", "captured", "inputs", "shift_m", "cut_m3", "fill_m3", "cut_m3_95")
    return {key: found[key] for key in kept} | {"cases": {each["id"]: each["says"] for each in found["cases"]}}


def known_ground(project: Project) -> tuple[list[KnownCase], dict[str, BaseGeometry]]:
    """Cases of the last month, and all its patches by id, in the county's CRS."""
    done = months.finished(project.output)
    if not done:
        return [], {}
    with ledger_of(project) as ledger:
        recorded = ledger.open_cases(done[-1])
    cases = [
        KnownCase(each.record.case_id, each.draft.patch_id, each.draft.code, each.draft.geometry, date.fromisoformat(each.draft.first_seen))
        for each in recorded
    ]
    patches = geojson.read(project.output / done[-1] / "patches.geojson")
    to_grid = between("EPSG:4326", project.config.grid.crs)
    return cases, {
        each.properties["patch_id"]: shapely.transform(each.written.geometry, lambda xy: np.column_stack(to_grid.transform(xy[:, 0], xy[:, 1])))
        for each in patches
    }
