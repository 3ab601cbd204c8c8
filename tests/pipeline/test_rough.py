"""An office's real archive, with every fault that folders of scenes have, gives what a clean one gives, and says what it left out."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from pipeline.cli import main
from tests.contract import shortcomings
from tests.pipeline.conftest import MONTHS, ROOT, YEAR, County, day_of

Faults = Sequence[dict[str, str]]


def tool(file: str) -> Any:
    name = f"minewarden_{file.replace('/', '_')}"
    spec = importlib.util.spec_from_file_location(name, ROOT / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


ROUGHEN, BENCH = tool("data/samples/roughen"), tool("bench/faults/rough")


@pytest.fixture(scope="module")
def rough(made: County, tmp_path_factory: pytest.TempPathFactory) -> tuple[County, Faults]:
    """The county with its archive spoilt, and all its months done at once. Not to be changed."""
    county = County(tmp_path_factory.mktemp("rough") / "county")
    faults = ROUGHEN.roughen(made.folder, county.folder)
    assert county.run(YEAR[-1], "--quiet") == 3
    return county, faults


@pytest.mark.parametrize("month", YEAR)
def test_the_months_keep_the_contract(rough: tuple[County, Faults], month: str) -> None:
    assert shortcomings(rough[0].out / month) == []


def test_the_findings_are_those_of_the_clean_archive(rough: tuple[County, Faults], county: County) -> None:
    """But for the smallest, the newest, and false alarms that are hardly likely: those hang on single looks, and some of these are left out."""
    lookalikes = BENCH.lookalikes_of(county.folder)
    found = BENCH.differences(county.out, rough[0].out, YEAR[-1], least_m2=1000, confirmed=True, lookalikes=lookalikes)
    assert (found.missing, found.extra) == ([], [])
    assert found.same >= 10


def test_what_was_left_out_is_said(rough: tuple[County, Faults]) -> None:
    county, faults = rough
    assert len({fault["fault"] for fault in faults}) >= 20
    assert BENCH.unsaid(faults, BENCH.run_jsons(county.out)) == []


@pytest.fixture(scope="module")
def thin_rough(bare: County, tmp_path_factory: pytest.TempPathFactory) -> tuple[County, Faults]:
    """The thin county with its archive spoilt, its first months done at once by several workers. Not to be changed."""
    county = County(tmp_path_factory.mktemp("rough") / "thin")
    faults = ROUGHEN.roughen(bare.folder, county.folder)
    assert county.run(MONTHS[-1], "--workers", "4", "--quiet") == 3
    return county, faults


def test_blocks_and_workers_and_the_number_of_runs_do_not_matter_here_either(thin_rough: tuple[County, Faults], tmp_path: Path) -> None:
    county, _ = thin_rough
    again = county.copy(tmp_path / "again", out=False)
    again.add("compute: {block: 64, memory_mb: 100}\n")
    for month in (MONTHS[1], MONTHS[-1]):
        assert again.run(month, "--workers", "1", "--quiet") in (0, 3)
    assert again.bytes(MONTHS) == county.bytes(MONTHS)


def test_mended_and_replaced_scenes_wait_for_a_replay(
    thin_rough: tuple[County, Faults], bare: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scene of the last month that was cut off is copied again, and one that was used is replaced by another delivery."""
    county, faults = thin_rough
    again = county.copy(tmp_path / "again", out=True)
    (cut,) = [f for f in faults if f["fault"] == "cut_band"]
    last = json.loads((again.out / MONTHS[-1] / "run.json").read_text("utf-8"))
    assert cut["scene"] in {scene["id"] for scene in last["scenes"] if not scene["used"]}
    shutil.rmtree(again.folder / "scenes" / cut["scene"])
    shutil.copytree(bare.folder / "scenes" / cut["was"], again.folder / "scenes" / cut["scene"])
    used = next(scene["id"] for scene in last["scenes"] if scene["used"] and scene["id"].startswith("S2") and "T48SWE" in scene["id"])
    red = next((again.folder / "scenes" / used).glob("*B04*"))
    red.unlink()
    shutil.copy(next((again.folder / "scenes" / used).glob("*B03*")), red)
    before = again.bytes(MONTHS)
    assert again.run(MONTHS[-1], "--quiet") == 0
    said = capsys.readouterr().err
    assert "2 scene(s) arrived, were replaced or were mended" in said
    assert f"--replay --month {MONTHS[-1]}" in said
    assert again.bytes(MONTHS) == before
    assert main(["status", str(again.config), "--json"]) == 0
    assert {s["id"]: s["why"] for s in json.loads(capsys.readouterr().out)["late_scenes"]} == {cut["scene"]: "mended", used: "replaced"}

    assert again.run(MONTHS[-1], "--replay", "--quiet") in (0, 3)
    now = json.loads((again.out / MONTHS[-1] / "run.json").read_text("utf-8"))
    assert {cut["scene"], used} <= {scene["id"] for scene in now["scenes"] if scene["used"]}
    capsys.readouterr()
    assert main(["status", str(again.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["late_scenes"] == []


def test_of_a_pass_delivered_anew_but_damaged_the_older_delivery_is_used(fresh: County, thin: County, capsys: pytest.CaptureFixture[str]) -> None:
    """In the history and in a month; the county comes out as without the new ones, and is repaired as it was."""
    passes = sorted((fresh.folder / "scenes").iterdir(), key=day_of)
    old = [next(folder for folder in passes if day_of(folder) > since) for since in ("20230601", "20240301")]
    new = [folder.with_name(f"{folder.name.rpartition('_')[0]}_20241101T000000") for folder in old]
    for was, now in zip(old, new, strict=True):
        shutil.copytree(was, now)
        for file in now.glob("*.tif"):
            with rasterio.open(file) as raster:
                profile, pixels = raster.profile, raster.read()
            with rasterio.open(file, "w", **profile) as raster:
                raster.write(np.full_like(pixels, 4 if "SCL" in file.name else 1))
    assert fresh.run(MONTHS[-1], "--quiet") == 3
    said = capsys.readouterr().err
    for was, now in zip(old, new, strict=True):
        assert f"scene {now.name} was left out: MW-SCENE-SCALE" in said
        assert f"{was.name}, of the same pass, is used instead." in said
    assert fresh.bytes(MONTHS) == thin.bytes(MONTHS)
    assert {s["id"]: s["used"] for s in fresh.scenes("2024-03") if s["id"] in (old[1].name, new[1].name)} == {old[1].name: True, new[1].name: False}
    assert main(["status", str(fresh.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["late_scenes"] == []
    state = {file: file.read_bytes() for file in fresh.out.glob("state/2024*/**/r*")}
    shutil.rmtree(fresh.out / "state")
    assert main(["repair", str(fresh.config), "--quiet"]) == 0
    assert {file: file.read_bytes() for file in state} == state
