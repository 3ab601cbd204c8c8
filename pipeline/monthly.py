"""The monthly job: every month that is not done yet, in order."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline import compute, heights, layers, models, months, retention
from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.grid import Grid
from pipeline.inputs import Inputs
from pipeline.late import late_scenes
from pipeline.layers.model import LayerSet
from pipeline.ledger.ledger import Ledger
from pipeline.ledgers import open_or_begin
from pipeline.limits import without_rights
from pipeline.memory import remember
from pipeline.month import Done, make_month, set_aside
from pipeline.needs import needed
from pipeline.plan import model as plan
from pipeline.projection import between
from pipeline.publish import runjson
from pipeline.sources import HashCache, open_sources
from pipeline.sources.archive import having
from pipeline.sources.gridfit import county_grid
from pipeline.sources.room import Room, shelf_of
from pipeline.sources.scene import Refused, Scene, of_each
from pipeline.sources.stock import Stock
from pipeline.year import Say, Setting


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended, and what to tell the person who started it."""

    exit: Exit
    lines: tuple[str, ...]
    wanting: tuple[str, ...] = ()
    """What wants a person though nothing failed: said where `--quiet` was asked for too."""


def run(project: Project, month: str, workers: int | None, scheduler: str | None, replay: bool, say: Say, ground: LayerSet | None = None) -> Result:
    """Do every month from the start of monitoring to `month` that is not done yet, each leaving its folder.

    replay: redo `month` and all after it, with the scenes and layers of today; ids and verdicts stay. ground: the layers, where they
    are read already.
    """
    if project.plan is not None:
        plan.load(project.plan)  # a plan that can't be read is said before any work, not when the report is written
    inputs, hashes = prepare(project, workers, scheduler, say, ground=ground)
    with open_or_begin(project, _staying(project, inputs.monitor_from, month, replay)) as ledger:
        todo = _to_do(project, inputs.monitor_from, month, replay)
        other = [] if replay else _other_layers(project, inputs)
        if ledger.last_month():
            ledger.back_up(project.backup)  # verdicts since the last month are saved too, before anything is redone
        clear(project, todo, ledger)
        done = []
        for k, each in enumerate(todo):
            keep(inputs, todo[k:])
            done.append(make_month(each, inputs, ledger))
            hashes.save()
            ledger.back_up(project.backup)
            retention.prune(project.state, months.finished(project.output))
        keep(inputs, ())
        wanting = (*_late(project, inputs), *_astray(inputs))
        hashes.save()
    result = _result(project, month, done, _changed(project, other, bool(todo)), inputs.doubted(todo[-1] if todo else ""))
    return replace(result, wanting=wanting)


def prepare(
    project: Project,
    workers: int | None,
    scheduler: str | None,
    say: Say,
    *,
    user: str = "run",
    begins: bool = True,
    ground: LayerSet | None = None,
) -> tuple[Inputs, HashCache]:
    """Find the scenes, read the layers, remember the grid.

    begins: the county's first run may begin with this; else nothing is remembered. ground: the layers, where they are read already.
    """
    if scheduler:
        compute.check_scheduler(scheduler)
    crs = project.config.grid.crs
    layers_once = cache(lambda: ground or layers.load(project, crs))
    archive = open_sources(project, lambda: degrees(layers_once().area, crs))
    ground = layers_once()
    memory = remember(project, archive.scenes, archive.bands, lambda: county_grid(project.config, ground.area, archive.scenes), begins=begins)
    _check_watched(project, ground.area, memory.grid)
    hashes, workers = HashCache(project.state / "hashes.json"), compute.workers_or_default(workers)
    stock = Stock(store_room(project, user), memory.grid.geobox, memory.bands, hashes, workers, say)
    relief = heights.load(project, ground.area, crs) if user == "run" else None  # only months ask for them
    setting = Setting(memory.grid, memory.bands, ground.area, project.state, workers, scheduler, project.config.compute.memory_mb, say, stock, relief)
    scenes, lacking = _with_bands(archive.scenes, memory.bands)
    scenes = of_each(scenes, stock.shelved)
    refused = (*archive.refused, *lacking)
    return Inputs(project, ground, scenes, refused, hashes.scene, setting, memory.monitor_from, models.in_use(project), archive.doubts), hashes


def _check_watched(project: Project, area: BaseGeometry, grid: Grid) -> None:
    """Ground of the county off the grid of the first run would be looked at by nobody, and not be missed either."""
    off = shapely.difference(area, shapely.box(*grid.geobox.boundingbox).buffer(grid.resolution)).area / 1e4
    if off > 0:
        raise MinewardenError(
            "MW-GRID-CHANGED",
            f"{off:.1f} ha of the area ({project.config.area}) lie beyond the ground that is watched since the first run.",
            "Give the outline of then, or use a new output folder.",
        )


def degrees(area: BaseGeometry, crs: str) -> tuple[float, float, float, float]:
    """West, south, east, north of an area that is given in a CRS."""
    west, south, east, north = between(crs, "EPSG:4326").transform_bounds(*area.bounds)
    return round(west, 5), round(south, 5), round(east, 5), round(north, 5)


def store_room(project: Project, user: str = "run") -> Room:
    limit = int(project.config.store.max_gb * 1e9)
    return Room(project.store, limit, project.output, user, shelf_of(project.shelf, limit) if project.shelf else None)


def keep(inputs: Inputs, todo: Sequence[str]) -> None:
    """Let go of what only finished months needed, should the store want its room."""
    if inputs.setting.stock is not None:
        delivered = [each for scene in inputs.scenes for each in scene.deliveries if each.delivery is not None]
        inputs.setting.stock.keep((scene.id for scene in needed(delivered, todo, inputs.setting.state)), todo)


def _with_bands(scenes: Sequence[Scene], bands: tuple[str, ...]) -> tuple[list[Scene], list[Refused]]:
    """Scenes that have the bands the state was made for, and those that do not: the archive's common bands may have changed since."""
    kept, lacking = having(scenes, bands)
    told = "No file for {}, which the state was made with."
    return kept, [Refused(s.id, s.day, told.format(", ".join(missing)), code="MW-SCENE-BANDS", fix="Add the file.") for s, missing in lacking]


def _staying(project: Project, first: str, month: str, replay: bool) -> list[str]:
    """Finished months that a run leaves as they are: its ledger has to know them, or ids would be given out twice."""
    if month < first:
        raise MinewardenError("MW-MONTH-EARLY", f"{month} lies before monitoring starts ({first}).", f"Ask for {first} or later.")
    finished = months.finished(project.output)
    start = _start(finished, first, month)
    return [m for m in finished if not replay or m < start]


def _start(finished: Sequence[str], first: str, month: str) -> str:
    """The month from which a replay of `month` makes all anew."""
    return next((m for m in months.span(first, month) if m not in finished), month)


def _to_do(project: Project, first: str, month: str, replay: bool) -> list[str]:
    """Months to do, in order; nothing is changed yet."""
    finished = months.finished(project.output)
    if not replay:
        missing = [m for m in months.span(first, month) if m not in finished]
        later = [m for m in finished if missing and m > missing[0]]
        if later:
            fix = _replay_from(project, missing[0], first)
            raise MinewardenError("MW-MONTH-GAP", f"{missing[0]} is not done, but {later[0]} after it is.", fix)
        if missing and (gone := retention.lacking(project.state, missing[0], first)):
            message = f"{missing[0]} can't be made: state that it is made from is missing ({gone})."
            raise MinewardenError("MW-STATE-MISSING", message, f"minewarden repair {project.typed}", Exit.DAMAGED)
        return missing
    start = _start(finished, first, month)
    if not retention.possible(project.state, start, first):
        message = f"{start} can't be redone: the alerts at the end of {months.previous(start)} are no longer kept ({retention.RULE})."
        raise MinewardenError("MW-REPLAY-STATE", message, f"Redo from an earlier month: {_replay_from(project, start, first)}")
    return months.span(start, max([month, *finished]))


def clear(project: Project, todo: Sequence[str], ledger: Ledger) -> None:
    """Make room for the months to do: folders that stand there are set aside, the latest first, so that a kill leaves no gap."""
    finished = set(months.finished(project.output))
    for each in reversed([month for month in todo if month in finished]):
        set_aside(project.output / each)
        shutil.rmtree(retention.folder_of(project.state, each), ignore_errors=True)
    if todo:
        ledger.forget_from(todo[0], keep_ids=True)


def _replay_from(project: Project, month: str, first: str) -> str:
    """The command that redoes `month`: from there, or from the latest month before it whose own predecessor is kept."""
    return f"minewarden run {project.typed} --replay --month {retention.start_for(project.state, month, first)}"


def _late(project: Project, inputs: Inputs) -> list[str]:
    """A line where finished months do not hold the archive as it is now: they are never changed silently."""
    finished = months.finished(project.output)
    found = late_scenes(inputs.scenes, set(finished), lambda month: runjson.document(project.output / month), inputs.sha256)
    if not found:
        return []
    first = retention.start_for(project.state, min(each.month for each in found), finished[0])
    return [
        f"{len(found)} scene(s) arrived, were replaced or were mended after their month was done, e.g. {found[0].id} ({found[0].why}). "
        f"Use them: minewarden run {project.typed} --replay --month {first}"
    ]


def _other_layers(project: Project, inputs: Inputs) -> list[str]:
    """Names of layers that are not those that the last finished month was judged by."""
    finished = months.finished(project.output)
    if not finished:
        return []
    now = {layer.name: layer.sha256 for layer in inputs.layers.versions}
    used = {layer.name: layer.sha256 for layer in runjson.read(project.output / finished[-1]).layers}
    return sorted(name for name in used.keys() | now.keys() if used.get(name) != now.get(name))


def _changed(project: Project, names: Sequence[str], made: bool) -> list[str]:
    """A line on layers (`names`) that changed. made: months were made with them just now."""
    if not names:
        return []
    if made:
        return [f"Changed since the month before: {', '.join(names)}. Open cases were judged anew: changes.json says which became another finding."]
    last = months.finished(project.output)[-1]
    return [
        f"Changed since {last} was done: {', '.join(names)}. The next month judges open cases anew. "
        f"At once: minewarden run {project.typed} --replay --month {last}"
    ]


def _astray(inputs: Inputs) -> list[str]:
    """Layers that hold nothing in the county, or no rights at all: whatever is checked against them finds nothing."""
    codes = ("MW-LAYER-OUTSIDE", "MW-LAYER-NONE")
    nowhere = [f"{name}: {p.message}" for name, found in inputs.layers.problems.items() for p in found if p.id is None and p.code in codes]
    return without_rights(inputs.layers.off) + nowhere


def _left_out(scenes: Sequence[Refused]) -> list[Refused]:
    """Scenes that are missing from the result; a second delivery of the same pass is not."""
    return [r for r in scenes if r.duplicate_of is None]


def _result(project: Project, month: str, done: Sequence[Done], changed: Sequence[str], doubts: Sequence[str]) -> Result:
    """Exit code and the lines for cron's mail."""
    folder = project.output / month
    where = (f"Report:  {folder / 'report.html'}", f"Flagged: {folder / 'flagged.geojson'}")
    if not done:
        return Result(Exit.DONE, (f"{month} is done already.", *changed, *where))
    lines = [f"{d.month}: {d.flagged} flagged ({d.new} new), {d.patches} patches, {d.observed:.0%} of the area seen" for d in done]
    left_out = [f"{f'{d.month}: ' if r.day else ''}scene {r.id} was left out: {r.told}" for d in done for r in _left_out(d.left_out)]
    causes = list(dict.fromkeys([*doubts, *left_out]))
    least = project.config.coverage.min
    if done[-1].month == month and done[-1].observed < least:
        causes.append(f"{month}: only {done[-1].observed:.0%} of the area was seen clearly (coverage.min is {least:.0%})")
    lines += [*causes, *changed, *where]
    return Result(Exit.INCOMPLETE if causes else Exit.DONE, tuple(lines))
