"""Earlier months as they stand on the disk: what this one is compared with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.publish import runjson

_DAMAGE = (MinewardenError, OSError, ValueError, KeyError, TypeError)

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """A month's list in numbers."""

    cases: int
    new: int
    grown: int
    area_m2: float
    dug_m2: float
    """New ground this month: area of new cases, and growth of the others."""
    observed_fraction: float
    scenes: int
    """Used."""
    by_finding: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A month to compare with."""

    month: str
    totals: Totals | None = None
    """None where there is no such month, or it can't be read."""
    damaged: bool = False
    ids: tuple[str, ...] = ()
    """Of its list."""
    layers: Mapping[str, str] | None = None
    """SHA-256 of its layers by name."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A month of the last year, as its run.json has it."""

    month: str
    cases: int | None
    """None where there is no such month."""
    observed_fraction: float | None


def is_grown(row: Properties, cell_area_m2: float) -> bool:
    """Whether a case was listed before and has grown by a cell or more this month."""
    return not row["new_this_month"] and (row["growth_m2"] or 0) >= cell_area_m2


def totals(rows: Sequence[Properties], observed_fraction: float, scenes: int, cell_area_m2: float) -> Totals:
    """Numbers of a list."""
    return Totals(
        cases=len(rows),
        new=sum(bool(row["new_this_month"]) for row in rows),
        grown=sum(is_grown(row, cell_area_m2) for row in rows),
        area_m2=sum(row["area_m2"] for row in rows),
        dug_m2=sum(row["growth_m2"] or 0.0 for row in rows),
        observed_fraction=observed_fraction,
        scenes=scenes,
        by_finding=Counter(row["finding"] for row in rows),
    )


def earlier(output: Path, month: str, cell_area_m2: float) -> Earlier:
    """A month of an output folder; without totals where it is not there."""
    folder = output / month
    if not (folder / runjson.NAME).is_file():
        return Earlier(month)
    try:
        run = runjson.document(folder)
        rows = [each["properties"] for each in json.loads((folder / "flagged.geojson").read_text("utf-8"))["features"]]
        used = sum(bool(scene["used"]) for scene in run["scenes"])
        found = totals(rows, float(run["coverage"]["observed_fraction"]), used, cell_area_m2)
        layers = {str(layer["name"]): str(layer["sha256"]) for layer in run["layers"]}
        return Earlier(month, found, ids=tuple(str(row["id"]) for row in rows), layers=layers)
    except _DAMAGE:
        return Earlier(month, damaged=True)


def year_before(month: str) -> str:
    return f"{int(month[:4]) - 1:04d}-{month[5:]}"


def trend(output: Path, month: str, cases: int, observed_fraction: float) -> list[Trend]:
    """This month with its numbers, and those before it as their run.json has them, from the first that there is."""
    before = [_of_run(output, each) for each in months.span(year_before(month), months.previous(month))]
    return [*_from_the_first(before), Trend(month, cases, observed_fraction)]


def _from_the_first(found: Iterable[Trend]) -> list[Trend]:
    kept: list[Trend] = []
    for each in found:
        if kept or each.cases is not None:
            kept.append(each)
    return kept


def _of_run(output: Path, month: str) -> Trend:
    try:
        run = runjson.document(output / month)
        return Trend(month, int(run["counts"]["flagged"]), float(run["coverage"]["observed_fraction"]))
    except _DAMAGE:
        return Trend(month, None, None)
