"""Flights taken in from the command line, and taken back."""

from __future__ import annotations

import json
import runpy
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.warp
from affine import Affine
from shapely.geometry import shape

from pipeline import flights as job
from pipeline import inbox
from pipeline.cli import main
from pipeline.config import Project, load
from pipeline.drone.place import check_cells
from pipeline.drone.raster import Role, examine
from pipeline.ledger import Ledger
from pipeline.publish.flight import record
from tests import flights
from tests.pipeline.conftest import NEXT, ROOT, County

DAY = ("--captured", "2024-06-01")


def ingest(config: Path, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert main(["drone", "ingest", str(config), *map(str, arguments), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file() and "log" not in file.parts}


@pytest.fixture
def site(tmp_path: Path) -> dict[str, Path]:
    """A county without scenes, and a flight over a pit in it."""
    new, before, _ = flights.surfaces()
    return {
        "config": flights.county(tmp_path / "county"),
        "ortho": flights.ortho(tmp_path / "o.tif", 240, bands=4),
        "dsm": flights.write(tmp_path / "dsm.tif", new[None], nodata=-9999),
        "before": flights.write(tmp_path / "before.tif", before[None], nodata=-9999),
    }


def test_a_flight_is_measured_and_kept(site: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    found = ingest(site["config"], capsys, site["ortho"], "--dsm", site["dsm"], "--dsm-before", site["before"], *DAY)
    assert found["cut_m3"] == pytest.approx(1200, rel=0.02)
    assert found["cut_m3_95"][0] <= 1200 <= found["cut_m3_95"][1]
    assert found["shift_m"] == pytest.approx([0, 0, 0], abs=0.03)
    folder = Path(found["report"]).parent
    assert folder.name == found["flight"]
    said = record.read(folder)
    assert said["withdrawn"] is None
    (new,) = said["new"]
    assert new["m3"] == found["cut_m3"]
    with rasterio.open(folder / "orthophoto.tif") as kept, rasterio.open(site["ortho"]) as given:
        assert kept.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert np.array_equal(kept.read(), given.read())
        assert kept.transform.almost_equals(given.transform, precision=0.05)
    item = json.loads((folder / "item.json").read_text("utf-8"))
    assert {"orthophoto", "dsm", "change", "outlines", "report", "record"} == set(item["assets"])
    assert "1,2" in (folder / "report.html").read_text("utf-8")
    with Ledger(site["config"].parent / "out" / "ledger.sqlite", "620422") as ledger:
        ((_, event),) = ledger.last_audit("flight")
        assert event["flight"] == found["flight"]
        assert ledger.verify_audit() == []


def test_the_same_flight_again_changes_nothing_and_a_withdrawn_one_stays_so(site: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    config, out = site["config"], site["config"].parent / "out"
    first = ingest(config, capsys, site["ortho"], *DAY)
    assert (first["shift_m"], first["cut_m3"], first["too_coarse"]) == ([None, None, None], None, "no surface was given")
    before = files(out)
    copy = site["ortho"].with_name("copy.tif")
    shutil.copy(site["ortho"], copy)
    assert ingest(config, capsys, copy, *DAY) == first
    assert main(["drone", "ingest", str(config), str(copy), *DAY]) == 0
    assert "taken in already" in "".join(capsys.readouterr())
    assert files(out) == before
    assert main(["drone", "withdraw", str(config), first["flight"], "--by", "张三", "--why", "日期错了"]) == 0
    said = record.read(out / "drone" / first["flight"])
    assert (said["withdrawn"]["by"], said["withdrawn"]["why"]) == ("张三", "日期错了")
    capsys.readouterr()
    for again in (["withdraw", str(config), first["flight"], "--by", "李四", "--why", "x"], ["ingest", str(config), str(copy), *DAY]):
        assert main(["drone", *again]) == 2
        assert "was withdrawn by 张三 (日期错了)" in capsys.readouterr().err
    assert main(["drone", "withdraw", str(config), "20240601-ffffffff", "--by", "李四", "--why", "x"]) == 2
    assert first["flight"] in capsys.readouterr().err


def test_a_flight_with_more_files_stands_in_the_place_of_the_former_and_fewer_change_nothing(
    site: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = site["config"], site["config"].parent / "out"
    surfaces = ("--dsm", site["dsm"], "--dsm-before", site["before"])
    list_ = site["ortho"].with_name("points.csv")
    list_.write_text(f"name,easting,northing,elevation\nP1,{flights.WEST + 5},{flights.NORTH - 5},1850\n", "utf-8")
    alone = ingest(config, capsys, site["ortho"], *DAY)
    measured = ingest(config, capsys, site["ortho"], *surfaces, *DAY)
    assert measured["replaces"] == [alone["flight"]]
    assert [each["flight"] for each in record.standing(out)] == [measured["flight"]]
    before = files(out)
    for fewer in (DAY, (*DAY, "--dsm", site["dsm"]), ()):
        assert ingest(config, capsys, site["ortho"], *fewer)["flight"] == measured["flight"]
    assert files(out) == before
    # What was measured is not lost for a picture of another day, or for a list of points alone.
    for lost in (("--captured", "2024-06-02"), ("--gcp", list_)):
        assert main(["drone", "ingest", str(config), str(site["ortho"]), *map(str, lost)]) == 2
        said = capsys.readouterr().err
        assert "MW-DRONE-FEWER" in said
        assert "before.tif" in said
    assert files(out) == before
    controlled = ingest(config, capsys, site["ortho"], *surfaces, "--gcp", list_)
    assert set(controlled["replaces"]) == {alone["flight"], measured["flight"]}
    assert ingest(config, capsys, site["ortho"], *surfaces, "--gcp", list_)["flight"] == controlled["flight"]
    assert [each["flight"] for each in record.standing(out)] == [controlled["flight"]]
    # Taken back, the one before it stands again.
    assert main(["drone", "withdraw", str(config), controlled["flight"], "--by", "张三", "--why", "点号抄错"]) == 0
    assert [each["flight"] for each in record.standing(out)] == [measured["flight"]]


def test_a_kill_leaves_nothing_half_ingested(site: dict[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    config, drone = site["config"], site["config"].parent / "out" / "drone"

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(job.os, "replace", killed)
        with pytest.raises(Killed):
            main(["drone", "ingest", str(config), str(site["ortho"]), *DAY])
    assert not list(drone.glob("[!.]*"))
    # A process that is really killed cleans nothing up: what it leaves is taken for no flight, and swept by the next.
    (drone / ".20240601-00000000.partial").mkdir()
    found = ingest(config, capsys, site["ortho"], *DAY)
    assert [each.name for each in drone.iterdir()] == [found["flight"]]
    with Ledger(config.parent / "out" / "ledger.sqlite", "620422") as ledger:
        assert len(ledger.last_audit("flight")) == 1


@pytest.mark.parametrize(
    "profile",
    [
        {"transform": Affine.translation(flights.WEST, flights.NORTH) @ Affine.rotation(20) @ Affine.scale(0.5, -0.5)},
        {"transform": Affine(0.5, 0, flights.WEST, 0, -0.4, flights.NORTH)},
        {"crs": "EPSG:32648+5773"},
        {"crs": "EPSG:4490", "transform": Affine(5e-6, 0, 105.01, 0, -5e-6, 35.69)},
        {"dtype": "float32", "nodata": 3.4028234663852886e38},
        {"dtype": "uint16", "bands": 5, "photometric": "RGB"},
    ],
    ids=["rotated", "cells not square", "compound CRS", "degrees", "float with odd nodata", "five bands"],
)
def test_unusual_orthophotos_are_taken_in(profile: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = ingest(flights.county(tmp_path / "county"), capsys, flights.ortho(tmp_path / "o.tif", **profile), *DAY)
    with rasterio.open(Path(found["report"]).with_name("orthophoto.tif")) as kept:
        assert kept.transform.b == kept.transform.d == 0
        assert kept.crs.is_projected
        values = kept.read(1, masked=True)
        assert 80 < float(np.ma.median(values)) < 160


@pytest.mark.parametrize(
    ("profile", "cell"),
    [
        ({"transform": flights.transform(cell=10)}, "10 m"),
        ({"transform": Affine(0.5, 0, flights.WEST, 0, -1.2, flights.NORTH)}, "1.2 m"),
        ({"crs": "EPSG:4490", "transform": Affine(1e-4, 0, 105.01, 0, -1e-4, 35.69)}, "11.1 m"),
    ],
    ids=["a satellite's", "one side", "degrees"],
)
def test_a_picture_too_coarse_for_a_drones_is_refused(profile: dict[str, Any], cell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = flights.county(tmp_path / "county")
    assert main(["drone", "ingest", str(config), str(flights.ortho(tmp_path / "o.tif", 20, **profile)), *DAY]) == 2
    said = capsys.readouterr().err
    assert "MW-DRONE-COARSE" in said
    assert f"cells of {cell}" in said
    assert not list((config.parent / "out").glob("drone/*"))


def test_cells_of_a_metre_are_fine_enough_in_any_crs(tmp_path: Path) -> None:
    degrees = {"crs": "EPSG:4490", "transform": Affine(1.105e-5, 0, 105.01, 0, -0.9e-5, 35.69)}
    for number, profile in enumerate((degrees, {"transform": flights.transform(cell=1)})):
        check_cells(examine(flights.ortho(tmp_path / f"{number}.tif", 20, **profile), Role.ORTHO), flights.CRS)


def test_surfaces_on_other_grids_with_undeclared_fillers_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, before, dug = flights.surfaces()
    new[:5] = -32767
    config, picture = flights.county(tmp_path / "county"), flights.ortho(tmp_path / "o.tif", 240)
    with rasterio.io.MemoryFile() as memory:
        with memory.open(driver="GTiff", count=1, height=240, width=240, dtype="float32", crs=flights.CRS, transform=flights.transform()) as raw:
            raw.write(before[None])
        with (
            memory.open() as raw,
            rasterio.vrt.WarpedVRT(raw, crs="EPSG:4523", resampling=rasterio.enums.Resampling.bilinear, nodata=-9999) as warped,
        ):
            old = flights.write(tmp_path / "b.tif", warped.read(), crs="EPSG:4523", transform=warped.transform, nodata=-9999)
    found = ingest(config, capsys, picture, "--dsm", flights.write(tmp_path / "d.tif", new[None]), "--dsm-before", old, *DAY)
    assert found["cut_m3"] == pytest.approx(dug, rel=0.03)


def test_the_readmes_flight_over_the_made_county(made: County, again: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the README has it, over a county whose months are done: place, volume, case and photos come out as they were made."""
    shutil.copy(made.folder / "truth.geojson", again.folder)
    flight = runpy.run_path(str(ROOT / "data" / "samples" / "flight.py"))["make_flight"](again.folder, tmp_path / "flight")
    assert sum(file.stat().st_size for file in flight.rglob("*") if file.is_file()) < 5_000_000
    truth = json.loads((flight / "truth.json").read_text("utf-8"))
    (line,) = [each for each in (ROOT / "README.md").read_text("utf-8").splitlines() if "minewarden drone ingest" in each and each.startswith("$")]
    arguments = [each.replace("demo/flight", str(flight)).replace("demo/", f"{again.folder}/") for each in shlex.split(line)[4:]]
    found = ingest(Path(arguments[0]), capsys, *arguments[1:])
    assert found["shift_m"] == pytest.approx(truth["shift_m"], abs=0.1)
    assert found["cut_m3"] == pytest.approx(truth["cut_m3"], rel=0.015)
    said = record.read(Path(found["report"]).parent)
    (case,) = [each for each in said["cases"] if each["finding"] == "cross_boundary"]
    assert case["says"] == "confirms"
    assert case["patch_id"] in found["patches"]
    assert said["placement"]["lies_on"] == "satellite"
    assert np.hypot(said["placement"]["east_m"] - truth["shift_m"][0], said["placement"]["north_m"] - truth["shift_m"][1]) < 5
    assert [each["case_id"] for each in said["photos"]].count(case["id"]) == 2
    assert all((Path(found["report"]).parent / each["file"]).is_file() for each in said["photos"])
    assert said["overshoots"][0]["overshoot_certain_m2"] > 400


def test_a_dropped_flights_volume_beyond_the_scale_is_a_case_of_the_next_month_until_the_flight_is_withdrawn(
    again: County, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = again.folder / "layers" / "mining_rights.geojson"
    rows = json.loads(layer.read_text("utf-8"))
    right = next(row for row in rows["features"] if row["properties"]["status"] == "有效" and row["properties"]["valid_to"] > "2024-07")
    right["properties"]["scale"] = 0.05
    layer.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    (lon, lat) = shape(right["geometry"]).representative_point().coords[0]
    (x,), (y,) = rasterio.warp.transform("EPSG:4326", flights.CRS, [lon], [lat])
    placed = {"transform": flights.transform(round(x) - 60, round(y) + 60)}
    new, before, dug = flights.surfaces()
    dropped = again.out / "inbox" / "Tuesday"
    for folder in ("odm_orthophoto", "odm_dem", "images"):
        (dropped / folder).mkdir(parents=True)
    flights.ortho(dropped / "odm_orthophoto" / "odm_orthophoto.tif", 240, **placed)
    flights.write(dropped / "odm_dem" / "dsm.tif", new[None], **placed)
    flights.write(dropped / "dsm_before.tif", before[None], **placed)
    flights.photo(dropped / "images" / "1.jpg", round(x), round(y), taken="2024:06:10 11:00:00")
    (again.out / "inbox" / "broken.tif").write_text("none", "utf-8")
    (again.out / "inbox" / "phone").mkdir()
    flights.photo(again.out / "inbox" / "phone" / "2.jpg", round(x), round(y), taken="2024:06:11 11:00:00")
    assert again.run(NEXT, "--quiet") in (0, 3)
    assert "inbox/broken.tif was not taken in. MW-DRONE-OPEN" in capsys.readouterr().err
    found, visit = record.flights(again.out)
    assert sorted(each.name for each in (again.out / "inbox" / "taken").iterdir()) == [f"{found['flight']}-Tuesday", f"{visit['flight']}-phone"]
    assert [(each["visit"], each["captured"], len(each["photos"])) for each in (visit,)] == [(True, "2024-06-11", 1)]
    shutil.copytree(again.out / "inbox" / "taken" / f"{found['flight']}-Tuesday", dropped)
    (case,) = [row for row in again.rows(NEXT, "flagged") if row["finding"] == "over_extraction"]
    assert (case["right_id"], case["first_seen"], case["severity"]) == (right["properties"]["id"], "2024-06-10", 2)
    assert case["mining_likelihood"] is None
    assert case["area_m2"] == pytest.approx(dug / 3, rel=0.15)
    assert main(["drone", "withdraw", str(again.config), found["flight"], "--by", "张三", "--why", "飞错了地方"]) == 0
    assert again.run(NEXT, "--replay", "--quiet") in (0, 3)
    assert dropped.is_dir(), "a withdrawn flight is refused, and stays to be seen"
    assert [row for row in again.rows(NEXT, "flagged") if row["finding"] == "over_extraction"] == []


def test_what_is_dropped_again_does_not_stay_in_the_inbox(site: dict[str, Path]) -> None:
    project = load(site["config"])
    dropped, taken = project.output / "inbox", project.output / "inbox" / "taken"
    dropped.mkdir(parents=True)
    with rasterio.open(site["ortho"], "r+") as dataset:
        dataset.update_tags(TIFFTAG_DATETIME="2024:06:01 10:00:00")
    told = []
    for _ in range(3):
        shutil.copy(site["ortho"], dropped / "o.tif")
        told += inbox.take(project, lambda *_: None)[0]
        assert [each.name for each in dropped.iterdir()] == ["taken"]
    (flight,) = record.flights(project.output)
    assert sorted(each.name for each in taken.iterdir()) == [f"{flight['flight']}-o{each}.tif" for each in ("-2", "-3", "")]
    assert told[1:] == [f"inbox/o.tif: flight {flight['flight']}, taken in already"] * 2


def test_what_may_not_be_read_or_moved_stops_no_month(site: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    project = load(site["config"])
    dropped = project.output / "inbox"
    for name in ("closed", "fixed"):
        (dropped / name).mkdir(parents=True)

    def refused(_: Project, entry: Path, __: object) -> tuple[dict[str, str], bool]:
        if entry.name == "closed":
            raise PermissionError(13, "Permission denied", str(entry))
        return {"flight": "20240601-0123abcd"}, True

    def stuck(one: Path, other: Path) -> None:
        raise PermissionError(13, "Permission denied", str(other))

    monkeypatch.setattr(inbox, "_taken", refused)
    monkeypatch.setattr(inbox.os, "replace", stuck)
    taken, told = inbox.take(project, lambda *_: None)
    assert taken == []
    assert [line.split(" was not taken in. ")[1][:13] for line in told] == ["MW-PERMISSION"] * 2
    assert [line.split()[0] for line in told] == ["inbox/closed", "inbox/fixed"]


def test_a_projects_own_photos_never_stop_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "project"
    for folder in ("odm_orthophoto", "images"):
        (project / folder).mkdir(parents=True)
    flights.ortho(project / "odm_orthophoto" / "odm_orthophoto.tif")
    flights.photo(project / "images" / "1.jpg", flights.WEST, flights.NORTH, placed=False)
    found = ingest(flights.county(tmp_path / "county"), capsys, project, *DAY)
    assert "The project's own photos are left out (MW-DRONE-PHOTOS)." in found["warnings"]
    assert not Path(found["report"]).with_name("photos").exists()
