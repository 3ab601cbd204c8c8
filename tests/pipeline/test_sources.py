"""The same county from other sources: the same findings, to the byte, and nothing done twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image

from pipeline.cli import main
from pipeline.sources import process_api
from tests.pipeline.conftest import BANDS, MONTHS, County, day_of
from tests.process_api import Hub
from tests.products import converter
from tests.servers import COMMON, Reply, Server, api, files_under

TWO = MONTHS[:2]
HASHES = 960
"""Row of a picture below which it names the hashes of its scenes."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(scope="module")
def safe(bare: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """The thin county as products: folders and zips by turns, images in JPEG 2000. Not to be changed."""
    folder = tmp_path_factory.mktemp("safe") / "county"
    folder.mkdir()
    shutil.copytree(bare.folder / "layers", folder / "layers")
    for number, scene in enumerate(sorted((bare.folder / "scenes").iterdir(), key=day_of)):
        if day_of(scene) >= "20240301":
            continue
        slim = tmp_path_factory.mktemp("scene") / scene.name
        slim.mkdir()
        for file in scene.iterdir():
            if any(f"_{band}_" in file.name for band in ("B03", "B04", "B08", "B11", "SCL")):
                (slim / file.name).symlink_to(file)
        converter.convert(slim, folder / "products" / day_of(scene)[:4], zipped=number % 2 == 0)
    text = bare.config.read_text("utf-8").replace("kind: folder, path: scenes", "kind: safe, path: products")
    (folder / "config.yaml").write_text(text, "utf-8")
    return County(folder)


@pytest.fixture(scope="module")
def fetched(safe: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """Two months fetched ahead, and then done. Not to be changed."""
    county = County(tmp_path_factory.mktemp("fetched") / "county")
    shutil.copytree(safe.folder, county.folder, symlinks=True)
    assert main(["fetch", str(county.config), "--month", TWO[-1], "--quiet"]) == 0
    assert not (county.out / "state" / "county.json").exists(), "the county begins with its first run"
    assert county.run(TWO[-1], "--quiet") in (0, 3)
    return county


def assert_alike(one: County, other: County) -> None:
    """Pictures show the same; only hashes of scenes differ, which are those of what was delivered."""
    names = [row["evidence"] for row in other.rows(TWO[-1])]
    assert names
    for name in names:
        with Image.open(one.out / TWO[-1] / name) as mine, Image.open(other.out / TWO[-1] / name) as its:
            assert np.array_equal(np.asarray(mine)[:HASHES], np.asarray(its)[:HASHES])


def test_products_give_the_findings_that_folders_give(fetched: County, thin: County) -> None:
    assert fetched.bytes(TWO, pictures=False) == thin.bytes(TWO, pictures=False)
    assert_alike(fetched, thin)


def test_scenes_are_traced_to_what_was_delivered(fetched: County) -> None:
    run = json.loads((fetched.out / TWO[0] / "run.json").read_text("utf-8"))
    hashes = {scene["id"]: scene["sha256"] for scene in run["window"]}
    assert len(hashes) > 20
    assert len(set(hashes.values())) == len(hashes)
    assert not any("store" in key for key in json.loads((fetched.out / "state" / "hashes.json").read_text("utf-8"))["files"])


def test_a_run_after_a_fetch_decodes_nothing(fetched: County, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("pipeline.sources.safe_delivery.transcode", lambda *_: pytest.fail("decoded again"))
    monkeypatch.setattr("pipeline.sources.safe_package.sha256", lambda *_: pytest.fail("read again"))
    assert main(["fetch", str(fetched.config), "--month", TWO[-1], "--dry-run"]) == 0
    assert "0 scenes needed; 0 files" in capsys.readouterr().out
    shutil.rmtree(fetched.out / TWO[-1])
    assert fetched.run(TWO[-1], "--replay", "--quiet") in (0, 3)


def test_status_and_doctor_know_the_products(fetched: County, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(fetched.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["late_scenes"] == []
    assert main(["doctor", str(fetched.config), "--json"]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["scenes"]["ok"]
    assert "store" in checks
    assert checks["store"]["ok"]


def test_a_damaged_product_is_left_out_by_name_and_a_damaged_store_is_mended(
    fetched: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county = County(tmp_path / "county")
    shutil.copytree(fetched.folder, county.folder)
    store = county.out / "store" / "scenes"
    product = sorted((county.folder / "products").rglob("*_MSIL2A_202402*.SAFE"))[0]
    image = next(product.rglob("*_B08_10m.jp2"))
    image.write_bytes(image.read_bytes()[:-40] + bytes(40))
    shutil.rmtree(store / product.name.removesuffix(".SAFE"))
    spoilt = sorted(each for each in store.iterdir() if "_MSIL2A_202402" in each.name)[-1]
    file = next(spoilt.glob("B04-*.tif"))
    file.write_bytes(file.read_bytes()[:200] + bytes(file.stat().st_size - 200))
    capsys.readouterr()
    assert county.run(TWO[-1], "--replay") == 3
    said = capsys.readouterr().err
    assert product.name.removesuffix(".SAFE") in said
    assert "B08" in said
    assert f"scene {spoilt.name} was left out" not in said
    used = {scene["id"] for scene in json.loads((county.out / TWO[-1] / "run.json").read_text("utf-8"))["scenes"] if scene["used"]}
    assert spoilt.name in used


def test_bands_are_those_of_the_county(fetched: County) -> None:
    run = json.loads((fetched.out / TWO[0] / "run.json").read_text("utf-8"))
    assert f"[{', '.join(run['bands'])}]" == BANDS


def listed(server: Server, folder: Path) -> dict[str, Any]:
    """A scene folder as an item of a catalogue."""
    name, assets = folder.name, {}
    for file in sorted(folder.glob("*.tif")):
        band = file.name.split("_")[2]
        with rasterio.open(file) as source:
            shape, transform = list(source.shape), list(source.transform)[:6]
        assets[COMMON[band]] = {
            "href": f"{server.url}/files/{name}/{file.name}",
            "eo:bands": [{"name": COMMON[band], "common_name": COMMON[band]}],
            "proj:shape": shape,
            "proj:transform": transform,
            "raster:bands": [{"scale": 0.0001, "offset": -0.1}],
        }
    day = day_of(folder)
    properties = {
        "datetime": f"{day[:4]}-{day[4:6]}-{day[6:]}T03:45:00Z",
        "proj:code": "EPSG:32648",
        "s2:product_uri": f"{name}.SAFE",
        "s2:processing_baseline": f"{name[28:30]}.{name[30:32]}",
    }
    links = [{"rel": "self", "href": f"{server.url}/items/{name}"}]
    return {"type": "Feature", "id": f"S2_{day}_0_L2A", "properties": properties, "assets": assets, "links": links}


def test_a_catalogue_gives_the_findings_that_folders_give(
    thin: County, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    county = County(tmp_path / "county")
    county.folder.mkdir()
    shutil.copytree(thin.folder / "layers", county.folder / "layers")
    scenes = sorted((each for each in (thin.folder / "scenes").iterdir() if day_of(each) < "20240301"), key=day_of)
    items = [listed(server, scene) for scene in scenes]
    api(server, [items[k : k + 40] for k in range(0, len(items), 40)])
    server.routes.append(files_under(thin.folder / "scenes"))
    text = thin.config.read_text("utf-8").replace("kind: folder, path: scenes", f"kind: stac, url: '{server.url}', since: 2023-01-01")
    (county.folder / "config.yaml").write_text(text, "utf-8")
    assert county.run(TWO[-1], "--quiet") in (0, 3)
    assert county.bytes(TWO, pictures=False) == thin.bytes(TWO, pictures=False)
    assert_alike(county, thin)
    asked = [each for each in server.asked if each.path.startswith("/files/")]
    read = {each.path for each in asked}
    assert len(read) == len(scenes) * 5
    run = json.loads((county.out / TWO[0] / "run.json").read_text("utf-8"))
    assert all(scene["id"].startswith("S2") and "_N05" in scene["id"] for scene in run["scenes"])
    server.asked.clear()
    assert county.run(TWO[-1], "--replay", "--quiet") in (0, 3)
    assert not any(each.path.startswith("/files/") for each in server.asked), "a second run reads nothing"
    _without_its_catalogue(county, server, monkeypatch, capsys)


def _without_its_catalogue(county: County, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that is made right after a month's end may lack scenes of it: with the catalogue down, the month that rests on it says so."""
    for file in (county.out / "catalogue").rglob("????-??.json"):
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"asked": "2024-03-01"}), "utf-8")
    monkeypatch.setattr("pipeline.sources.web.pause", lambda seconds: None)
    monkeypatch.setattr("pipeline.months.today", lambda: date(2024, 3, 5))
    server.routes.insert(0, lambda asked: Reply.page(503))
    capsys.readouterr()
    assert county.run(TWO[-1], "--replay", "--quiet") == 3
    said = capsys.readouterr().err
    assert "MW-WEB-AGAIN" in said
    assert "Its lists of 2024-03-01 are used" in said
    assert any("Its lists of" in warning for warning in json.loads((county.out / TWO[-1] / "run.json").read_text("utf-8"))["warnings"])
    shutil.rmtree(county.out / "store")
    assert county.run(TWO[-1], "--replay", "--quiet") == 1
    assert "MW-WEB-AGAIN" in capsys.readouterr().err
    assert not (county.out / TWO[-1] / "run.json").exists(), "a month without its scenes is not done"


def test_the_process_api_gives_the_findings_that_folders_give(
    thin: County, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(process_api.CLIENT_ID, "me")
    monkeypatch.setenv(process_api.CLIENT_SECRET, "s3cr3t")
    county = County(tmp_path / "county")
    county.folder.mkdir()
    shutil.copytree(thin.folder / "layers", county.folder / "layers")
    scenes = sorted((each for each in (thin.folder / "scenes").iterdir() if day_of(each) < "20240301"), key=day_of)
    hub = Hub(server, scenes)
    text = thin.config.read_text("utf-8").replace("kind: folder, path: scenes", f"kind: sentinelhub, url: '{server.url}', since: 2023-01-01")
    (county.folder / "config.yaml").write_text(text, "utf-8")
    assert main(["fetch", str(county.config), "--month", TWO[-1], "--dry-run"]) == 0
    assert "processing units" in capsys.readouterr().out
    assert hub.processed == []
    assert county.run(TWO[-1], "--quiet") in (0, 3)
    assert county.bytes(TWO, pictures=False) == thin.bytes(TWO, pictures=False)
    assert_alike(county, thin)
    assert len(hub.processed) == 2 * len(scenes)
