"""`minewarden doctor`: is this installation, and this county, in order?"""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path

import click

from pipeline import lastrun, months
from pipeline.commands import machine
from pipeline.commands.checks import Check, Note, guarded
from pipeline.commands.common import existing, json_option, open_project, talking
from pipeline.commands.status import finished
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

PACKED = 0.75
"""What is left of state once it is compressed, where scenes are as noisy as real ones (88 of 120 bytes); smooth ground packs better."""
MONTHLY_SHARE = 0.45
"""Of a cell's bytes, those that are written each month."""
KEPT_AT_ONCE = 6
"""Alerts on the disk: of three months and a few Januaries, and those being written."""


@click.command("doctor")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@json_option
@talking
def command(console: Console, config: Path | None, as_json: bool) -> Exit:
    """Check the installation and, given a config, the county's data and results."""
    checks = list(machine.checks(Path.cwd() if config is None else config.absolute().parent))
    if config is not None:
        checks += [replace(c, fix=console.as_typed(c.fix)) for c in _county(console, config)]
    if as_json:
        console.object({"ok": all(c.ok for c in checks), "checks": [asdict(c) | {"exit_code": int(c.exit_code)} for c in checks]})
    else:
        for c in checks:
            tell = console.result if c.ok else console.notice
            tell(f"{'ok  ' if c.ok else 'FAIL'}  {c.name}: {c.detail}" + (f" Fix: {c.fix}" if c.fix and not (c.ok and c.name in _PLAIN) else ""))
    return max((c.exit_code for c in checks if not c.ok), default=Exit.DONE)


_PLAIN = ("python", "disk", "clock")
"""Checks whose fix stands ready and is only said where they fail."""


def _county(console: Console, config: Path) -> list[Check]:
    try:
        project = open_project(console, config)
    except MinewardenError as error:
        return [Check("config", False, f"{error.code}: {error.message}", error.fix)]
    again = "Run 'minewarden repair' with this config."
    return [
        Check("config", True, str(project.file)),
        guarded("output", lambda: _writable(project), "Check the permissions of the output folder."),
        guarded("credentials", lambda: _credentials(project), "See docs/sources.md."),
        guarded("scenes", lambda: _scenes(project), "Check 'sources' in the config."),
        guarded("layers", lambda: _layers(project), "Run 'minewarden layers check' for the details."),
        guarded("heights", lambda: _heights(project), "Check 'dem' in the config."),
        guarded("likelihood", lambda: _likelihood(project), "Put back a copy of it, or delete it."),
        guarded("store", lambda: _store(project), "Check 'store' in the config, and its disk."),
        guarded("space", lambda: _space(project), "Free some space, or move the output folder to another disk."),
        guarded("last run", lambda: _last_run(project), "Set the system's clock."),
        guarded("last month", lambda: _last_month(project), "Put back a copy of that file, or run that month with --replay.", Exit.DAMAGED),
        guarded("state", lambda: _state(project), again, Exit.DAMAGED),
        guarded("ledger", lambda: _ledger(project), again, Exit.DAMAGED),
    ]


def _writable(project: Project) -> str:
    import tempfile

    place = existing(project.output)
    with tempfile.TemporaryFile(dir=place):
        return f"{project.output} can be written"


def _scenes(project: Project) -> str | Note:
    from pipeline.sources import open_sources

    archive = open_sources(project)
    left = sum(r.duplicate_of is None for r in archive.refused)
    said = f"{len(archive.scenes)} of bands {' '.join(archive.bands)}, {left} left out, {archive.scenes[0].day} to {archive.scenes[-1].day}"
    ahead = [scene.id for scene in archive.scenes if scene.day > months.today()]
    if ahead:
        return Note(f"{said}; {len(ahead)} lie in the future, e.g. {ahead[0]}", "Is the clock right? Else correct the date in the folder's name.")
    return said


def _layers(project: Project) -> str:
    from pipeline import layers
    from pipeline.sources.gridfit import metric_crs

    metric_crs(project.config.grid.crs)
    checked = layers.check(project, project.config.grid.crs)
    fatal = [(layer.name, p) for layer in checked for p in layer.problems if p.fatal]
    if fatal:
        name, problem = fatal[0]
        raise MinewardenError(problem.code, f"{name}: {problem.message}", problem.fix)
    warnings = sum(len(layer.problems) for layer in checked)
    return f"can be used, {warnings} warning(s)" if warnings else "can be used"


def _heights(project: Project) -> str:
    from pipeline import heights, layers

    crs = project.config.grid.crs
    found = heights.load(project, layers.load(project, crs).area, crs)
    return "none: slope and aspect are matched by nearness alone" if found is None else f"{found.raster.path} can be used"


def _likelihood(project: Project) -> str:
    from pipeline import models

    own, sha256 = project.models / models.IN_USE, models.in_use(project).sha256[:16]
    return f"the county's own can be used ({sha256})" if own.is_file() else f"the one that ships with the program ({sha256})"


def _space(project: Project) -> str:
    """Whether the disk holds a year's baseline, the alerts that are kept, and a month's files: from the area, before compression where unknown."""
    from pipeline import layers
    from pipeline.detect.state import bytes_per_cell

    cells = layers.load(project, project.config.grid.crs).area.envelope.area / project.config.grid.resolution**2
    each = bytes_per_cell(6) * PACKED
    need = cells * each * (1 + KEPT_AT_ONCE * MONTHLY_SHARE)
    place = existing(project.output)
    free, there = shutil.disk_usage(place).free, _size(project.state)
    said = f"state needs up to {_gb(need)} in its first year, and {_gb(cells * each)} more each year; {_gb(there)} are used, {_gb(free)} are free"
    if free < max(need - there, cells * each):
        raise ValueError(said)
    return said


def _credentials(project: Project) -> str | Note:
    """Whether what services ask for is in the environment; nobody is asked whether it is right."""
    from pipeline.sources.room import needing_s3

    kinds = {source.kind for source in project.config.sources}
    buckets = [*(source.path for source in project.config.sources if isinstance(source.path, str)), *([project.shelf] if project.shelf else [])]
    if "sentinelhub" in kinds:
        from pipeline.sources.process_api import CLIENT_ID, CLIENT_SECRET

        lacking = [name for name in (CLIENT_ID, CLIENT_SECRET) if not os.environ.get(name)]
        if lacking:
            raise ValueError(f"{' and '.join(lacking)} not in the environment, which kind sentinelhub needs")
    if buckets:
        from pipeline.sources.bucket_access import KEY, SECRET, credentials, endpoint

        with needing_s3(buckets[0]):
            import obstore  # noqa: F401

        endpoint("")
        if "skip_signature" in credentials():
            return Note("none for object storage: public buckets only", f"Set {KEY} and {SECRET}, if the bucket is not public.")
    return "in the environment" if buckets or "sentinelhub" in kinds else "no source needs any"


def _store(project: Project) -> str:
    from pipeline.monthly import store_room

    room = store_room(project)
    shared = f", shared in {project.shelf}" if project.shelf else ""
    if not room.folder.is_dir():
        return f"not in use: nothing had to be decoded or downloaded{shared}"
    return f"{_gb(room.size())} of {_gb(room.limit)} in {room.folder}{shared}"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _gb(size: float) -> str:
    return f"{math.ceil(size / 1e8) / 10:.1f} GB"


def _last_run(project: Project) -> str | Note:
    """A clock set back makes 'the last month that has ended' an old one."""
    known = lastrun.read(project.logs)
    now = months.today()
    done = max(months.finished(project.output), default="")
    if done and months.last_day(done) >= now:
        raise ValueError(f"the clock says {now} (UTC), but {done} is done")
    if known is None:
        return "none yet"
    ended: date = datetime.fromisoformat(known["ended"]).date()
    if ended > now:
        raise ValueError(f"the clock says {now} (UTC), but the last run ended on {ended}")
    said = f"{known['month']} on {ended}, exit code {known['exit_code']}"
    if known["exit_code"] in (Exit.DONE, Exit.INCOMPLETE):
        return said
    return Note(f"{said}: {(known['lines'] or ['no message'])[-1]}", "Do what the message says, then run again.")


def _last_month(project: Project) -> str:
    from pipeline.files import sha256_file

    runs = finished(project.output)
    if not runs:
        return "none is done yet"
    month, run = max(runs.items())
    for output in run["outputs"]:
        file = project.output / month / output["path"]
        if not file.is_file() or sha256_file(file) != output["sha256"]:
            raise ValueError(f"{file} is not the file that the run wrote")
    return f"{month}: {len(run['outputs'])} files as they were written"


def _state(project: Project) -> str:
    """Every file of it, also those that the next run does not read."""
    from pipeline import memory, retention, store

    done = sorted(finished(project.output))
    if not done:
        return "none yet"
    grid = memory.read(project.state / memory.FILE).grid
    gone = [file for file in retention.files(project.state, done, grid) if not file.is_file()]
    if gone:
        raise ValueError(f"{gone[0]} is missing{f' (and {len(gone) - 1} more)' if len(gone) > 1 else ''}")
    files = sorted(f for f in project.state.rglob("*") if f.suffix in (".alert", ".base") or f.name in ("model", "built"))
    for file in files:
        store.check(file)
    return f"{len(files)} files, each as it was written"


def _ledger(project: Project) -> str | Note:
    from pipeline.ledger import Ledger

    if not project.ledger.is_file():
        return "none yet"
    with Ledger(project.ledger, project.config.county.code) as ledger:
        broken = ledger.verify_audit()
    if broken:
        raise ValueError(f"{project.ledger}: {broken[0]}")
    copies = len(list(project.backup.glob("ledger-*.sqlite")))
    return f"sound, its audit trail unbroken; {copies} own copies in {project.backup}"
