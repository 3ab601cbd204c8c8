"""One month: scenes looked at, cells watched, patches found, judged, named and published."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from shapely import unary_union
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline import __version__, maps, months, restored, store, year
from pipeline.blocks import bare_cells
from pipeline.detect.model import Model
from pipeline.files import fsync_folder
from pipeline.findings import overextraction
from pipeline.findings.finding import Finding
from pipeline.findings.judge import judge
from pipeline.findings.mines import Mine, mines
from pipeline.inputs import Inputs, Vetted, of_month, runs_until, scene_uses, settled, trusted_scenes
from pipeline.layers.model import LayerSet, LegacyPatch
from pipeline.ledger.ledger import Ledger
from pipeline.limits import cannot_tell, without_rights
from pipeline.looking import Ground
from pipeline.patches.find import find_patches
from pipeline.patches.measuring import Place
from pipeline.patches.outline import geometry_of, unseen_ground
from pipeline.patches.patch import Patch
from pipeline.publish import cog, evidence
from pipeline.publish.changes import re_evaluate
from pipeline.publish.evidence import Photographer
from pipeline.publish.features import Judged
from pipeline.publish.flight.standing import over_extracted
from pipeline.publish.month import MonthFiles, name_cases, opinions, write_month
from pipeline.publish.restoration import files as restoration_files
from pipeline.publish.runjson import LayerUse, RunFacts, SceneUse
from pipeline.publish.wgs84 import Projector
from pipeline.registered import off_record
from pipeline.restored import Restored
from pipeline.siteview import unrestored
from pipeline.sources.lost import Lost
from pipeline.sources.scene import Refused, Scene
from pipeline.watching import Watched, begin_year, watch_month
from pipeline.year import Begun


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
class Done:
    """What came of a month."""

    month: str
    observed: float
    left_out: tuple[Refused, ...]
    flagged: int
    new: int
    patches: int


def set_aside(folder: Path) -> None:
    """Keep what stands where a month is to be made anew as `<YYYY-MM>.replaced`, once."""
    if folder.exists():
        aside = folder.with_name(f"{folder.name}.replaced")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)


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


def _restoration(
    inputs: Inputs, scenes: Sequence[Scene], month: str, last_day: date, found: Sequence[Finding], worked: Sequence[Mine]
) -> tuple[list[Finding], Restored, list[str]]:
    """Findings of sites that should bear plants and do not, how far all sites have come, and warnings."""
    setting, config, lost = inputs.setting, inputs.project.config, Lost()
    first, least = int(inputs.monitor_from[:4]), config.findings.min_cells
    pits = {mine.right.key: mine.open_now for mine in worked}
    overdue = unrestored(inputs.layers, scenes, last_day, setting, config.findings, lost, pits)
    given_back = restored.of_month(inputs.layers, scenes, month, last_day, setting, first, inputs.sha256, least, config.county.name, lost, worked)
    dug = unary_union([f.geometry for f in found if f.status != "ended" and (f.mining_likelihood or 0.0) >= config.findings.min_likelihood])
    owed = restored.regressed(given_back.fallen, dug, inputs.layers, overdue, config.findings, setting.grid.cell_area_m2)
    return owed, given_back, lost.told("restoration")


def _patches(inputs: Inputs, month: str, model: Model, watched: Watched, ledger: Ledger) -> list[Patch]:
    """Patches of changed ground, of all blocks together."""
    setting = inputs.setting
    cells = np.concatenate([r.cells for r in watched.results])
    cells = cells[np.lexsort((cells["col"], cells["row"]))]
    before = np.concatenate([r.before for r in watched.results])
    built = store.read(year.built_file(setting.state, int(month[:4])))["tiles"].astype(np.int64)
    place = Place(setting.grid, _registered(inputs.layers), built)
    last = opinions(ledger.open_cases(months.previous(month)))
    return find_patches(cells, before, model, place, inputs.likelihood, inputs.first_day, inputs.project.config.findings.min_cells, last)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What the law's layers say of a month."""

    findings: list[Finding]
    mines: list[Mine]
    unseen: list[tuple[BaseGeometry, date | None]]
    """Ground without a clear look, and when it had its last."""


def _judge(inputs: Inputs, month: str, model: Model, watched: Watched, patches: Sequence[Patch], off_m: dict[date, float]) -> _Judgement:
    setting, config = inputs.setting, inputs.project.config.findings
    bare = _bare(inputs, month, model)
    findings: list[Finding] = judge(patches, inputs.layers, setting.grid, bare, config, off_m)
    unseen = unseen_ground(maps.last_seen(setting.grid, setting.area, watched.folder, watched.blocks), setting.grid)
    worked = mines(patches, inputs.layers, setting.grid, bare, [ground for ground, _ in unseen], months.last_day(month), config)
    return _Judgement(findings, worked, unseen)


def _facts(
    inputs: Inputs, month: str, begun: Begun, watched: Watched, uses: Sequence[SceneUse], counts: Mapping[str, int], told: Sequence[str], clock: Clock
) -> RunFacts:
    """What run.json says of how the month was made."""
    inside, layers = watched.inside, inputs.layers
    return RunFacts(
        run_id=year.digest(month, inputs.project.sha256, inputs.likelihood.sha256, *(u.sha256 for u in uses)),
        month=month,
        version=__version__,
        config_sha256=inputs.project.sha256,
        bands=inputs.setting.bands,
        model=inputs.likelihood.sha256,
        scenes=uses,
        layers=[LayerUse(v.name, v.version, v.sha256, v.features) for v in layers.versions],
        observed_fraction=watched.seen / max(inside, 1),
        unobserved_ha=(inside - watched.seen) * inputs.setting.grid.cell_area_m2 / 1e4,
        counts={"cells": inside, **counts},
        timings=clock.seconds,
        window=begun.window,
        warnings=[*inputs.doubted(month), *begun.warnings, *watched.warnings, *told]
        + [f"{name}: {p.message}" for name, problems in layers.problems.items() for p in problems],
    )


def make_month(month: str, inputs: Inputs, ledger: Ledger) -> Done:
    """Make a month: its folder appears whole, or not at all."""
    clock, setting, config, last_day = Clock(), inputs.setting, inputs.project.config, months.last_day(month)
    with clock.stage("baseline"):
        begun = begin_year(inputs, month, ledger)
        model = begun.model
    with clock.stage("survey"):
        good, refused = year.usable(of_month(inputs.scenes, month), setting, f"{month} survey", model)
    with clock.stage("watch"):
        watched, good, damaged = year.leaving_out_damaged(good, setting, lambda seen: watch_month(inputs, month, model, seen), model)
    with clock.stage("patches"):
        patches = _patches(inputs, month, model, watched, ledger)
    with clock.stage("findings"):
        earlier = runs_until(inputs, months.previous(month))
        uses_before = [use for run in earlier for use in run.scenes]
        judged_so = _judge(inputs, month, model, watched, patches, off_record(uses_before, good, setting.grid))
        findings = judged_so.findings
    # What has no date can't be told to lie in another month.
    elsewhere = [r for r in inputs.refused if r.day is None or f"{r.day:%Y-%m}" == month]
    used, window = {scene.id for scene, _ in good}, {str(each["id"]) for each in begun.window}
    left_out = settled((*refused, *damaged, *elsewhere, *begun.refused), used | window, inputs.scenes)
    vetted = Vetted(earlier)
    vetted.learn(month, used, (each.id for each in left_out), window)
    with clock.stage("restoration"):
        trusted = trusted_scenes(inputs.scenes, vetted)
        owed, given_back, unread = _restoration(inputs, trusted, month, last_day, findings, judged_so.mines)
        findings += owed
    flown = over_extracted(inputs.project.output, last_day, inputs.layers, setting.grid.crs)
    findings += overextraction.findings(flown, inputs.layers, config.findings.severity)
    partial = _begin_folder(inputs.project.output / f"{month}.partial")
    restoration_files.write(partial, given_back.document, given_back.shown, config.county.code)
    projector = Projector(setting.grid.crs)
    by = Photographer(config.county.name, month, trusted, inputs.sha256, inputs.layers, setting)
    with clock.stage("evidence"):
        # Verdicts wait while the ledger's month is written: what takes long is done before, under the names it would give now.
        with ledger.rehearsal(month) as writer:
            rehearsed = name_cases(writer, month, patches, findings, inputs.project, projector)
        pictured, lost = evidence.make(partial, rehearsed, by)
    with clock.stage("publish"):
        cog.write(
            partial / "disturbance.tif",
            setting.grid,
            lambda: maps.disturbance(setting.grid, setting.area, watched.folder, watched.blocks, watched.results),
        )
    with ledger.month(month) as writer:
        judged: list[Judged] = name_cases(writer, month, patches, findings, inputs.project, projector)
        changes = re_evaluate(writer, judged, inputs.layers, config.findings.tolerance_m)
        if [each.case for each in judged] != [each.case for each in rehearsed]:
            with clock.stage("evidence"):
                pictured, lost = evidence.make(partial, judged, by)
        uses = scene_uses(good, watched.sha256, left_out, inputs)
        counts = {"cells_changed": sum(len(r.cells) for r in watched.results), "patches": len(patches)}
        warnings = [*unread, *lost, *without_rights(inputs.layers.off), *cannot_tell(setting.bands, (s for s, _ in good))]
        facts = _facts(inputs, month, begun, watched, uses, counts, warnings, clock)
        files = MonthFiles(
            inputs.project, inputs.layers, judged, judged_so.unseen, facts, projector, pictured, ledger, changes, judged_so.mines
        )  # fmt: skip
        flagged = write_month(partial, files)
        said = {"flagged": len(flagged), "patches": len(patches), "layers": {each.name: each.version for each in inputs.layers.versions}}
        writer.finish(said, [{"id": u.id, "sha256": u.sha256} for u in uses if u.used])
    _finish_folder(partial, inputs.project.output / month)
    new = sum(bool(f.properties["new_this_month"]) for f in flagged)
    return Done(month, facts.observed_fraction, left_out, len(flagged), new, len(patches))


def _begin_folder(partial: Path) -> Path:
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def _finish_folder(partial: Path, folder: Path) -> None:
    """Give a month's files, all of them on disk, the name by which the month counts as done."""
    fsync_folder(partial)
    set_aside(folder)
    partial.rename(folder)
    fsync_folder(folder.parent)
