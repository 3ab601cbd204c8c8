"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.layers.model import LayerSet
from pipeline.ledger.steps import Overdue
from pipeline.publish.features import Feature
from pipeline.publish.report.earlier import Earlier, Trend
from pipeline.publish.report.followed import Followed
from pipeline.publish.report.history import Course, Decisions, Gone
from pipeline.publish.runjson import RunFacts
from pipeline.publish.wgs84 import Projector


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """All a report is made from: the published features, the run's facts, the layers, and what was before."""

    county: str
    code: str
    run: RunFacts
    flagged: Sequence[Feature]
    patches: Sequence[Feature]
    coverage: Sequence[Feature]
    layers: LayerSet
    projector: Projector
    folder: Path
    """The month's, where the evidence pictures lie."""
    min_likelihood: float = 0.5
    min_coverage: float = 0.5
    """Below it the report warns that the month is incomplete."""
    cell_area_m2: float = 100.0
    """Growth of less than a cell is noise and not called growth."""
    last_month: Earlier
    last_year: Earlier
    trend: Sequence[Trend] = ()
    """This month and up to twelve before it, oldest first."""
    gone: Sequence[Gone] = ()
    """Cases of last month's list that are not in this one."""
    courses: Mapping[str, Course] = field(default_factory=dict)
    """What became of each case, by its id."""
    overdue: Sequence[Overdue] = ()
    """Confirmed cases whose next step was not noted in time, the longest overdue first."""
    judged: Sequence[Followed] = ()
    """Every lead that people judged, with what was done since, by id."""
    decisions: Decisions = field(default_factory=Decisions)
    """All that people decided in this county so far."""
    changes: Sequence[Mapping[str, Any]] = ()
    """Findings that became others (`changes.json`)."""
    mines: Sequence[Mapping[str, Any]] = ()
    """A line for each right (`mines.json`)."""
    restoration: Mapping[str, Any] | None = None
    """restoration.json of the month."""
    flights: Sequence[Mapping[str, Any]] = ()
    """Records of the month's flights that stand."""
    plan: Mapping[str, Any] | None = None
    """The county's plan against registers and pixels."""
