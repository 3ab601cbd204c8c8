"""The sample that every scene is looked at in before blocks are worked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline import survey
from pipeline.detect.looks import NO_DATA
from pipeline.detect.mask import CLEAR, CLOUD
from pipeline.detect.shift import MIN_SAMPLE, UNKNOWN_NOISE
from pipeline.grid import Grid
from pipeline.sources import FolderSource
from pipeline.sources.scene import Refused, Scene
from pipeline.survey import Glance
from tests import cells
from tests.made import ORIGIN, write_band

Make = Callable[..., Path]
BARE, GREEN = cells.BARE, np.array([350, 650, 450, 3500, 1900, 1000], np.float32)


def grid(rows: int, cols: int, block: int = 512) -> Grid:
    return Grid(GeoBox((rows, cols), Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), "EPSG:32648"), block)


@pytest.mark.parametrize(("rows", "cols"), [(4096, 4096), (700, 6000), (6000, 700), (10980, 10980), (300, 300)])
def test_windows_are_spread_over_the_county(rows: int, cols: int) -> None:
    windows, stride = survey.sample_windows(grid(rows, cols))
    taken = np.zeros((rows, cols), np.uint8)
    for w in windows:
        assert 0 <= w.top <= w.top + w.height <= rows
        assert 0 <= w.left <= w.left + w.width <= cols
        taken[w.top : w.top + w.height : stride, w.left : w.left + w.width : stride] += 1
        if stride > 1:
            tiles = {(y // survey.TILE, x // survey.TILE) for y in (w.top, w.top + w.height - 1) for x in (w.left, w.left + w.width - 1)}
            assert len(tiles) == 1
    assert taken.max() == 1
    assert 1 < len(windows) <= survey.MOST
    assert taken.sum() >= 2 * MIN_SAMPLE
    for half in (taken[: rows // 2], taken[rows // 2 :]) if rows >= cols else (taken[:, : cols // 2], taken[:, cols // 2 :]):
        assert half.any()


def test_a_small_county_is_looked_at_whole() -> None:
    (window,), stride = survey.sample_windows(grid(90, 70))
    assert stride == 1
    assert (window.top, window.left, window.height, window.width) == (0, 0, 90, 70)


def test_the_sample_does_not_depend_on_blocks() -> None:
    def places(block: int) -> list[tuple[int, int, int, int]]:
        return [(w.top, w.left, w.height, w.width) for w in survey.sample_windows(grid(3000, 2000, block))[0]]

    assert places(128) == places(512) == places(1024)


def seen(look: NDArray[np.int16], mark: int = CLEAR) -> Glance:
    return Glance(look[:, None], np.full((1, look.shape[1]), mark, np.uint8))


def test_a_scene_too_dark_for_its_scaling() -> None:
    look = np.full((6, 1000), 800, np.int16)
    assert not survey.contradicted(seen(look))
    look[2, :10] = survey.DARK - 1
    assert not survey.contradicted(seen(look))
    look[2, :11] = survey.DARK - 1
    assert survey.contradicted(seen(look))
    assert not survey.contradicted(seen(look, CLOUD))
    # Where most of the ground is hidden, a few dark cells may be shadow.
    part = seen(look)
    part.mark[0, 400:] = CLOUD
    assert not survey.contradicted(part)
    look[:, 500:] = NO_DATA
    assert survey.contradicted(seen(look))


def test_nothing_seen_contradicts_nothing() -> None:
    assert not survey.contradicted(seen(np.full((6, 50), NO_DATA, np.int16)))


def test_clear_share_of_the_sample() -> None:
    look = np.full((6, 100), 800, np.int16)
    look[:, :25] = NO_DATA
    glance = seen(look)
    glance.mark[0, 50:] = CLOUD
    assert survey.clear_fraction(glance) == 0.25


def scene_of(day: date) -> Scene:
    return Scene(id=f"{day}", acquired=datetime(day.year, day.month, day.day, tzinfo=UTC), bands={}, scl=None, baseline="", pass_key=f"{day}")


class County:
    """Half bare, half green ground, looked at every fortnight for two years."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(5)
        self.ground = np.concatenate([np.repeat(BARE[:, None], 400, 1), np.repeat(GREEN[:, None], 400, 1)], axis=1)
        self.ground *= self.rng.normal(1, 0.05, 800)
        self.scenes = [scene_of(date(2022, 1, 5) + timedelta(days=15 * k)) for k in range(48)]

    def look(self, bare: NDArray[np.float32] | float = 0, green: NDArray[np.float32] | float = 0, noise: float = 60) -> Glance:
        out = self.ground + self.rng.normal(0, noise, self.ground.shape)
        out[:, :400] += np.broadcast_to(np.atleast_1d(bare)[:, None], (6, 400))
        out[:, 400:] += np.broadcast_to(np.atleast_1d(green)[:, None], (6, 400))
        return seen(out.astype(np.int16))


@pytest.fixture(scope="module")
def county() -> County:
    return County()


def test_a_known_shift_is_found_and_taken_off(county: County) -> None:
    model, window = survey.survey_window(county.scenes, [county.look() for _ in county.scenes], cells.BANDS)
    assert max(np.abs(shared.shift).max() for shared in window) < 40
    bare, green = np.array([-120, -160, -200, -260, -300, -280], np.float32), np.array([60, 50, 40, 90, 20, 10], np.float32)
    shared = survey.survey_scene(scene_of(date(2024, 1, 20)), county.look(bare, green), model)
    np.testing.assert_allclose(shared.shift[0], bare, atol=30)
    np.testing.assert_allclose(shared.shift[1], green, atol=30)
    assert shared.noise.max() < 1.3
    assert shared.clear == 800


def test_a_shift_inside_the_window_does_not_reach_the_baseline(county: County) -> None:
    rain = {10, 11, 30}
    glances = [county.look(-300, 0) if k in rain else county.look() for k in range(len(county.scenes))]
    model, window = survey.survey_window(county.scenes, glances, cells.BANDS)
    for k, shared in enumerate(window):
        np.testing.assert_allclose(shared.shift[0], -300 if k in rain else 0, atol=60)
    np.testing.assert_allclose(np.median(model.sample.mean[:, 0, 0, :400], axis=1), np.median(county.ground[:, :400], axis=1), atol=25)


def test_ground_dug_inside_the_window_does_not_pass_for_the_weather_of_bare_ground() -> None:
    """In summer pits may be all the bare ground of a green county: that they became bare is no shift of the whole scene."""
    county, glances = County(), []
    rock = np.array([2400, 2600, 2900, 3000, 3300, 3600], np.float32)
    for k, scene in enumerate(county.scenes):
        summer = max(np.sin((scene.day.timetuple().tm_yday - 100) / 180 * np.pi), 0)
        county.ground[:] = (BARE * (1 - summer) + GREEN * summer)[:, None]
        if k >= 24:
            county.ground[:, :80] = rock[:, None]
        glances.append(county.look())
    _, window = survey.survey_window(county.scenes, glances, cells.BANDS)
    assert max(np.abs(shared.shift).max() for shared in window) < 250


def test_a_noisy_scene_is_told(county: County) -> None:
    model, _ = survey.survey_window(county.scenes, [county.look() for _ in county.scenes], cells.BANDS)
    shared = survey.survey_scene(scene_of(date(2024, 1, 20)), county.look(noise=180), model)
    assert (shared.noise > 1.8).all()


def test_too_little_clear_ground_tells_no_shift(county: County) -> None:
    model, _ = survey.survey_window(county.scenes, [county.look() for _ in county.scenes], cells.BANDS)
    hidden = county.look(-500, -500)
    hidden.mark[0, MIN_SAMPLE - 1 :] = CLOUD
    shared = survey.survey_scene(scene_of(date(2024, 1, 20)), hidden, model)
    assert not shared.shift.any()
    assert (shared.noise == UNKNOWN_NOISE).all()
    assert shared.clear == MIN_SAMPLE - 1


def test_a_scene_that_is_scaled_otherwise_is_told(county: County) -> None:
    """Brighter or darker by a whole offset: no rain, haze or sun moves every band that far."""
    model, _ = survey.survey_window(county.scenes, [county.look() for _ in county.scenes], cells.BANDS)

    def told(bare: NDArray[np.float32] | float, green: NDArray[np.float32] | float) -> str | None:
        scene = scene_of(date(2024, 1, 20))
        return survey.unlike(scene, survey.survey_scene(scene, county.look(bare, green), model))

    rain, haze = np.array([-250, -350, -450, -600, -800, -750], np.float32), np.array([900, 700, 500, 250, 50, 20], np.float32)
    for weather in (told(0, 0), told(rain, 0), told(haze, haze)):
        assert weather is None
    assert "0.10 brighter than the archive's own record" in (told(1000, 1000) or "")
    assert "0.10 darker than" in (told(-1000, -1000) or "")


def test_a_model_is_kept(county: County, tmp_path: Path) -> None:
    model, _ = survey.survey_window(county.scenes, [county.look() for _ in county.scenes], cells.BANDS)
    survey.save(tmp_path / "model", model, [scene.id for scene in county.scenes], "key")
    assert survey.window_of(tmp_path / "model") == [scene.id for scene in county.scenes]
    assert survey.window_of(tmp_path / "none") is None
    found = survey.load(tmp_path / "model", cells.BANDS)
    for name in ("least", "white", "soil"):
        np.testing.assert_array_equal(getattr(found, name), getattr(model, name))
    glance, day = county.look(-100, 50), scene_of(date(2024, 1, 20))
    np.testing.assert_array_equal(survey.survey_scene(day, glance, found).shift, survey.survey_scene(day, glance, model).shift)


def test_glances_come_in_order_and_name_what_cannot_be_read(tmp_path: Path, scene: Make) -> None:
    for k in range(3):
        scene(tmp_path, f"2024050{k + 1}", value=2000 + k, side=40)
    for name in ("B11", "B12", "SCL"):
        for folder in tmp_path.iterdir():
            write_band(
                folder / f"{name}.tif", side=20, resolution=20, value=4 if name == "SCL" else 3000, dtype="uint8" if name == "SCL" else "uint16"
            )
    (tmp_path / "20240502" / "B08.tif").write_bytes(b"II*\0")
    scenes, _ = FolderSource(tmp_path).scenes()
    told: list[int] = []
    found = survey.glances(scenes, grid(40, 40), cells.BANDS, 2, told.append)
    assert told == [1, 2, 3]
    first, broken, last = found
    assert isinstance(first, Glance)
    assert isinstance(last, Glance)
    assert isinstance(broken, Refused)
    assert broken.reason == "B08.tif can't be opened as a GeoTIFF."
    assert (first.look[0] == 1000).all()
    assert (last.look[0] == 1002).all()
    assert (first.look[4] == 2000).all()
    assert first.look.shape == (6, 1, 1600)
    assert survey.clear_fraction(first) == 1


LOCAL = 'LOCAL_CS["site",LOCAL_DATUM["site",0],UNIT["metre",1],AXIS["X",EAST],AXIS["Y",NORTH]]'


@pytest.mark.parametrize(
    ("band", "profile", "code"),
    [
        ("B04", {"crs": LOCAL}, "MW-BAND-CRS"),
        ("B08", {"crs": LOCAL}, "MW-BAND-CRS"),
        ("B08", {"transform": Affine(10, 0, ORIGIN[0], 0, 10, ORIGIN[1])}, "MW-BAND-CRS"),
        ("B08", {"crs": "EPSG:32649"}, "MW-BAND-APART"),
        ("SCL", {"crs": "EPSG:32649", "dtype": "uint8"}, "MW-BAND-APART"),
    ],
)
def test_a_file_that_lies_as_no_band_does_costs_its_scene_alone(tmp_path: Path, scene: Make, band: str, profile: dict[str, Any], code: str) -> None:
    for k in range(2):
        folder = scene(tmp_path, f"2024050{k + 1}", side=40)
        for name, span in (("B11", 2), ("B12", 2), ("SCL", 2)):
            write_band(folder / f"{name}.tif", side=40 // span, resolution=10 * span, value=4, dtype="uint8" if name == "SCL" else "uint16")
    write_band(folder / f"{band}.tif", side=40, value=4, **profile)
    scenes, _ = FolderSource(tmp_path).scenes()
    sound, odd = survey.glances(scenes, grid(40, 40), cells.BANDS, 2, lambda _: None)
    assert isinstance(sound, Glance)
    assert isinstance(odd, Refused)
    assert odd.code == code
