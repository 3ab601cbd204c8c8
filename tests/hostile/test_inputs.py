"""Broken and malicious inputs: one message with a code, no network, no files of others, no flood of memory."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import rasterio
from affine import Affine
from shapely.geometry import box

from pipeline import months
from pipeline.cli import main
from pipeline.compute import check_scheduler
from pipeline.config import load
from pipeline.errors import MinewardenError
from pipeline.sources import FolderSource, open_band
from pipeline.sources.gridfit import county_grid
from tests.made import write_band

Make = Callable[..., Path]

VRT = """<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>
<SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"""


def refused(path: Path, code: str, root: Path | None = None) -> None:
    with pytest.raises(MinewardenError, match=code), open_band(path, root):
        pass


def test_a_vrt_named_tif(tmp_path: Path) -> None:
    file = tmp_path / "B04.tif"
    for source in ("/vsicurl/http://127.0.0.1:9/B04.tif", str(write_band(tmp_path / "real.tif"))):
        file.write_text(VRT.format(source=source), "utf-8")
        refused(file, "MW-BAND-OPEN")


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://127.0.0.1:9/B04.tif", "http://127.0.0.1:9/B04.tif", "/vsizip/a.zip/B04.tif", "s3://bucket/B04.tif"]
)
def test_paths_that_are_no_files(path: str) -> None:
    refused(Path(path), "MW-BAND-PATH")


@pytest.mark.parametrize("name", ["GTIFF_DIR:1:B04.tif", "B04.tif"])
def test_only_real_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "B04.tif").mkdir()
    refused(Path(name), "MW-BAND-FILE")


@pytest.mark.parametrize("content", [b"", b"<html>Error 503</html>", b"II*\0\x08\0\0\0", b"\0" * 4096])
def test_files_that_are_no_images(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "B04.tif").write_bytes(content)
    refused(tmp_path / "B04.tif", "MW-BAND-OPEN")


def test_a_small_file_that_declares_a_giant(tmp_path: Path) -> None:
    file = tmp_path / "B04.tif"
    where = {"crs": "EPSG:32648", "transform": Affine(10, 0, 500_000, 0, -10, 3_950_000)}
    with rasterio.open(file, "w", driver="GTiff", width=70_000, height=70_000, count=1, dtype="uint16", sparse_ok=True, tiled=True, **where):
        pass
    assert file.stat().st_size < 20_000_000
    refused(file, "MW-BAND-SIZE")


def test_a_small_file_that_would_be_unpacked_as_a_whole(tmp_path: Path) -> None:
    """Every window of it would take the whole tile into memory."""
    file = tmp_path / "B04.tif"
    where = {"crs": "EPSG:32648", "transform": Affine(10, 0, 500_000, 0, -10, 3_950_000), "tiled": True, "blockxsize": 20_000, "blockysize": 20_000}
    with rasterio.open(file, "w", driver="GTiff", width=20_000, height=20_000, count=1, dtype="uint16", sparse_ok=True, **where):
        pass
    assert file.stat().st_size < 1_000_000
    refused(file, "MW-BAND-SIZE")


@pytest.mark.parametrize("name", ["B04.jp2", "B04.tif"])
@pytest.mark.parametrize(
    "content",
    [b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\xff" * 500, b"\x89HDF\r\n\x1a\n" + bytes(500), b"P5 8 8 255\n" + bytes(64), b"MM\0*\xff\xff\xff\xff"],
)
def test_images_of_other_kinds(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "MW-BAND-OPEN")


@pytest.mark.parametrize(
    ("settings", "code"), [({"count": 3}, "MW-BAND-COUNT"), ({"dtype": "float32"}, "MW-BAND-TYPE"), ({"crs": None}, "MW-BAND-CRS")]
)
def test_files_no_band_looks_like(tmp_path: Path, settings: dict[str, object], code: str) -> None:
    refused(write_band(tmp_path / "B04.tif", **settings), code)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_band_without_a_place(tmp_path: Path) -> None:
    refused(write_band(tmp_path / "B04.tif", transform=Affine.identity()), "MW-BAND-CRS")


def test_neighbouring_files_are_not_looked_at(tmp_path: Path) -> None:
    file = write_band(tmp_path / "B04.tif")
    (tmp_path / "B04.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:4326</SRS></PAMDataset>", "utf-8")
    with open_band(file) as band:
        assert band.crs.to_epsg() == 32648


def test_links_that_leave_the_scene_folder(tmp_path: Path, scene: Make) -> None:
    source = tmp_path / "scenes"
    secret = write_band(tmp_path / "secret.tif")
    linked = scene(source, "20240701")
    (linked / "B04.tif").unlink()
    (linked / "B04.tif").symlink_to(secret)
    scene(tmp_path / "elsewhere", "20240702")
    (source / "20240702").symlink_to(tmp_path / "elsewhere" / "20240702")
    item = scene(source, "20240703")
    (tmp_path / "item.json").write_text("{}", "utf-8")
    (item / "item.json").symlink_to(tmp_path / "item.json")
    dangling = scene(source, "20240704")
    (dangling / "B04.tif").unlink()
    (dangling / "B04.tif").symlink_to(dangling / "nowhere.tif")
    scenes, left = FolderSource(source).scenes()
    assert not scenes
    assert {r.id: r.reason.split(" ", 1)[1].split(",")[0] for r in left} == {
        "20240701": "is a link that leads out of the scene folder.",
        "20240702": "folder is a link that leads out of the scene folder.",
        "20240703": "is a link that leads out of the scene folder.",
        "20240704": "is no file",
    }
    refused(linked / "B04.tif", "MW-BAND-PATH", source)


def test_links_inside_the_scene_folder_are_fine(tmp_path: Path, scene: Make) -> None:
    folder = scene(tmp_path, "20240701")
    (folder / "B04.tif").rename(folder / "red.tif")
    (folder / "B04.tif").symlink_to("red.tif")
    scenes, left = FolderSource(tmp_path).scenes()
    assert len(scenes) == 1
    assert not left


def test_a_folder_that_contains_itself(tmp_path: Path, scene: Make) -> None:
    scene(tmp_path, "20240701")
    (tmp_path / "loop").symlink_to(tmp_path)
    scenes, _ = FolderSource(tmp_path).scenes()
    assert [s.id for s in scenes] == ["20240701"]


def test_a_pipe_in_place_of_a_band_does_not_hang(tmp_path: Path, scene: Make) -> None:
    folder = scene(tmp_path, "20240701")
    for name in ("B04.tif", "item.json"):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    _, (left,) = FolderSource(tmp_path).scenes()
    assert left.reason.startswith("B04.tif is no file")


def config_of(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


ALIAS_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ALIAS_BOMB, "MW-CONFIG-ALIAS"),
        ("county: [", "MW-CONFIG-YAML"),
        ("!!python/object/apply:os.system ['true']", "MW-CONFIG-YAML"),
        ("- a\n- b", "MW-CONFIG-SHAPE"),
        ("", "MW-CONFIG-SHAPE"),
        (b"\xff\xfe\x00", "MW-CONFIG-ENCODING"),
        (b"#" * 2_000_000, "MW-CONFIG-SIZE"),
        ("county: {name: x}", "MW-CONFIG-FIELD"),
        ("a: " + "[" * 5_000 + "]" * 5_000, "MW-CONFIG-YAML"),
        ("a: " + "{b: " * 50 + "1" + "}" * 50, "MW-CONFIG-YAML"),
        ("a: " + "9" * 5_000, "MW-CONFIG-YAML"),
        ("a: 2024-13-45", "MW-CONFIG-YAML"),
        ("a: !!timestamp 'x'", "MW-CONFIG-YAML"),
        ("? [a, b]\n: c", "MW-CONFIG-(YAML|FIELD)"),
        ("output: a\noutput: b", "output is there twice"),
        ("a: b\n---\na: c", "MW-CONFIG-YAML"),
        ("county: \x00", "MW-CONFIG-YAML"),
        ("\tcounty: x", "MW-CONFIG-YAML"),
    ],
)
def test_configs_that_are_none(tmp_path: Path, text: str | bytes, code: str) -> None:
    with pytest.raises(MinewardenError, match=code):
        load(config_of(tmp_path, text))


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_config_that_can_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["run", str(tmp_path / name), "--month", "2024-09"]) == 2
    assert "MW-CONFIG-FILE" in capsys.readouterr().err


def test_unknown_key(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(config_of(tmp_path, config_text + "outptu: x\n")), "--month", "2024-09"]) == 2
    assert "outptu: unknown key" in capsys.readouterr().err


@pytest.mark.parametrize("month", ["2024-10", "2024-11", "2099-01"])
def test_a_month_that_has_not_ended(
    tmp_path: Path, config_text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], month: str
) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 10, 31))
    assert main(["run", str(config_of(tmp_path, config_text)), "--month", month]) == 2
    assert f"MW-MONTH-FUTURE: {month} has not ended" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("month", ["2024", "2024-13", "2024-9", "2024-09-01", "九月", "0000-01", ""])
def test_months_that_are_none(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str], month: str) -> None:
    assert main(["run", str(config_of(tmp_path, config_text)), "--month", month]) == 2
    assert "MW-MONTH-FORMAT" in capsys.readouterr().err


def test_output_that_is_a_file(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine", "utf-8")
    assert main(["run", str(config_of(tmp_path, config_text)), "--month", "2024-09"]) == 2
    assert "MW-OUTPUT" in capsys.readouterr().err


ABSURD = {
    "resolution: 10": [f"resolution: {value}" for value in ("0", "-10", "0.000001", ".nan", ".inf", "1e308", "ten")],
    'code: "620422"': [f"code: {value}" for value in ("620422", '"62042２"', '"620422\\n"', '"../../x"', '""')],
    "name: 会宁县": ['name: ""', "name: [会宁县]", f"name: {'县' * 101}"],
    "output: out": [f"output: {value}" for value in ('"out\\0"', '"a\\e[31m"', "x" * 2000, "[a]", "null")],
    "kind: folder": ["kind: ftp", *(f"kind: folder, {more}" for more in ("bands: B04", "scale: 0", "scale: .inf", "offset: .nan"))],
    "output: out\n": [
        f"output: out\n{more}\n"
        for more in (
            "findings: {min_cells: 0}", "findings: {min_cells: 1000000000000}", "findings: {min_likelihood: 2}", "findings: {tolerance_m: 1e12}",
            "coverage: {min: -1}", "compute: {block: 1}", "compute: {block: 1000000}", "compute: {memory_mb: 1e18}", "monitor_from: 2024-06",
            "monitor_from: 99999-01", 'notify: ""', "notify: 'sh \"'", "layers: {x: {path: a.gpkg}}",
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, many in ABSURD.items() for new in many])
def test_absurd_values(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str], old: str, new: str) -> None:
    file = config_of(tmp_path, config_text.replace(old, new))
    assert file.read_text("utf-8") != config_text
    assert main(["run", str(file), "--month", "2024-09"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"MW-CONFIG-FIELD: [^\n]{1,600} Fix: [^\n]+\n", err), err
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "x" * 5000])
def test_configs_that_are_no_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert main(["run", str(tmp_path / name), "--month", "2024-09"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("MW-CONFIG-FILE")
    assert err.count("\n") == 1


def test_names_can_not_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "\x1b[2Jx\u202ey"), "--month", "2024-09"]) == 2
    assert capsys.readouterr().err.count("�") == 2


@pytest.mark.parametrize("arguments", [["--workers", "0"], ["--workers", "100000"], ["--workers", "two"], ["--scheduler"]])
def test_absurd_options(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["run", str(config_of(tmp_path, config_text)), "--month", "2024-09", *arguments]) == 2
    assert capsys.readouterr().err.startswith("MW-USAGE")


@pytest.mark.parametrize("address", ["nonsense", "http://x y", "abc://q:1", ""])
def test_a_scheduler_that_is_none(address: str) -> None:
    with pytest.raises(MinewardenError, match="MW-SCHEDULER"):
        check_scheduler(address)


def test_an_area_of_half_a_continent(tmp_path: Path, config_text: str) -> None:
    with pytest.raises(MinewardenError, match="MW-GRID-SIZE"):
        county_grid(load(config_of(tmp_path, config_text)).config, box(-2e6, 3e6, 3e6, 7e6), [])
