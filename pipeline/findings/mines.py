"""Per right, what a month shows: digging, idle, restored, never dug, and what it should not have done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.config_findings import FindingsConfig
from pipeline.findings.ground import EPOCH, Cells, Strewn, common, joined, large
from pipeline.findings.groups import LEAST_M2
from pipeline.findings.judge import LAWFUL_SHARE
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet, Right, Standing
from pipeline.patches.patch import Patch, Status

PAUSE_DAYS = 60
"""Digging that rests no longer is one spell: weather, and months without a clear look."""
UNSEEN_SHARE = 0.5
"""Of a right without a clear look: whether it was dug can't be said."""


class Activity(StrEnum):
    """What a right's ground did in a month."""

    DIGGING = "digging"
    IDLE = "idle"
    RESTORED = "restored"
    NEVER_DUG = "never_dug"
    NOT_SEEN = "not_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """A right's line of a month. Areas in m²."""

    right: Right
    standing: Standing
    """At the month's end."""
    activity: Activity
    since: date | None
    """Digging: first day of this spell; idle: last day of new ground; restored: when the last ground was seen as before.
    None: longer than is known."""
    dug_m2: float
    """Open now, dug since monitoring began or bare before."""
    bare_before_m2: float
    """Of it bare before."""
    new_m2: float
    """First seen dug this month."""
    restored_m2: float
    """Dug since monitoring began and as it was again."""
    after_end_m2: float
    """Dug when the right had ended: expired or closed."""
    after_end_since: date | None
    after_stop_m2: float
    """Dug while an order to stop was in force."""
    after_stop_since: date | None
    open_now: BaseGeometry
    """Ground of dug_m2, in the grid's CRS."""
    closed: BaseGeometry
    """Ground of restored_m2."""
    dated: tuple[NDArray[np.int32], NDArray[np.int32]]
    """Cells (n, 2: row, column) that were dug since monitoring began and are open, and days (n, since 1970-01-01) of their first anomalous looks."""

    @property
    def never_dug(self) -> bool:
        return self.activity is Activity.NEVER_DUG


@dataclass(frozen=True, slots=True)
class _Dug:
    """Cells of patches inside a right."""

    alive: BaseGeometry
    ended: BaseGeometry
    cells: Sequence[tuple[Cells, NDArray[np.bool_]]]
    """Of what is open, without what changed before monitoring."""
    ended_on: date | None


def mines(
    patches: Sequence[Patch],
    layers: LayerSet,
    grid: Grid,
    bare: BaseGeometry,
    unseen: Sequence[BaseGeometry],
    month_end: date,
    config: FindingsConfig,
) -> list[Mine]:
    """Every right of the registers as they stand now, by id, with the ground it had at the month's end.

    bare: ground inside rights that was bare before monitoring; unseen: ground without a clear look this month, no part of it twice; in the
    grid's CRS.
    A patch counts as dug at half of the likelihood that an accusation needs.
    """
    mined = [p for p in patches if p.before_monitoring or (p.mining_likelihood or 0.0) >= LAWFUL_SHARE * config.min_likelihood]
    tree = shapely.STRtree([p.geometry for p in mined])
    was_bare, dark = Strewn([bare]), Strewn(unseen)
    least, out = max(config.min_cells * grid.cell_area_m2, LEAST_M2), []
    for right in layers.rights_on(month_end):
        near = [mined[k] for k in sorted(tree.query(right.geometry, predicate="intersects").tolist())] if mined else []
        entries = [entry for entry in layers.entries if entry.key == right.key]
        held = large(was_bare.within(right.geometry), least)
        hidden = dark.within(right.geometry).area >= UNSEEN_SHARE * right.geometry.area
        out.append(_mine(right, entries, _dug(right, near, grid), held, hidden, month_end, least, grid.cell_area_m2))
    return out


def _dug(right: Right, patches: Sequence[Patch], grid: Grid) -> _Dug:
    ended = [p for p in patches if p.status is Status.ENDED]
    alive = [p for p in patches if p.status is not Status.ENDED]
    cells = [(c := Cells.of(p, grid), c.inside(right.geometry)) for p in alive if not p.before_monitoring]
    return _Dug(
        joined(common(right.geometry, p.geometry) for p in alive),
        joined(common(right.geometry, p.geometry) for p in ended),
        [(c, inside) for c, inside in cells if inside.any()],
        max((p.after_date for p in ended), default=None),
    )


def _mine(
    right: Right, entries: Sequence[Right], dug: _Dug, bare: BaseGeometry, hidden: bool, month_end: date, least_m2: float, cell_m2: float
) -> Mine:
    days = np.sort(np.concatenate([c.seen[inside] for c, inside in dug.cells])) if dug.cells else np.zeros(0, np.int32)
    new_m2 = float((days >= month_end.replace(day=1).toordinal() - EPOCH).sum() * cell_m2)
    open_now = joined([dug.alive, bare])
    closed = joined([dug.ended.difference(open_now)])
    restored = closed.area
    ended, stopped = _against(dug, _has_ended(entries), least_m2), _against(dug, _had_to_stop(entries), least_m2)
    activity, since = Activity.NOT_SEEN if hidden else Activity.NEVER_DUG, None
    if new_m2 >= least_m2:
        activity, since = Activity.DIGGING, _day(_spell(days))
    elif open_now.area >= least_m2:
        activity, since = (Activity.NOT_SEEN if hidden else Activity.IDLE), _day(days[-1]) if len(days) else None
    elif restored >= least_m2:
        activity, since = Activity.RESTORED, dug.ended_on
    return Mine(
        right=right, standing=right.standing(month_end), activity=activity, since=since, dug_m2=open_now.area, bare_before_m2=bare.area,
        new_m2=new_m2, restored_m2=restored, after_end_m2=len(ended) * cell_m2, after_end_since=_day(min(ended, default=None)),
        after_stop_m2=len(stopped) * cell_m2, after_stop_since=_day(min(stopped, default=None)),
        open_now=open_now, closed=closed, dated=_dated(dug),
    )  # fmt: skip


def _dated(dug: _Dug) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    if not dug.cells:
        return np.zeros((0, 2), np.int32), np.zeros(0, np.int32)
    return np.concatenate([c.at[inside] for c, inside in dug.cells]), np.concatenate([c.seen[inside] for c, inside in dug.cells])


def _day(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(EPOCH + int(day))


def _spell(days: NDArray[np.int32]) -> int:
    """First of the days of new ground (sorted) that hang together with the last."""
    breaks = np.flatnonzero(np.diff(days) > PAUSE_DAYS)
    return int(days[breaks[-1] + 1 if len(breaks) else 0])


def _has_ended(entries: Sequence[Right]) -> Callable[[date], bool]:
    return lambda day: any(entry.standing(day) in (Standing.EXPIRED, Standing.CLOSED) for entry in entries)


def _had_to_stop(entries: Sequence[Right]) -> Callable[[date], bool]:
    return lambda day: any(entry.stood(day) and entry.stopped_on(day) for entry in entries)


def _against(dug: _Dug, barred: Callable[[date], bool], least_m2: float) -> list[int]:
    """First days of the cells that changed when digging was barred, as both looks around the change say, where they make up a case."""
    days: list[int] = []
    for cells, inside in dug.cells:
        ground = large(cells.outline(cells.solid(inside & cells.by_day(barred, presumed=False).astype(bool))), least_m2)
        days += cells.seen[cells.inside(ground)].tolist()
    return days
