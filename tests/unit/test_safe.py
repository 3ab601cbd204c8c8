"""Sentinel-2 products as they are downloaded: what is found, what is refused, and what their metadata say."""

from __future__ import annotations

import json
import pickle
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources import HashCache, Scene, scene_sha256
from pipeline.sources.place import Place
from pipeline.sources.safe import SafeSource
from pipeline.sources.safe_product import BadProduct, read_places, read_product
from pipeline.sources.scene import Refused
from tests.products import NAME, edit, product, real_products


def only(folder: Path, **options: object) -> Scene:
    (scene,), refused = SafeSource(folder, **options).scenes()  # type: ignore[arg-type]
    assert not refused
    return scene


def left_out(folder: Path) -> Refused:
    scenes, (refused,) = SafeSource(folder).scenes()
    assert not scenes
    return refused


@pytest.mark.parametrize("zipped", [False, True])
def test_a_product(tmp_path: Path, zipped: bool) -> None:
    product(tmp_path / "in" / "2024", zipped=zipped)
    scene = only(tmp_path / "in")
    assert scene.id == NAME
    assert scene.acquired == datetime(2024, 7, 3, 3, 40, 1, tzinfo=UTC)
    assert (scene.baseline, scene.pass_key) == ("0510", "S2A T48SWE 20240703T034001")
    assert {(band.scale, band.offset) for band in scene.bands.values()} == {(0.0001, -0.1)}
    assert scene.delivery is not None
    assert scene.delivery.places["B04"] == Place("EPSG:32648", 10, 500_000, 3_950_000, 120, 120)
    assert scene.delivery.places["SCL"].resolution == 20
    scene.delivery.check()


def test_the_same_product_is_the_same_scene_however_it_is_packed(tmp_path: Path) -> None:
    product(tmp_path / "a")
    product(tmp_path / "b", zipped=True)
    folder, zipped = only(tmp_path / "a"), only(tmp_path / "b")
    assert scene_sha256(folder) == scene_sha256(zipped)
    shutil.copytree(tmp_path / "b", tmp_path / "a" / "again")
    assert only(tmp_path / "a").id == NAME, "one product twice is one scene, and nothing was left out"


def test_hashes_of_a_zip_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product(tmp_path / "in", zipped=True)
    cache = HashCache(tmp_path / "hashes.json")
    first = scene_sha256(only(tmp_path / "in"), cache)
    cache.save()
    monkeypatch.setattr("pipeline.sources.safe_package.sha256", lambda *_: pytest.fail("read again"))
    assert scene_sha256(only(tmp_path / "in"), HashCache(tmp_path / "hashes.json")) == first


@pytest.mark.parametrize(
    ("baseline", "listed", "told"),
    [("0212", None, 0.0), ("0301", None, 0.0), ("0400", -1000, -0.1), ("0511", -1000, -0.1), ("0511", -7000, -0.7), ("0511", 0, 0.0)],
)
def test_offsets_are_those_of_the_product(tmp_path: Path, baseline: str, listed: int | None, told: float) -> None:
    product(tmp_path / "in", NAME.replace("N0510", f"N{baseline}"), offset=listed or 0)
    scene = only(tmp_path / "in")
    assert scene.baseline == baseline
    assert {band: file.offset for band, file in scene.bands.items()} == dict.fromkeys(scene.bands, pytest.approx(told))


def test_offsets_differ_by_band_and_are_found_by_its_id(tmp_path: Path) -> None:
    made = product(tmp_path / "in")
    edit(made, "MTD_MSIL2A.xml", '<BOA_ADD_OFFSET band_id="3">-1000', '<BOA_ADD_OFFSET band_id="3">-500')
    edit(made, "MTD_MSIL2A.xml", '<BOA_ADD_OFFSET band_id="11">-1000', '<BOA_ADD_OFFSET band_id="11">-250.5')
    edit(made, "MTD_MSIL2A.xml", ">10000</BOA_QUANTIFICATION_VALUE>", ">5000</BOA_QUANTIFICATION_VALUE>")
    bands = only(tmp_path / "in").bands
    assert {band: (file.scale, file.offset) for band, file in bands.items()} == {
        "B02": (0.0002, -0.2), "B03": (0.0002, -0.2), "B04": (0.0002, -0.1), "B08": (0.0002, -0.2), "B11": (0.0002, -0.0501), "B12": (0.0002, -0.2),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("MTD_MSIL2A.xml", "BOA_ADD_OFFSET_VALUES_LIST>", "LIST>", None),
        ("MTD_MSIL2A.xml", "BOA_ADD_OFFSET", "ADD_OFFSET", "MTD_MSIL2A.xml lacks BOA_ADD_OFFSET, which every product of baseline 05.10 has"),
        ("MTD_MSIL2A.xml", 'BOA_ADD_OFFSET band_id="3"', 'BOA_ADD_OFFSET band_id="33"', "lacks BOA_ADD_OFFSET of B04"),
        ("MTD_MSIL2A.xml", ">-1000<", ">-1e3000<", "says BOA_ADD_OFFSET of B02 '-1e3000'"),
        ("MTD_MSIL2A.xml", ">-1000<", ">minus<", "says BOA_ADD_OFFSET of B02 'minus'"),
        ("MTD_MSIL2A.xml", "BOA_QUANTIFICATION_VALUE", "BOA_QUANTIFICATION", "lacks BOA_QUANTIFICATION_VALUE"),
        ("MTD_MSIL2A.xml", ">10000<", ">0<", "says BOA_QUANTIFICATION_VALUE 0"),
        ("MTD_MSIL2A.xml", "<SPECIAL_VALUE_INDEX>0<", "<SPECIAL_VALUE_INDEX>1<", "says NODATA '1', not 0"),
        ("MTD_MSIL2A.xml", ">Level-2A<", ">Level-1C<", "says PROCESSING_LEVEL 'Level-1C'"),
        ("MTD_MSIL2A.xml", ">05.10<", ">five<", "says PROCESSING_BASELINE 'five'"),
        ("MTD_MSIL2A.xml", "PRODUCT_URI>S2A_MSIL2A_20240703", "PRODUCT_URI>S2A_MSIL2A_20249903", "which is no name of a product"),
        ("MTD_MSIL2A.xml", "PRODUCT_URI>S2A", "PRODUCT_URI>../../S2A", "says PRODUCT_URI '../../S2A"),
        ("MTD_MSIL2A.xml", "_B08_10m", "_B88_10m", "lists no IMAGE_FILE of B08"),
        ("MTD_MSIL2A.xml", "GRANULE/L2A", "GRANULE/../L2A", "lists no IMAGE_FILE of B04, B08"),
        ("MTD_MSIL2A.xml", "<Granule ", "<Granule/><Granule ", "lists 2 tiles, not one"),
        ("MTD_MSIL2A.xml", "</Product_Info>", "", "is not valid XML"),
        ("MTD_TL.xml", "HORIZONTAL_CS_CODE", "CS_CODE", "MTD_TL.xml lacks HORIZONTAL_CS_CODE"),
        ("MTD_TL.xml", "EPSG:32648", "EPSG:4326", "says HORIZONTAL_CS_CODE 'EPSG:4326'"),
        ("MTD_TL.xml", "<ULX>500000<", "<ULX>nan<", "says ULX 'nan'"),
        ("MTD_TL.xml", "<YDIM>-10<", "<YDIM>10<", "120 × 120 pixels of 10 m"),
        ("MTD_TL.xml", "<NROWS>120<", "<NROWS>999999<", "120 × 999999 pixels"),
        ("MTD_TL.xml", "Geoposition", "Position", "lacks Geoposition"),
    ],
)
def test_incomplete_metadata(tmp_path: Path, file: str, old: str, new: str, told: str | None) -> None:
    edit(product(tmp_path / "in", bands=("B04", "B08")), file, old, new)
    if told is None:  # an element's place does not matter, its name does
        assert only(tmp_path / "in").bands["B04"].offset == -0.1
        return
    refused = left_out(tmp_path / "in")
    assert (refused.id, refused.day, refused.code) == (NAME, date(2024, 7, 3), "MW-SAFE-METADATA")
    assert told in refused.reason
    assert refused.fix == "Download or copy the product again."


def test_the_rest_goes_on(tmp_path: Path) -> None:
    edit(product(tmp_path / "in"), "MTD_TL.xml", "Geoposition", "Position")
    product(tmp_path / "in", NAME.replace("20240703", "20240713"))
    scenes, refused = SafeSource(tmp_path / "in").scenes()
    assert ([s.day.day for s in scenes], [r.day and r.day.day for r in refused]) == ([13], [3])


@pytest.mark.parametrize(("lost", "code"), [("MTD_MSIL2A.xml", "MW-SAFE-INCOMPLETE"), ("MTD_TL.xml", "MW-SAFE-INCOMPLETE")])
def test_metadata_that_are_not_there(tmp_path: Path, lost: str, code: str) -> None:
    next(product(tmp_path / "in").rglob(lost)).unlink()
    refused = left_out(tmp_path / "in")
    assert refused.code == code
    assert lost in refused.reason


def test_images_that_are_not_there(tmp_path: Path) -> None:
    made = product(tmp_path / "in")
    next(made.rglob("*_B12_20m.jp2")).unlink()
    assert "B12" not in only(tmp_path / "in").bands
    assert left_out_needing(tmp_path / "in", ("B04", "B08", "B12")) == "No image of B12."
    next(made.rglob("*_B04_10m.jp2")).unlink()
    assert (left_out(tmp_path / "in").code, left_out(tmp_path / "in").reason) == ("MW-SCENE-BANDS", "No image of B04.")


def left_out_needing(folder: Path, bands: tuple[str, ...]) -> str:
    _, (refused,) = SafeSource(folder, bands=bands).scenes()
    return refused.reason


def test_level_1c_is_refused_with_the_reason(tmp_path: Path) -> None:
    made = product(tmp_path / "in")
    level1 = tmp_path / "in" / f"{NAME.replace('MSIL2A', 'MSIL1C')}.SAFE"
    level1.mkdir()
    shutil.copy(made / "MTD_MSIL2A.xml", level1 / "MTD_MSIL1C.xml")
    (scene,), (refused,) = SafeSource(tmp_path / "in").scenes()
    assert refused.duplicate_of == scene.id, "its Level-2A is there: nothing is lost"
    shutil.rmtree(made)
    alone = left_out(tmp_path / "in")
    assert (alone.code, alone.day) == ("MW-SAFE-LEVEL", date(2024, 7, 3))
    assert "Level-1C" in alone.reason
    assert "Level-2A" in alone.fix


def test_of_a_pass_delivered_twice_the_newest_baseline_counts_then_the_newest_product(tmp_path: Path) -> None:
    old, new = NAME.replace("N0510", "N0400"), NAME.replace("N0510", "N0511")
    newest = new.replace("T071234", "T081234")
    for name in (old, newest, new):
        product(tmp_path / "in", name, zipped=name == new)
    (scene,), refused = SafeSource(tmp_path / "in").scenes()
    assert scene.id == newest
    assert {(r.id, r.duplicate_of) for r in refused} == {(old, newest), (new, newest)}
    image = next((tmp_path / "in" / f"{newest}.SAFE").rglob("*_B04_10m.jp2"))
    image.write_bytes(image.read_bytes()[:-9])
    (scene,), _ = SafeSource(tmp_path / "in").scenes()
    assert scene.id == new, "a delivery that broke off does not stand for its pass"


def test_tiles_and_zones_of_one_pass_are_scenes_of_their_own(tmp_path: Path) -> None:
    product(tmp_path / "in")
    product(tmp_path / "in", NAME.replace("T48SWE", "T49SBV"), crs="EPSG:32649", origin=(200_000, 3_950_000))
    scenes, refused = SafeSource(tmp_path / "in").scenes()
    assert not refused
    assert [s.delivery.places["B04"].crs for s in scenes if s.delivery] == ["EPSG:32648", "EPSG:32649"]


def test_a_product_of_a_day_to_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 7, 1))
    product(tmp_path / "in")
    refused = left_out(tmp_path / "in")
    assert (refused.code, refused.day) == ("MW-SCENE-FUTURE", None)


def test_what_is_no_product_is_passed_over(tmp_path: Path) -> None:
    import zipfile

    product(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "in" / "报告.zip", "w") as archive:
        archive.writestr("报告.docx", "x")
    (tmp_path / "in" / "notes.txt").write_text("x")
    (tmp_path / "in" / "empty").mkdir()
    assert only(tmp_path / "in").id == NAME
    with pytest.raises(MinewardenError, match="MW-SOURCE-EMPTY"):
        SafeSource(tmp_path / "in" / "empty").scenes()
    with pytest.raises(MinewardenError, match="MW-SOURCE-PATH"):
        SafeSource(tmp_path / "nowhere").scenes()


def test_a_mask_can_be_switched_off_or_asked_for(tmp_path: Path) -> None:
    made = product(tmp_path / "in")
    assert only(tmp_path / "in", mask="none").scl is None
    next(made.rglob("*_SCL_20m.jp2")).unlink()
    assert only(tmp_path / "in").scl is None
    _, (refused,) = SafeSource(tmp_path / "in", mask="SCL").scenes()
    assert refused.reason == "No image of SCL."


@pytest.mark.parametrize("folder", real_products("MSIL2A"), ids=lambda path: path.name[4:44])
def test_metadata_of_real_products(folder: Path) -> None:
    found = read_product((folder / "MTD_MSIL2A.xml").read_bytes())
    assert f"{found.name}.SAFE" == folder.name
    assert found.baseline == folder.name[28:32]
    offset = -0.1 if found.baseline >= "0400" else 0.0
    assert set(found.scaling.values()) == {(0.0001, offset)}
    assert {band: images[0][0] for band, images in found.images.items()} == {
        "B02": 10, "B03": 10, "B04": 10, "B08": 10, "B11": 20, "B12": 20, "SCL": 20,
    }  # fmt: skip
    places = read_places((folder / found.granule).read_bytes())
    assert {(step, place.width, place.height) for step, place in places.items()} == {(10, 10980, 10980), (20, 5490, 5490), (60, 1830, 1830)}
    told = json.loads((folder / "expected_output.json").read_text("utf-8"))
    assert {place.crs for place in places.values()} == {f"EPSG:{told['properties'].get('proj:epsg') or told['properties']['proj:code'][5:]}"}


@pytest.mark.parametrize("folder", real_products("MSIL2A"), ids=lambda path: path.name[4:44])
def test_real_products_without_their_images(folder: Path) -> None:
    scenes, refused = SafeSource(folder.parent).scenes()
    assert not scenes
    assert {r.code for r in refused} == {"MW-SCENE-BANDS", "MW-SAFE-LEVEL"}
    assert f"{next(r for r in refused if r.code == 'MW-SAFE-LEVEL').id}".startswith("S2A_MSIL1C_20210908")
    assert folder.name.removesuffix(".SAFE") in {r.id for r in refused}


def test_a_level_1c_product_is_no_l2a_product() -> None:
    with pytest.raises(BadProduct, match="PROCESSING_LEVEL ''"):
        read_product(b"<a/>")


def test_scenes_can_be_sent_to_workers(tmp_path: Path) -> None:
    for number, zipped in enumerate((False, True)):
        product(tmp_path / str(number), zipped=zipped)
        scene = only(tmp_path / str(number))
        assert pickle.loads(pickle.dumps(scene)) == scene
