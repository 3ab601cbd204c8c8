"""Which rules does each patch break?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from shapely.geometry.base import BaseGeometry

from pipeline.config_findings import FindingsConfig, SeverityConfig
from pipeline.findings.crossing import Neighbours
from pipeline.findings.facts import Facts
from pipeline.findings.finding import Finding
from pipeline.findings.lookup import Dug, Lookup
from pipeline.findings.parts import Cutter
from pipeline.findings.position import Accuracy
from pipeline.findings.rules import applying, trace, within_error
from pipeline.findings.severity import Weighed, severity
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet
from pipeline.patches.patch import Patch, Status

LAWFUL_SHARE = 0.5
"""Inside a right it takes less to believe that ground was dug than to accuse somebody: this share of the likelihood asked for."""


def judge(
    patches: Sequence[Patch], layers: LayerSet, grid: Grid, dug: BaseGeometry, config: FindingsConfig, off_m: Mapping[date, float]
) -> list[Finding]:
    """Findings of a month's patches, violations and explained ones; every patch gives at least one.

    `dug`: ground inside rights that was bare before monitoring, in the grid's CRS, possibly empty. What patches hold inside a
    right counts as dug too, unless it is not mining. off_m: as `Accuracy` has it.
    """
    lookup = Lookup(layers)
    case_m2 = config.min_cells * grid.cell_area_m2
    mined = [p.geometry for p in patches if p.before_monitoring or (p.mining_likelihood or 0.0) >= LAWFUL_SHARE * config.min_likelihood]
    beside = Neighbours(lookup, Dug(lookup, [dug, *mined], case_m2), config.tolerance_m, case_m2)
    cutter = Cutter(lookup, beside, grid, config.min_likelihood, case_m2)
    accuracy = Accuracy.of(grid, config, off_m)
    judged = ((k, patch, part) for k, patch in enumerate(patches) for part in cutter.cut(patch))
    return [_finding(k, Facts(part.geometry, lookup, part, patch, accuracy, config.min_likelihood), config.severity) for k, patch, part in judged]


def _finding(index: int, f: Facts, table: SeverityConfig) -> Finding:
    first, beside = applying(f)
    written = f.fields()
    for rule in (*reversed(beside), first):
        written |= rule.writes(f)
    weighed = Weighed(
        code=first.code,
        area_m2=f.area_m2,
        banned=f.banned,
        farmland=f.farmland,
        provisional=f.patch.status is Status.PROVISIONAL,
        within_error=within_error(f, first.code),
    )
    return Finding(
        patch=index,
        part=f.part.name,
        code=first.code,
        first_seen=f.first_day,
        last_seen=f.patch.last_seen,
        status=f.patch.status.value,
        also=tuple(rule.code.value for rule in beside),
        severity=severity(weighed, table),
        severity_regrown=table.regrown,
        confidence=f.patch.confidence,
        mining_likelihood=f.patch.mining_likelihood,
        cause=f.patch.cause.value,
        before_date=f.patch.before_date,
        trace=trace(f, first, beside),
        **written,
    )
