"""The plan's document as a month's end finds it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pipeline.config import Project
from pipeline.layers.model import LayerSet
from pipeline.plan import assess, model
from pipeline.publish import lists
from pipeline.publish.restoration import files


def document(project: Project, layers: LayerSet, month: Path | None, day: date) -> dict[str, Any] | None:
    """Registers of today, and restoration and mines of a month's folder, against the plan; None where the config names none.

    Raises MinewardenError `MW-PLAN-…` where the plan can't be read.
    """
    if project.plan is None:
        return None
    plan, sha256 = model.load(project.plan)
    restoration, worked = (files.read(month), lists.read(month, lists.MINES)) if month else (None, [])
    return assess.assess(plan, sha256, layers, restoration, worked, day, project.config.county.name)
