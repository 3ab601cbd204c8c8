"""The same pass delivered twice counts once; different passes of a day do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.sources import FolderSource

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
