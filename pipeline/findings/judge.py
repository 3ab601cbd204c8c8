"""Which rules does each patch break?"""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from pipeline.config import FindingsConfig
from pipeline.findings.crossing import Neighbours
from pipeline.findings.facts import Facts
from pipeline.findings.finding import EXPLAINED, Finding
from pipeline.findings.lookup import Dug, Lookup
from pipeline.findings.parts import Cutter
from pipeline.findings.rules import applying, first_day, severity
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet
from pipeline.patches.patch import Patch

LAWFUL_SHARE = 0.5
"""Inside a right it takes less to believe that ground was dug than to accuse somebody: this share of the likelihood asked for."""


def judge(patches: Sequence[Patch], layers: LayerSet, grid: Grid, dug: BaseGeometry, config: FindingsConfig) -> list[Finding]:
    """Findings of a month's patches, violations and explained ones; every patch gives at least one.

    `dug`: ground inside rights that was bare before monitoring, in the grid's CRS, possibly empty. What patches hold inside a
    right counts as dug too, unless it is not mining.
    """
    lookup = Lookup(layers)
    case_m2 = config.min_cells * grid.cell_area_m2
    mined = [p.geometry for p in patches if p.before_monitoring or (p.mining_likelihood or 0.0) >= LAWFUL_SHARE * config.min_likelihood]
    beside = Neighbours(lookup, Dug(lookup, [dug, *mined], case_m2), config.tolerance_m, case_m2)
    cutter = Cutter(lookup, beside, grid, config.min_likelihood, case_m2)
    return [_finding(k, Facts(part.geometry, lookup, part, patch)) for k, patch in enumerate(patches) for part in cutter.cut(patch)]


def _finding(index: int, f: Facts) -> Finding:
    first, beside = applying(f)
    written = f.fields()
    for rule in (*reversed(beside), first):
        written |= rule.writes(f)
    return Finding(
        patch=index,
        part=f.part.name,
        code=first.code,
        first_seen=first_day(f),
        last_seen=f.patch.last_seen,
        status=f.patch.status.value,
        also=tuple(rule.code.value for rule in beside),
        severity=1 if first.code in EXPLAINED else severity(f, first.code),
        confidence=f.patch.confidence,
        mining_likelihood=f.patch.mining_likelihood,
        cause=f.patch.cause.value,
        before_date=f.patch.before_date,
        trace=tuple(rule.says(f) for rule in (first, *beside)),
        **written,
    )
