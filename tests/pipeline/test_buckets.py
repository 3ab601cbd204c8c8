"""The same county from object storage: the same findings, to the byte, through kills and faults."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import rasterio

from pipeline.cli import main
from pipeline.sources import FolderSource, scene_sha256
from pipeline.sources.bucket import Bucket
from tests.pipeline.conftest import BANDS, MONTHS, County, day_of
from tests.s3 import KEY, S3, SECRET
from tests.servers import Reply

TWO = MONTHS[:2]


@pytest.fixture
def county(thin: County, s3: S3, tmp_path: Path) -> County:
    """The thin county with its scenes up to February in a bucket, and nothing done."""
    made = County(tmp_path / "county")
    made.folder.mkdir()
    shutil.copytree(thin.folder / "layers", made.folder / "layers")
    for scene in (thin.folder / "scenes").iterdir():
        if day_of(scene) < "20240301":
            s3.add(scene, f"会宁 scenes/{day_of(scene)[:4]}/{scene.name}")
    text = thin.config.read_text("utf-8").replace("path: scenes", "path: 's3://county/会宁 scenes'")
    made.config.write_text(text, "utf-8")
    return made


def hashes(county: County) -> dict[str, str]:
    run = json.loads((county.out / TWO[0] / "run.json").read_text("utf-8"))
    return {scene["id"]: scene["sha256"] for scene in [*run["scenes"], *run["window"]]}


def test_a_bucket_gives_the_findings_that_folders_give(thin: County, county: County, s3: S3, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", str(county.config), "--month", TWO[-1], "--dry-run"]) == 0
    assert "files of" in capsys.readouterr().out
    assert main(["fetch", str(county.config), "--month", TWO[-1], "--quiet"]) == 0
    s3.asked.clear()
    assert county.run(TWO[-1], "--quiet") in (0, 3)
    assert s3.got() == [], "a run after a fetch only lists"
    assert county.bytes(TWO, pictures=False) == thin.bytes(TWO, pictures=False)
    used = hashes(county)
    for scene in FolderSource(thin.folder / "scenes").scenes()[0]:
        if scene.id in used:
            own = {band: file for band, file in scene.bands.items() if band in BANDS}
            assert used[scene.id] == scene_sha256(replace(scene, bands=own)), "the hash is that of the files as they were delivered"
    _when_it_is_down(county, s3, capsys)
    _replaced(county, s3, capsys)
    kept = "".join(file.read_text("utf-8", "replace") for file in county.out.rglob("*") if file.is_file())
    assert SECRET not in kept
    assert KEY not in kept


def _when_it_is_down(county: County, s3: S3, capsys: pytest.CaptureFixture[str]) -> None:
    s3.fault(*[Reply(503)] * 5)
    capsys.readouterr()
    assert county.run(MONTHS[2], "--quiet") == 1
    assert "MW-S3-AGAIN" in capsys.readouterr().err
    s3.asked.clear()
    assert main(["status", str(county.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["late_scenes"] == []
    assert main(["doctor", str(county.config), "--json"]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["credentials"]["detail"] == "in the environment"
    assert s3.asked == [], "status and doctor ask nobody"


def _replaced(county: County, s3: S3, capsys: pytest.CaptureFixture[str]) -> None:
    """A scene that is replaced after it was used is noticed, and used by a replay; one that comes anew is late."""
    name = next(name for name in s3.objects if "MSIL2A_202402" in name and "_B08_" in name)
    with rasterio.MemoryFile(s3.objects[name]) as memory, memory.open() as old:
        values, profile = old.read(1), old.profile
    values[values > 0] += 1
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile) as new:
            new.write(values, 1)
        s3.objects[name] = memory.read()
    capsys.readouterr()
    assert county.run(TWO[-1], "--quiet") == 0
    assert "1 scene(s) arrived, were replaced or were mended" in capsys.readouterr().err
    assert main(["status", str(county.config), "--json"]) == 0
    (late,) = json.loads(capsys.readouterr().out)["late_scenes"]
    assert (late["id"], late["why"]) == (name.split("/")[2], "replaced")
    s3.asked.clear()
    assert county.run(TWO[-1], "--replay", "--quiet") in (0, 3)
    assert {each for each in s3.got() if each.endswith(".tif")} == {name}, "only what is new is read"
    assert main(["status", str(county.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["late_scenes"] == []


def test_a_run_that_is_killed_goes_on_where_it_was(
    thin: County, county: County, s3: S3, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copied: list[str] = []
    real = Bucket.copy

    def copy(self: Bucket, of: object, target: Path) -> None:
        if len(copied) == 60:
            target.write_bytes(b"II*\0 half of a file")
            raise KeyboardInterrupt
        real(self, of, target)  # type: ignore[arg-type]
        copied.append(of.name)  # type: ignore[attr-defined]

    monkeypatch.setattr(Bucket, "copy", copy)
    assert county.run(TWO[-1], "--workers", "1", "--quiet") == 1
    monkeypatch.setattr(Bucket, "copy", lambda *args: (copied.append(args[1].name), real(*args))[1])
    broken, denied = (sorted(name for name in s3.objects if "MSIL2A_202402" in name and "_B04_" in name)[k] for k in (0, 1))
    whole, there = s3.objects[broken], s3.objects[denied]
    s3.objects[broken] = whole[:-1000]
    s3.fault(*[Reply(403)] * 99, on=lambda asked: denied.rpartition("/")[2] in asked.path)
    capsys.readouterr()
    assert county.run(TWO[-1], "--quiet") == 3
    said = capsys.readouterr().err
    assert broken.split("/")[2] in said
    assert "MW-BAND-CUT" in said
    assert denied.split("/")[2] in said
    assert "MW-S3-DENIED" in said
    s3.faults.clear()
    s3.objects[broken], s3.objects[denied] = whole, there
    assert county.run(TWO[-1], "--replay", "--quiet") in (0, 3)
    assert county.bytes(TWO, pictures=False) == thin.bytes(TWO, pictures=False)
    twice = [name for name in set(copied) if copied.count(name) > 1]
    assert {f"会宁 scenes/{name}" for name in twice} <= {broken, denied}, "nothing that was whole is copied twice"


def test_computers_share_what_they_have_made(thin: County, county: County, s3: S3, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    s3.buckets["shared"] = {}
    county.add("store: {path: 's3://shared/矿卫', max_gb: 1}\n")
    other = County(tmp_path / "other")
    shutil.copytree(county.folder, other.folder)
    assert main(["fetch", str(county.config), "--month", TWO[-1], "--quiet"]) == 0
    made = dict(s3.buckets["shared"])
    s3.asked.clear()
    assert main(["fetch", str(other.config), "--month", TWO[-1], "--dry-run"]) == 0
    assert "of them are in the shared store" in capsys.readouterr().out
    assert other.run(TWO[-1], "--quiet") in (0, 3)
    assert other.bytes(TWO, pictures=False) == thin.bytes(TWO, pictures=False)
    assert not any(asked.headers.get("range", "") == "" and asked.path.startswith("/county/") and ".tif" in asked.path for asked in s3.asked)
    files = {name for name in s3.buckets["shared"] if "needs/" not in name}
    assert files == {name for name in made if "needs/" not in name}, "nothing is made twice"
    assert SECRET not in "".join(map(str, s3.buckets["shared"].values()))
