"""All sources of a county together: shared bands, and the grid that fits the scenes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from shapely.geometry import box

from pipeline.config import Config, Project, load
from pipeline.errors import MinewardenError
from pipeline.sources import FolderSource, county_grid, open_sources, shared_bands

Make = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, config_text: str) -> Project:
    (tmp_path / "config.yaml").write_text(config_text, "utf-8")
    return load(tmp_path / "config.yaml")


def with_sources(project: Project, *sources: dict[str, object]) -> Project:
    config = Config.model_validate(project.config.model_dump() | {"sources": sources})
    return project.model_copy(update={"config": config})


def days(scene: Make, folder: Path, number: int, bands: tuple[str, ...], month: int = 1) -> None:
    for day in range(1, number + 1):
        scene(folder, f"2024{month:02d}{day:02d}", bands)


def test_a_band_that_is_often_missing_is_dropped(tmp_path: Path, scene: Make, project: Project) -> None:
    days(scene, tmp_path / "scenes", 5, ("B02", "B04", "B08", "B11"))
    days(scene, tmp_path / "scenes", 1, ("B02", "B04", "B08"), month=2)
    archive = open_sources(project)
    assert archive.bands == ("B02", "B04", "B08")
    assert len(archive.scenes) == 6
    assert not archive.refused


def test_a_band_that_is_rarely_missing_costs_those_scenes(tmp_path: Path, scene: Make, project: Project) -> None:
    days(scene, tmp_path / "scenes", 11, ("B04", "B08", "B11"))
    days(scene, tmp_path / "scenes", 1, ("B04", "B08"), month=2)
    archive = open_sources(project)
    assert archive.bands == ("B04", "B08", "B11")
    assert [(r.id, r.reason) for r in archive.refused] == [("20240201", "No file for B11, which the other scenes have.")]


def test_forced_bands(tmp_path: Path, scene: Make, project: Project) -> None:
    days(scene, tmp_path / "scenes", 2, ("B02", "B04", "B08", "B11"))
    forced = with_sources(project, {"kind": "folder", "path": "scenes", "bands": ["B08", "B04"]})
    assert open_sources(forced).bands == ("B04", "B08")
    with pytest.raises(MinewardenError, match=r"MW-SOURCE-BANDS.*unknown B99"):
        shared_bands((), ("B04", "B08", "B99"))
    with pytest.raises(MinewardenError, match=r"MW-SOURCE-BANDS.*B04 left out"):
        shared_bands((), ("B08",))


def test_scenes_without_a_mask_in_a_set_that_has_one_are_left_out(tmp_path: Path, scene: Make, project: Project) -> None:
    """Their clouds would pass for ground. A set of which many come without one is used, and so is one for which `mask: none` is set."""
    days(scene, tmp_path / "scenes", 11, ("B04", "B08", "SCL"))
    days(scene, tmp_path / "scenes", 1, ("B04", "B08"), month=2)
    (left,) = open_sources(project).refused
    assert (left.id, left.told) == (
        "20240201",
        "MW-SCENE-BANDS: No file for SCL, which the other scenes have. Fix: Add the file, or set `bands` or `mask` of the source.",
    )
    assert len(open_sources(with_sources(project, {"kind": "folder", "path": "scenes", "mask": "none"})).scenes) == 12
    days(scene, tmp_path / "scenes", 1, ("B04", "B08"), month=3)
    archive = open_sources(project)
    assert len(archive.scenes) == 13
    assert not archive.refused


def test_two_sources_give_each_pass_once(tmp_path: Path, scene: Make, project: Project) -> None:
    scene(tmp_path / "scenes", "20240703")
    scene(tmp_path / "more", "20240703_again")
    scene(tmp_path / "more", "20240708")
    both = with_sources(project, {"kind": "folder", "path": "scenes"}, {"kind": "folder", "path": "more"})
    archive = open_sources(both)
    assert [s.day.day for s in archive.scenes] == [3, 8]
    assert len(archive.refused) == 1


def test_sources_that_lack_something(project: Project) -> None:
    with pytest.raises(MinewardenError, match=r"MW-SOURCE-URL: .*stac has no url"):
        open_sources(with_sources(project, {"kind": "stac"}))
    with pytest.raises(MinewardenError, match=r"MW-SOURCE-SINCE: .*Set monitor_from"):
        open_sources(with_sources(project, {"kind": "stac", "url": "https://stac.example.org"}))
    with pytest.raises(MinewardenError, match="MW-SOURCE-PATH"):
        open_sources(with_sources(project, {"kind": "folder"}))


def test_no_scene_can_be_used(tmp_path: Path, scene: Make, project: Project) -> None:
    scene(tmp_path / "scenes", "20240703", ("B02",))
    with pytest.raises(MinewardenError, match=r"MW-SOURCE-UNUSABLE.*20240703: No file for B04, B08"):
        open_sources(project)


def test_grid_takes_the_cells_of_the_first_scene_that_fits(tmp_path: Path, scene: Make, project: Project) -> None:
    scene(tmp_path, "20240101", crs="EPSG:32649")
    scene(tmp_path, "20240102", resolution=20)
    scene(tmp_path, "20240103", origin=(500_003.0, 3_950_007.0))
    scene(tmp_path, "20240104", origin=(500_005.0, 3_950_005.0))
    scenes, _ = FolderSource(tmp_path).scenes()
    grid = county_grid(project.config, box(500_030, 3_949_930, 500_058, 3_949_967), scenes)
    assert grid.geobox.boundingbox.bbox == (500_023.0, 3_949_927.0, 500_063.0, 3_949_967.0)
    assert grid.shape == (4, 4)
    assert grid.crs == "EPSG:32648"


def test_grid_without_a_fitting_scene_lies_on_round_coordinates(project: Project) -> None:
    grid = county_grid(project.config, box(500_001, 3_949_990, 500_020, 3_950_000), ())
    assert grid.geobox.boundingbox.bbox == (500_000.0, 3_949_990.0, 500_020.0, 3_950_000.0)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:0", "UTM 48"])
def test_grid_crs_must_be_metric(project: Project, crs: str) -> None:
    config = Config.model_validate(project.config.model_dump() | {"grid": {"crs": crs}})
    with pytest.raises(MinewardenError, match="MW-GRID-CRS"):
        county_grid(config, box(0, 0, 1, 1), ())
