"""`minewarden doctor`: is this installation, and this county, in order?"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import click

from pipeline import months
from pipeline.commands.common import json_option, open_project, talking
from pipeline.commands.status import finished
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

MIN_DISK_GB = 5
MIN_MEMORY_GB = 2
RELEASED = date(2026, 1, 1)
"""A clock that shows an earlier day is wrong."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str
    fix: str = ""
    exit_code: Exit = Exit.BAD_INPUT


@click.command("doctor")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@json_option
@talking
def command(console: Console, config: Path | None, as_json: bool) -> Exit:
    """Check the installation and, given a config, the county's data and results."""
    checks = list(_installation(Path.cwd() if config is None else config.absolute().parent))
    if config is not None:
        checks += _county(console, config)
    if as_json:
        console.object({"ok": all(c.ok for c in checks), "checks": [asdict(c) | {"exit_code": int(c.exit_code)} for c in checks]})
    else:
        for c in checks:
            tell = console.result if c.ok else console.notice
            tell(f"{'ok  ' if c.ok else 'FAIL'}  {c.name}: {c.detail}" + ("" if c.ok else f" Fix: {c.fix}"))
    return max((c.exit_code for c in checks if not c.ok), default=Exit.DONE)


def _guarded(name: str, look: Callable[[], str], fix: str, exit_code: Exit = Exit.BAD_INPUT) -> Check:
    """A check that fails with what `look` raises, and else tells what it returns."""
    try:
        return Check(name, True, look())
    except MinewardenError as error:
        return Check(name, False, f"{error.code}: {error.message}", error.fix, max(error.exit_code, Exit.BAD_INPUT))
    except Exception as error:  # whatever a broken library throws is the finding here
        return Check(name, False, f"{type(error).__name__}: {error}", fix, exit_code)


def _installation(folder: Path) -> Iterator[Check]:
    again = "Run 'make setup' again."
    yield Check("python", sys.version_info >= (3, 11), sys.version.split()[0], "Install Python 3.11 or newer.")
    yield _guarded("libraries", _versions, again)
    yield _guarded("coordinates", _projection, again)
    yield _guarded("compiler", _compiler, again)
    free = shutil.disk_usage(folder if folder.is_dir() else Path.cwd()).free / 1e9
    yield Check("disk", free >= MIN_DISK_GB, f"{free:.0f} GB free in {folder}", f"Free some: a county needs {MIN_DISK_GB} GB and more.")
    yield _guarded("memory", _memory, "Close other programs, or lower compute.memory_mb.")
    now = months.today()
    yield Check("clock", now >= RELEASED, f"{now} (UTC)", "Set the system's clock: it decides which months have ended.")


def _versions() -> str:
    import pyogrio
    import pyproj
    import rasterio

    gdal = ".".join(map(str, pyogrio.__gdal_version__))
    return f"GDAL {rasterio.__gdal_version__} (rasters), {gdal} (vectors), PROJ {pyproj.proj_version_str}"


def _projection() -> str:
    from pyproj import Transformer

    lon, lat = 105.05, 35.7
    north, east = Transformer.from_crs("EPSG:4490", "EPSG:4544").transform(lat, lon)
    if abs(north - 3_952_000) > 2_000 or abs(east - 504_500) > 1_000:
        raise ValueError(f"EPSG:4490 to EPSG:4544 gives {north:.0f}, {east:.0f}")
    return "PROJ's data works (CGCS2000 to its 3-degree zones)"


def _compiler() -> str:
    import numba

    double = numba.njit(lambda x: 2 * x)
    if double(21) != 42:
        raise ValueError("compiled code gives wrong results")
    return f"numba {numba.__version__} compiles"


def _memory() -> str:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    if free < MIN_MEMORY_GB:
        raise ValueError(f"only {free:.1f} GB are free")
    return f"{free:.0f} GB free"


def _county(console: Console, config: Path) -> list[Check]:
    try:
        project = open_project(console, config)
    except MinewardenError as error:
        return [Check("config", False, f"{error.code}: {error.message}", error.fix)]
    return [
        Check("config", True, str(project.file)),
        _guarded("scenes", lambda: _scenes(project), "Check 'sources' in the config."),
        _guarded("layers", lambda: _layers(project), "Run 'minewarden layers check' for the details."),
        _guarded("last month", lambda: _last_month(project), "Run that month with --replay.", Exit.DAMAGED),
        _guarded("ledger", lambda: _ledger(project), "Restore the ledger from a backup.", Exit.DAMAGED),
    ]


def _scenes(project: Project) -> str:
    from pipeline.sources import open_sources

    archive = open_sources(project)
    left = sum(r.duplicate_of is None for r in archive.refused)
    return f"{len(archive.scenes)} of bands {' '.join(archive.bands)}, {left} left out, {archive.scenes[0].day} to {archive.scenes[-1].day}"


def _layers(project: Project) -> str:
    from pipeline import layers
    from pipeline.sources.gridfit import metric_crs

    metric_crs(project.config.grid.crs)
    fatal = [(layer.name, p) for layer in layers.check(project, project.config.grid.crs) for p in layer.problems if p.fatal]
    if fatal:
        name, problem = fatal[0]
        raise MinewardenError(problem.code, f"{name}: {problem.message}", problem.fix)
    return "can be used"


def _last_month(project: Project) -> str:
    runs = finished(project.output)
    if not runs:
        return "none is done yet"
    month, run = max(runs.items())
    for output in run["outputs"]:
        file = project.output / month / output["path"]
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != output["sha256"]:
            raise ValueError(f"{file} is not the file that the run wrote")
    return f"{month}: {len(run['outputs'])} files as they were written"


def _ledger(project: Project) -> str:
    from pipeline.ledger import Ledger

    if not project.ledger.is_file():
        return "none yet"
    with Ledger(project.ledger, project.config.county.code) as ledger:
        broken = ledger.verify_audit()
    if broken:
        raise ValueError(f"{project.ledger}: {broken[0]}")
    return "sound, its audit trail unbroken"
