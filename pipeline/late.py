"""Which scenes would change months that are finished: those that arrived, were replaced or were mended since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from typing import Any

from pipeline import months
from pipeline.sources.scene import Scene, UnreadableError
from pipeline.year import window_of

Known = Mapping[str, tuple[str | None, bool]]
"""Of the scenes that a month knew, by id: hash, and whether it was used."""


@dataclass(frozen=True, slots=True)
class Late:
    """A scene whose content a finished month does not hold."""

    id: str
    date: str
    month: str
    """From which a replay uses it."""
    why: str
    """`new`, `replaced` (it was used as it was then) or `mended` (it had to be left out)."""

    def row(self) -> dict[str, str]:
        return asdict(self)


def late_scenes(
    scenes: Iterable[Scene], finished: Collection[str], run: Callable[[str], Mapping[str, Any]], sha256: Callable[[Scene], str]
) -> list[Late]:
    """Scenes of finished months, and of the baseline window of a finished January, that are not what was used there.

    run: gives a finished month's run.json.
    """
    januaries = sorted(month for month in finished if month.endswith("-01"))

    document = cache(run)

    @cache
    def known(month: str) -> Known:
        said = document(month)
        return {s["id"]: (s["sha256"], s["used"]) for s in said["scenes"]} | {s["id"]: (s["sha256"], True) for s in said.get("window", ())}

    found = []
    for scene in scenes:
        month = _judged_in(scene, finished, januaries)
        if month is None or (month != months.of(scene.day) and not document(month).get("window")):
            continue
        for each in _telling(scene, known(month)):
            before = known(month).get(each.id)
            try:
                if before is None:
                    why = "new"
                elif before[0] == sha256(each):
                    continue
                else:
                    why = "replaced" if before[1] else "mended"
            except UnreadableError:
                continue  # a run that needs it says so
            found.append(Late(each.id, each.day.isoformat(), month, why))
    return found


def _telling(scene: Scene, known: Known) -> Iterator[Scene]:
    """Deliveries of a pass that a replay would ask before one that was used, and those that were: mended or new, they would change the month."""
    used = {each.id for each in scene.deliveries if known.get(each.id, (None, False))[1]}
    found = False
    for each in scene.deliveries:
        if each.id in used or not found:
            yield each
        found |= each.id in used


def _judged_in(scene: Scene, finished: Collection[str], januaries: Iterable[str]) -> str | None:
    """The finished month that used the scene, or would have: its own, else the first January in whose window it lies."""
    own = months.of(scene.day)
    if own in finished:
        return own
    return next((january for january in januaries if window_of(date.fromisoformat(f"{january}-01").year, [scene])), None)
