"""What a source can't list or name: scenes among it are left out by name, what is none is passed over."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.commands.checks import guarded
from pipeline.errors import MinewardenError
from pipeline.sources import FolderSource
from pipeline.sources.safe import SafeSource
from pipeline.sources.tree import DiskTree
from tests.products import NAME, product

Make = Callable[..., Path]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have folders of a name refuse to be listed, as they do cron's user; tests may run as root, whom nothing is refused."""

    def close(*names: str, number: int = errno.EACCES) -> None:
        for method in ("files", "folders"):
            whole = getattr(DiskTree, method)

            def listed(tree: DiskTree, folder: Path, whole: Callable[[DiskTree, Path], list[Path]] = whole) -> list[Path]:
                if folder.name in names:
                    raise OSError(number, os.strerror(number), str(folder))
                return whole(tree, folder)

            monkeypatch.setattr(DiskTree, method, listed)

    return close


def test_a_scene_is_left_out_by_name(tmp_path: Path, scene: Make, closed: Callable[..., None]) -> None:
    scene(tmp_path, "20240703")
    scene(tmp_path, "20240708")
    closed("20240708")
    (found,), (refused,) = FolderSource(tmp_path).scenes()
    assert found.id == "20240703"
    assert (refused.id, str(refused.day)) == ("20240708", "2024-07-08")
    assert refused.told == "MW-SCENE-READ: 20240708 can't be read (Permission denied). Fix: Check the disk and the file's rights."


def test_what_is_not_named_like_a_scene_is_passed_over(
    tmp_path: Path, scene: Make, closed: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    scene(tmp_path, "20240703")
    (tmp_path / "lost+found").mkdir()
    closed("lost+found")
    (found,), refused = FolderSource(tmp_path).scenes()
    assert (found.id, list(refused)) == ("20240703", [])
    assert f"{tmp_path / 'lost+found'} was passed over" in caplog.text


def test_products(tmp_path: Path, closed: Callable[..., None]) -> None:
    product(tmp_path)
    for name in ("lost+found", other := NAME.replace("20240703T034001", "20240708T034001")):
        (tmp_path / name).mkdir()
    closed("lost+found", other)
    (found,), (refused,) = SafeSource(tmp_path).scenes()
    assert found.id == NAME
    assert refused.id == other


def test_a_failing_disk_is_not_passed_over(tmp_path: Path, scene: Make, closed: Callable[..., None]) -> None:
    """Scenes may lie in such a folder: a month without them would be silently another one."""
    scene(tmp_path / "2023", "20230703")
    scene(tmp_path / "2024", "20240703")
    closed("2023", number=errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        FolderSource(tmp_path).scenes()
    with pytest.raises(OSError, match="Input/output error"):
        SafeSource(tmp_path).scenes()


def test_the_check_of_a_source_that_is_closed_itself(tmp_path: Path, closed: Callable[..., None]) -> None:
    (tmp_path / "scenes").mkdir()
    closed("scenes")
    check = guarded("scenes", lambda: str(FolderSource(tmp_path / "scenes").scenes()), "Check 'sources' in the config.")
    assert not check.ok
    assert check.detail == f"MW-PERMISSION: {tmp_path / 'scenes'} can't be used (Permission denied)."


def test_nothing_but_closed_folders(tmp_path: Path, closed: Callable[..., None]) -> None:
    (tmp_path / "lost+found").mkdir()
    closed("lost+found")
    with pytest.raises(MinewardenError, match="MW-SOURCE-EMPTY"):
        FolderSource(tmp_path).scenes()


GBK = os.fsdecode("会宁_".encode("gbk"))


@pytest.mark.parametrize("place", ["scene", "above", "band"])
def test_names_that_are_no_utf_8(tmp_path: Path, scene: Make, place: str) -> None:
    """As a zip of Windows leaves them: no result could hold them."""
    scene(tmp_path, "20240703")
    made = scene(tmp_path / "more", "20240708")
    odd = {"scene": made, "above": made.parent, "band": made / "B04.tif"}[place]
    odd.rename(odd.with_name(f"{GBK}{odd.name}"))
    (found,), (refused,) = FolderSource(tmp_path).scenes()
    assert found.id == "20240703"
    shown = r"\xbb\xe1\xc4\xfe_"
    assert (refused.id, str(refused.day), refused.code) == (f"{shown}20240708" if place == "scene" else "20240708", "2024-07-08", "MW-SCENE-NAME")
    assert shown in refused.told
    refused.told.encode()


@pytest.mark.parametrize("zipped", [False, True])
def test_products_whose_names_are_no_utf_8(tmp_path: Path, zipped: bool) -> None:
    made = product(tmp_path / "other", zipped=zipped)
    (tmp_path / "other").rename(tmp_path / f"{GBK}2024")
    (refused,) = SafeSource(tmp_path).scenes()[1]
    assert (refused.id, refused.code) == (made.name.split(".")[0], "MW-SCENE-NAME")
    refused.told.encode()
