"""Which scenes the months that are not done yet are made from: the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline import months
from pipeline.year import Dated, model_file, series_start, window_of


def needed(scenes: Sequence[Dated], todo: Sequence[str], state: Path) -> list[Dated]:
    """Scenes of months to do, of their pictures' time series, and of the window of each baseline to be fitted on the way; oldest first."""
    spans = [(series_start(month), months.last_day(month)) for month in todo]
    wanted = {scene.id for scene in scenes if scene.day and any(first <= scene.day <= last for first, last in spans)}
    for year in sorted({int(month[:4]) for month in todo}):
        if f"{year}-01" in todo or not model_file(state, year).exists():
            wanted |= {scene.id for scene in window_of(year, scenes)}
    return [scene for scene in scenes if scene.id in wanted]
