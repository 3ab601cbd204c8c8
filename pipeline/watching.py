"""A month's scenes, shown to every block."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shapely import unary_union

from pipeline import compute, months, survey, year
from pipeline.blocks import BlockMonth, watch_block
from pipeline.detect.model import Model
from pipeline.grid import Block
from pipeline.inputs import Inputs
from pipeline.ledger.ledger import Ledger
from pipeline.looking import Ground, Sighting
from pipeline.retention import folder_of
from pipeline.year import Begun, Seen


@dataclass(frozen=True, slots=True)
class Watched:
    """What all blocks have to say of a month."""

    folder: Path
    """Alerts at the month's end."""
    blocks: Sequence[Block]
    results: Sequence[BlockMonth]
    sha256: Mapping[str, str]
    """Of the scenes shown, by id."""
    warnings: Sequence[str]
    """Scenes that look wrongly scaled."""

    @property
    def seen(self) -> int:
        """Cells of the county with a clear look in the month."""
        return sum(each.seen for each in self.results)

    @property
    def inside(self) -> int:
        """Cells of the county."""
        return sum(each.inside for each in self.results)


def begin_year(inputs: Inputs, month: str, ledger: Ledger) -> Begun:
    """The year's model; in January (or where it is missing) made from the scenes of the window."""
    this = int(month[:4])
    file = year.model_file(inputs.setting.state, this)
    if not month.endswith("-01") and file.exists():
        return Begun(survey.load(file, inputs.setting.bands))
    last = None
    if this > int(inputs.monitor_from[:4]):
        december = f"{this - 1}-12"
        cases = unary_union([each.draft.geometry for each in ledger.open_cases(december)])
        last = folder_of(inputs.setting.state, december), cases
    begun = year.begin(this, inputs.scenes, inputs.sha256, last, inputs.setting)
    return replace(begun, refused=[*begun.refused, *year.window_of(this, inputs.refused)])


def watch_month(inputs: Inputs, month: str, model: Model, good: Seen) -> Watched:
    """Show the month's scenes to every block."""
    setting = inputs.setting
    base = setting.state / month[:4]
    last = base / "start" if month.endswith("-01") else folder_of(setting.state, months.previous(month))
    scenes = [scene for scene, _ in good]
    hashes = year.hashes(scenes, inputs.sha256, setting.workers)
    parts = survey.survey_scenes(good, model, setting.workers)
    sightings = [Sighting(scene, part, own) for (scene, _), part, own in zip(good, parts, hashes, strict=True)]
    ground = Ground(setting.grid, setting.bands, model, setting.area)
    blocks, out = list(setting.grid.blocks()), folder_of(setting.state, month)
    shutil.rmtree(out, ignore_errors=True)
    results = compute.each_block(
        watch_block, blocks, sightings, ground, base, last, out, year.digest(month, *(s.sha256 for s in sightings)),
        inputs.first_day,
        workers=setting.workers, scheduler=setting.scheduler, say=lambda n: setting.say(f"{month} watch", n, len(blocks)),
    )  # fmt: skip
    year.check_unchanged(scenes, hashes, inputs.sha256, setting.workers)
    used = {scene.id: own for scene, own in zip(scenes, hashes, strict=True)}
    return Watched(out, blocks, results, used, [said for s in sightings if (said := survey.unlike(s.scene, s.shared))])
