"""Patches that the ministry issued to the county (卫片图斑): read from any format that layers come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from pipeline.errors import MinewardenError
from pipeline.layers import datum
from pipeline.layers.columns import Rows, find, rows
from pipeline.layers.opened import Setting
from pipeline.layers.read import SHAPEFILE, read
from pipeline.layers.shapes import clean
from pipeline.layers.table import Answers, refusal

NAMES: Mapping[str, Sequence[str]] = {
    "id": ("id", "图斑编号", "图斑号", "监测图斑编号", "TBBH", "JCBH", "TBH"),
    "issued": ("issued", "下发日期", "下发时间", "XFRQ", "XFSJ"),
    "before": ("before", "前时相", "QSX"),
    "after": ("after", "后时相", "HSX"),
}
"""Columns under which each field is looked for, in this order; `fields` of the caller come first."""
FILE = "issued patches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A patch of the ministry's list."""

    id: str
    geometry: BaseGeometry
    issued: date
    before: date | None = None
    after: date | None = None


def load(file: Path, crs: str, area: BaseGeometry, issued: date | None, fields: Mapping[str, str]) -> tuple[list[Issued], list[str]]:
    """Issued patches in `crs`, and what is doubtful about them.

    area: the county's outline in `crs`, which decides what a file of corner points leaves open; issued: of those that have no date of
    their own.

    Raises MinewardenError (`MW-LAYER-…`, `MW-ISSUED-…`) where a patch has no id of its own, no sound outline or no date.
    """
    if not file.is_file():
        raise MinewardenError("MW-ISSUED-FILE", f"There is no file {file}.", "Give the path of the issued patches.")
    nothing, county = Answers(), Setting(crs, area).county
    table = datum.settle(read(FILE, file, file, nothing, county), nothing, county, refusal(FILE, file))
    shortened, count = table.driver == SHAPEFILE, len(table.geometry)
    columns = {name: _column(name, fields, table.columns, shortened) for name in NAMES}
    if wrong := next((name for name in fields if name not in NAMES or find(fields[name], table.columns, shortened) is None), None):
        said = f"--field {wrong}={fields[wrong]}"
        fix = f"Fields of issued patches are {', '.join(NAMES)}; columns of {file.name} are {', '.join(table.columns)[:300]}."
        raise MinewardenError("MW-ISSUED-FIELD", f"{said}: there is no such {'column' if wrong in NAMES else 'field'}.", fix)
    if find(columns["id"], table.columns, shortened) is None:
        fix = f"Name the column that holds it: --field id=…. It has: {', '.join(table.columns)[:300]}."
        raise MinewardenError("MW-ISSUED-FIELD", f"{file}: no column is known to hold the patches' numbers.", fix)
    of = rows(str(file), table.columns, columns, tuple(NAMES), count, shortened)
    # Columns that were looked for under all their names and are not there are nothing to be told.
    told = [problem for problem in of.problems if problem.code != "MW-LAYER-FIELD"]
    of.problems = []
    geometry, found = clean(table.geometry, table.crs, crs, of.note)
    of.check_ids()
    patches = [_patch(of, k, ground, issued) for k, ground in enumerate(geometry) if ground is not None]
    problems = [*told, *of.problems, *found]
    for problem in problems:
        if problem.fatal:
            raise MinewardenError(problem.code, problem.message, problem.fix)
    doubts = [problem.message for problem in problems]
    own = sum(of.date(k, "issued") is not None for k, ground in enumerate(geometry) if ground is not None)
    if issued is not None and own:
        doubts.append(f"{file}: {own} of {len(patches)} patches have a date of issue of their own ({columns['issued']}); it counts, not --issued.")
    return patches, doubts


def _column(name: str, fields: Mapping[str, str], columns: Mapping[str, list[Any]], shortened: bool) -> str:
    """The file's column for a field: that which the caller names, else the first of those it may have."""
    if name in fields:
        return fields[name]
    there = (find(alias, columns, shortened) for alias in NAMES[name])
    return next((column for column in there if column), name)


def _patch(of: Rows, k: int, ground: BaseGeometry, issued: date | None) -> Issued:
    day = of.date(k, "issued") or issued
    if day is None:
        fix = "Say when they were issued with --issued, or which column does with --field issued=…."
        raise MinewardenError("MW-ISSUED-DATE", f"{of.file}: feature {of.label(k)} does not say when it was issued.", fix)
    return Issued(id=of.text(k, "id") or "", geometry=ground, issued=day, before=of.date(k, "before"), after=of.date(k, "after"))
