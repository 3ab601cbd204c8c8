"""What a catalogue listed, kept month by month: a month that ended long ago is not asked for again, and without network the last answer stands."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipeline import months
from pipeline.files import write_atomic
from pipeline.sources.item import Item
from pipeline.sources.scene import Doubt
from pipeline.sources.transcode import StoreError

SETTLED = timedelta(days=60)
"""Products of a month come in for weeks after it; asked after so long, an answer is final."""
LOGGER = logging.getLogger("minewarden.sources")
Bounds = tuple[float, float, float, float]
"""West, south, east, north, degrees."""
Ask = Callable[[Bounds, date, date], Sequence[dict[str, Any]]]
"""Items of a period, first and last day included."""


class Listing:
    """Items of one source, in files of one month each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.doubts: list[Doubt] = []

    def items(self, first: date, last: date, bounds: Bounds | None, ask: Ask | None) -> list[dict[str, Any]]:
        """Items of all months from the first day's to the last day's. Without `ask` or `bounds`, what is kept; else news are fetched.

        Raises what `ask` raises where a month that has ended has no list made after its end to go on with.
        """
        wanted = months.span(months.of(first), months.of(last))
        kept = {month: self._kept(month) for month in wanted}
        if ask is not None and bounds is not None:
            stale = [month for month in wanted if not _settled(month, kept[month], bounds)]
            kept |= self._asked(stale, last, bounds, ask, kept) if stale else {}
        return [item for month in wanted for item in (kept[month] or {"items": []})["items"]]

    def _asked(self, stale: Sequence[str], last: date, bounds: Bounds, ask: Ask, kept: dict[str, Any]) -> dict[str, Any]:
        """The lists of months, by one question for all of them."""
        try:
            items = list(ask(bounds, date.fromisoformat(f"{stale[0]}-01"), min(months.last_day(stale[-1]), last)))
        except StoreError as error:
            if not all(_after_its_end(month, kept[month], bounds) for month in stale):
                raise
            asked = min(kept[month]["asked"] for month in stale if kept[month])
            told = f"{error.code}: {error.message} Its lists of {asked} are used: scenes that came in since are missing. Fix: {error.fix}"
            self.doubts.append(Doubt(stale[0], told))
            LOGGER.warning(told)
            return {}
        today = months.today().isoformat()
        fresh: dict[str, Any] = {month: {"asked": today, "bounds": list(bounds), "items": []} for month in stale}
        for item in items:
            moment = Item(properties=item["properties"], assets={}).acquired
            month = months.of(moment.date()) if moment else stale[0]
            if month in fresh:
                fresh[month]["items"].append(item)
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):  # a run and a fetch of one county may list at the same time
            for month, said in fresh.items():
                write_atomic(self.folder / f"{month}.json", json.dumps(said, ensure_ascii=False).encode())
        return fresh

    def _kept(self, month: str) -> dict[str, Any] | None:
        try:
            said = json.loads((self.folder / f"{month}.json").read_bytes())
            sound = isinstance(said["items"], list) and len(said["bounds"]) == 4 and date.fromisoformat(said["asked"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return said if sound else None


def _settled(month: str, kept: dict[str, Any] | None, bounds: Bounds) -> bool:
    return kept is not None and kept["bounds"] == list(bounds) and date.fromisoformat(kept["asked"]) >= months.last_day(month) + SETTLED


def _after_its_end(month: str, kept: dict[str, Any] | None, bounds: Bounds) -> bool:
    """Whether a list may stand in for one that can't be had; of a month that still runs, any may."""
    if kept is None or kept["bounds"] != list(bounds):
        return False
    return date.fromisoformat(kept["asked"]) > months.last_day(month) or months.last_day(month) >= months.today()
