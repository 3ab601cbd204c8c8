"""Fills the store ahead of a run: what months need, what it will take, and then the work."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline import months
from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.monthly import Result, prepare
from pipeline.needs import needed
from pipeline.sources.scene import Refused
from pipeline.sources.stock import Stock
from pipeline.sources.transcode import StoreError
from pipeline.year import Say

PIXELS_A_SECOND = 5e6
"""Of JPEG 2000, decoded by one thread; measured on an office PC of 2024."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is still to be made for months."""

    scenes: int
    files: int
    bytes: int
    seconds: float
    units: float
    shared: int
    """Files of those that another computer has made."""

    @property
    def told(self) -> str:
        minutes = math.ceil(self.seconds / 60)
        units = f", {self.units:.0f} processing units" if self.units else ""
        shared = f"; {self.shared} of them are in the shared store" if self.shared else ""
        return f"{self.files} files of {self.scenes} scenes are to be made: about {_gb(self.bytes)}, about {minutes} min{units}{shared}"


def _gb(size: float) -> str:
    return f"{size / 1e9:.2f} GB"


def fetch(project: Project, month: str, workers: int | None, say: Say, tell: Callable[[str], None], *, only_estimate: bool) -> Result:
    """Have all made that the months up to `month` need and that are not done yet. tell: says the estimate before the work begins."""
    inputs, hashes = prepare(project, workers, None, say, user="fetch", begins=False)
    stock = inputs.setting.stock
    assert stock is not None
    if month < inputs.monitor_from:
        raise MinewardenError("MW-MONTH-EARLY", f"{month} lies before monitoring starts ({inputs.monitor_from}).", "Ask for that month or later.")
    finished = months.finished(project.output)
    todo = [each for each in months.span(inputs.monitor_from, month) if each not in finished]
    if not any(scene.delivery is not None for scene in inputs.scenes):
        return Result(Exit.DONE, ("All scenes are files of their sources: there is nothing to fetch.",))
    scenes = [scene for scene in needed(inputs.scenes, todo, project.state) if scene.delivery is not None]
    items = [item for scene in scenes for item in stock.items(scene)]
    missing = stock.missing(scenes)
    whole = stock.expected_bytes(items)
    if whole > stock.room.limit:
        raise StoreError(
            "MW-STORE-FULL", f"The months up to {month} need about {_gb(whole)} in the store; store.max_gb allows {_gb(stock.room.limit)}.",
            "Raise store.max_gb, or begin with an earlier month.",
        )  # fmt: skip
    pixels = sum(item.crop.width * item.crop.height for item in missing)
    seconds = pixels / PIXELS_A_SECOND / inputs.setting.workers
    shared = sum(map(stock.shared, missing))
    many = len({item.scene.id for item in missing})
    estimate = Estimate(many, len(missing), stock.expected_bytes(missing), seconds, stock.units(missing), shared)
    tell(f"{month}: {len(scenes)} scenes needed; {estimate.told}.")
    doubts = inputs.doubted(month) if todo else []
    left_out = [each for each in inputs.refused if each.duplicate_of is None]
    lost = [each for each in left_out if each.day is None] + needed(left_out, todo, project.state)
    if only_estimate:
        return Result(Exit.DONE, (*doubts, *_lines(lost)))
    stock.keep((scene.id for scene in scenes), todo)
    _, refused = stock.bring(scenes, "fetch")
    hashes.save()
    lines = [*doubts, *_lines([*lost, *refused])]
    return Result(Exit.INCOMPLETE if lines else Exit.DONE, (*lines, _summary(stock, len(scenes) - len(refused))))


def _lines(left_out: Sequence[Refused]) -> list[str]:
    return [f"scene {each.id} can't be used: {each.told}" for each in left_out]


def _summary(stock: Stock, scenes: int) -> str:
    return f"The store has what {scenes} scenes need: {_gb(stock.room.size())} of {_gb(stock.room.limit)} in {stock.room.folder}"
