"""A finished month laid out for review: its cases ranked, the ground of each, and the pictures that can be made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config import Project
from pipeline.findings.names import FINDINGS
from pipeline.layers.model import LayerSet
from pipeline.ledger import Ledger, RecordedCase, Review
from pipeline.projection import between
from pipeline.publish import geojson, runjson
from pipeline.publish.export.finished import Finished, find
from pipeline.publish.features import Feature
from pipeline.review.ground import Grounds, county_map
from pipeline.review.pictures import Pictures
from pipeline.sources.scene import Scene
from pipeline.year import Setting

UNJUDGED = 0.5
"""Likelihood by which cases are ranked that claim no mining: an overdue site must neither head the list for its size alone nor end it."""
LISTED = (
    "id", "finding", "also", "severity", "status", "town", "right_name", "area_m2", "area_mu", "growth_m2", "mining_likelihood", "first_seen",
    "last_seen", "new_this_month",
)  # fmt: skip
"""Properties of a row of the list."""


@dataclass(frozen=True, slots=True)
class Office:
    """What stays the same while the server runs."""

    project: Project
    layers: LayerSet
    setting: Setting
    scenes: Callable[[str], Sequence[Scene]]
    """Those that pictures of a month may be made from."""


@dataclass(frozen=True, slots=True)
class Desk:
    finished: Finished
    rows: dict[str, Feature]
    """Published rows by id, the most pressing first."""
    reopened: dict[str, int]
    """Version of the dismissal that a case has outgrown."""
    traces: dict[str, Any]
    """Which tests held, by id."""
    grounds: Grounds
    pictures: Pictures
    listing: bytes
    """JSON of what does not change: the list and the map."""

    @property
    def month(self) -> str:
        return self.finished.month


def rank(row: Feature) -> float:
    """Severity × likelihood × area."""
    said = row.properties
    likelihood = said["mining_likelihood"] if said["mining_likelihood"] is not None else UNJUDGED
    return float(said["severity"] * likelihood * said["area_m2"])


def mark(project: Project, month: str) -> tuple[int, int] | None:
    """Another value after a month has been made anew; None while it is not there."""
    try:
        stat = (project.output / month / runjson.NAME).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def recorded(ledger: Ledger, month: str) -> tuple[list[RecordedCase], dict[str, Any]]:
    """What the ledger holds of a month: cases, and grounds of patches."""
    with ledger.reading():
        return ledger.open_cases(month), ledger.patch_grounds(month)


def lay_out(office: Office, month: str, cases: Sequence[RecordedCase], patches: dict[str, Any]) -> Desk:
    """Raises MinewardenError `MW-MONTH-MISSING` or `MW-RESULT-DAMAGED`."""
    finished = find(office.project, month)
    known = {case.record.case_id: case for case in cases}
    rows = {str(row.properties["id"]): row for row in sorted(finished.cases, key=rank, reverse=True) if row.properties["id"] in known}
    records = [case.record for case in cases]
    reopened = {r.case_id: r.version - 1 for r in records if r.reopened and r.review is Review.PENDING}
    traces = {said["id"]: said["rule_trace"] for said in geojson.properties(finished.folder / "patches.geojson") if said["id"]}
    grounds = Grounds(known, rows, patches, office.layers, office.setting.grid, finished.raster)
    pictures = Pictures(month, grounds, rows, office.scenes(month), office.setting)
    return Desk(finished, rows, reopened, traces, grounds, pictures, _listing(office, finished, rows, pictures))


def _listing(office: Office, finished: Finished, rows: dict[str, Feature], pictures: Pictures) -> bytes:
    affine = office.setting.grid.geobox.affine
    to_grid = between("EPSG:4326", office.setting.grid.crs)
    points = np.array([(row.written.lon, row.written.lat) for row in rows.values()]).reshape(-1, 2)
    x, y = to_grid.transform(points[:, 0], points[:, 1])
    places = np.column_stack([np.asarray(x) - affine.c, affine.f - np.asarray(y)]).round().astype(int).tolist()
    said = {
        "month": finished.month,
        "county": finished.county,
        "columns": [*LISTED, "x", "y"],
        "rows": [[*(row.properties[name] for name in LISTED), *place] for row, place in zip(rows.values(), places, strict=True)],
        "names": dict(FINDINGS),
        "days": pictures.days,
        "views": pictures.labels,
        "map": county_map(office.layers, office.setting.grid),
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
