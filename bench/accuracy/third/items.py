"""Things that change the ground once: sub-cells, each with its own day, and the surfaces they pass through after it."""

from dataclasses import dataclass, field

import numpy as np

from third.frame import Arr
from third.materials import Ageing


@dataclass
class Part:
    """Sub-cells of an item that age alike. `feature` is the feature of truth they count for (-1: none)."""

    sub: Arr
    day: Arr
    ageing: Ageing
    feature: int = 0
    normal: Arr | None = None  # given where a steep face catches the light
    work: bool = False  # machines and puddles are seen here
    texture: Arr = field(default_factory=lambda: np.empty(0, "f4"))  # this and cell: see truth.index_cells
    cell: Arr = field(default_factory=lambda: np.empty(0, int))


@dataclass
class Item:
    """Parts that belong together; `last` is the day the last of them changed."""

    parts: list[Part]
    last: float
    cells: Arr = field(default_factory=lambda: np.empty(0, int))


def part(sel: Arr, flat: Arr, day: Arr | float, ageing: Ageing, feature: int = 0) -> Part:
    """The chosen sub-cells of a window; the day may be one for all."""
    return Part(flat[sel], np.broadcast_to(np.asarray(day, "f4"), flat.shape)[sel], ageing, feature)


def feature(kind: str, code: str | None, what: str, right: str | None = None, legacy: str | None = None, **more: object) -> dict:
    """A feature of truth. `start` and `end`, if not given, become the first and last day of the item's change."""
    return dict(kind=kind, code=code, what=what, right_id=right, legacy_id=legacy, **more)
