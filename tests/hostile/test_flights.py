"""Flights that can't be used end in one clear message, and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from pipeline.cli import main
from pipeline.sources import whole
from tests import flights

Make = Callable[[Path], Path]


def _no_crs(folder: Path) -> Path:
    return flights.ortho(folder / "o.tif", crs=None)


def _no_origin(folder: Path) -> Path:
    return flights.ortho(folder / "o.tif", transform=Affine.identity())


def _zone_34(folder: Path) -> Path:
    """Metres of zone 35 under the name of zone 34."""
    x, y = rasterio.warp.transform("EPSG:32648", "EPSG:4523", [flights.WEST], [flights.NORTH])
    return flights.ortho(folder / "o.tif", crs="EPSG:4522", transform=flights.transform(x[0], y[0]))


def _feet(folder: Path) -> Path:
    return flights.ortho(folder / "o.tif", crs="EPSG:2236")


def _own_system(folder: Path) -> Path:
    return flights.ortho(folder / "o.tif", crs='LOCAL_CS["site",UNIT["metre",1]]')


def _cut_off(folder: Path) -> Path:
    file = flights.ortho(folder / "o.tif")
    file.write_bytes(file.read_bytes()[:-5000])
    return file


def _sparse(folder: Path) -> Path:
    file = folder / "o.tif"
    profile = {"driver": "GTiff", "width": 60_000, "height": 60_000, "count": 3, "dtype": "uint8", "crs": flights.CRS, "tiled": True}
    with rasterio.open(file, "w", **profile, transform=flights.transform(), sparse_ok=True) as target:
        target.write(np.ones((3, 512, 512), np.uint8), window=((0, 512), (0, 512)))
    return file


def _huge(folder: Path) -> Path:
    file = folder / "o.tif"
    profile = {"driver": "GTiff", "width": 150_000, "height": 1000, "count": 3, "dtype": "uint8", "crs": flights.CRS, "tiled": True}
    rasterio.open(file, "w", **profile, transform=flights.transform(), sparse_ok=True).close()
    return file


def _grey(folder: Path) -> Path:
    return flights.ortho(folder / "o.tif", bands=1)


def _complex(folder: Path) -> Path:
    return flights.ortho(folder / "o.tif", dtype="complex64")


def _vrt(folder: Path) -> Path:
    inside = "<SimpleSource><SourceFilename>/vsicurl/http://127.0.0.1:1/o.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    text = f'<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">{inside}</VRTRasterBand></VRTDataset>'
    file = folder / "o.tif"
    file.write_text(text, "utf-8")
    return file


def _web(folder: Path) -> Path:
    return Path("/vsicurl/http://127.0.0.1:1/o.tif")


def _gone(folder: Path) -> Path:
    return folder / "none.tif"


def _folder(folder: Path) -> Path:
    (folder / "project").mkdir()
    return folder / "project"


REFUSED: list[tuple[Make, str, str]] = [
    (_no_crs, "MW-DRONE-CRS", "does not say where it lies"),
    (_no_origin, "MW-DRONE-CRS", "does not say where it lies"),
    (_zone_34, "MW-DRONE-PLACE", "did you mean zone 35?"),
    (_feet, "MW-DRONE-FEET", "not metres"),
    (_own_system, "MW-DRONE-CRS", "system of its own"),
    (_cut_off, "MW-DRONE-CUT", "cut off"),
    (_sparse, "MW-DRONE-SPARSE", "were never written"),
    (_huge, "MW-DRONE-SIZE", "150000 × 1000"),
    (_grey, "MW-DRONE-BANDS", "1 band"),
    (_complex, "MW-DRONE-TYPE", "complex64"),
    (_vrt, "MW-DRONE-OPEN", "no GeoTIFF"),
    (_web, "MW-DRONE-FILE", "not a file on this disk"),
    (_gone, "MW-DRONE-FILE", "not there"),
    (_folder, "MW-DRONE-PROJECT", "without an orthophoto"),
]


def refused(config: Path, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one message of a refusal that left nothing behind."""
    assert main(["drone", "ingest", str(config), *map(str, arguments), "--quiet"]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert not (config.parent / "out" / "drone").exists()
    assert not (config.parent / "out" / "ledger.sqlite").exists()
    return said[0]


@pytest.mark.parametrize(("make", "code", "words"), REFUSED, ids=[make.__name__[1:] for make, _, _ in REFUSED])
def test_orthophotos_are_refused(make: Make, code: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(flights.county(tmp_path / "county"), capsys, make(tmp_path), "--captured", "2024-06-01")
    assert code in said
    assert words in said


@pytest.mark.parametrize(("day", "words"), [("2999-01-01", "but today is"), ("yesterday", "is not a date")])
def test_days_that_can_not_be_are_refused(day: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(flights.county(tmp_path / "county"), capsys, flights.ortho(tmp_path / "o.tif"), "--captured", day)


def test_a_flight_without_a_day_is_asked_for_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Give the day as --captured" in refused(flights.county(tmp_path / "county"), capsys, flights.ortho(tmp_path / "o.tif"))


def test_surfaces_in_feet_of_height_elsewhere_or_alone_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, picture = flights.county(tmp_path / "county"), flights.ortho(tmp_path / "o.tif")
    new, _, _ = flights.surfaces()
    feet = flights.write(tmp_path / "feet.tif", new[None], crs="EPSG:32648+6360")
    elsewhere = flights.write(tmp_path / "far.tif", new[None], transform=flights.transform(flights.WEST + 1000))
    day = ("--captured", "2024-06-01")
    assert "has heights in US survey foot" in refused(config, capsys, picture, "--dsm", feet, *day)
    assert "show no common ground" in refused(config, capsys, picture, "--dsm", elsewhere, *day)
    assert "none of this flight" in refused(config, capsys, picture, "--dsm-before", elsewhere, *day)


def test_a_surface_without_heights_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, picture = flights.county(tmp_path / "county"), flights.ortho(tmp_path / "o.tif")
    empty = flights.write(tmp_path / "e.tif", np.full((1, 240, 240), 3.4028234663852886e38, np.float32))
    assert "MW-DRONE-EMPTY" in refused(config, capsys, picture, "--dsm", empty, "--captured", "2024-06-01")


def test_photos_that_are_none_or_say_no_place_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, picture, folder = flights.county(tmp_path / "county"), flights.ortho(tmp_path / "o.tif"), tmp_path / "photos"
    folder.mkdir()
    options = (picture, "--photos", folder, "--captured", "2024-06-01")
    assert "holds no JPEG photo" in refused(config, capsys, *options)
    flights.photo(folder / "a.jpg", flights.WEST, flights.NORTH, placed=False)
    assert "says where it was taken" in refused(config, capsys, *options)
    (folder / "b.jpg").write_text("<html>404</html>", "utf-8")
    assert "b.jpg is no JPEG photo" in refused(config, capsys, *options)


@pytest.mark.parametrize("text", ["<O_O>\n1 2 3 4 5 6\n", "EPSG:4326\n1 hello 3 hello 5 6\n", "Name;Code;Class;Colour\n1;2;3;4\n", ""])
def test_lists_of_control_points_that_are_none(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, picture, listed = flights.county(tmp_path / "county"), flights.ortho(tmp_path / "o.tif"), tmp_path / "gcp.txt"
    listed.write_text(text, "utf-8")
    assert "MW-DRONE-GCP" in refused(config, capsys, picture, "--gcp", listed, "--captured", "2024-06-01")


def test_a_damaged_picture_is_told_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = flights.ortho(tmp_path / "o.tif", compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    table = whole.blocks(file)
    assert table is not None
    with file.open("rb+") as stream:
        stream.seek(int(table.offset[3]))
        stream.write(b"\xff" * 200)
    config = flights.county(tmp_path / "county")
    assert main(["drone", "ingest", str(config), str(file), "--captured", "2024-06-01", "--quiet"]) == 2
    assert "MW-DRONE-READ" in capsys.readouterr().err
    assert not list((config.parent / "out" / "drone").glob("*"))
