"""What was said of a patch last month: a case that stood does not go because of one month's low sun, wet soil or weeds.

The likelihood of a month is judged from the last looks alone. Where it falls below what was said the month before, the published one
falls half way in log-odds (`Likelihood.judge`), so that a case goes when it is contradicted strongly, or twice. Rising is believed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.patches.likelihood import REMEMBERED, Likelihood
from pipeline.patches.patch import Patch

SAME_SHARE, GROWN = 0.5, 2.0
"""A patch is what was judged last month where it holds this share of the case's ground and has at most so many times the area it had then."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What last month said of the ground of a case."""

    geometry: BaseGeometry
    """The case's ground, in the grid's CRS."""
    patch_m2: float
    """Area of the whole patch that the case was a part of."""
    mining: float
    """Likelihood that was published, 0–1."""


def recalled(patches: Sequence[Patch], said: Sequence[Opinion], likelihood: Likelihood) -> list[Patch]:
    """Patches with their likelihoods held against last month's; where several cases lie on a patch, the likeliest counts."""
    tree = shapely.STRtree([each.geometry for each in said])
    return [_recalled(patch, [said[k] for k in tree.query(patch.geometry, predicate="intersects").tolist()], likelihood) for patch in patches]


def _recalled(patch: Patch, said: Sequence[Opinion], likelihood: Likelihood) -> Patch:
    before = max((each.mining for each in said if _is_same(patch, each)), default=None)
    if before is None or patch.mining_likelihood is None or before <= patch.mining_likelihood:
        return patch
    known = patch.features | {REMEMBERED: before}
    opinion = likelihood.judge(known)
    return replace(patch, mining_likelihood=opinion.mining, cause=opinion.cause, features=known)


def _is_same(patch: Patch, each: Opinion) -> bool:
    # Rounded, so that the last bits of a GEOS build do not decide.
    shared = round(patch.geometry.intersection(each.geometry).area, 2)
    return bool(shared >= SAME_SHARE * each.geometry.area and patch.geometry.area <= GROWN * each.patch_m2)
