"""minewarden as a process of its own, with a quick job in the monthly one's place: `python -m tests.stand_in run …`, for pipes and signals."""

from __future__ import annotations

import os
import sys
import time
from types import ModuleType
from typing import Any

import pipeline
from pipeline import layers
from pipeline.cli import main
from tests.unit.conftest import Result

STAGES = 20


def run(project: Any, _month: str, _workers: Any, _scheduler: Any, _replay: Any, progress: Any, _ground: Any) -> Result:
    """Works for WORK_S seconds, and leaves `working` and `finished` in the output folder."""
    (project.output / "working").touch()
    for stage in range(STAGES):
        progress(f"stage {stage}", 1, 1)
        time.sleep(float(os.environ.get("WORK_S", "0")) / STAGES)
    (project.output / "finished").touch()
    return Result()


if __name__ == "__main__":
    module = ModuleType("pipeline.monthly")
    vars(module)["run"] = run
    sys.modules["pipeline.monthly"] = module
    vars(pipeline)["monthly"] = module
    vars(layers)["load"] = lambda *_: None
    sys.exit(main())
