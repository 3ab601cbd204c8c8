"""Seasons of sites where a scene can't be read: it is left out by name, and asked for again the next time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import sitehistory
from pipeline.restoration.bareness import Window, surroundings
from pipeline.restoration.grounds import grounds
from pipeline.restoration.season import Season, SeasonLook
from pipeline.sitehistory import History
from pipeline.sources.lost import Lost
from pipeline.sources.scene import BandFile, Refused, Scene, UnreadableError
from pipeline.sources.transcode import StoreError
from pipeline.year import Setting
from tests.county import GRID, box, layers, legacy

DAYS = [date(2024, 6, 5), date(2024, 7, 9), date(2024, 8, 20), date(2024, 8, 30)]
END = date(2024, 9, 30)
NIR = dict(zip(DAYS, (2000, 3000, 4000, 6000), strict=True))
"""Another one each day, so that the season's median tells which of them it rests on."""


def scene(day: date) -> Scene:
    files = {band: BandFile(Path(f"nowhere/{band}.tif"), 1e-4, -0.1) for band in ("B03", "B04", "B08")}
    return Scene(
        id=f"S{day:%m%d}", acquired=datetime(day.year, day.month, day.day, tzinfo=UTC), bands=files, scl=None, baseline="", pass_key=str(day)
    )


class Office:
    """An archive of four scenes over two sites, each of which can be made to fail, and the seasons that are kept of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.setting = Setting(GRID, ("B03", "B04", "B08"), box(0, 0, 1000, 1000), folder, 2, None, 512, lambda *_: None)
        known = layers(legacy("A", box(300, 300, 400, 400)), legacy("B", box(600, 600, 700, 700)))
        self.windows: list[Window] = [surroundings(each, known, GRID) for each in grounds(known, END, self.setting.area)]
        self.failing: dict[str, Exception] = {}
        self.unhashed: set[str] = set()
        self.read: list[str] = []
        self.lost = Lost()
        county = SimpleNamespace(glance=self.glance, contradicted=lambda _: False, survey_scene=lambda *_: None)
        monkeypatch.setattr(sitehistory, "survey", county)
        monkeypatch.setattr(History, "model", lambda *_: object())
        monkeypatch.setattr(History, "_corrected", self.corrected)

    def glance(self, scene: Scene, *_: object) -> None:
        self.read.append(scene.id)
        if scene.id in self.failing:
            raise self.failing[scene.id]

    def corrected(self, scene: Scene, windows: Sequence[Window], _: object) -> list[SeasonLook]:
        shapes = [window.inside.shape for window in windows]
        return [SeasonLook(scene.day, np.full((3, *shape), 1000, np.int16) + _nir(scene, shape), np.ones(shape, bool)) for shape in shapes]

    def sha256(self, scene: Scene) -> str:
        if scene.id in self.unhashed:
            raise UnreadableError(Refused(scene.id, scene.day, "B04.tif can't be read."))
        return f"hash of {scene.id}"

    def seasons(self, days: Sequence[date] = DAYS) -> list[list[Season]]:
        self.read, self.lost = [], Lost()
        return History(self.setting, 2024, self.sha256, self.lost).seasons(self.windows, [scene(day) for day in days], END, "restoration")


def _nir(scene: Scene, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int16]]:
    out = np.zeros((3, *shape), np.int16)
    out[0] = NIR[scene.day] - 1000
    return out


def figures(found: list[list[Season]]) -> list[tuple[int, date, date]]:
    return [(int(season.ndvi[0, 0]), season.first, season.last) for (season,) in found]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


def passing_error(office: Office) -> None:
    office.failing = {"S0830": OSError(5, "Input/output error", "nowhere/B08.tif")}


def no_hash(office: Office) -> None:
    office.unhashed = {"S0830"}


@pytest.mark.parametrize("fault", [passing_error, no_hash])
def test_a_scene_that_can_not_be_read_is_told_and_read_again_the_next_time(office: Office, fault: Callable[[Office], None]) -> None:
    fault(office)
    without = figures(office.seasons())
    (told,) = office.lost.told("restoration")
    assert told.startswith("restoration: scene S0830 could not be used: MW-")
    assert without == figures(office.seasons(DAYS[:3]))
    office.failing, office.unhashed = {}, set()
    whole = figures(office.seasons())
    assert "S0830" in office.read
    assert office.lost.told("restoration") == []
    assert whole != without
    assert whole[0][2] == DAYS[3]
    assert figures(office.seasons()) == whole
    assert office.read == []


def test_a_service_that_is_down_stops_the_run(office: Office) -> None:
    office.failing = {"S0830": StoreError("MW-WEB-AGAIN", "The catalogue can't be had.", "Run again later.")}
    with pytest.raises(StoreError):
        office.seasons()


def test_where_no_scene_can_be_read_there_is_no_season(office: Office) -> None:
    office.failing = {scene(day).id: OSError(5, "Input/output error", "nowhere/B08.tif") for day in DAYS}
    assert office.seasons() == [[], []]
    assert len(office.lost.ids) == len(DAYS)
