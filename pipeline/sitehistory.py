"""The growing seasons of sites, read from the archive: each year once, then kept.

Small windows round the sites are read, never the county. What a whole scene shares is estimated from the county's sample and taken off,
as the detector does, and the same marks say what is clear.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import store, survey, year
from pipeline.detect.looks import NO_DATA
from pipeline.detect.mask import HALO, shown
from pipeline.detect.model import Model
from pipeline.detect.shift import Shared
from pipeline.errors import MinewardenError
from pipeline.restoration.bareness import Window
from pipeline.restoration.season import Season, SeasonLook, grows, season_of
from pipeline.sources.lost import Lost
from pipeline.sources.reader import read_planes, read_scls, scaling
from pipeline.sources.scene import Refused, Scene, UnreadableError, unreadable
from pipeline.sources.transcode import StoreError
from pipeline.year import Setting

VERSION = 2
"""Of what is kept: another one, and it is read anew."""
FOLDER = "restoration"
NIR, RED = "B08", "B04"
THIRD = ("B03", "B02", "B04")
"""The third colour of pictures: the first of these that there is."""


@dataclass(frozen=True, slots=True)
class History:
    """Reads the growing seasons of windows."""

    setting: Setting
    first: int
    """Year in which monitoring began: its model serves the years before it."""
    sha256: Callable[[Scene], str]
    lost: Lost
    """Takes the scenes that could not be read."""

    @property
    def bands(self) -> tuple[str, ...]:
        return NIR, RED, next(band for band in THIRD if band in self.setting.bands)

    @property
    def folder(self) -> Path:
        return self.setting.state / FOLDER

    def model(self, of: int) -> Model:
        """The county's model that looks of a year are corrected by."""
        return survey.load(self._model_file(of), self.setting.bands)

    def _model_file(self, of: int) -> Path:
        return year.model_file(self.setting.state, max(of, self.first))

    def seasons(self, windows: Sequence[Window], scenes: Sequence[Scene], end: date, stage: str) -> list[list[Season]]:
        """Of each window the growing seasons up to a day, oldest first: from the beginning of the first baseline on."""
        by_year: dict[int, list[Scene]] = defaultdict(list)
        for scene in scenes:
            if grows(scene.day) and scene.day <= end and scene.day.year >= self.first - year.WINDOW_YEARS:
                by_year[scene.day.year].append(scene)
        found: list[list[Season]] = [[] for _ in windows]
        used: set[Path] = set()
        for this in sorted(by_year):
            for k, (file, season) in enumerate(self._year(this, windows, by_year[this], f"{stage} {this}")):
                used.add(file)
                if season is not None:
                    found[k].append(season)
        for file in self.folder.glob("*.season"):
            if file not in used:
                file.unlink(missing_ok=True)
        return found

    def _year(self, this: int, windows: Sequence[Window], scenes: Sequence[Scene], stage: str) -> list[tuple[Path, Season | None]]:
        """Of each window the season of a year, and the file that keeps it.

        A scene that can't be read is left out for all windows, and the season is kept under the others: next time it is asked for again.
        """
        parts, unknown = self._parts(scenes)
        if unknown:
            return self._without(unknown, this, windows, scenes, stage)
        key = year.digest(VERSION, this, self.bands, store.key_of(self._model_file(this)), *parts)
        files = [self.folder / f"{year.digest(key, window.geobox)}.season" for window in windows]
        wanted = [k for k, file in enumerate(files) if store.key_of(file) != key]
        model = self.model(this) if wanted else None
        for batch in self._batches(wanted, windows, len(scenes)):
            assert model is not None
            looks, lost = self._looks([windows[k] for k in batch], scenes, model, stage)
            if lost:
                return self._without(lost, this, windows, scenes, stage)
            for k, seen in zip(batch, looks, strict=True):
                store.write(files[k], _packed(season_of(this, seen), windows[k]), key)
        return [(file, _unpacked(this, store.read(file))) for file in files]

    def _without(
        self, lost: Sequence[Refused], this: int, windows: Sequence[Window], scenes: Sequence[Scene], stage: str
    ) -> list[tuple[Path, Season | None]]:
        """The year again, by the scenes that are left."""
        self.lost.add(*lost)
        bad = {refused.id for refused in lost}
        return self._year(this, windows, [scene for scene in scenes if scene.id not in bad], stage)

    def _parts(self, scenes: Sequence[Scene]) -> tuple[list[str], list[Refused]]:
        """What tells scenes from others; and those of which that can't be read."""
        parts, lost = list[str](), list[Refused]()
        for scene in scenes:
            try:
                parts.append(f"{scene.id} {scene.baseline}" if scene.delivery else self.sha256(scene))
            except UnreadableError as met:
                lost.append(met.refused)
        return parts, lost

    def _batches(self, wanted: Sequence[int], windows: Sequence[Window], scenes: int) -> Iterator[list[int]]:
        """Windows that are read together: as many as fit into the memory allowed."""
        room, batch = self.setting.memory_mb * 2**20, list[int]()
        left = room
        for k in wanted:
            cost = scenes * windows[k].inside.size * (2 * len(self.bands) + 1)
            if batch and cost > left:
                yield batch
                batch, left = [], room
            batch.append(k)
            left -= cost
        if batch:
            yield batch

    def _looks(self, windows: Sequence[Window], scenes: Sequence[Scene], model: Model, stage: str) -> tuple[list[list[SeasonLook]], list[Refused]]:
        """Of each window the looks of scenes, a look a day, in order of time; and the scenes that could not be read."""
        there, lost = self.setting.bring(scenes, f"{stage}: store")
        out: list[dict[date, SeasonLook]] = [{} for _ in windows]
        with ThreadPoolExecutor(max_workers=max(self.setting.workers, 1)) as pool:
            for done, found in enumerate(pool.map(lambda scene: self._scene(scene, windows, model), there), 1):
                self.setting.say(stage, done, len(there))
                if isinstance(found, Refused):
                    lost.append(found)
                    continue
                for seen, look in zip(out, found, strict=True):
                    if look is not None:
                        seen[look.day] = _joined(seen.get(look.day), look)
        return [[seen[day] for day in sorted(seen)] for seen in out], lost

    def _scene(self, scene: Scene, windows: Sequence[Window], model: Model) -> list[SeasonLook | None] | Refused:
        """What a scene shows of each window; the reason where it can't be read."""
        try:
            whole = survey.glance(scene, self.setting.grid, self.setting.bands)
            if survey.contradicted(whole):
                return [None] * len(windows)
            return self._corrected(scene, windows, survey.survey_scene(scene, whole, model))
        except StoreError:
            raise  # a service that is down is not to be taken for a scene without data
        except (MinewardenError, OSError) as error:
            return unreadable(scene, error)

    def _corrected(self, scene: Scene, windows: Sequence[Window], shared: Shared) -> list[SeasonLook | None]:
        boxes = [window.geobox for window in windows]
        gain, offset = scaling(scene, self.bands)
        shift = np.ascontiguousarray(shared.shift[:, [self.setting.bands.index(band) for band in self.bands]])
        scls = read_scls(scene, [box.pad(HALO) for box in boxes])
        planes = [read_planes(scene.bands[band].path, boxes, classes=False) for band in self.bands]
        out: list[SeasonLook | None] = []
        for k, (box, scl) in enumerate(zip(boxes, scls, strict=True)):
            look = survey.corrected([found[k] for found in planes], box, gain, offset, shift, 1, 0)
            clear = shown(scl.pixels, scl.span, scl.top, scl.left, box.shape.y, box.shape.x) & (look[0] != NO_DATA)
            out.append(SeasonLook(scene.day, look, clear) if clear.any() else None)
        return out


def _joined(one: SeasonLook | None, other: SeasonLook) -> SeasonLook:
    """Two tiles of one day: a cell that both show is seen once."""
    if one is None:
        return other
    new = other.clear & ~one.clear
    return SeasonLook(one.day, np.where(new, other.reflectance, one.reflectance), one.clear | new)


def _packed(season: Season | None, window: Window) -> dict[str, NDArray[np.generic]]:
    """Arrays of a season; empty ones where the year showed nothing."""
    if season is None:
        return {"days": np.zeros(0, np.int64), "ndvi": np.zeros((0, 0), np.int16), "colours": np.zeros((3, 0, 0), np.uint8)}
    days = np.array([season.first.toordinal(), season.last.toordinal()], np.int64)
    return {"days": days, "ndvi": season.ndvi, "colours": season.colours}


def _unpacked(this: int, arrays: dict[str, NDArray[np.generic]]) -> Season | None:
    if not arrays["days"].size:
        return None
    first, last = (date.fromordinal(int(day)) for day in arrays["days"].tolist())
    return Season(this, first, last, arrays["ndvi"].astype(np.int16), arrays["colours"].astype(np.uint8))
