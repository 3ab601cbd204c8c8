"""run.json: what a month was made from. Written last: a folder without it is not a result."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import Exit, MinewardenError
from pipeline.files import sha256_file, write_atomic
from pipeline.scrub import scrub

NAME = "run.json"
RENEWED = frozenset({"report.html", "ledger.xlsx"})
"""Files that verdicts renew after the month is finished: no hash of them would hold."""


@dataclass(frozen=True, slots=True)
class SceneUse:
    """What became of a scene. A scene that was not used says why."""

    id: str
    date: str | None
    sha256: str | None
    used: bool
    reason: str | None = None
    clear_fraction: float | None = None
    shift_m: Sequence[float] | None = None
    """East and north of the county's own record, metres; None where that could not be told."""

    @property
    def off_m(self) -> float | None:
        """How far it lies from the record."""
        return None if self.shift_m is None else math.hypot(*self.shift_m)


@dataclass(frozen=True, slots=True)
class LayerUse:
    name: str
    version: str
    sha256: str
    features: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Contract section 5, `run.json`, without the outputs, which are found in the folder."""

    run_id: str
    month: str
    version: str
    config_sha256: str
    bands: Sequence[str]
    scenes: Sequence[SceneUse]
    layers: Sequence[LayerUse]
    observed_fraction: float
    unobserved_ha: float
    counts: Mapping[str, int]
    timings: Mapping[str, float]
    """Seconds by stage."""
    window: Sequence[Mapping[str, str]] = field(default=())
    """In January: id and sha256 of the scenes that the year's baseline was fitted on."""
    model: str | None = None
    """SHA-256 of the likelihood's file; None in months of before there was a choice."""
    warnings: Sequence[str] = field(default=())
    """What is wrong with layers and scenes without stopping the run."""


def write(folder: Path, facts: RunFacts) -> None:
    """Hash what the folder holds and write run.json beside it."""
    write_atomic(folder / NAME, encode(facts, outputs(folder)))


def outputs(folder: Path) -> list[dict[str, str]]:
    """Every finished file of the month with its hash, by name."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    kept = (name for name in files if name != NAME and name not in RENEWED and not name.rsplit("/", 1)[-1].startswith("."))
    return [{"path": name, "sha256": sha256_file(folder / name)} for name in kept]


def encode(facts: RunFacts, files: Sequence[Mapping[str, str]]) -> bytes:
    found = {
        "run_id": facts.run_id,
        "month": facts.month,
        "version": facts.version,
        "config_sha256": facts.config_sha256,
        "bands": list(facts.bands),
        "model": facts.model,
        "scenes": [_scene(scene) for scene in facts.scenes],
        "layers": [{"name": each.name, "version": each.version, "sha256": each.sha256, "features": each.features} for each in facts.layers],
        "coverage": {"observed_fraction": round(facts.observed_fraction, 4), "unobserved_ha": round(facts.unobserved_ha, 2)},
        "counts": dict(facts.counts),
        "timings": {stage: round(seconds, 3) for stage, seconds in facts.timings.items()},
        "window": [dict(scene) for scene in facts.window],
        "warnings": list(facts.warnings),
        "outputs": [dict(file) for file in files],
    }
    return (json.dumps(scrub(found), ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace")


def _scene(scene: SceneUse) -> dict[str, Any]:
    clear = None if scene.clear_fraction is None else round(scene.clear_fraction, 4)
    shift = None if scene.shift_m is None else [round(each, 1) for each in scene.shift_m]
    reason = scene.reason if scene.used or scene.reason else "not said"
    return {
        "id": scene.id,
        "date": scene.date,
        "sha256": scene.sha256,
        "used": scene.used,
        "reason": reason,
        "clear_fraction": clear,
        "shift_m": shift,
    }


def document(folder: Path) -> dict[str, Any]:
    """run.json of a finished month as it stands. Raises MinewardenError `MW-RESULT-DAMAGED` (exit 5)."""
    try:
        found: dict[str, Any] = json.loads((folder / NAME).read_text("utf-8"))
        whole = isinstance(found["coverage"], dict) and isinstance(found["scenes"], list)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(folder / NAME) from error
    if not whole:
        raise damaged(folder / NAME)
    return found


def damaged(file: Path) -> MinewardenError:
    """A file of a finished month is not as it was written."""
    fix = "Restore it from a backup, or run that month with --replay."
    return MinewardenError("MW-RESULT-DAMAGED", f"{file} is not as it was written.", fix, Exit.DAMAGED)


def read(folder: Path) -> RunFacts:
    """The facts of a finished month, e.g. to make its report again. Raises as `document` does."""
    facts = document(folder)
    try:
        coverage = facts.pop("coverage")
        facts.pop("outputs")
        scenes = [SceneUse(**scene) for scene in facts.pop("scenes")]
        layers = [LayerUse(**layer) for layer in facts.pop("layers")]
        window = tuple(facts.pop("window", ()))
        return RunFacts(**facts, scenes=scenes, layers=layers, window=window, **coverage)
    except (KeyError, TypeError) as error:
        raise damaged(folder / NAME) from error
