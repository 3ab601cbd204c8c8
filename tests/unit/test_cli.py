"""Commands as people and cron give them: exit codes, messages, JSON."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import months
from pipeline.cli import main
from pipeline.commands import machine
from pipeline.errors import Exit, MinewardenError
from pipeline.lock import locked
from pipeline.sources import FolderSource, scene_sha256
from tests.unit.conftest import Result, Run

Make = Callable[..., Path]


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(config_text, "utf-8")
    return file


def test_run_hands_on_what_was_asked(config: Path, job: Callable[[Run], None], capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Any] = []

    def run(project: Any, *rest: Any) -> Result:
        asked.extend([project.file, *rest[:4]])
        rest[4]("reading scenes", 2, 2)
        return Result()

    job(run)
    assert main(["run", str(config), "--month", "2024-09", "--workers", "2", "--replay"]) == 0
    assert asked == [config, "2024-09", 2, None, True]
    out, err = capsys.readouterr()
    assert out == "2024-09: 3 new cases\n"
    assert err.startswith("reading scenes: 2 of 2, ")


def test_the_default_is_the_last_month_that_has_ended(config: Path, job: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    job(lambda _project, month, *_rest: asked.append(month) or Result())
    monkeypatch.setattr(months, "today", lambda: date(2024, 3, 1))
    assert main(["run", str(config)]) == 0
    assert asked == ["2024-02"]


def test_quiet_says_nothing_unless_a_person_is_needed(config: Path, job: Callable[[Run], None], capsys: pytest.CaptureFixture[str]) -> None:
    job(lambda *_: Result())
    assert main(["run", str(config), "--month", "2024-09", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    job(lambda *_: Result(Exit.INCOMPLETE, ["2024-09: only 31 % seen clearly"]))
    assert main(["run", str(config), "--month", "2024-09", "--quiet"]) == 3
    assert capsys.readouterr() == ("", "2024-09: only 31 % seen clearly\n")


def test_a_second_run_is_told_who_holds_the_lock(config: Path, job: Callable[[Run], None], capsys: pytest.CaptureFixture[str]) -> None:
    job(lambda *_: Result())
    with locked(config.parent / "out"):
        assert main(["run", str(config), "--month", "2024-09"]) == 4
    assert "MW-LOCKED: Another run" in (err := capsys.readouterr().err)
    assert "process " in err
    assert main(["run", str(config), "--month", "2024-09"]) == 0


def test_a_fault_is_one_line_and_a_traceback_in_the_log(config: Path, job: Callable[[Run], None], capsys: pytest.CaptureFixture[str]) -> None:
    def run(*_: Any) -> Result:
        raise RuntimeError("token=s3cret was refused")

    job(run)
    assert main(["run", str(config), "--month", "2024-09"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    log = config.parent / "out" / "log" / "minewarden.log"
    assert line.startswith("MW-FAULT: ")
    assert str(log) in line
    assert "Traceback" in (text := log.read_text("utf-8"))
    assert "s3cret" not in text + line


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (KeyboardInterrupt(), "MW-STOPPED", 1),
        (OSError(errno.ENOSPC, "No space left on device"), "MW-DISK-FULL", 1),
        (MinewardenError("MW-STATE-DAMAGED", "state\nis damaged.", "Replay.", Exit.DAMAGED), "MW-STATE-DAMAGED: state is damaged. Fix: Replay.", 5),
    ],
)
def test_errors_end_as_a_code(
    config: Path, job: Callable[[Run], None], capsys: pytest.CaptureFixture[str], error: BaseException, code: str, exit_code: int
) -> None:
    def run(*_: Any) -> Result:
        raise error

    job(run)
    assert main(["run", str(config), "--month", "2024-09"]) == exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(code)


def test_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "nowhere.yaml", "--log-format", "json"]) == 2
    said = json.loads(capsys.readouterr().err)
    assert (said["code"], said["level"]) == ("MW-CONFIG-FILE", "error")
    assert said["fix"]
    assert main(["run", "--log-format=json"]) == 2
    assert json.loads(capsys.readouterr().err)["code"] == "MW-USAGE"


@pytest.mark.parametrize("arguments", [[], ["dig"], ["run"], ["run", "a", "b"], ["run", "a", "--workers", "0"], ["status", "--fast", "a"]])
def test_wrong_command_lines(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "minewarden" in capsys.readouterr().err


def test_help_is_quick_and_imports_no_heavy_library() -> None:
    heavy = "{'numba', 'rasterio', 'dask', 'pyproj', 'shapely'} & set(sys.modules)"
    code = f"import sys; from pipeline.cli import main; assert main(['run', '--help']) == 0; assert not {heavy}, {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=Path(__file__).parents[2])


def test_init_makes_a_county(tmp_path: Path, area_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["init", str(tmp_path / "huining"), "--county", "会宁县", "--code", "620422", "--area", str(area_file)]
    assert main(arguments) == 0
    config = tmp_path / "huining" / "config.yaml"
    assert "EPSG:32648" in config.read_text("utf-8")
    outline = json.loads((tmp_path / "huining" / "layers" / "aoi.geojson").read_text("utf-8"))
    assert outline["features"][0]["geometry"]["type"] == "Polygon"
    assert (tmp_path / "huining" / "scenes").is_dir()
    assert main(arguments) == 2
    assert "MW-INIT-EXISTS" in capsys.readouterr().err


def test_init_reprojects_the_area(tmp_path: Path, area_file: Path) -> None:
    import pyogrio
    import shapely
    from pyproj import Transformer

    to_gauss = Transformer.from_crs("EPSG:4326", "EPSG:4544", always_xy=True)
    degrees = shapely.from_geojson(area_file.read_text("utf-8")).geoms[0]
    metres = shapely.transform(degrees, to_gauss.transform, interleaved=False)
    file = tmp_path / "area.gpkg"
    pyogrio.raw.write(file, shapely.to_wkb([metres]), field_data=[], fields=[], crs="EPSG:4544", geometry_type="Polygon")
    assert main(["init", str(tmp_path / "c"), "--county", "x", "--code", "620422", "--area", str(file), "--quiet"]) == 0
    written = shapely.from_geojson((tmp_path / "c" / "layers" / "aoi.geojson").read_text("utf-8")).geoms[0]
    assert written.symmetric_difference(degrees).area < 1e-9


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (None, "620422", "MW-INIT-AREA"),
        ("not a map", "620422", "MW-INIT-AREA"),
        ('<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>', "620422", "MW-INIT-AREA"),
        ('{"type": "Point", "coordinates": [105, 35]}', "620422", "holds no polygons"),
        ('{"type": "Polygon", "coordinates": [[[1e6, 0], [1e6, 1e6], [0, 0], [1e6, 0]]]}', "620422", "does not lie on the globe"),
        (None, "62042", "MW-INIT-CODE"),
    ],
)
def test_init_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, code: str, told: str) -> None:
    file = tmp_path / "area.geojson"
    if content is not None:
        file.write_text(content, "utf-8")
    assert main(["init", str(tmp_path / "c"), "--county", "x", "--code", code, "--area", str(file)]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_demo_needs_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("pipeline.commands.demo._MAKER", tmp_path / "make.py")
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 2
    assert "MW-DEMO-SAMPLES" in capsys.readouterr().err


def test_demo_makes_a_county_once_and_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config_text: str, job: Callable[[Run], None]
) -> None:
    maker = f"""
def make_county(out, seed, progress, months_monitored, given_back):
    out.mkdir()
    (out / "config.yaml").write_text({config_text!r}, "utf-8")
    (out / "truth.geojson").touch()
    progress(1, 1)
    return out / "config.yaml"
"""
    (tmp_path / "make.py").write_text(maker, "utf-8")
    monkeypatch.setattr("pipeline.commands.demo._MAKER", tmp_path / "make.py")
    job(lambda project, month, *_: Result(lines=[str(project.output / month / "report.html")]))
    for _ in range(2):
        assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
        assert str(tmp_path / "demo" / "out" / "2024-09" / "report.html") in capsys.readouterr().out


def test_doctor(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert {c["name"] for c in said["checks"]} >= {"python", "libraries", "coordinates", "compiler", "disk", "memory", "clock"}
    assert main(["doctor", str(config)]) == 2
    assert "FAIL  scenes: MW-SOURCE-PATH" in capsys.readouterr().err


def test_doctor_says_whether_reports_can_be_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return next(check.detail for check in machine.checks(tmp_path) if check.name == "pdf" and check.ok)

    monkeypatch.setenv("PATH", str(tmp_path))
    assert "prints from any browser" in said()
    (tmp_path / "google-chrome").write_text("#!/bin/sh\n")
    (tmp_path / "google-chrome").chmod(0o755)
    assert str(tmp_path / "google-chrome") in said()


def test_doctor_finds_a_damaged_ledger_and_changed_results(config: Path, scene: Make, capsys: pytest.CaptureFixture[str]) -> None:
    scene(config.parent / "scenes", "20240903")
    month = config.parent / "out" / "2024-09"
    month.mkdir(parents=True)
    (month.parent / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    (month / "flagged.geojson").write_text("{}", "utf-8")
    run = {"scenes": [], "coverage": {}, "outputs": [{"path": "flagged.geojson", "sha256": "0"}]}
    (month / "run.json").write_text(json.dumps(run), "utf-8")
    assert main(["doctor", str(config)]) == 5
    err = capsys.readouterr().err
    assert "FAIL  last month" in err
    assert "FAIL  ledger" in err


def test_status(config: Path, scene: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 10, 5))
    assert main(["status", str(config)]) == 0
    assert "no month is done; 2024-09 has ended" in capsys.readouterr().out
    for day in ("20240903", "20240905", "20240906", "20240908", "20240913", "20241001"):
        scene(config.parent / "scenes", day)
    hashes = {each.id: scene_sha256(each) for each in FolderSource(config.parent / "scenes").scenes()[0]}
    month = config.parent / "out" / "2024-09"
    month.mkdir(parents=True)
    scenes = [
        {"id": "20240903", "date": "2024-09-03", "sha256": hashes["20240903"], "used": True},
        {"id": "20240905", "date": "2024-09-05", "sha256": "0", "used": True},
        {"id": "20240906", "date": "2024-09-06", "sha256": hashes["20240906"], "used": False, "reason": "too dark"},
        {"id": "20240908", "date": "2024-09-08", "sha256": "0", "used": False, "reason": "cut off"},
    ]
    (month / "run.json").write_text(json.dumps({"scenes": scenes, "coverage": {"observed_fraction": 0.4}, "outputs": []}), "utf-8")
    cases = [{"properties": {"finding": "unlicensed", "review": "pending"}}, {"properties": {"finding": "unlicensed", "review": "confirmed"}}]
    (month / "flagged.geojson").write_text(json.dumps({"features": cases}), "utf-8")
    assert main(["status", str(config)]) == 0
    assert "Open cases of 2024-09: 2\n     2  unlicensed 疑似无证开采\n" in capsys.readouterr().out
    pieces = [("P1", "confirmed"), ("P1", "confirmed"), ("P2", "provisional"), ("P3", "ended")]  # a patch on two rights is two rows
    rows = [{"properties": {"patch_id": patch, "status": status}} for patch, status in pieces]
    (month / "patches.geojson").write_text(json.dumps({"features": rows}), "utf-8")
    assert main(["status", str(config), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    late = {s["id"]: s["why"] for s in said["late_scenes"]}
    assert late == {"20240905": "replaced", "20240908": "mended", "20240913": "new"}  # what is left out as before is no news
    assert said["open_cases"] == {"unlicensed": 2}
    assert said["open_patches"] == 2
    assert said["months"][0]["scenes_left_out"] == 2
    needs = "\n".join(said["needs_a_person"])
    for told in ("1 case(s) wait for a verdict", "--replay --month 2024-09", "only 40%", "20240908 was left out"):
        assert told in needs


def test_status_of_damaged_results(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    month = config.parent / "out" / "2024-09"
    month.mkdir(parents=True)
    (month / "run.json").write_text("{", "utf-8")
    assert main(["status", str(config)]) == 5
    assert "MW-RESULT-DAMAGED" in capsys.readouterr().err
