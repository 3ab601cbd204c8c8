"""Which scenes the months that are not done yet are made from: the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline import months
from pipeline.year import Dated, model_file, window_of


def needed(scenes: Sequence[Dated], todo: Sequence[str], state: Path) -> list[Dated]:
    """Scenes of months to do, and of the window of each baseline that has to be fitted on the way; oldest first."""
    wanted = {scene.id for scene in scenes if scene.day and months.of(scene.day) in todo}
    for year in sorted({int(month[:4]) for month in todo}):
        if f"{year}-01" in todo or not model_file(state, year).exists():
            wanted |= {scene.id for scene in window_of(year, scenes)}
    return [scene for scene in scenes if scene.id in wanted]
