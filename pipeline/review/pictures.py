"""Pictures of cases, made from the scenes when they are asked for: any two dates under one stretch, on the very same cells."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

import numpy as np
from PIL import Image

from pipeline import months
from pipeline.detect.looks import EPOCH_ORDINAL
from pipeline.errors import MinewardenError
from pipeline.publish.evidence.composite import Spectrum, composites, read_spectra, shades, shown_bands, stretch
from pipeline.publish.evidence.glance import NIR, RED, Look
from pipeline.publish.evidence.looks import Archive
from pipeline.publish.evidence.series import Season, series_of
from pipeline.publish.features import Feature
from pipeline.review.ground import Grounds
from pipeline.sources.scene import Scene, UnreadableError
from pipeline.sources.transcode import StoreError
from pipeline.year import Setting, series_start

VIEWS = ("natural", "infrared")
SPECTRA_BYTES, PICTURE_BYTES, SERIES_KEPT = 256_000_000, 64_000_000, 512
"""What is kept in memory of what was shown last."""

T = TypeVar("T")


class Kept(Generic[T]):
    """What was made last, up to a size; made by one thread where several ask for the same."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size = most, size
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._total, self._lock = 0, threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    return self._held[key]
            try:
                made = make()
            except BaseException:
                with self._lock:
                    self._making.pop(key, None)
                raise
            with self._lock:
                # What was let go while somebody waited for it may have been made twice.
                self._total += self._size(made) - (self._size(self._held[key]) if key in self._held else 0)
                self._held[key] = made
                while self._total > self._most and len(self._held) > 1:
                    old, gone = self._held.popitem(last=False)
                    self._total -= self._size(gone)
                    self._making.pop(old, None)
            return made


class Pictures:
    """Of a finished month's cases. Safe for several threads."""

    def __init__(self, month: str, grounds: Grounds, rows: Mapping[str, Feature], scenes: Sequence[Scene], setting: Setting) -> None:
        self.month, self.grounds, self._rows, self._setting = month, grounds, rows, setting
        last = months.last_day(month)
        self._scenes = [scene for scene in scenes if scene.day <= last]
        self._by_day: dict[date, list[Scene]] = {}
        for scene in self._scenes:
            self._by_day.setdefault(scene.day, []).append(scene)
        self._bands = shown_bands(setting.bands)
        self._composites = dict(zip(VIEWS, composites(setting.bands), strict=True))
        self._spectra: Kept[Spectrum] = Kept(SPECTRA_BYTES, lambda spectrum: int(spectrum.nbytes))
        self._pictures: Kept[bytes] = Kept(PICTURE_BYTES, len)
        self._series: Kept[dict[str, Any]] = Kept(SERIES_KEPT, lambda _: 1)

    @property
    def days(self) -> list[str]:
        """Dates that can be asked for, oldest first."""
        return [day.isoformat() for day in sorted(self._by_day)]

    @property
    def labels(self) -> dict[str, str]:
        return {view: each.label for view, each in self._composites.items()}

    def png(self, case_id: str, pair: tuple[date, date], which: int, view: str, wider: int) -> bytes:
        """One date of a pair, a pixel a cell, under the stretch of both. which: 0 before, 1 after.

        Raises KeyError for what there is not, MinewardenError where a scene can't be read.
        """
        return self._pictures.get((case_id, pair, which, view, wider), lambda: self._draw(case_id, pair, which, view, wider))

    def _draw(self, case_id: str, pair: tuple[date, date], which: int, view: str, wider: int) -> bytes:
        composite, frame = self._composites[view], self.grounds.frame(case_id, wider)
        spectra = [self._spectrum(case_id, day, wider) for day in pair]
        inside = self.grounds.grid.mask(self.grounds.subject(case_id).ground, frame.geobox)
        shown = shades(composite, self._bands, spectra[which], stretch(composite, self._bands, spectra, inside))
        out = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(shown)).save(out, "PNG", compress_level=1)
        return out.getvalue()

    def _spectrum(self, case_id: str, day: date, wider: int) -> Spectrum:
        return self._spectra.get((case_id, day, wider), lambda: self._read(case_id, day, wider))

    def _read(self, case_id: str, day: date, wider: int) -> Spectrum:
        scenes = self._brought(self._chosen(case_id, day))
        try:
            return read_spectra(scenes, self._bands, [self.grounds.frame(case_id, wider)])[0]
        except UnreadableError as met:
            refused = met.refused
            raise MinewardenError(refused.code, f"{refused.id}: {refused.reason}", refused.fix) from met

    def _chosen(self, case_id: str, day: date) -> list[Scene]:
        """Scenes of a day: on the dates of the evidence picture those that it shows first. Raises KeyError for a day without any."""
        row, found = self._rows[case_id].properties, self._by_day[day]
        pictured = [id for name in ("scenes_before", "scenes_after") for id in (row[name] or "").split(";")]
        return sorted(found, key=lambda scene: (pictured.index(scene.id) if scene.id in pictured else len(pictured), scene.id))

    def _brought(self, scenes: Sequence[Scene]) -> Sequence[Scene]:
        if self._setting.stock is None:
            return scenes
        try:
            there, refused = self._setting.stock.bring(scenes, None, self._bands)
        except StoreError as error:
            raise MinewardenError("MW-REVIEW-SCENE", f"Scenes of {scenes[0].day} can't be had: {error}", "Look at another date.") from error
        if not there and refused:
            raise MinewardenError(refused[0].code, f"{refused[0].id}: {refused[0].reason}", refused[0].fix)
        return there

    def series(self, case_id: str) -> dict[str, Any]:
        """The ground against its own season: looks (day, share seen, share clear, NDVI, red), and what the baseline expects."""
        return self._series.get(case_id, lambda: self._follow(case_id))

    def _follow(self, case_id: str) -> dict[str, Any]:
        first = series_start(self.month)
        archive = Archive([self.grounds.subject(case_id)], self._at_hand([scene for scene in self._scenes if scene.day >= first]), self._setting)
        archive.survey(archive.days, self.month)
        (found,) = series_of(archive, self.month, self._setting)
        looks = [[day.isoformat(), round(look.seen, 2), round(look.clear, 2), *_values(look)] for day, look in found.looks]
        return {"first": found.first.isoformat(), "last": found.last.isoformat(), "looks": looks, "season": _season(found.season)}

    def _at_hand(self, scenes: Sequence[Scene]) -> Sequence[Scene]:
        """Scenes whose files need not be made or fetched first: a glance at a case must not start an hour's download."""
        if self._setting.stock is None:
            return scenes
        missing = {item.scene.id for item in self._setting.stock.missing(scenes) if item.band in (RED, NIR, "SCL")}
        return [scene for scene in scenes if scene.id not in missing]


def _values(look: Look) -> tuple[float | None, float | None]:
    """NDVI and red reflectance of a clear look."""
    return (round(look.ndvi, 3), round(look.red / 1e4, 4)) if look.valued else (None, None)


def _season(season: Season | None) -> dict[str, Any] | None:
    """Of each value: what is usual on a day, and half the width of the usual range."""
    if season is None:
        return None
    days = [date.fromordinal(int(day) + EPOCH_ORDINAL).isoformat() for day in season.days]
    return {"days": days, "ndvi": np.round(season.ndvi, 3).tolist(), "red": np.round(season.red, 4).tolist()}
