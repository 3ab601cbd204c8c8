"""Which of the old ones is this? Matching by ground, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

OVERLAP_SHARE = 0.2
"""Two outlines are the same ground when they share this part of the smaller.

A share and no area, so that it holds for any cell size. The smallest patch, 2×2 cells, that a later look sees moved by one
cell along both axes still shares a quarter; neighbours whose treated outlines cross share slivers, far below a fifth.
"""

Choices = list[list[tuple[int, float]]]
"""For each old outline the new ones on its ground, as (index, shared m²), the largest share first."""


def choices(old: Sequence[BaseGeometry], new: Sequence[BaseGeometry]) -> Choices:
    """What each old outline could have become."""
    found: Choices = [[] for _ in old]
    if not old or not new:
        return found
    before, after = np.asarray(old, object), np.asarray(new, object)
    i, j = shapely.STRtree(after).query(before, predicate="intersects")
    # Rounded, so that the last bits of a GEOS build do not decide between equal parts.
    shared = np.round(shapely.area(shapely.intersection(before[i], after[j])), 2)
    smaller = np.minimum(shapely.area(before)[i], shapely.area(after)[j])
    same = (shared > 0) & (shared >= OVERLAP_SHARE * smaller)
    for a, b, area in zip(i[same].tolist(), j[same].tolist(), shared[same].tolist(), strict=True):
        found[a].append((b, area))
    for options in found:
        options.sort(key=lambda option: (-option[1], option[0]))
    return found


def assign(options: Choices, order: Iterable[int], taken: dict[int, int]) -> None:
    """Let the old ones of `order` take, one after the other, the largest of their parts that is still free.

    Oldest first: of two that merged the older keeps its name, of one that split the larger part does.
    `taken` (new index → old index) is added to.
    """
    for a in order:
        free = next((b for b, _ in options[a] if b not in taken), None)
        if free is not None:
            taken[free] = a


def names_again(
    retired: Sequence[Mapping[str, Any]], grounds: Sequence[BaseGeometry], fits: Callable[[int, Mapping[str, Any]], bool] = lambda *_: True
) -> dict[int, str]:
    """Names that some of the new outlines had before their month was forgotten, by their index.

    retired: rows with id, first_geometry and last_geometry (WKB). fits: whether the new outline of an index may take a row's name.
    """
    taken: dict[int, int] = {}
    for column in ("first_geometry", "last_geometry"):
        options = choices([shapely.from_wkb(row[column]) for row in retired], grounds)
        allowed = [[option for option in found if fits(option[0], row)] for found, row in zip(options, retired, strict=True)]
        held = set(taken.values())
        assign(allowed, (old for old in range(len(retired)) if old not in held), taken)
    return {new: str(retired[old]["id"]) for new, old in taken.items()}


def numbers(prefix: str, digits: int, used: Iterable[str], barred: set[str]) -> Iterator[str]:
    """Ids that follow the highest in `used`, without those in `barred`."""
    last = max((int(name.removeprefix(prefix)) for name in used if name.startswith(prefix)), default=0)
    while True:
        last += 1
        name = f"{prefix}{last:0{digits}d}"
        if name not in barred:
            yield name
