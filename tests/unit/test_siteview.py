"""A look at a site is left out where it shows nothing; a service that is down is no such look. Of a closed mine what was dug is judged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline import siteview
from pipeline.config_findings import FindingsConfig
from pipeline.restoration.bareness import SiteLook
from pipeline.sources.lost import Lost
from pipeline.sources.scene import BandFile, Refused, Scene
from pipeline.sources.transcode import StoreError
from tests.county import GRID, box, layers, right

WINDOW: Any = SimpleNamespace(geobox=GeoBox((4, 4), Affine(10, 0, 500_000, 0, -10, 3_950_000), "EPSG:32648"))


def look(bring: Any, lost: Lost) -> Any:
    file = BandFile(Path("nowhere/B04.tif"), 0.0001, -0.1)
    scene = Scene(id="x", acquired=datetime(2024, 7, 3, tzinfo=UTC), bands={"B04": file, "B08": file}, scl=None, baseline="", pass_key="- - 20240703")
    setting: Any = SimpleNamespace(stock=SimpleNamespace(bring=bring))
    return siteview._look(scene, WINDOW, setting, lost)


def test_a_scene_that_can_not_be_read_is_no_look_and_told() -> None:
    lost = Lost()
    assert look(lambda scenes, *_: ([], [Refused(scenes[0].id, scenes[0].day, "B04 is cut short.")]), lost) is None
    (told,) = lost.told("restoration")
    assert told.startswith("restoration: scene x could not be used: MW-SCENE-UNUSABLE: B04 is cut short.")
    unread = Lost()
    assert look(lambda scenes, *_: (scenes, []), unread) is None
    assert unread.ids == {"x"}


def test_a_service_that_is_down_stops_the_run() -> None:
    def down(*_: object) -> None:
        raise StoreError("MW-WEB-AGAIN", "The catalogue can't be had.", "Run again later.")

    with pytest.raises(StoreError):
        look(down, Lost())


MINE = right("C1", box(400, 400, 500, 500), status="关闭", restore_by=date(2023, 12, 31))
PIT, TRACK = box(400, 400, 460, 460), box(400, 400, 430, 430)


@pytest.mark.parametrize(
    ("dug", "bare", "owed"),
    [
        (PIT, PIT, PIT),  # a third of the right
        (PIT, box(400, 400, 470, 470), box(400, 400, 470, 470)),  # its rim is half pit, half field
        (PIT, box(400, 400, 500, 480), box(400, 400, 470, 470)),  # harvested fields beyond owe nothing
        (PIT, box(400, 400, 410, 460), None),  # sown again
        (TRACK, TRACK, None),
        (box(0, 0, 100, 100), MINE.geometry, MINE.geometry),  # nothing is known to be dug in it
    ],
)
def test_of_a_closed_mine_what_is_dug_is_judged(
    dug: BaseGeometry, bare: BaseGeometry, owed: BaseGeometry | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(scene: Scene, window: Any, *_: object) -> SiteLook:
        ndvi = np.where(GRID.mask(bare, window.geobox), 0.12, 0.45).astype(np.float32)
        return SiteLook(scene.day, ndvi, np.ones(ndvi.shape, bool))

    monkeypatch.setattr(siteview, "_look", look)
    scenes: list[Any] = [SimpleNamespace(day=date(2024, month, 5)) for month in (6, 7, 8)]
    setting: Any = SimpleNamespace(grid=GRID, heights=None, workers=1, area=box(0, 0, 1000, 1000))
    pits = {(MINE.layer, MINE.id): dug}
    found = siteview.unrestored(layers(MINE), scenes, date(2024, 9, 30), setting, FindingsConfig(), Lost(), pits)
    assert [each.geometry.symmetric_difference(owed).area for each in found if owed] == [0] * (owed is not None)
    assert len(found) == (owed is not None)
