"""What a file declares, held against its bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline.errors import MinewardenError
from pipeline.sources import FolderSource, tiff, whole
from tests.made import ORIGIN, write_band

Make = Callable[..., Path]
PIXELS = np.random.default_rng(1).integers(1, 9000, (96, 96)).astype(np.uint16)


COG = {"driver": "COG", "tiled": None, "blockxsize": None, "blockysize": None, "blocksize": 128}


def write(path: Path, pixels: NDArray[np.uint16] = PIXELS, **settings: Any) -> Path:
    profile = {"driver": "GTiff", "height": 96, "width": 96, "count": 1, "dtype": "uint16", "crs": "EPSG:32648", "nodata": 0}
    where = Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])
    with rasterio.open(
        path, "w", **(profile | {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": "deflate"} | settings), transform=where
    ) as f:
        f.write(pixels, 1)
    return path


def refusal(call: Callable[[], object]) -> MinewardenError:
    with pytest.raises(MinewardenError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("settings", [{}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}, {"tiled": False, "blockysize": 7}, {"compress": None}])
def test_a_sound_file_has_all_its_blocks(tmp_path: Path, settings: dict[str, Any]) -> None:
    file = write(tmp_path / "B04.tif", **settings)
    table = whole.blocks(file)
    assert table is not None
    with rasterio.open(file) as band:
        spots = [(j, i) for (j, i), _ in band.block_windows(1)]
        assert table.offset.tolist() == [int(band.get_tag_item(f"BLOCK_OFFSET_{i}_{j}", "TIFF", bidx=1)) for j, i in spots]
    assert not table.missing.any()
    assert table.packed is (settings.get("compress", "deflate") is not None)


@pytest.mark.parametrize("settings", [{}, {"BIGTIFF": "YES"}, {"tiled": False}, {"compress": None}, COG])
def test_a_file_cut_anywhere_is_found(tmp_path: Path, settings: dict[str, Any]) -> None:
    file = write(tmp_path / "B04.tif", **settings)
    raw = file.read_bytes()
    for share in (0.02, 0.3, 0.7, 0.98):
        file.write_bytes(raw[: int(len(raw) * share)])
        error = refusal(lambda: whole.blocks(file))
        assert error.code == "MW-BAND-CUT"
        assert "B04.tif is cut off" in error.message


def test_room_that_was_reserved_but_never_filled(tmp_path: Path) -> None:
    file = write(tmp_path / "B04.tif")
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) - 40] + bytes(40))
    assert "ends in zeros" in refusal(lambda: whole.blocks(file)).message


def scene_of(tmp_path: Path, **bands: tuple[NDArray[np.uint16], dict[str, Any]]) -> None:
    folder = tmp_path / "scenes" / "20240703"
    folder.mkdir(parents=True)
    for name, (pixels, settings) in bands.items():
        write(folder / f"{name}.tif", pixels, **settings)
    (scene,), _ = FolderSource(folder.parent).scenes()
    whole.check(scene)


SPARSE = {"SPARSE_OK": True}


def half(pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    out = pixels.copy()
    out[:, 32:] = 0
    return out


def test_a_band_whose_writer_was_killed(tmp_path: Path) -> None:
    error = refusal(lambda: scene_of(tmp_path, B04=(PIXELS, {}), B08=(half(PIXELS), SPARSE)))
    assert error.code == "MW-BAND-HOLES"
    assert "B08.tif was not written to its end: 6 of its blocks are empty where B04.tif has data" in error.message


def test_ground_beyond_the_swath_is_no_loss(tmp_path: Path) -> None:
    """Whether a writer leaves empty blocks out or stores their zeros; and where the swath ends in one band some cells earlier."""
    later = half(PIXELS)
    later[:, :40] = PIXELS[:, :40]
    scene_of(tmp_path, B04=(half(PIXELS), SPARSE), B08=(half(PIXELS), {}), B03=(later, {}))


def test_files_that_are_no_tiffs_are_left_to_the_reader(tmp_path: Path) -> None:
    for content in (b"", b"<html>", b"II*\0"):
        (tmp_path / "B04.tif").write_bytes(content)
        assert whole.blocks(tmp_path / "B04.tif") is None
        assert tiff.scaling(tmp_path / "B04.tif") is None


def test_a_table_that_declares_more_than_there_is(tmp_path: Path) -> None:
    """No memory is asked for on the word of a broken file."""
    raw = bytearray(write_band(tmp_path / "B04.tif").read_bytes())
    start = int.from_bytes(raw[4:8], "little")
    raw[start : start + 2] = b"\xff\xff"
    (tmp_path / "B04.tif").write_bytes(raw)
    assert refusal(lambda: whole.blocks(tmp_path / "B04.tif")).code == "MW-BAND-CUT"


def test_scale_and_offset_written_into_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "B04.tif")
    assert tiff.scaling(file) is None
    with rasterio.open(file, "r+") as band:
        band.scales = (0.0005,)
    assert tiff.scaling(file) == (0.0005, 0.0)
    with rasterio.open(file, "r+") as band:
        band.offsets = (-0.05,)
    assert tiff.scaling(file) == (0.0005, -0.05)


def test_of_two_deliveries_the_whole_one_is_used(tmp_path: Path, scene: Make) -> None:
    old, new = (f"S2A_MSIL2A_20210703T034001_N{n}_R061_T48SWE_20210703T071234" for n in ("0300", "0510"))
    scene(tmp_path, old)
    newer = scene(tmp_path, new)
    raw = (newer / "B08.tif").read_bytes()
    (newer / "B08.tif").write_bytes(raw[: len(raw) - 20])
    (kept,), (left,) = FolderSource(tmp_path).scenes()
    assert kept.id == old
    assert (left.id, left.duplicate_of, left.code) == (new, None, "MW-BAND-CUT"), "somebody has to copy it again"
    assert left.reason.startswith("B08.tif is cut off")
