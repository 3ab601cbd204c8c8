"""A look at a site is left out where it shows nothing; a service that is down is no such look."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline import siteview
from pipeline.sources.lost import Lost
from pipeline.sources.scene import BandFile, Refused, Scene
from pipeline.sources.transcode import StoreError

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
