"""What a finished month leaves in its folder."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyogrio.raw
import pytest
import rasterio
import shapely
from shapely.geometry import box, shape

from pipeline import files
from pipeline.findings.finding import Code
from pipeline.grid import Grid
from pipeline.layers.model import Zone, ZoneKind
from pipeline.ledger import Review
from pipeline.publish import cog, geojson, runjson, styles
from pipeline.publish.features import CASE_FIELDS, PATCH_FIELDS, Judged, flagged_features, is_violation, patches_features
from pipeline.publish.words import REVIEWS, TITLES
from pipeline.scrub import scrub, scrub_text
from pipeline.training import CAUSES
from tests import made_month
from tests.contract import shortcomings
from tests.made_month import FORMULA, GRID, HOSTILE, PROJECTOR, Made, pit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("month")
    made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts())
    return root / "2024-07"


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    collection = json.loads((folder / f"{name}.geojson").read_text("utf-8"))
    assert list(collection) == ["type", "features"]
    return [feature["properties"] for feature in collection["features"]]


def test_a_month_keeps_the_contract(folder: Path) -> None:
    # The cells of this made month hold any numbers.
    assert [each for each in shortcomings(folder) if not each.startswith("disturbance.tif")] == []


def test_flagged_features_have_the_fields_of_the_contract_in_its_order(folder: Path) -> None:
    found = rows(folder, "flagged")
    assert [row["id"] for row in found] == [f"620422-2024-{n:06d}" for n in range(1, 7)]
    assert all(tuple(row) == CASE_FIELDS for row in found)
    grown = found[0]
    assert (grown["finding_zh"], grown["new_this_month"], grown["growth_m2"] > 19_000) == ("疑似越界开采", False, True)
    assert grown["area_mu"] == pytest.approx(grown["area_m2"] * 3 / 2000, abs=0.01)
    checked = found[1]
    assert (checked["review"], checked["reviewer"], checked["review_note"], checked["version"]) == ("needs_field_check", "王核查", HOSTILE, 2)
    assert found[4]["also"] == "prohibited_zone"
    assert found[4]["restriction"] == "红线-3"


def test_patches_hold_every_part_the_likeliest_first(folder: Path) -> None:
    found = rows(folder, "patches")
    assert all(tuple(row) == PATCH_FIELDS for row in found)
    assert len(found) == len(made_month.this_month())
    likelihoods = [row["mining_likelihood"] for row in found]
    assert likelihoods == sorted(likelihoods, reverse=True)
    by_finding = {row["finding"]: row for row in found}
    assert by_finding["permitted"]["id"] is None
    assert by_finding["not_mining"]["features"] == {"brightness_end": 0.31, "novelty": 7.25}
    assert by_finding["legacy_remined"]["rule_trace"] == ["legacy_remined: yes, outside every right on 2024-06-03"]


def test_coverage_says_when_ground_was_last_seen(folder: Path) -> None:
    assert [row["last_seen"] for row in rows(folder, "coverage")] == [None, "2024-06-18"]
    assert [row["area_ha"] for row in rows(folder, "coverage")] == pytest.approx([9, 63], rel=0.01)


def test_text_is_not_escaped_and_each_feature_has_a_line(folder: Path) -> None:
    text = (folder / "flagged.geojson").read_text("utf-8")
    assert "甘肃北山矿业有限公司" in text
    assert len(text.splitlines()) == 6 + 2


def test_every_file_has_the_same_bytes_for_the_same_month(folder: Path, tmp_path: Path) -> None:
    made_month.publish(tmp_path / "2024-07", made_month.two_months(tmp_path), made_month.run_facts())
    ours, theirs = ({path.name: files.sha256_file(path) for path in each.iterdir()} for each in (folder, tmp_path / "2024-07"))
    assert len(ours) == 8
    assert ours == theirs
    assert not list(tmp_path.glob("2024-07/.*"))


def test_which_findings_are_flagged() -> None:
    (judged,) = [made_month._finding(0, Made(pit(0, 0, 50), Code.UNLICENSED, likelihood=0.5))]
    assert is_violation(judged, 0.5)
    assert not is_violation(judged, 0.51)
    assert not is_violation(replace(judged, status="ended"), 0.5)
    assert not is_violation(replace(judged, code=Code.PERMITTED), 0.5)
    assert is_violation(replace(judged, code=Code.UNRESTORED, mining_likelihood=None), 0.5)


def test_dismissed_cases_are_left_out_and_come_back_grave(tmp_path: Path) -> None:
    ground = [Made(pit(1000, 3000, 60), Code.UNLICENSED)]
    with made_month.Ledger(tmp_path / "ledger.sqlite", "620422") as ledger:
        made_month.identify(ledger, "2024-05", ground)
        ledger.record_verdict("620422-2024-000001", "dismissed", version=1, reviewer="张三")
        away = made_month.identify(ledger, "2024-06", ground)
        back = made_month.identify(ledger, "2024-07", [Made(pit(1000, 3000, 70), Code.UNLICENSED)])
    assert flagged_features(away, month="2024-06", layers_version="x") == []
    (row,) = flagged_features(back, month="2024-07", layers_version="x")
    assert (row.properties["severity"], row.properties["review"]) == (3, "pending")


def test_a_file_reads_back_as_it_was_written(folder: Path, tmp_path: Path) -> None:
    for name in ("flagged", "patches", "coverage"):
        geojson.write(tmp_path / "again.geojson", geojson.read(folder / f"{name}.geojson"))
        assert (tmp_path / "again.geojson").read_bytes() == (folder / f"{name}.geojson").read_bytes()


def test_the_geopackage_holds_month_and_layers_in_cgcs2000(folder: Path) -> None:
    path = folder / "flagged.gpkg"
    names = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert names == {"cases", "patches", "coverage", "rights", "legacy", "zones", "area", "layer_styles"}
    meta, _, outlines, values = pyogrio.raw.read(path, layer="cases")
    assert meta["crs"] == "EPSG:4490"
    assert tuple(meta["fields"]) == CASE_FIELDS
    table = dict(zip(meta["fields"], values, strict=True))
    assert HOSTILE in table["right_name"].tolist()
    assert table["severity"].tolist() == [row["severity"] for row in rows(folder, "flagged")]
    flagged = json.loads((folder / "flagged.geojson").read_text("utf-8"))["features"]
    (outline,) = shapely.get_parts(shapely.from_wkb(outlines[0]))
    assert outline.equals_exact(shape(flagged[0]["geometry"]))
    meta, _, _, values = pyogrio.raw.read(path, layer="rights", columns=["id"])
    assert FORMULA in values[0].tolist()


def test_the_geopackage_opens_styled_and_is_sound(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "flagged.gpkg")) as package:
        found = dict(package.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault").fetchall())
        assert package.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stamps = {row[0] for row in package.execute("SELECT last_change FROM gpkg_contents")}
    assert set(found) == {"cases", "patches", "coverage", "rights", "legacy", "zones", "area"}
    assert all(colour in found["cases"] for colour in ("200,16,46,255", "232,115,26,255", "217,164,0,255"))
    assert stamps == {"2024-07-01T00:00:00.000Z"}


def test_verdicts_are_chosen_from_lists_and_nothing_else_is_edited() -> None:
    style = ElementTree.fromstring(styles.qml("cases"))
    widgets = {str(field.get("name")): field.find("editWidget") for field in style.iterfind("fieldConfiguration/field")}
    offered = {
        name: {str(option.get("name")): str(option.get("value")) for option in widget.iterfind(".//Option[@type='List']/Option/Option")}
        for name, widget in widgets.items()
        if widget is not None and widget.get("type") == "ValueMap"
    }
    assert offered["review"] == {chinese: review for review, chinese in REVIEWS.items()}
    assert set(offered["review"].values()) == set(Review)
    assert set(CAUSES) < set(offered["review_reason"].values())
    editable = {str(field.get("name")) for field in style.iterfind("editable/field") if field.get("editable") == "1"}
    assert editable == {"review", "review_reason", "review_note"}
    assert {alias.get("field"): alias.get("name") for alias in style.iterfind("aliases/alias")} == TITLES


def test_the_geopackage_says_itself_what_its_columns_mean(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "flagged.gpkg")) as package:
        titles = dict(package.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'cases'"))
        values = dict(package.execute("SELECT value, description FROM gpkg_data_column_constraints WHERE constraint_type = 'enum'"))
        constrained = package.execute("SELECT column_name FROM gpkg_data_columns WHERE constraint_name = 'review'").fetchall()
        extensions = {row[0] for row in package.execute("SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'")}
        names = dict(package.execute("SELECT table_name, identifier FROM gpkg_contents"))
        version = package.execute("PRAGMA user_version").fetchone()
    assert titles == {name: TITLES[name] for name in CASE_FIELDS}
    assert (values, constrained) == (REVIEWS, [("review",)])
    assert extensions == {"gpkg_data_columns", "gpkg_data_column_constraints"}
    assert (names["cases"], names["zones"], version) == ("线索", "禁采区与耕地", (10200,))


def test_farmland_looks_other_than_banned_ground() -> None:
    (renderer,) = ElementTree.fromstring(styles.qml("zones")).iterfind("renderer-v2")
    assert {each.get("value"): each.get("label") for each in renderer.iterfind("categories/category")} == {"1": "禁采区、永久基本农田", "0": "耕地"}
    # The expression is SQL as well.
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE zones (kind, type)")
        rows = [("redline", None), ("farmland", "永久基本农田"), ("farmland", "耕地"), ("farmland", None), ("zone", "x")]
        database.executemany("INSERT INTO zones VALUES (?, ?)", rows)
        found = [row[0] for row in database.execute(f"SELECT {renderer.get('attr')} FROM zones")]
    assert found == [Zone(id="", geometry=box(0, 0, 1, 1), kind=ZoneKind(kind), layer="", type=type).bans_mining for kind, type in rows]


def test_a_month_without_findings_has_all_its_tables(tmp_path: Path) -> None:
    made_month.publish(tmp_path / "2024-07", [], made_month.run_facts())
    meta, _, outlines, _ = pyogrio.raw.read(tmp_path / "2024-07" / "flagged.gpkg", layer="cases")
    assert tuple(meta["fields"]) == CASE_FIELDS
    assert len(outlines) == 0
    assert rows(tmp_path / "2024-07", "flagged") == []


def test_styles_are_well_formed() -> None:
    for layer, qml in styles.styled(["cases", "layer_styles", *styles.STYLES]):
        assert ElementTree.fromstring(qml).tag == "qgis", layer


def test_the_cog_is_one_and_holds_what_was_given(folder: Path) -> None:
    with rasterio.open(folder / "disturbance.tif") as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (source.descriptions, source.nodata, set(source.dtypes)) == (cog.BANDS, 65535, {"uint16"})
        assert (source.crs.to_epsg(), source.transform, source.shape) == (32648, GRID.geobox.affine, GRID.shape)
        assert "TIFFTAG_DATETIME" not in source.tags()
        values = source.read()
    expected = np.zeros_like(values)
    for block, part in made_month.blocks():
        expected[:, block.top : block.top + block.height, block.left : block.left + block.width] = part
    np.testing.assert_array_equal(values, expected)


def test_the_cog_does_not_depend_on_blocks_or_their_order(folder: Path, tmp_path: Path) -> None:
    with rasterio.open(folder / "disturbance.tif") as source:
        values = source.read()
    grid = Grid(GRID.geobox, block=300)

    def backwards() -> Any:
        for block in reversed(list(grid.blocks())):
            yield block, values[:, block.top : block.top + block.height, block.left : block.left + block.width]

    cog.write(tmp_path / "disturbance.tif", grid, backwards)
    assert (tmp_path / "disturbance.tif").read_bytes() == (folder / "disturbance.tif").read_bytes()


def test_a_cog_with_a_hole_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="r002c003"):
        cog.write(tmp_path / "disturbance.tif", GRID, lambda: list(made_month.blocks())[:-1][: 2 * 4 + 3])
    assert list(tmp_path.iterdir()) == []


def test_run_json_has_the_keys_of_the_contract_and_hashes_what_lasts(folder: Path) -> None:
    document = json.loads((folder / "run.json").read_text("utf-8"))
    keys = "run_id month version config_sha256 bands model scenes layers coverage counts timings window warnings outputs"
    assert " ".join(document) == keys
    assert [each["path"] for each in document["outputs"]] == [
        "coverage.geojson",
        "disturbance.tif",
        "flagged.geojson",
        "flagged.gpkg",
        "patches.geojson",
    ]
    assert all(files.sha256_file(folder / each["path"]) == each["sha256"] for each in document["outputs"])
    assert document["coverage"] == {"observed_fraction": 0.9312, "unobserved_ha": 318.2}
    assert runjson.read(folder) == replace(made_month.run_facts(), timings={"observe": 12.346, "publish": 0.5})


def test_pictures_are_hashed_too(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "620422-2024-000001.png").write_bytes(b"x")
    (tmp_path / "ledger.xlsx").write_bytes(b"x")
    assert [each["path"] for each in runjson.outputs(tmp_path)] == ["evidence/620422-2024-000001.png"]


@pytest.mark.parametrize(
    "text",
    [
        "https://host/S2A.tif?sig=AbC%2F9&se=2024 answered 403",
        "https://bucket.s3/x.tif?X-Amz-Signature=AbC9&X-Amz-Credential=k",
        "http://user:AbC9@host/x.tif is gone",
        "client_secret=AbC9 was refused",
        'the header {"Authorization": "Bearer AbC9AbC9AbC9"}',
        "SH_CLIENT_SECRET: AbC9",
    ],
)
def test_secrets_do_not_reach_run_json(text: str) -> None:
    scene = runjson.SceneUse("S2A", None, None, False, text)
    written = runjson.encode(made_month.run_facts(scenes=[scene], warnings=[text], counts={"access_token": 7}), []).decode()
    assert "AbC" not in written
    assert not re.search(r"(?i)(token|secret|password|signature|X-Amz|sig=)[\"=:]", written)


def test_a_token_in_a_message_is_scrubbed() -> None:
    assert "t0k.en-" not in scrub_text("header value: 'Bearer t0k.en-_~+/='")
    assert "t0ken" not in scrub_text("Authorization: Bearer t0ken")
    assert scrub_text('{"client_secret": "AbC9", "grant": "x"}') == '{"client_secret ***", "grant": "x"}', "a log stays readable"


def test_scrubbing_leaves_the_rest_alone() -> None:
    plain = {"id": "S2A_MSIL2A_20240703T034001", "reason": "B08: 3 of 120 blocks can't be read, see https://host/path"}
    assert scrub(plain) == plain


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "flagged.geojson"
    files.write_atomic(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="space"):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["flagged.geojson"]


def test_numbers_that_json_can_not_hold_become_null() -> None:
    finding = replace(made_month._finding(0, Made(pit(0, 0, 50), Code.UNLICENSED)), confidence=float("nan"), first_seen=date(2024, 7, 1))
    judged = Judged(finding=finding, written=PROJECTOR.write(box(500_000, 3_900_000, 500_050, 3_900_050)), patch_id="620422-P2024-00001")
    assert patches_features([judged])[0].properties["confidence"] is None
