"""The January work: survey the window, fit every block's baseline, carry open alerts over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from shapely.geometry.base import BaseGeometry

from pipeline import compute, store, survey
from pipeline.blocks import built_tiles, fit_block
from pipeline.detect.builtup import merged
from pipeline.detect.shift import Model
from pipeline.errors import MinewardenError
from pipeline.grid import Grid
from pipeline.looking import Ground, Sighting
from pipeline.sources.scene import Refused, Scene
from pipeline.survey import EPOCH_ORDINAL, Glance

WINDOW_YEARS = 3

Say = Callable[[str, int, int], None]
"""Progress: stage, done, of."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What stays the same from month to month."""

    grid: Grid
    bands: tuple[str, ...]
    area: BaseGeometry
    state: Path
    workers: int
    scheduler: str | None
    memory_mb: int
    say: Say


def january(year: int) -> int:
    """Days since 1970-01-01 of 1 January."""
    return date(year, 1, 1).toordinal() - EPOCH_ORDINAL


def window_of(year: int, scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes of the baseline window: up to 36 months before 1 January."""
    return [s for s in scenes if date(year - WINDOW_YEARS, 1, 1) <= s.day < date(year, 1, 1)]


def usable(scenes: Sequence[Scene], setting: Setting, stage: str) -> tuple[list[tuple[Scene, Glance]], list[Refused]]:
    """Look at the sample in each scene; scenes that can't be read or that contradict their scaling are refused by name."""
    found = survey.glances(scenes, setting.grid, setting.bands, setting.workers, lambda n: setting.say(stage, n, len(scenes)))
    good: list[tuple[Scene, Glance]] = []
    refused: list[Refused] = []
    for scene, seen in zip(scenes, found, strict=True):
        if isinstance(seen, str):
            refused.append(Refused(scene.id, scene.day, seen))
        elif survey.contradicted(seen):
            refused.append(
                Refused(scene.id, scene.day, "more than 1 % of its clear cells are darker than reflectance −0.02: scale or offset is wrong")
            )
        else:
            good.append((scene, seen))
    return good, refused


def digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(str(p) for p in parts).encode()).hexdigest()[:24]


def hashes(scenes: Sequence[Scene], sha256: Callable[[Scene], str], workers: int) -> list[str]:
    """Content hashes of scenes. Files are read whole where they are new, several at a time."""
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        return list(pool.map(sha256, scenes))


def model_file(state: Path, year: int) -> Path:
    return state / f"{year}" / "model"


def built_file(state: Path, year: int) -> Path:
    """Tiles of built-up ground (`builtup.tiles`), as the year's baseline shows them."""
    return state / f"{year}" / "built"


def begin(
    year: int, scenes: Sequence[Scene], sha256: Callable[[Scene], str], last: tuple[Path, BaseGeometry] | None, setting: Setting
) -> tuple[Model, list[Refused]]:
    """Make a year's model and every block's baseline, unless they are there already; resumes where it was stopped.

    last: December's alerts and the ground of open cases (in the grid's CRS), or None in the first year.
    """
    folder = setting.state / f"{year}"
    window = window_of(year, scenes)
    key = digest(year, setting.bands, setting.grid.geobox, (last[0].name, last[1].wkb_hex) if last else "", *hashes(window, sha256, setting.workers))
    good, refused = usable(window, setting, "survey")
    if not good:
        raise MinewardenError("MW-SCENES-NONE", f"No usable scene in the {WINDOW_YEARS} years before {year}.", "Add scenes of those years.")
    model, parts = survey.survey_window([s for s, _ in good], [g for _, g in good], setting.bands)
    survey.save(model_file(setting.state, year), model, [s.id for s in window], key)
    sightings = [Sighting(s, part, sha256(s)) for (s, _), part in zip(good, parts, strict=True)]
    ground = Ground(setting.grid, setting.bands, model, setting.area)
    blocks = list(setting.grid.blocks())
    before = (setting.state / f"{year - 1}", *last) if last else None
    compute.each_block(
        fit_block, blocks, sightings, ground, january(year), before, (folder, folder / "start"), key, setting.memory_mb,
        workers=setting.workers, scheduler=setting.scheduler, say=lambda n: setting.say("baseline", n, len(blocks)),
    )  # fmt: skip
    found = compute.each_block(
        built_tiles, blocks, ground, folder,
        workers=setting.workers, scheduler=setting.scheduler, say=lambda n: setting.say("built-up ground", n, len(blocks)),
    )  # fmt: skip
    store.write(built_file(setting.state, year), {"tiles": merged(np.concatenate(found))}, key)
    return model, refused
