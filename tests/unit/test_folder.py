"""Scenes found in folders, with the scale and offset of their bands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources import FolderSource, HashCache, Scene, scene_sha256
from tests.made import write_band

Make = Callable[..., Path]


def only(source: Path, **options: Any) -> Scene:
    (scene,), refused = FolderSource(source, **options).scenes()
    assert not refused
    return scene


def reason(source: Path, **options: Any) -> str:
    scenes, (refused,) = FolderSource(source, **options).scenes()
    assert not scenes
    return refused.reason


def stac(asset: dict[str, Any], key: str = "B04", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "assets": {key: asset}}


def test_a_product_folder(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, "S2A_MSIL2A_20240703T034001_N0510_R061_T48SWE_20240703T071234", form="T48SWE_20240703T034001_{band}_10m.tif")
    found = only(tmp_path)
    assert found.acquired == datetime(2024, 7, 3, 3, 40, 1, tzinfo=UTC)
    assert tuple(found.bands) == ("B02", "B03", "B04", "B08", "B11", "B12")
    assert found.scl is not None
    assert found.baseline == "0510"
    assert {(b.scale, b.offset) for b in found.bands.values()} == {(0.0001, -0.1)}


def test_scenes_may_lie_in_folders_by_year(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path / "2023", "20230703")
    scene(tmp_path / "2022" / "summer", "20220703")
    (tmp_path / "readme").mkdir()
    scenes, refused = FolderSource(tmp_path).scenes()
    assert [s.day for s in scenes] == [date(2022, 7, 3), date(2023, 7, 3)]
    assert not refused


@pytest.mark.parametrize(
    ("name", "item", "options", "expected"),
    [
        ("20240703", None, {}, (0.0001, -0.1)),
        ("x_N0301_20210703", None, {}, (0.0001, 0.0)),
        ("x_N0400_20220703", None, {}, (0.0001, -0.1)),
        ("20240703", stac({"href": "B04.tif"}, **{"s2:processing_baseline": "02.14"}), {}, (0.0001, 0.0)),
        ("20240703", stac({"href": "B04.tif"}, **{"processing:version": "05.10"}), {"offset": 0.0}, (0.0001, -0.1)),
        ("20240703", None, {"scale": 0.001, "offset": 0.0}, (0.001, 0.0)),
        ("x_N0510_20240703", stac({"href": "./B04.tif", "raster:bands": [{"scale": 0.0001, "offset": 0}]}), {}, (0.0001, 0.0)),
        (
            "x_N0510_20240703",
            stac({"href": "B04.tif", "bands": [{"name": "B04", "raster:scale": 0.0002, "raster:offset": -0.2}]}),
            {},
            (0.0002, -0.2),
        ),
        ("x_N0510_20240703", stac({"href": "B04.tif", "raster:scale": 0.0002}), {}, (0.0002, 0.0)),
        ("x_N0510_20240703", stac({"href": "B04.tif", "raster:bands": [{"nodata": 0}]}), {}, (0.0001, -0.1)),
        (
            "20240703",
            stac({"href": "https://x/B04.tif", "raster:bands": [{"scale": 0.0001, "offset": -0.1}]}, **{"earthsearch:boa_offset_applied": True}),
            {},
            (0.0001, 0.0),
        ),
    ],
)
def test_scale_and_offset(tmp_path: Path, scene: Make, name: str, item: Any, options: dict[str, Any], expected: tuple[float, float]) -> None:
    scene(tmp_path, name, item=item)
    band = only(tmp_path, **options).bands["B04"]
    assert (band.scale, band.offset) == expected


@pytest.mark.parametrize(
    ("key", "asset"),
    [
        ("red", {"href": "https://x/S2A_20240703_B04.jp2"}),
        ("red", {"href": "https://x/red.jp2", "eo:bands": [{"name": "B04"}]}),
        ("red", {"href": "https://x/red.jp2", "bands": [{"name": "b04"}]}),
        ("b04", {"href": "https://x/red.jp2"}),
        ("red", {"href": "T1_B04_10m.tif"}),
    ],
)
def test_assets_are_matched_by_file_key_or_band_name(tmp_path: Path, scene: Make, key: str, asset: dict[str, Any]) -> None:
    asset["raster:bands"] = [{"scale": 0.0003, "offset": -0.3}]
    scene(tmp_path, "20240703", form="T1_{band}_10m.tif", item=stac(asset, key))
    found = only(tmp_path)
    assert (found.bands["B04"].scale, found.bands["B04"].offset) == (0.0003, -0.3)
    assert (found.bands["B08"].scale, found.bands["B08"].offset) == (0.0001, -0.1)


def test_the_files_own_tags_are_the_last_word_before_the_default(tmp_path: Path, scene: Make) -> None:
    import rasterio

    folder = scene(tmp_path, "20240703")
    with rasterio.open(folder / "B04.tif", "r+") as band:
        band.scales, band.offsets = (0.0005,), (-0.05,)
    bands = only(tmp_path).bands
    assert (bands["B04"].scale, bands["B04"].offset) == (0.0005, -0.05)
    assert (bands["B08"].scale, bands["B08"].offset) == (0.0001, -0.1)


@pytest.mark.parametrize(
    ("name", "bands", "item", "told"),
    [
        ("huining", ("B04", "B08"), None, "no date"),
        ("a_20240703_b_20240801", ("B04", "B08"), None, "two dates (2024-07-03, 2024-08-01)"),
        ("20240703", ("B02", "B04"), None, "No file for B08"),
        ("20240703", (), None, "No file for B04, B08"),
        ("20240703", ("B04", "B08"), "{", "item.json is not valid JSON"),
        ("20240703", ("B04", "B08"), "[]", "item.json is not a STAC item"),
        ("20240703", ("B04", "B08"), "[" * 100_000, "item.json is not valid JSON"),
        ("20240703", ("B04", "B08"), stac({"href": "B04.tif", "raster:bands": [{"scale": "0.1"}]}), "scale of B04 is '0.1'"),
        ("20240703", ("B04", "B08"), stac({"href": "B04.tif", "raster:bands": [{"scale": 10**400}]}), "scale of B04"),
        ("20240703", ("B04", "B08"), stac({"href": "../../B04.tif"}), "points outside"),
        ("20240703", ("B04", "B08"), stac({"href": "/vsicurl/B04.tif"}), "points outside"),
        ("20240703", ("B04", "B08"), stac({"href": "file:///etc/passwd"}), "points outside"),
    ],
)
def test_refused_with_a_reason(tmp_path: Path, scene: Make, name: str, bands: tuple[str, ...], item: Any, told: str) -> None:
    scene(tmp_path, name, bands, item=item)
    assert told in reason(tmp_path)


def test_a_scene_of_a_day_to_come(tmp_path: Path, scene: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 7, 3))
    scene(tmp_path, "20240703")
    scene(tmp_path, "20240704")
    (kept,), (left,) = FolderSource(tmp_path).scenes()
    assert kept.id == "20240703"
    assert (left.id, left.day, left.code) == ("20240704", None, "MW-SCENE-FUTURE")
    assert "dated 2024-07-04, which has not come yet" in left.reason


def test_names_and_files_as_offices_have_them(tmp_path: Path, scene: Make) -> None:
    """Chinese and spaced names, endings in capitals, and what other programs leave beside the bands."""
    folder = scene(tmp_path / "会宁 影像" / "2024 年", "会宁县 20240703 夏季 (原始)", form="红 {band}.TIF")
    for name in ("Thumbs.db", "desktop.ini", "快视图.jpg", "说明.pdf", "红 B04.TIF.aux.xml", "红 B04.tfw", "._红 B04.TIF", "B04.tif.part"):
        (folder / name).write_bytes(b"x")
    (folder / "B04.tif").mkdir()
    found = only(tmp_path)
    assert found.day == date(2024, 7, 3)
    assert tuple(found.bands) == ("B02", "B03", "B04", "B08", "B11", "B12")


def test_two_files_for_a_band(tmp_path: Path, scene: Make) -> None:
    folder = scene(tmp_path, "20240703")
    write_band(folder / "again_B04.tif")
    assert "Two files claim to be B04" in reason(tmp_path)


def test_the_finest_file_of_a_band_is_used(tmp_path: Path, scene: Make) -> None:
    folder = scene(tmp_path, "20240703", form="{band}_20m.tif", resolution=20)
    write_band(folder / "B04_10m.tif")
    (folder / "._B04_10m.tif").write_bytes(b"left by a desktop")
    found = only(tmp_path)
    assert (found.bands["B04"].path.name, found.bands["B08"].path.name) == ("B04_10m.tif", "B08_20m.tif")


def test_mask_can_be_forced(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, "20240703")
    assert only(tmp_path, mask="none").scl is None
    (tmp_path / "20240703" / "SCL.tif").unlink()
    assert only(tmp_path).scl is None
    assert "No file for SCL" in reason(tmp_path, mask="SCL")


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(MinewardenError, match="MW-SOURCE-PATH"):
        FolderSource(tmp_path / "nowhere").scenes()
    with pytest.raises(MinewardenError, match="MW-SOURCE-EMPTY"):
        FolderSource(tmp_path).scenes()


def test_hash_says_bytes_and_scaling_and_is_remembered(tmp_path: Path, scene: Make) -> None:
    folder = scene(tmp_path / "scenes", "20240703")
    cache = HashCache(tmp_path / "state" / "hashes.json")
    before = scene_sha256(only(folder.parent), cache)
    cache.save()
    assert scene_sha256(only(folder.parent), HashCache(tmp_path / "state" / "hashes.json")) == before == scene_sha256(only(folder.parent))
    assert scene_sha256(only(folder.parent, offset=0.0)) != before
    write_band(folder / "B04.tif", value=1501)
    assert scene_sha256(only(folder.parent), HashCache(tmp_path / "state" / "hashes.json")) != before


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\x00"])
def test_a_broken_hash_cache_costs_time_only(tmp_path: Path, scene: Make, text: str) -> None:
    folder = scene(tmp_path / "scenes", "20240703")
    (tmp_path / "hashes.json").write_text(text)
    assert scene_sha256(only(folder.parent), HashCache(tmp_path / "hashes.json")) == scene_sha256(only(folder.parent))
