"""The plan's document as a month's end finds it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pipeline.config import Project
from pipeline.layers.model import LayerSet
from pipeline.plan import assess, model
from pipeline.publish.restoration import files


def document(project: Project, layers: LayerSet, month: Path | None, day: date) -> dict[str, Any] | None:
    """Registers of today, and the restoration of a month's folder, against the plan; None where the config names none.

    Raises MinewardenError `MW-PLAN-…` where the plan can't be read.
    """
    if project.plan is None:
        return None
    plan, sha256 = model.load(project.plan)
    return assess.assess(plan, sha256, layers, files.read(month) if month else None, day, project.config.county.name)
