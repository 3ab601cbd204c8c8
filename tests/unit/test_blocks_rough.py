"""What a block does with an archive's oddities: damage that only it meets, and two tiles of one pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import box as rectangle

from pipeline import survey, year
from pipeline.detect.mask import CLEAR, CLOUD, MISSING
from pipeline.detect.model import Model
from pipeline.detect.shift import Shared
from pipeline.detect.state import Baseline
from pipeline.grid import Block, Grid
from pipeline.looking import BlockLooks, Ground, Sighting, room_for
from pipeline.sources import FolderSource
from pipeline.sources.scene import Scene, UnreadableError
from pipeline.sources.whole import blocks
from pipeline.workspace import lent
from pipeline.year import Setting
from tests.made import ORIGIN, write_band

Make = Callable[..., Path]
BANDS = ("B04", "B08")
SIDE = 400


def grid(side: int, block: int = 128) -> Grid:
    return Grid(GeoBox((side, side), Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), "EPSG:32648"), block)


def scenes_of(folder: Path) -> list[Scene]:
    return list(FolderSource(folder).scenes()[0])


def setting(side: int, tmp_path: Path) -> Setting:
    return Setting(grid(side), BANDS, rectangle(0, 0, 1, 1), tmp_path / "state", 2, None, 100, lambda *_: None)


def damage(file: Path, row: int) -> None:
    """Spoil the strip of a file that holds a row."""
    write_band(file, side=SIDE, tiled=False, blockysize=2, compress="deflate")
    raw = file.read_bytes()
    table = blocks(file)
    assert table is not None
    at = int(table.offset[row // 2])
    file.write_bytes(raw[:at] + b"\xff" * 6 + raw[at + 6 :])


def marks_of(sightings: list[Sighting], side: int, marked: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Marks of the looks that a block of so many cells a side reads, where its scenes are marked so."""
    block = Block(0, 0, 0, 0, side, side)
    with lent(room_for(block, len(sightings), len(BANDS))) as room:
        read = BlockLooks(sightings, ground(side), block, room)
        read.marks[:] = marked
        with read.looks(*read.parts) as looks:
            return looks.planes()[1]


def test_damage_between_the_sample_windows_has_the_scene_left_out_and_all_others_read_through(tmp_path: Path, scene: Make) -> None:
    for day in ("20240701", "20240702", "20240703", "20240704"):
        scene(tmp_path / "scenes", day, BANDS, side=SIDE)
    gap = next(r for r in range(SIDE) if not any(w.top <= r + d < w.top + w.height for w in survey.sample_windows(grid(SIDE))[0] for d in (-2, 2)))
    for day in ("20240702", "20240704"):
        damage(tmp_path / "scenes" / day / "B08.tif", gap)
    scenes, where = scenes_of(tmp_path / "scenes"), setting(SIDE, tmp_path)
    good, refused = year.usable(scenes, where, "survey")
    assert len(good) == 4, "the sample does not meet it"
    assert not refused
    tries: list[list[str]] = []

    def work(seen: year.Seen) -> str:
        tries.append([each.id for each, _ in seen])
        for each, _ in seen:
            if each.id == "20240702":
                sighting = Sighting(each, Shared(np.zeros((2, 2), np.float32), np.ones(2, np.float32), 0), "")
                marks_of([sighting], SIDE, np.zeros((1, SIDE, SIDE), np.uint8))
        return "done"

    made, kept, damaged = year.leaving_out_damaged(good, where, work)
    assert made == "done"
    assert tries == [[s.id for s in scenes], ["20240701", "20240703"]]
    assert [s.id for s, _ in kept] == ["20240701", "20240703"]
    reason = "MW-BAND-READ: B08.tif is damaged: its pixels can't be read. Fix: Download or copy the scene again."
    assert {r.id: r.told for r in damaged} == dict.fromkeys(("20240702", "20240704"), reason)


def ground(side: int) -> Ground:
    model = Model(BANDS, Baseline.empty(2, 1, 1), np.ones(2, np.float32), np.eye(2, dtype=np.float32), np.zeros((3, 2), np.float32))
    return Ground(grid(side), BANDS, model, rectangle(0, 0, 1, 1))


def test_where_tiles_of_one_pass_overlap_a_cell_is_seen_once(tmp_path: Path, scene: Make) -> None:
    """Two tiles of one day; the first is cloudy in its first column and has no data in its last two."""
    scene(tmp_path, "S2A_T48SWE_20240703T034001", BANDS, side=4)
    scene(tmp_path, "S2A_T48SWF_20240703T034001", BANDS, side=6)
    scene(tmp_path, "S2B_T48SWE_20240708T034001", BANDS, side=6)
    shared = Shared(np.zeros((2, 2), np.float32), np.ones(2, np.float32), 0)
    sightings = [Sighting(each, shared, "") for each in scenes_of(tmp_path)]
    marked = np.full((3, 6, 6), CLEAR, np.uint8)
    marked[0, :, 0] = CLOUD
    marked[0, :, 4:] = MISSING
    marked[0, 4:] = MISSING
    found = marks_of(sightings, 6, marked)
    seen = (found == CLEAR).sum(axis=0)
    assert (seen == 2).all(), "each day once"
    assert (found[1, :4] == CLEAR)[:, [0, 4, 5]].all()
    assert not (found[1, :4] == CLEAR)[:, 1:4].any()


def test_what_can_not_be_read_names_the_scene(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, "20240703", BANDS, side=6)
    (found,) = scenes_of(tmp_path)
    (tmp_path / "20240703" / "B08.tif").unlink()
    sighting = Sighting(found, Shared(np.zeros((2, 2), np.float32), np.ones(2, np.float32), 0), "")
    with pytest.raises(UnreadableError) as caught:
        marks_of([sighting], 6, np.zeros((1, 6, 6), np.uint8))
    assert caught.value.refused.id == "20240703"
    assert str(tmp_path) not in caught.value.refused.told


def test_where_a_delivery_proves_useless_the_next_of_its_pass_is_used(tmp_path: Path, scene: Make) -> None:
    """Three deliveries: of the newest all pixels are too dark to be true, of the next a strip is damaged that the sample does not meet."""
    newest, middle, oldest = (f"S2A_MSIL2A_20240703T034001_N0{n}_R061_T48SWE_2024070{n[0]}T071234" for n in ("511", "510", "400"))
    for name in (newest, middle, oldest, "20240708"):
        scene(tmp_path / "scenes", name, BANDS, side=SIDE)
    for band in BANDS:
        write_band(tmp_path / "scenes" / newest / f"{band}.tif", side=SIDE, value=1)
    gap = next(r for r in range(SIDE) if not any(w.top <= r + d < w.top + w.height for w in survey.sample_windows(grid(SIDE))[0] for d in (-2, 2)))
    damage(tmp_path / "scenes" / middle / "B08.tif", gap)
    where = setting(SIDE, tmp_path)
    good, refused = year.usable(scenes_of(tmp_path / "scenes"), where, "survey")
    assert [s.id for s, _ in good] == [middle, "20240708"]
    assert [(r.id, r.code) for r in refused] == [(newest, "MW-SCENE-SCALE")]

    def work(seen: year.Seen) -> list[str]:
        for each, _ in seen:
            marks_of([Sighting(each, Shared(np.zeros((2, 2), np.float32), np.ones(2, np.float32), 0), "")], SIDE, np.zeros((1, SIDE, SIDE), np.uint8))
        return [each.id for each, _ in seen]

    made, kept, damaged = year.leaving_out_damaged(good, where, work)
    assert made == [s.id for s, _ in kept] == [oldest, "20240708"]
    assert [r.id for r in damaged] == [middle]


def test_two_older_halves_take_the_place_of_a_useless_whole(tmp_path: Path, scene: Make) -> None:
    for name, start, version in (
        ("S2A_MSIL2A_20240703T034001_N0511_R061_T48SWE_20240801T000000", "20240703T034422", "05.11"),
        ("S2A_MSIL2A_20240703T034001_N0400_R061_T48SWE_20240703T071234", "20240703T034422", "04.00"),
        ("S2A_MSIL2A_20240703T034001_N0400_R061_T48SWE_20240703T074158", "20240703T034512", "04.00"),
    ):
        strip = f"S2A_OPER_MSI_L2A_DS_2APS_20240703T071234_S{start}_N{version}"
        scene(tmp_path / "scenes", name, BANDS, item={"properties": {"datetime": "2024-07-03T03:45:00Z", "s2:datastrip_id": strip}, "assets": {}})
    (whole,) = scenes_of(tmp_path / "scenes")
    for band in BANDS:
        write_band(tmp_path / "scenes" / whole.id / f"{band}.tif", value=1)
    good, refused = year.usable([whole], setting(8, tmp_path), "survey")
    assert [s.id for s, _ in good] == sorted(each.id for each in whole.instead)
    assert len(good) == 2
    assert [r.id for r in refused] == [whole.id]


def test_a_classification_without_data_is_no_look(tmp_path: Path, scene: Make) -> None:
    for name, told in (("20240703", 4), ("20240708", 0)):
        scene(tmp_path / "scenes", name, (*BANDS, "SCL"))
        write_band(tmp_path / "scenes" / name / "SCL.tif", value=told, dtype="uint8")
    good, refused = year.usable(scenes_of(tmp_path / "scenes"), setting(8, tmp_path), "survey")
    assert [s.id for s, _ in good] == ["20240703"]
    assert [(r.id, r.code) for r in refused] == [("20240708", "MW-SCENE-SCL")]
