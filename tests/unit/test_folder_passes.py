"""The same pass delivered twice counts once; different passes of a day do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.sources import FolderSource, naming
from pipeline.sources.passes import once_each, told_apart
from tests.made import write_band

Make = Callable[..., Path]
OLD = "S2A_MSIL2A_20210703T034001_N0300_R061_T48SWE_20210703T071234"
NEW = "S2A_MSIL2A_20210703T034001_N0510_R061_T48SWE_20230801T000000"


def kept(source: Path) -> set[str]:
    scenes, refused = FolderSource(source).scenes()
    assert all(r.duplicate_of in {s.id for s in scenes} for r in refused)
    return {s.id for s in scenes}


def test_newest_baseline_wins(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, OLD)
    scene(tmp_path, NEW)
    scenes, (refused,) = FolderSource(tmp_path).scenes()
    assert [s.id for s in scenes] == [NEW]
    assert (refused.id, refused.duplicate_of) == (OLD, NEW)


@pytest.mark.parametrize(
    "other",
    [
        "S2A_MSIL2A_20210703T034001_N0300_R061_T48SVE_20210703T071234",  # the neighbouring tile
        "S2B_MSIL2A_20210703T034001_N0300_R061_T48SWE_20210703T071234",  # another satellite
        "S2A_MSIL2A_20210703T052001_N0300_R062_T48SWE_20210703T071234",  # the next orbit
        "S2A_MSIL2A_20210704T034001_N0300_R061_T48SWE_20210703T071234",  # another day
    ],
)
def test_other_passes_are_kept(tmp_path: Path, scene: Make, other: str) -> None:
    scene(tmp_path, NEW)
    scene(tmp_path, other)
    assert kept(tmp_path) == {NEW, other}


def test_where_names_tell_less_the_ground_decides(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, NEW)
    scene(tmp_path, "20210703")
    scene(tmp_path, "20210703_east", origin=(600_000.0, 3_950_000.0))
    assert kept(tmp_path) == {NEW, "20210703_east"}


def test_a_file_that_can_not_be_read_is_no_duplicate(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, "20210703_a")
    folder = scene(tmp_path, "20210703_b")
    (folder / "B04.tif").write_bytes(b"broken")
    assert kept(tmp_path) == {"20210703_a", "20210703_b"}


STRIP = "S2A_OPER_MSI_L2A_DS_2APS_20210703T071234_S{}_N{}"


@pytest.mark.parametrize(
    ("other", "time", "baseline", "halves"),
    [
        ("20230801T000511", "20210703T034512", "05.10", True),
        ("20230801T000511", "20210703T034425", "05.10", False),  # the same strip, cut some seconds later
        ("20230801T000511", "20210703T034512", "03.00", False),  # the newest baseline has cut the pass anew
    ],
)
def test_two_datastrips_of_a_pass_are_its_halves(tmp_path: Path, scene: Make, other: str, time: str, baseline: str, halves: bool) -> None:
    second = NEW.replace("20230801T000000", other).replace("N0510", f"N{baseline.replace('.', '')}")
    for name, start, version in ((NEW, "20210703T034422", "05.10"), (second, time, baseline)):
        properties = {"datetime": "2021-07-03T03:45:00Z", "s2:datastrip_id": STRIP.format(start, version)}
        scene(tmp_path, name, item={"type": "Feature", "properties": properties, "assets": {}})
    scene(tmp_path, OLD)
    assert len(kept(tmp_path)) == (2 if halves else 1)
    assert OLD not in kept(tmp_path)


def test_a_datastrip_is_told_by_its_id_and_by_the_name_of_a_granule() -> None:
    told = naming.datastrip("S2A_OPER_MSI_L2A_DS_2APS_20231008T233154_S20231008T175927_N05.09")
    assert told == naming.datastrip("GRANULE/L2A_T48SWE_A043000_20231008T175927/MTD_TL.xml")
    assert naming.datastrip("") is None


def test_a_newer_delivery_that_lacks_something_does_not_take_the_place_of_a_whole_one(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, OLD)
    (scene(tmp_path, NEW) / "B11.tif").unlink()
    assert kept(tmp_path) == {OLD}


def test_nor_does_one_whose_file_no_band_can_be(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, OLD)
    write_band(scene(tmp_path, NEW) / "B08.tif", dtype="float32")
    ((best,), (refused,)) = FolderSource(tmp_path).scenes()
    assert (best.id, refused.id, refused.duplicate_of) == (OLD, NEW, None)
    assert "B08" in refused.reason


def test_links_that_lead_in_a_circle_are_passed_over(tmp_path: Path, scene: Make) -> None:
    folder = scene(tmp_path, NEW)
    for where in (tmp_path, folder):
        (where / "one").symlink_to(where / "other")
        (where / "other").symlink_to(where / "one")
    assert kept(tmp_path) == {NEW}


def test_others_stand_behind_the_best_in_order_of_their_worth(tmp_path: Path, scene: Make) -> None:
    oldest = OLD.replace("20210703T071234", "20210703T061234")
    for name in (oldest, NEW, OLD):
        scene(tmp_path, name)
    ((best,), left) = FolderSource(tmp_path).scenes()
    assert [each.id for each in best.deliveries] == [NEW, OLD, oldest]
    assert [each.instead for each in best.deliveries] == [(), (), ()]
    assert [r.id for r in left] == sorted([OLD, oldest])
    again, _ = once_each([best, *best.instead])
    assert [each.id for each in again[0].deliveries] == [NEW, OLD, OLD, oldest, oldest], "a source of its own may hold the same"
    assert [each.id for each in told_apart(again)[0].deliveries] == [NEW, OLD, f"{OLD}~2", oldest, f"{oldest}~2"]


def test_older_halves_stand_behind_their_own_newer_ones(tmp_path: Path, scene: Make) -> None:
    """Two datastrips of a pass, each delivered by an older and a newer baseline."""
    for baseline, version, made in (("N0300", "03.00", "20210703T0{}1234"), ("N0510", "05.10", "20230801T0{}0000")):
        for half, start in ((1, "20210703T034422"), (2, "20210703T034512")):
            name = NEW.replace("20230801T000000", made.format(half)).replace("N0510", baseline)
            properties = {"datetime": "2021-07-03T03:45:00Z", "s2:datastrip_id": STRIP.format(start, version)}
            scene(tmp_path, name, item={"type": "Feature", "properties": properties, "assets": {}})
    scenes, _ = FolderSource(tmp_path).scenes()
    assert len(scenes) == 2
    for each in scenes:
        assert [other.strip for other in each.instead] == [each.strip]
