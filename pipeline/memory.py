"""What a county's state is made for: its grid, bands and first month, remembered from the first run on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.files import write_atomic
from pipeline.grid import Grid
from pipeline.months import finished
from pipeline.sources.scene import Scene

FILE = "county.json"
VERSION = 1
HISTORY_MONTHS = 18


@dataclass(frozen=True, slots=True)
class Memory:
    """What must stay the same from month to month, or state and scenes would not fit together."""

    grid: Grid
    bands: tuple[str, ...]
    monitor_from: str
    """First month judged, `YYYY-01`."""


def default_start(days: Sequence[date]) -> str | None:
    """The first January with scenes in at least 18 calendar months before it; None where there is none."""
    months = sorted({(d.year, d.month) for d in days})
    if not months:
        return None
    for year in range(months[0][0] + 1, months[-1][0] + 2):
        if sum(m < (year, 1) for m in months) >= HISTORY_MONTHS:
            return f"{year}-01"
    return None


def _start(project: Project, scenes: Sequence[Scene]) -> str:
    start = project.config.monitor_from or default_start([s.day for s in scenes])
    if start is None:
        count = len({(s.day.year, s.day.month) for s in scenes})
        raise MinewardenError(
            "MW-MONITOR-HISTORY", f"The archive holds scenes of {count} calendar months; a baseline needs {HISTORY_MONTHS} before a January.",
            "Add older scenes, or set monitor_from in the config.",
        )  # fmt: skip
    return start


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps({k: v for k, v in document.items() if k != "sha256"}, sort_keys=True).encode()).hexdigest()


def write(file: Path, memory: Memory) -> None:
    """Keep a county's memory."""
    box = memory.grid.geobox
    document = {
        "version": VERSION,
        "crs": memory.grid.crs,
        "transform": list(box.affine)[:6],
        "shape": list(memory.grid.shape),
        "block": memory.grid.block,
        "bands": list(memory.bands),
        "monitor_from": memory.monitor_from,
    }
    document["sha256"] = _digest(document)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(file, (json.dumps(document, indent=1) + "\n").encode())


def read(file: Path) -> Memory:
    """A county's memory as it was kept. Raises MinewardenError (exit 5) where it is damaged."""
    try:
        known = json.loads(file.read_text("utf-8"))
        if _digest(known) != known["sha256"]:
            raise ValueError("checksum")
        if known["version"] > VERSION:
            raise MinewardenError("MW-STATE-VERSION", f"{file} was written by a newer minewarden.", "Update minewarden.", Exit.DAMAGED)
        box = GeoBox(tuple(known["shape"]), Affine(*known["transform"]), known["crs"])
        return Memory(Grid(box, known["block"]), tuple(known["bands"]), known["monitor_from"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MinewardenError(
            "MW-STATE-DAMAGED", f"{file} is damaged.", "Run 'minewarden repair CONFIG': it is made again from the finished months.", Exit.DAMAGED
        ) from error


def remember(project: Project, scenes: Sequence[Scene], bands: tuple[str, ...], grid: Callable[[], Grid], *, begins: bool = True) -> Memory:
    """The county's memory; made from the archive as it stands at the first run, and kept from then on where the run `begins`.

    Raises MinewardenError where the config has been changed since in a way that the state does not fit.
    """
    file = project.state / FILE
    if not file.exists():
        if finished(project.output):
            # Made from the archive of today, grid and first month would not be those of the finished months.
            fix = f"minewarden repair {project.typed}"
            raise MinewardenError("MW-STATE-MISSING", f"{file} is gone, though months are finished.", fix, Exit.DAMAGED)
        memory = Memory(grid(), bands, _start(project, scenes))
        if begins:
            write(file, memory)
        return memory
    memory = read(file)
    wanted, config = project.config.monitor_from, project.config.grid
    if wanted not in (None, memory.monitor_from):
        raise MinewardenError(
            "MW-MONITOR-CHANGED",
            f"monitor_from is {wanted}, but this output began with {memory.monitor_from}.",
            "Undo that change in the config, or use a new output folder.",
        )
    if (config.crs.upper(), config.resolution) != (memory.grid.crs.upper(), memory.grid.resolution):
        message = f"grid in the config is not that of {project.output}."
        raise MinewardenError("MW-GRID-CHANGED", message, "Undo that change in the config, or use a new output folder.")
    forced = {band for source in project.config.sources for band in source.bands or ()}
    if forced and forced != set(memory.bands):
        message = f"bands of the sources are {', '.join(sorted(forced))}, but {project.output} was made with {', '.join(memory.bands)}."
        raise MinewardenError("MW-BANDS-CHANGED", message, "Undo that change in the config, or use a new output folder.")
    return memory
