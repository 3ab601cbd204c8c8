"""The January work: survey the window, fit every block's baseline, carry open alerts over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
from shapely.geometry.base import BaseGeometry

from pipeline import compute, store, survey
from pipeline.blocks import built_tiles, fit_block
from pipeline.detect.builtup import merged
from pipeline.detect.looks import EPOCH_ORDINAL
from pipeline.detect.model import Model
from pipeline.errors import MinewardenError
from pipeline.grid import Grid, Relief
from pipeline.looking import Ground, Sighting
from pipeline.sources.passes import once_each
from pipeline.sources.scene import Refused, Scene, UnreadableError
from pipeline.sources.stock import Stock
from pipeline.survey import Glance

WINDOW_YEARS = 3

SERIES_MONTHS = 15
"""That an evidence picture's time series goes back, the month itself included: a year of the ground as it was, and what came since.
Each further month costs its scenes at every case."""

TOO_DARK = "more than 1 % of its clear cells are darker than reflectance −0.02: scale or offset is wrong."
RIGHT_SCALE = "Give the right scale and offset in item.json, or the processing baseline in the folder's name."

UNCLASSIFIED = "its scene classification (SCL) holds no data where its bands do."
CLASSIFY = "Download or copy its SCL again, or take that file away and set `mask: none` of the source."

CHANGED = "MW-SCENE-CHANGED"
AGAIN = "Redo the month (run --replay) when they are whole."

T = TypeVar("T")
Dated = TypeVar("Dated", Scene, Refused)
Seen = list[tuple[Scene, Glance]]
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
    stock: Stock | None = None
    """Has the files of scenes made that are not there; None where all scenes are files of their sources."""
    heights: Relief | None = None
    """The county's model of heights, where the config names one."""

    def bring(self, scenes: Sequence[Scene], stage: str) -> tuple[Sequence[Scene], list[Refused]]:
        """Scenes whose files are there now, and those that can't be read."""
        return self.stock.bring(scenes, stage) if self.stock else (scenes, [])

    def bring_again(self, scenes: Sequence[Scene], stage: str) -> tuple[Sequence[Scene], list[Refused]]:
        """Of scenes that could not be read, those whose files in the store were at fault: made anew, or not to be made."""
        spoilt = self.stock.mend(scenes) if self.stock else set()
        return self.bring([scene for scene in scenes if scene.id in spoilt], stage)


@dataclass(frozen=True, slots=True)
class Begun:
    """A year's model, and what came of the scenes it is fitted on."""

    model: Model
    window: Sequence[Mapping[str, str]] = ()
    """Id and sha256 of each scene used; empty where the model is that of earlier in the year."""
    refused: Sequence[Refused] = ()
    warnings: Sequence[str] = ()


def january(year: int) -> int:
    """Days since 1970-01-01 of 1 January."""
    return date(year, 1, 1).toordinal() - EPOCH_ORDINAL


def window_of(year: int, scenes: Sequence[Dated]) -> list[Dated]:
    """Scenes of the baseline window: up to 36 months before 1 January."""
    return [s for s in scenes if s.day and date(year - WINDOW_YEARS, 1, 1) <= s.day < date(year, 1, 1)]


def series_start(month: str) -> date:
    """The first day that the time series of a month's evidence pictures show."""
    first = int(month[:4]) * 12 + int(month[5:]) - SERIES_MONTHS
    return date(first // 12, first % 12 + 1, 1)


def usable(scenes: Sequence[Scene], setting: Setting, stage: str, record: Model | None = None) -> tuple[Seen, list[Refused]]:
    """Look at the sample in each scene; scenes that can't be read or that contradict their scaling are refused by name.

    In place of such a one stands the next delivery of its pass, if there is any. record: as `survey.glance` has it.
    """
    good: Seen = []
    refused: list[Refused] = []
    while scenes:
        seen, bad = _looked_at(scenes, setting, stage, record)
        good, refused, scenes = good + seen, refused + bad, next_deliveries(scenes, bad)
    return in_order(good), refused


def in_order(seen: Seen) -> Seen:
    """Oldest first."""
    return sorted(seen, key=lambda found: found[0].order)


def next_deliveries(scenes: Iterable[Scene], refused: Iterable[Refused]) -> list[Scene]:
    """What stands in place of scenes that proved to be of no use, as far as their passes were delivered more than once: two halves, perhaps."""
    ids = {each.id for each in refused}
    return [other for scene in scenes if scene.id in ids and scene.instead for other in once_each(scene.instead)[0]]


def _looked_at(scenes: Sequence[Scene], setting: Setting, stage: str, record: Model | None) -> tuple[Seen, list[Refused]]:
    there, refused = setting.bring(scenes, f"{stage}: store")
    found = _glances(there, setting, stage, record)
    again, lost = setting.bring_again([scene for scene in there if isinstance(found[scene.id], Refused)], f"{stage}: store")
    found |= {each.id: each for each in lost} | _glances(again, setting, stage, record)
    good: Seen = []
    for scene in there:
        seen = found[scene.id]
        if isinstance(seen, Refused):
            refused.append(seen)
        elif survey.contradicted(seen):
            refused.append(Refused(scene.id, scene.day, TOO_DARK, code="MW-SCENE-SCALE", fix=RIGHT_SCALE))
        elif survey.unclassified(seen):
            refused.append(Refused(scene.id, scene.day, UNCLASSIFIED, code="MW-SCENE-SCL", fix=CLASSIFY))
        else:
            good.append((scene, seen))
    return good, refused


def _glances(scenes: Sequence[Scene], setting: Setting, stage: str, record: Model | None) -> dict[str, Glance | Refused]:
    found = survey.glances(scenes, setting.grid, setting.bands, setting.workers, lambda n: setting.say(stage, n, len(scenes)), record)
    return {scene.id: seen for scene, seen in zip(scenes, found, strict=True)}


def leaving_out_damaged(good: Seen, setting: Setting, work: Callable[[Seen], T], record: Model | None = None) -> tuple[T, Seen, list[Refused]]:
    """What `work` makes of scenes; the scenes it was made of; and those that proved damaged on the way.

    The sample does not reach everywhere. Where a block meets damage all scenes are read through, so that the work is done anew
    once, not once for each of them. record: as `survey.glance` has it.
    """
    refused: list[Refused] = []
    while True:
        try:
            return work(good), good, refused
        except UnreadableError as met:
            found = survey.read_through([scene for scene, _ in good], setting.grid, setting.bands, setting.workers)
            damaged = {each.id: each for each in (met.refused, *found)}
            again, lost = setting.bring_again([scene for scene, _ in good if scene.id in damaged], "store")
            damaged = {id: each for id, each in damaged.items() if id not in {scene.id for scene in again}} | {each.id: each for each in lost}
            refused += damaged.values()
            others, useless = usable(next_deliveries((scene for scene, _ in good), damaged.values()), setting, "survey", record)
            refused += useless
            good = in_order([*((scene, seen) for scene, seen in good if scene.id not in damaged), *others])


def digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(str(p) for p in parts).encode()).hexdigest()[:24]


def hashes(scenes: Sequence[Scene], sha256: Callable[[Scene], str], workers: int) -> list[str]:
    """Content hashes of scenes. Files are read whole where they are new, several at a time."""
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        return list(pool.map(sha256, scenes))


def check_unchanged(scenes: Sequence[Scene], before: Sequence[str], sha256: Callable[[Scene], str], workers: int) -> None:
    """Raises UnreadableError where a scene is not what it was when it was hashed (`before`): its pixels may be of either content."""
    for scene, then, now in zip(scenes, before, hashes(scenes, sha256, workers), strict=True):
        if now != then:
            raise UnreadableError(Refused(scene.id, scene.day, "Its files changed while they were read.", code=CHANGED, fix=AGAIN))


def model_file(state: Path, year: int) -> Path:
    return state / f"{year}" / "model"


def built_file(state: Path, year: int) -> Path:
    """Tiles of built-up ground (`builtup.tiles`), as the year's baseline shows them."""
    return state / f"{year}" / "built"


def begin(year: int, scenes: Sequence[Scene], sha256: Callable[[Scene], str], last: tuple[Path, BaseGeometry] | None, setting: Setting) -> Begun:
    """Make a year's model and every block's baseline, unless they are there already; resumes where it was stopped.

    last: December's alerts and the ground of open cases (in the grid's CRS), or None in the first year.
    """
    folder = setting.state / f"{year}"
    window = window_of(year, scenes)
    good, refused = usable(window, setting, "survey")
    blocks = list(setting.grid.blocks())
    before = (setting.state / f"{year - 1}", *last) if last else None

    def fit(good: Seen) -> Begun:
        if not good:
            raise MinewardenError("MW-SCENES-NONE", f"No usable scene in the {WINDOW_YEARS} years before {year}.", "Add scenes of those years.")
        own = hashes([scene for scene, _ in good], sha256, setting.workers)
        key = digest(year, setting.bands, setting.grid.geobox, (last[0].name, last[1].wkb_hex) if last else "", *own)
        model, parts = survey.survey_window([s for s, _ in good], [g for _, g in good], setting.bands, setting.workers)
        survey.save(model_file(setting.state, year), model, [s.id for s, _ in good], key)
        sightings = [Sighting(s, part, sha) for (s, _), part, sha in zip(good, parts, own, strict=True)]
        ground = Ground(setting.grid, setting.bands, model, setting.area)
        compute.each_block(
            fit_block, blocks, sightings, ground, january(year), before, (folder, folder / "start"), key, setting.memory_mb,
            workers=setting.workers, scheduler=setting.scheduler, say=lambda n: setting.say("baseline", n, len(blocks)),
        )  # fmt: skip
        check_unchanged([s for s, _ in good], own, sha256, setting.workers)
        found = compute.each_block(
            built_tiles, blocks, ground, folder,
            workers=setting.workers, scheduler=setting.scheduler, say=lambda n: setting.say("built-up ground", n, len(blocks)),
        )  # fmt: skip
        store.write(built_file(setting.state, year), {"tiles": merged(np.concatenate(found))}, key)
        warnings = [said for each in sightings if (said := survey.unlike(each.scene, each.shared))]
        return Begun(model, [{"id": each.scene.id, "sha256": each.sha256} for each in sightings], refused, warnings)

    begun, _, damaged = leaving_out_damaged(good, setting, fit)
    return replace(begun, refused=[*refused, *damaged])
