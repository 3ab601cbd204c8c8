"""How grave is a case? The config's table, read from its top."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config_findings import SeverityConfig
from pipeline.findings.finding import EXPLAINED, Code

SQUARE_METRES = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the table asks of a case."""

    code: Code
    area_m2: float
    banned: bool
    farmland: bool
    provisional: bool = False
    within_error: bool = False


def severity(case: Weighed, table: SeverityConfig) -> int:
    """1 to 3; what is explained has the least."""
    if case.code in EXPLAINED:
        return 1
    if case.code.value in table.findings:
        return table.findings[case.code.value]
    lines = (
        (case.banned, table.banned),
        (case.farmland, table.farmland),
        (case.area_m2 >= table.large_ha * SQUARE_METRES, table.large),
        (case.provisional, table.provisional),
        (case.within_error, table.within_error),
    )
    return next((level for holds, level in lines if holds), table.otherwise)
