"""Puts right what can be made again; what people decided, and the ids they know, stay.

Finished months stay as they are: state is made from just the scenes they were made from. Only months that a ledger put back from a copy
does not know are made anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import rasterio
from odc.geo.geobox import GeoBox

from pipeline import memory, models, monthly, months, retention, store
from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.files import sha256_file
from pipeline.grid import Grid
from pipeline.ledger import Ledger, backup
from pipeline.memory import Memory
from pipeline.month import make_month
from pipeline.monthly import Result
from pipeline.publish import runjson
from pipeline.rebuild import Rebuild
from pipeline.year import Say

RASTER = "disturbance.tif"


def repair(project: Project, workers: int | None, scheduler: str | None, say: Say) -> Result:
    """Make the county's memory, ledger and state sound again, and say what was done and what is lost."""
    finished = months.finished(project.output)
    if not finished:
        return Result(Exit.DONE, ("No month is finished yet: there is nothing to repair, 'minewarden run' makes everything.",))
    runs, broken = _runs(project, finished)
    lost = _ledger(project, finished)
    done = [*_memory(project, runs, finished), *lost]
    inputs, hashes = monthly.prepare(project, workers, scheduler, say)
    with Ledger(project.ledger, project.config.county.code) as ledger:
        ledger.must_be_of_county()
        redo = [m for m in finished if m not in ledger.months()][:1]
        rebuild, gone = Rebuild(inputs, ledger, runs), []
        made = rebuild.make(_wanted(finished, redo, inputs.monitor_from))
        hashes.save()
        done += [f"State made again: {', '.join(made.items)}"] if made.items else []
        if redo:
            todo = months.span(redo[0], finished[-1])
            monthly.clear(project, todo, ledger)
            as_it_was = replace(inputs, scenes=rebuild.known())
            for month in todo:
                likelihood, missing = models.of_run(project, runs.get(month, {}))
                gone += [f"{month}: {missing}"] if missing else []
                make_month(month, replace(as_it_was, likelihood=likelihood), ledger)
            done.append(f"Months made again, since the ledger's copy did not know them: {', '.join(todo)}")
            broken = [line for line in broken if line[:7] < redo[0]]
        hashes.save()
        ledger.back_up(project.backup)
    monthly.keep(inputs, ())
    retention.prune(project.state, finished)
    remains = [*made.changed, *gone, *broken, *_gap(project, finished, inputs.monitor_from)]
    return Result(Exit.INCOMPLETE if remains or lost else Exit.DONE, (*(done or ([] if remains else ["Nothing was damaged."])), *remains))


def _runs(project: Project, finished: list[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """run.json of each finished month, and what is wrong with their files, a line each that begins with the month."""
    runs, broken = {}, []
    for month in finished:
        folder = project.output / month
        try:
            run = runjson.document(folder)
            files = {str(f["path"]): f["sha256"] for f in run["outputs"]}
            runs[month] = run
        except (MinewardenError, KeyError, TypeError):
            files = {runjson.NAME: ""}
        changed = [name for name, sha256 in files.items() if not (folder / name).is_file() or sha256_file(folder / name) != sha256]
        if changed:
            broken.append(f"{month}: not as the run wrote it: {', '.join(changed)}. Put back a copy, or redo that month with --replay.")
    return runs, broken


def _memory(project: Project, runs: dict[str, dict[str, Any]], finished: list[str]) -> list[str]:
    """Make `county.json` again where it is damaged: grid from the last raster that is whole, bands from that month's run.json."""
    file = project.state / memory.FILE
    try:
        memory.read(file)
        return []
    except MinewardenError as error:
        if error.code == store.NEWER:
            raise
    last = _with_raster(project, runs)
    if last is None:
        raise MinewardenError(
            "MW-REPAIR-MEMORY", f"{file} is gone or damaged, and no finished month has both its run.json and its {RASTER} as the run wrote them.",
            "Put back a backup of the output folder.", Exit.DAMAGED,
        )  # fmt: skip
    with rasterio.open(project.output / last / RASTER, driver="GTiff") as raster:
        box = GeoBox(raster.shape, raster.transform, project.config.grid.crs)
    side, whole = _block_side(project), max(box.shape)
    grid = Grid(box, side if side < whole else max(project.config.compute.block, whole))
    memory.write(file, Memory(grid, tuple(runs[last]["bands"]), _began(project, finished)))
    return [f"Made again from the results of {last}: {file}"]


def _began(project: Project, finished: list[str]) -> str:
    """In which January monitoring began, by the earliest month that anything knows of: the first months' folders may be lost as well."""
    with Ledger(project.ledger, project.config.county.code) as ledger:
        known = [*finished, *ledger.months()]
    return f"{min([*known, project.config.monitor_from or known[0]])[:4]}-01"


def _gap(project: Project, finished: list[str], first: str) -> list[str]:
    """A line where a month before the last finished one is not there."""
    lacking = next((m for m in months.span(first, finished[-1]) if m not in finished), None)
    if lacking is None:
        return []
    begin = retention.start_for(project.state, lacking, first)
    fix = f"Put its folder back, or redo it and all after it: minewarden run {project.typed} --replay --month {begin}"
    return [f"{lacking}: not done, or its folder is gone, though {finished[-1]} is done. {fix}"]


def _with_raster(project: Project, runs: dict[str, dict[str, Any]]) -> str | None:
    """The last month whose raster is as the run wrote it; None where there is none."""
    for month in sorted(runs, reverse=True):
        file, wrote = project.output / month / RASTER, {str(each["path"]): each["sha256"] for each in runs[month]["outputs"]}
        if file.is_file() and sha256_file(file) == wrote.get(RASTER):
            return month
    return None


def _block_side(project: Project) -> int:
    """Side of the blocks that state was written in, by the first of them that is sound; else the config's."""
    for file in sorted(project.state.glob("*/r000c000.*")):
        if store.key_of(file) is not None:
            shape = next(iter(store.read(file).values())).shape
            return int(max(shape[-2:]))
    return project.config.compute.block


def _ledger(project: Project, finished: list[str]) -> list[str]:
    """Put back the newest copy of the ledger where it is damaged, gone, or older than that copy."""
    file = project.ledger
    if backup.is_sound(file) and not backup.is_behind(file, project.backup, finished):
        return []
    restored = backup.restore(file, project.backup)
    kept = f", the damaged file is kept as {restored.damaged.name}" if restored.damaged else ""
    return [
        f"Ledger put back from {restored.copy.name} (it ends on {restored.until}){kept}. "
        f"Verdicts taken over from the damaged file: {restored.verdicts}. Later ones that could not be read are lost: compare with your own records."
    ]


def _wanted(finished: list[str], redo: list[str], first: str) -> list[str]:
    """State that must be sound: what is kept of months that stay, and what the first month to redo begins with."""
    stay = [m for m in finished if not redo or m < redo[0]]
    begin = [months.previous(redo[0])] if redo and redo[0] != first else []
    return [*sorted({m[:4] for m in stay}), *dict.fromkeys([*retention.kept(stay), *begin])]
