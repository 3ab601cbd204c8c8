"""What an edited file of cases says, row by row, whatever program it went through: columns move, nulls go, whole numbers become decimals."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.errors import MinewardenError
from pipeline.layers.read import read
from pipeline.layers.shapes import to_grid
from pipeline.layers.table import Table
from pipeline.ledger import Review
from pipeline.unseen import HALVES, HIDDEN

TABLE = "cases"
"""In a GeoPackage of several layers, as flagged.gpkg is, the one that holds the answers."""
NEEDED = ("id", "version", "review")
MOST_VERSIONS = 1_000_000
LONGEST = 2000
"""Signs of a reason or a note."""
_UNSEEN = re.compile(f"[{HIDDEN}{HALVES}]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a row says of its case."""

    case_id: str
    version: int
    """The state of the case that it answers."""
    review: Review
    reason: str | None
    note: str | None
    month: str | None
    """The month whose list it was given out with."""


@dataclass(frozen=True, slots=True)
class Refusal:
    case_id: str
    reason: str


class UnclearError(Exception):
    """A row that can't be understood; why."""


def read_answers(file: Path, area: BaseGeometry, crs: str) -> tuple[list[Answer], list[Refusal]]:
    """Rows of a GeoJSON or GeoPackage of cases. area: the county, in `crs`.

    Raises MinewardenError `MW-REVIEW-…` where the file can't be used at all.
    """
    try:
        table = read(TABLE, file, file)
        seen = _where(table, area, crs)
    except MinewardenError as error:
        code, told = error.code.replace("LAYER", "REVIEW"), error.message.removeprefix(f"Layer {TABLE}: ")
        fix = error.fix if code not in ("MW-REVIEW-FILE", "MW-REVIEW-FORMAT") else "Give the file that 'review export' wrote, edited, as GeoJSON."
        raise MinewardenError(code, told, fix) from error
    lacking = [name for name in NEEDED if name not in table.columns]
    if lacking:
        raise MinewardenError("MW-REVIEW-COLUMNS", f"{file} has no column {', '.join(lacking)}.", "Edit the file that 'review export' gives.")
    answers: dict[str, Answer] = {}
    refused: dict[str, str] = {}
    for k in range(len(table.geometry)):
        row = {name: values[k] for name, values in table.columns.items()}
        case_id = _text(row["id"]) or f"row {k + 1}"
        try:
            answer = answer_of(row, inside=bool(seen[k]))
        except UnclearError as why:
            refused.setdefault(case_id, str(why))
            continue
        if answers.setdefault(case_id, answer) != answer:
            refused.setdefault(case_id, "It stands there twice, with different answers.")
    return [a for name, a in answers.items() if name not in refused], [Refusal(name, why) for name, why in refused.items()]


def _where(table: Table, area: BaseGeometry, crs: str) -> list[bool]:
    """Which rows lie in the county; those without an outline are known by their id."""

    def inside(geometry: BaseGeometry | None) -> bool:
        if geometry is None or geometry.is_empty:
            return True
        bounds = geometry.bounds
        return all(map(math.isfinite, bounds)) and bool(shapely.box(*bounds).intersects(area))

    return [inside(geometry) for geometry in to_grid(table.geometry, table.crs, crs)]


def answer_of(row: Mapping[str, Any], *, inside: bool = True) -> Answer:
    """What a row says. inside: whether its outline lies in the county.

    Raises UnclearError.
    """
    case_id = _text(row["id"])
    if case_id is None:
        raise UnclearError("It has no id.")
    if not inside:
        raise UnclearError("Its outline lies outside the county: the file's coordinate system is wrong, or it was drawn elsewhere.")
    review = _text(row["review"])
    if review is None or review not in set(Review):
        raise UnclearError(f"review is {review!r}; use one of {', '.join(Review)}.")
    reason, note = text_of(row, "review_reason"), text_of(row, "review_note")
    return Answer(case_id, _whole(row["version"]), Review(review), reason, note, _text(row.get("month")))


def text_of(row: Mapping[str, Any], name: str) -> str | None:
    """A text of a row, without signs that nobody sees; None for what is empty.

    Raises UnclearError where it is too long.
    """
    value = _text(row.get(name))
    if value is not None and len(value) > LONGEST:
        raise UnclearError(f"{name} has {len(value)} signs, more than {LONGEST}.")
    return value


def _text(value: Any) -> str | None:
    """Text without signs that nobody sees; None for what is empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return _UNSEEN.sub("", str(value)).strip() or None


def _whole(value: Any) -> int:
    text = _text(value)
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        number = math.nan
    if not number.is_integer() or not 1 <= number <= MOST_VERSIONS:
        raise UnclearError(f"version is {(text or '')[:40]!r}; it says which state of the case was looked at, and must stay as it was.")
    return int(number)
