"""What `fetch` says before it works, and what it does not touch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.products import NAME, product

Make = Callable[..., Path]
AREA = '{"type": "Polygon", "coordinates": [[[105.003, 35.685], [105.01, 35.685], [105.01, 35.69], [105.003, 35.69], [105.003, 35.685]]]}'


@pytest.fixture
def county(tmp_path: Path, config_text: str) -> Path:
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "aoi.geojson").write_text(f'{{"type": "Feature", "properties": {{}}, "geometry": {AREA}}}')
    text = config_text.replace("kind: folder, path: scenes", "kind: safe, path: products") + "monitor_from: 2024-01\n"
    (tmp_path / "config.yaml").write_text(text, "utf-8")
    for month in ("202312", "202407", "202408"):
        product(tmp_path / "products", NAME.replace("202407", month), bands=("B04", "B08", "SCL"))
    return tmp_path / "config.yaml"


def test_what_there_is_to_fetch(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", str(county), "--month", "2024-07", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("2024-07: 2 scenes needed; 6 files of 2 scenes are to be made: about 0.00 GB, about 1 min.")
    assert not (county.parent / "out" / "store" / "scenes").exists()
    assert main(["fetch", str(county), "--month", "2024-07"]) == 0
    assert "The store has what 2 scenes need" in capsys.readouterr().out
    assert main(["fetch", str(county), "--month", "2024-07", "--dry-run"]) == 0
    assert "0 files of 0 scenes" in capsys.readouterr().out
    assert not (county.parent / "out" / "state" / "county.json").exists()


def test_a_month_before_monitoring(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", str(county), "--month", "2023-12"]) == 2
    assert "MW-MONTH-EARLY" in capsys.readouterr().err


def test_a_store_that_is_too_small_is_said_before_any_work(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    county.write_text(county.read_text("utf-8") + "store: {max_gb: 0.00001}\n", "utf-8")
    assert main(["fetch", str(county), "--month", "2024-07"]) == 2
    assert "MW-STORE-FULL" in capsys.readouterr().err


def test_a_damaged_product_is_named_and_the_rest_is_fetched(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = next((county.parent / "products").glob("*_20240703*"))
    next(damaged.rglob("*_B08_10m.jp2")).write_bytes(b"x")
    assert main(["fetch", str(county), "--month", "2024-07"]) == 3
    said = capsys.readouterr().err
    assert f"scene {damaged.name.removesuffix('.SAFE')} can't be used: MW-SAFE-CHECKSUM" in said
    assert "The store has what 1 scenes need" in said


def test_products_that_can_not_be_used_are_named_before_the_run(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was refused on being found is not to be heard of only after the run."""
    products = county.parent / "products"
    lost = next(products.glob("*_20240703*"))
    next(lost.rglob("MTD_TL.xml")).unlink()
    next(next(products.glob("*_20240803*")).rglob("MTD_TL.xml")).unlink()  # a later month's
    told = f"scene {lost.name.removesuffix('.SAFE')} can't be used: MW-SAFE-INCOMPLETE"
    assert main(["fetch", str(county), "--month", "2024-07", "--dry-run"]) == 0
    assert told in capsys.readouterr().out
    assert main(["fetch", str(county), "--month", "2024-07"]) == 3
    said = capsys.readouterr().err
    assert told in said
    assert "20240803" not in said


def test_folders_need_no_store(tmp_path: Path, config_text: str, scene: Make, county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene(tmp_path / "scenes", "20231203", side=120)
    county.write_text(config_text + "monitor_from: 2024-01\n", "utf-8")
    assert main(["fetch", str(county), "--month", "2024-07"]) == 0
    assert "there is nothing to fetch" in capsys.readouterr().out
    assert not (tmp_path / "out" / "store").exists()
