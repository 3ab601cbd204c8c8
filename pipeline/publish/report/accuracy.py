"""How often the method errs, as measured: the figures of docs/accuracy.md, 'Error rates that reports quote', which a test compares."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "docs/accuracy.md"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of errors with its 95 % interval."""

    errors: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.errors / self.of


FALSE_ALARMS = Rate(34, 165, 0.15, 0.27)
"""Patches ever flagged that were no violation."""

MISSED = (("0.04–0.1", Rate(21, 33, 0.47, 0.78)), ("0.1–0.2", Rate(14, 34, 0.26, 0.58)), ("≥ 0.2", Rate(4, 128, 0.01, 0.08)))
"""Digs that were not recognised, by their size in hectares."""
