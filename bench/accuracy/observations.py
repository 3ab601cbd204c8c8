"""The looks that a finished run was made of, as arrays: what the pipeline's detector sees and what other monitors are given.

Reads scenes and state of a county through the pipeline's own functions and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import config, survey, year
from pipeline.blocks import load_alert, load_baseline
from pipeline.detect.block import Looks
from pipeline.detect.mask import BAD_CLASSES, CLEAR
from pipeline.detect.model import Model
from pipeline.detect.state import Alert, Baseline
from pipeline.grid import Block
from pipeline.looking import BlockLooks, Ground, Sighting, room_for
from pipeline.monthly import prepare
from pipeline.months import finished
from pipeline.sources.reader import read_scl
from pipeline.workspace import lent


@dataclass(frozen=True, slots=True)
class Observed:
    """Looks at a whole (small) county, oldest first."""

    bands: tuple[str, ...]
    days: NDArray[np.int64]
    """(n,): days since 1970-01-01."""
    raw: NDArray[np.int16]
    """(n, n_bands, h, w): reflectance as delivered, 1e-4; −32768 where there is none."""
    scl_clear: NDArray[np.bool_]
    """(n, h, w): classes of SCL that are neither cloud, shadow, cirrus, snow nor no data."""
    looks: Looks
    """The same, with each scene's shift taken off and the pipeline's own marks."""
    history: int
    """The first so many looks are those of the baseline."""

    @property
    def clear(self) -> NDArray[np.bool_]:
        """(n, h, w): clear by the pipeline's own mask."""
        return np.asarray(self.looks.planes()[1] == CLEAR)


@dataclass(frozen=True, slots=True)
class County:
    """A county whose months are done, as the detector has it."""

    ground: Ground
    block: Block
    window: tuple[Sighting, ...]
    """Scenes of the baseline."""
    year: tuple[Sighting, ...]
    """Scenes of the finished months of the first monitored year."""
    state: Path
    january: int

    @property
    def model(self) -> Model:
        return self.ground.model

    def started(self) -> tuple[Baseline, Alert]:
        """Baseline and alerts as monitoring began."""
        base = self.state / str(1970 + round(self.january / 365.2425))
        return load_baseline(base, self.block), load_alert(base / "start", self.block)


def open_county(folder: Path, until: str | None = None) -> County:
    """The county in `folder`, which must be small enough to be one block of its run, with its first year's months up to `until`."""
    project = config.load(folder / "config.yaml")
    inputs, _ = prepare(project, 1, None, lambda *_: None)
    setting, first = inputs.setting, int(inputs.monitor_from[:4])
    model = survey.load(year.model_file(setting.state, first), setting.bands)
    blocks = list(setting.grid.blocks())
    if len(blocks) > 1:
        raise SystemExit(f"{folder}: {len(blocks)} blocks; the replay by looks takes counties of one block")
    last = max(month for month in finished(project.output) if month.startswith(str(first)) and month <= (until or month))
    watched = [s for s in inputs.scenes if s.day.year == first and f"{s.day:%Y-%m}" <= last]
    window, watched_good = (year.usable(scenes, setting, "survey")[0] for scenes in (year.window_of(first, inputs.scenes), watched))
    sightings = [[Sighting(s, survey.survey_scene(s, seen, model), "") for s, seen in good] for good in (window, watched_good)]
    ground = Ground(setting.grid, setting.bands, model, setting.area)
    return County(ground, blocks[0], tuple(sightings[0]), tuple(sightings[1]), setting.state, year.january(first))


def looks_of(county: County, sightings: tuple[Sighting, ...]) -> Looks:
    """Looks at a county that outlive the workspace they are read into."""
    with lent(room_for(county.block, len(sightings), len(county.ground.bands))) as room:
        read = BlockLooks(sightings, county.ground, county.block, room)
        with read.looks(*read.parts) as looks:
            return looks.part(slice(None))


def observe(county: County) -> Observed:
    """All looks of baseline and year. Scenes without a single clear cell are left out, as the pipeline does."""
    sightings = (*county.window, *county.year)
    looks = looks_of(county, sightings)
    plain = tuple(replace(s, shared=replace(s.shared, shift=np.zeros_like(s.shared.shift))) for s in sightings)
    raw = looks_of(county, plain).planes()[0]
    kept = _kept(sightings, looks)
    box = county.ground.grid.window(county.block)
    classes = np.stack([read_scl(sightings[k].scene, box) for k in kept])
    clear = ~np.isin(classes, (0, 1, *BAD_CLASSES))
    return Observed(county.ground.bands, looks.days, raw, clear, looks, int((looks.days < county.january).sum()))


def _kept(sightings: tuple[Sighting, ...], looks: Looks) -> list[int]:
    """Which sightings the looks are of: those of a day follow each other in both."""
    days = [survey.day_number(s.scene) for s in sightings]
    kept = [k for k, day in enumerate(days) if day in set(looks.days.tolist())]
    if len(kept) != len(looks.days):
        raise SystemExit("two scenes of one day, one of them without a clear cell: can't tell which look is which")
    return kept
