"""The monthly job's place, to be taken by something quicker."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

import pipeline
from pipeline.errors import Exit

Run = Callable[..., Any]


@dataclass
class Result:
    exit: Exit = Exit.DONE
    lines: list[str] = field(default_factory=lambda: ["2024-09: 3 new cases"])
    wanting: list[str] = field(default_factory=list)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Puts a function in the monthly job's place, which gets no layers."""

    def put(run: Run) -> None:
        module = ModuleType("pipeline.monthly")
        vars(module)["run"] = run
        monkeypatch.setitem(sys.modules, "pipeline.monthly", module)
        monkeypatch.setattr(pipeline, "monthly", module, raising=False)
        monkeypatch.setattr("pipeline.layers.load", lambda *_: None)

    return put
