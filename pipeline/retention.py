"""Which months' alerts are kept, and from which month on the archive can be made again.

A month is made from the alerts at the end of the month before and from its year's baseline. Baselines are kept for every year;
alerts of the last three months and of each January.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pipeline import months
from pipeline.grid import Grid
from pipeline.year import built_file, model_file

KEPT_MONTHS = 3
RULE = "those of the last three months and of each January are"


def folder_of(state: Path, month: str) -> Path:
    """Folder of the alerts at a month's end."""
    return state / month


def kept(finished: Sequence[str]) -> list[str]:
    """Of finished months (in order), those whose alerts are kept."""
    return [month for month in finished if month.endswith("-01") or month in finished[-KEPT_MONTHS:]]


def files_of(state: Path, item: str, grid: Grid) -> list[Path]:
    """Files of a year's baseline and first alerts (item: `2024`), or of the alerts at a month's end (`2024-05`)."""
    folder, names = state / item, [block.name for block in grid.blocks()]
    if len(item) == 7:
        return [folder / f"{name}.alert" for name in names]
    shared, first = (model_file(state, int(item)), built_file(state, int(item))), folder / "start"
    return [*shared, *(folder / f"{name}.base" for name in names), *(first / f"{name}.alert" for name in names)]


def files(state: Path, finished: Sequence[str], grid: Grid) -> list[Path]:
    """All that is kept when months are finished (in order)."""
    years = sorted({month[:4] for month in finished})
    return [file for item in (*years, *kept(finished)) for file in files_of(state, item, grid)]


def prune(state: Path, finished: Sequence[str]) -> None:
    """Remove the alerts of finished months that are not kept. A folder goes by one rename first: a killed run leaves none half removed."""
    keep = set(kept(finished))
    for month in finished:
        folder = folder_of(state, month)
        if month not in keep and folder.is_dir():
            folder.rename(folder.with_suffix(".gone"))
    for gone in state.glob("????-??.gone"):
        shutil.rmtree(gone, ignore_errors=True)


def lacking(state: Path, month: str, first: str) -> Path | None:
    """What `month` is made from and is not there: the alerts before it, or its year's model. first: the month in which monitoring began."""
    if month == first:
        return None
    before = months.previous(month)
    year = before[:4] if month.endswith("-01") else month[:4]
    return next((each for each in (folder_of(state, before), model_file(state, int(year))) if not each.exists()), None)


def possible(state: Path, month: str, first: str) -> bool:
    """Whether `month` can be made from what is kept."""
    return lacking(state, month, first) is None


def start_for(state: Path, month: str, first: str) -> str:
    """The latest month up to `month` from which the archive can be made again."""
    return next(each for each in reversed(months.span(first, month)) if possible(state, each, first))
