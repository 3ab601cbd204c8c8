"""What is wrong with a layer's features, beyond what stops them from being read: told so that a clerk can put it right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.layers import aliases, licence, mojibake, stated
from pipeline.layers.columns import Rows
from pipeline.layers.ground import ellipsoidal_m2
from pipeline.layers.model import CLOSED_STATUS, EXPIRED_STATUS, Problem, Right
from pipeline.layers.table import Table

RIGHTS = ("mining_rights", "exploration_rights")
SLIVER_WIDTH_M = 1.0
"""Ground that is narrower on average is left over from drawing."""
_EXACT = 1e15
"""Spreadsheets keep fifteen digits of a number."""
_COMPARE = "Compare it with the licence."


def of_table(rows: Rows, table: Table, usable: NDArray[np.bool_], layer: str) -> list[Problem]:
    """What a file's columns show: damaged text, stated areas (of features that are `usable`), malformed licence numbers."""
    return [*_damaged(rows, table), *_areas(rows, table, usable), *(_licences(rows) if layer in RIGHTS else [])]


def _damaged(rows: Rows, table: Table) -> list[Problem]:
    """Columns whose names or values were decoded wrongly; one problem each."""
    found = []
    for column, values in table.columns.items():
        texts = [(k, value) for k, value in enumerate(values) if isinstance(value, str) and mojibake.damaged(value)]
        if not texts and not mojibake.damaged(column):
            continue
        sample = texts[0][1] if texts else column
        was = mojibake.restored(sample)
        of = f"text in {column[:40]!r} of {len(texts)} feature(s)" if texts else f"the name of column {column[:40]!r}"
        message = f"{rows.file}: {of} was decoded wrongly, such as {sample[:40]!r}" + (f", which was {was[:40]!r}." if was else "; it is lost.")
        fix = "Export the layer again as UTF-8" + (", or let 'layers check --fix' restore it." if was else ".")
        found.append(Problem(rows.text(texts[0][0], "id") if texts else None, "MW-LAYER-MOJIBAKE", message, fix, False))
    return found


def _areas(rows: Rows, table: Table, usable: NDArray[np.bool_]) -> list[Problem]:
    """Features whose stated area is another than their points enclose."""
    found = []
    for column, values in table.columns.items():
        if aliases.heading(column) not in aliases.AREA:
            continue
        for k, value in enumerate(values):
            said, geometry = stated.parse(value, column), table.geometry[k]
            if said is None or not usable[k] or not geometry.is_valid or stated.fits(said, geometry, table.crs):
                continue
            square = ellipsoidal_m2(geometry, table.crs)
            what = f"states an area of {said.shown}, but its points enclose {square / 1e4:.4f} ha ({square / 1e6:.4f} km²)."
            found.append(rows.note(k, "MW-LAYER-AREA", what, "A point may be missing or mistyped, or the area be of another version. " + _COMPARE))
    return found


def _licences(rows: Rows) -> list[Problem]:
    found = []
    for k in range(rows.count):
        number = rows.text(k, "id")
        value = rows.value(k, "id")
        counted = isinstance(value, (int, float)) and abs(value) >= _EXACT
        wrong = licence.ROUNDED if counted else licence.objection(number) if number else None
        if wrong:
            found.append(rows.note(k, "MW-LAYER-LICENCE", f"has a licence number that {wrong[0]}.", wrong[1]))
    return found


def slivers(rows: Rows, geometry: NDArray[np.object_]) -> list[Problem]:
    """Features, or parts of them, that are hardly wider than a line. geometry: in metres."""
    found = []
    for k in np.flatnonzero(~shapely.is_missing(geometry)).tolist():
        parts = shapely.get_parts(geometry[k])
        thin = parts[narrow(parts)]
        if len(thin):
            which = "is" if len(thin) == len(parts) else f"has {len(thin)} part(s) that are"
            what = f"{which} a sliver: {shapely.area(thin).sum():.1f} m² of ground less than {SLIVER_WIDTH_M:g} m wide."
            found.append(rows.note(k, "MW-LAYER-SLIVER", what, "Take it out, or let 'layers check --fix' do it."))
    return found


def narrow(parts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which polygons (in metres) are slivers: a long strip has twice its area over its outline as width."""
    return np.asarray(2 * shapely.area(parts) < SLIVER_WIDTH_M * shapely.length(parts))


def duplicates(file: str, ids: Sequence[str], geometry: Sequence[BaseGeometry]) -> list[Problem]:
    """Features that cover exactly the ground of one before."""
    first: dict[bytes, str] = {}
    found = []
    for identity, shape in zip(ids, geometry, strict=True):
        key = outline_key(shape)
        if key in first:
            message = f"{file}: feature {identity} has the very outline of feature {first[key]}."
            found.append(Problem(identity, "MW-LAYER-DUPLICATE", message, "Take one of them out, or correct its points.", False))
        first.setdefault(key, identity)
    return found


def outline_key(shape: BaseGeometry) -> bytes:
    """The same for the same ground to a millimetre, wherever its rings begin. shape: in metres."""
    return bytes(shapely.to_wkb(shapely.normalize(shapely.transform(shape, lambda points: np.round(points, 3)))))


def contradictions(file: str, rights: Sequence[Right], today: date | None) -> list[Problem]:
    """Rights whose dates contradict their status; those that depend on the day only where it is given."""
    found = []
    for right in rights:
        for what, fix in (*_always(right), *(_on(right, today) if today else ())):
            found.append(Problem(right.id, "MW-LAYER-STATUS-DATE", f"{file}: right {right.id} {what}.", fix, False))
    return found


def _always(right: Right) -> list[tuple[str, str]]:
    found = []
    if right.valid_to and right.renewal_applied and right.renewal_applied > right.valid_to:
        what = f"has its renewal applied for ({right.renewal_applied}) after it ended ({right.valid_to}): it counts as expired"
        found.append((what, "Is one of the dates mistyped?"))
    if right.top is not None and right.bottom is not None and right.top < right.bottom:
        found.append((f"has its upper elevation ({right.top:g} m) below its lower ({right.bottom:g} m)", "Are the two mixed up?"))
    return found


def _on(right: Right, today: date) -> list[tuple[str, str]]:
    ends, fix = right.valid_to, "Which is right, the status or the date? " + _COMPARE
    if ends is None:
        return []
    if right.status == "有效" and ends < today and not (right.renewal_applied and right.renewal_applied <= ends):
        return [(f"is said to be 有效, but ended on {ends}: it counts as expired since", fix + " A renewal applied for goes into renewal_applied.")]
    if right.status == EXPIRED_STATUS and ends >= today:
        return [(f"is said to be {EXPIRED_STATUS}, but goes on to {ends}: it counts as valid until then", fix)]
    if right.status in CLOSED_STATUS and ends >= today:
        return [(f"is said to be {right.status}, but goes on to {ends}: it counts as valid until then", fix + " If it was closed, give the day.")]
    return []
