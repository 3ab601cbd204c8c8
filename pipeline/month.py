"""One month: scenes looked at, cells watched, patches found, judged, named and published."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
from shapely import unary_union
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline import __version__, compute, maps, months, restored, store, survey, year
from pipeline.blocks import BlockMonth, bare_cells, watch_block
from pipeline.config import Project
from pipeline.detect.model import Model
from pipeline.files import fsync_folder
from pipeline.findings import overextraction
from pipeline.findings.finding import Finding
from pipeline.findings.judge import judge
from pipeline.findings.mines import Mine, mines
from pipeline.grid import Block
from pipeline.layers.model import LayerSet, LegacyPatch
from pipeline.ledger.ledger import Ledger
from pipeline.limits import cannot_tell
from pipeline.looking import Ground, Sighting
from pipeline.patches.find import find_patches
from pipeline.patches.likelihood import Likelihood
from pipeline.patches.measuring import Place
from pipeline.patches.outline import geometry_of, unseen_ground
from pipeline.publish import cog, evidence, runjson
from pipeline.publish.changes import re_evaluate
from pipeline.publish.evidence import Photographer
from pipeline.publish.features import Judged
from pipeline.publish.flight.standing import over_extracted
from pipeline.publish.month import MonthFiles, name_cases, opinions, write_month
from pipeline.publish.restoration import files as restoration_files
from pipeline.publish.runjson import LayerUse, RunFacts, SceneUse
from pipeline.publish.wgs84 import Projector
from pipeline.registered import off_record, shift_m
from pipeline.restored import Restored
from pipeline.retention import folder_of
from pipeline.siteview import unrestored
from pipeline.sources.lost import Lost
from pipeline.sources.scene import Doubt, Refused, Scene, UnreadableError
from pipeline.year import Begun, Seen, Setting


@dataclass(slots=True)
class Clock:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a month is made from."""

    project: Project
    layers: LayerSet
    scenes: Sequence[Scene]
    """The whole archive, oldest first."""
    refused: Sequence[Refused]
    sha256: Callable[[Scene], str]
    setting: Setting
    monitor_from: str
    likelihood: Likelihood
    doubts: Sequence[Doubt] = ()

    def doubted(self, month: str) -> list[str]:
        """Why scenes of a month, or from before it, may be missing."""
        return [doubt.told for doubt in self.doubts if doubt.since <= month]

    @property
    def first_day(self) -> int:
        """Day (since 1970-01-01) when monitoring began."""
        return year.january(int(self.monitor_from[:4]))


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a month."""

    month: str
    observed: float
    left_out: tuple[Refused, ...]
    flagged: int
    new: int
    patches: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What all blocks have to say of a month."""

    folder: Path
    """Alerts at the month's end."""
    blocks: Sequence[Block]
    results: Sequence[BlockMonth]
    warnings: Sequence[str]
    """Scenes that look wrongly scaled."""


def set_aside(folder: Path) -> None:
    """Keep what stands where a month is to be made anew as `<YYYY-MM>.replaced`, once."""
    if folder.exists():
        aside = folder.with_name(f"{folder.name}.replaced")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)


def of_month(scenes: Iterable[Scene], month: str) -> list[Scene]:
    return [s for s in scenes if f"{s.day:%Y-%m}" == month]


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
    hashes = year.hashes([scene for scene, _ in good], inputs.sha256, setting.workers)
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
    return Watched(out, blocks, results, [said for s in sightings if (said := survey.unlike(s.scene, s.shared))])


def _registered(layers: LayerSet) -> BaseGeometry:
    """Ground of mining rights and of legacy patches, whatever their standing and past ones too: where digging is likelier than elsewhere."""
    legacy = (*layers.legacy, *(entry for entry in layers.past if isinstance(entry, LegacyPatch)))
    return unary_union([*(right.geometry for right in layers.entries), *(patch.geometry for patch in legacy)])


def _bare(inputs: Inputs, month: str, model: Model) -> BaseGeometry:
    """Ground that was bare before monitoring, inside rights."""
    setting, where = inputs.setting, unary_union([r.geometry for r in inputs.layers.entries])
    if where.is_empty:
        return MultiPolygon()
    ground = Ground(setting.grid, setting.bands, model, setting.area)
    found = [bare_cells(block, ground, setting.state / month[:4], where) for block in setting.grid.blocks()]
    cells = np.concatenate(found).astype(np.int64)
    return geometry_of(cells[:, 0], cells[:, 1], setting.grid) if len(cells) else MultiPolygon()


def _scene_uses(good: Seen, left_out: Sequence[Refused], inputs: Inputs) -> list[SceneUse]:
    """A scene that was found but left out is told with its hash too: `status` sees when it has been mended."""
    grid = inputs.setting.grid
    uses = [SceneUse(s.id, s.day.isoformat(), inputs.sha256(s), True, None, survey.clear_fraction(seen), shift_m(seen.off, grid)) for s, seen in good]
    found = {scene.id: scene for scene in inputs.scenes}
    for refused in left_out:
        sha256 = None
        with suppress(UnreadableError):
            sha256 = inputs.sha256(found[refused.id]) if refused.id in found else None
        uses.append(SceneUse(refused.id, refused.day.isoformat() if refused.day else None, sha256, False, refused.told))
    return sorted(uses, key=lambda u: (u.date or "", u.id))


def scenes_before(inputs: Inputs, month: str) -> list[SceneUse]:
    """What became of the scenes of the months before this one."""
    if month <= inputs.monitor_from:
        return []
    earlier = months.span(inputs.monitor_from, months.previous(month))
    return [use for each in earlier for use in runjson.read(inputs.project.output / each).scenes]


def trusted_scenes(inputs: Inputs, before: Sequence[SceneUse], left_out: Sequence[Refused] = ()) -> list[Scene]:
    """Scenes but those that this month or one before it (`scenes_before`) had to leave out."""
    bad = {refused.id for refused in left_out} | {use.id for use in before if not use.used}
    return [scene for scene in inputs.scenes if scene.id not in bad]


def _restoration(
    inputs: Inputs, scenes: Sequence[Scene], month: str, last_day: date, found: Sequence[Finding], worked: Sequence[Mine]
) -> tuple[list[Finding], Restored, list[str]]:
    """Findings of sites that should bear plants and do not, how far all sites have come, and warnings."""
    setting, config, lost = inputs.setting, inputs.project.config, Lost()
    first, least = int(inputs.monitor_from[:4]), config.findings.min_cells
    overdue = unrestored(inputs.layers, scenes, last_day, setting, config.findings, lost)
    given_back = restored.of_month(inputs.layers, scenes, month, last_day, setting, first, inputs.sha256, least, config.county.name, lost, worked)
    dug = unary_union([f.geometry for f in found if f.status != "ended" and (f.mining_likelihood or 0.0) >= config.findings.min_likelihood])
    owed = restored.regressed(given_back.fallen, dug, inputs.layers, overdue, config.findings, setting.grid.cell_area_m2)
    return owed, given_back, lost.told("restoration")


def make_month(month: str, inputs: Inputs, ledger: Ledger) -> Done:
    """Make a month: its folder appears whole, or not at all."""
    last_day = months.last_day(month)
    clock, setting, config = Clock(), inputs.setting, inputs.project.config
    with clock.stage("baseline"):
        begun = begin_year(inputs, month, ledger)
        model = begun.model
    with clock.stage("survey"):
        good, refused = year.usable(of_month(inputs.scenes, month), setting, f"{month} survey", model)
    with clock.stage("watch"):
        watched, good, damaged = year.leaving_out_damaged(good, setting, lambda seen: watch_month(inputs, month, model, seen))
        folder, blocks, results = watched.folder, watched.blocks, watched.results
    with clock.stage("patches"):
        cells = np.concatenate([r.cells for r in results])
        cells = cells[np.lexsort((cells["col"], cells["row"]))]
        before = np.concatenate([r.before for r in results])
        built = store.read(year.built_file(setting.state, int(month[:4])))["tiles"].astype(np.int64)
        place = Place(setting.grid, _registered(inputs.layers), built)
        last = opinions(ledger.open_cases(months.previous(month)))
        patches = find_patches(cells, before, model, place, inputs.likelihood, inputs.first_day, config.findings.min_cells, last)
    with clock.stage("findings"):
        bare = _bare(inputs, month, model)
        earlier = scenes_before(inputs, month)
        off_m = off_record(earlier, good, setting.grid)
        findings: list[Finding] = judge(patches, inputs.layers, setting.grid, bare, config.findings, off_m)
        unseen = unseen_ground(maps.last_seen(setting.grid, setting.area, folder, blocks), setting.grid)
        worked = mines(patches, inputs.layers, setting.grid, bare, [ground for ground, _ in unseen], last_day, config.findings)
    # What has no date can't be told to lie in another month.
    elsewhere = [r for r in inputs.refused if r.day is None or f"{r.day:%Y-%m}" == month]
    left_out = (*refused, *damaged, *elsewhere, *begun.refused)
    with clock.stage("restoration"):
        trusted = trusted_scenes(inputs, earlier, left_out)
        owed, given_back, unread = _restoration(inputs, trusted, month, last_day, findings, worked)
        findings += owed
    flown = over_extracted(inputs.project.output, last_day, inputs.layers, setting.grid.crs)
    findings += overextraction.findings(flown, inputs.layers, config.findings.severity)
    seen, inside = sum(r.seen for r in results), sum(r.inside for r in results)
    partial = inputs.project.output / f"{month}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    restoration_files.write(partial, given_back.document, given_back.shown, config.county.code)
    projector = Projector(setting.grid.crs)
    by = Photographer(config.county.name, month, trusted, inputs.sha256, inputs.layers, setting)
    with clock.stage("evidence"):
        # Verdicts wait while the ledger's month is written: what takes long is done before, under the names it would give now.
        with ledger.rehearsal(month) as writer:
            rehearsed = name_cases(writer, month, patches, findings, inputs.project, projector)
        pictured, lost = evidence.make(partial, rehearsed, by)
    with clock.stage("publish"):
        cog.write(partial / "disturbance.tif", setting.grid, lambda: maps.disturbance(setting.grid, setting.area, folder, blocks, results))
    with ledger.month(month) as writer:
        judged: list[Judged] = name_cases(writer, month, patches, findings, inputs.project, projector)
        changes = re_evaluate(writer, judged, inputs.layers, config.findings.tolerance_m)
        if [each.case for each in judged] != [each.case for each in rehearsed]:
            with clock.stage("evidence"):
                pictured, lost = evidence.make(partial, judged, by)
        uses = _scene_uses(good, left_out, inputs)
        facts = RunFacts(
            run_id=year.digest(month, inputs.project.sha256, inputs.likelihood.sha256, *(u.sha256 for u in uses)), month=month, version=__version__,
            config_sha256=inputs.project.sha256, bands=setting.bands, model=inputs.likelihood.sha256, scenes=uses,
            layers=[LayerUse(v.name, v.version, v.sha256, v.features) for v in inputs.layers.versions],
            observed_fraction=seen / max(inside, 1), unobserved_ha=(inside - seen) * setting.grid.cell_area_m2 / 1e4,
            counts={"cells": inside, "cells_changed": len(cells), "patches": len(patches)}, timings=clock.seconds,
            window=begun.window,
            warnings=[*inputs.doubted(month), *begun.warnings, *watched.warnings, *unread, *lost, *cannot_tell(setting.bands, (s for s, _ in good))]
            + [f"{name}: {p.message}" for name, problems in inputs.layers.problems.items() for p in problems],
        )  # fmt: skip
        files = MonthFiles(inputs.project, inputs.layers, judged, unseen, facts, projector, pictured, ledger, changes, worked)
        flagged = write_month(partial, files)
        said = {"flagged": len(flagged), "patches": len(patches), "layers": {each.name: each.version for each in inputs.layers.versions}}
        writer.finish(said, [{"id": u.id, "sha256": u.sha256} for u in uses if u.used])
    fsync_folder(partial)
    set_aside(inputs.project.output / month)
    partial.rename(inputs.project.output / month)
    fsync_folder(inputs.project.output)
    new = sum(bool(f.properties["new_this_month"]) for f in flagged)
    return Done(month, facts.observed_fraction, left_out, len(flagged), new, len(patches))
