"""Imported versions: what is kept, what a run makes of them, and what differs between them."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely import affinity
from shapely.geometry import Polygon

import pipeline.layers
from pipeline import layers, months
from pipeline.cli import main
from pipeline.config import load as load_config
from pipeline.errors import Exit, MinewardenError
from pipeline.layers import canonical
from pipeline.layers.model import Approval, LayerSet, Standing
from pipeline.layers.words import TITLES
from pipeline.lock import locked
from tests.registers import FORMATS, Entry, corners_xlsx, geojson, kml, parcel_text, table

UTM = "EPSG:32648"
ONE, TWO, THREE = "C6200002010011120001234", "C6200002012117130123456", "C6200002015017130123457"
WIDE = Polygon([(105.01, 35.685), (105.015, 35.685), (105.015, 35.69), (105.01, 35.69)])
SHRUNK = Polygon([(105.01, 35.685), (105.014, 35.685), (105.014, 35.69), (105.01, 35.69)])
EAST = Polygon([(105.02, 35.685), (105.025, 35.685), (105.025, 35.69), (105.02, 35.69)])
FIRST = [Entry(ONE, "东矿", WIDE), Entry(TWO, "西矿", EAST)]
SECOND = [Entry(ONE, "东矿", SHRUNK), Entry(THREE, "新矿", EAST)]


class Office:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.config = folder / "config.yaml"
        ring = [[105.0, 35.68], [105.03, 35.68], [105.03, 35.7], [105.0, 35.7], [105.0, 35.68]]
        area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        (folder / "aoi.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), "utf-8")
        self.configure("{}")

    def configure(self, said: str) -> None:
        self.config.write_text(
            'county: {name: 会宁县, code: "620422"}\narea: aoi.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
            f"sources: [{{kind: folder, path: scenes}}]\nlayers: {said}\noutput: out\n",
            "utf-8",
        )

    @property
    def kept(self) -> dict[str, str]:
        """Files of the store, with their hashes."""
        place = self.folder / "out" / "layers"
        return {str(file.relative_to(place)): hashlib.sha256(file.read_bytes()).hexdigest() for file in place.rglob("*") if file.is_file()}

    def run(self, *arguments: str, code: int = 0) -> Any:
        """The JSON object of a command, or what it says on standard error."""
        self.capsys.readouterr()
        assert main(["layers", arguments[0], str(self.config), *arguments[1:]]) == code
        out, err = self.capsys.readouterr()
        return json.loads(out) if "--json" in arguments and out else out + err

    def bring(self, file: Path, *options: str, layer: str = "mining_rights", code: int = 0) -> Any:
        return self.run("import", layer, str(file), "--json", *options, code=code)

    def load(self) -> LayerSet:
        return layers.load(load_config(self.config), UTM)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


def test_an_import_keeps_the_layer_its_day_source_and_hash(office: Office) -> None:
    file = parcel_text(office.folder / "采矿权.txt", FIRST, "EPSG:4523")
    done = office.bring(file, "--date", "2024-01-01")
    assert done["state"] == "imported"
    assert done["version"]["source"] == "采矿权.txt"
    assert done["version"]["source_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    (version,) = json.loads((office.folder / "out/layers/mining_rights/versions.json").read_text("utf-8"))["versions"]
    assert version["since"] == "2024-01-01"
    assert version["imported"] == months.office_day().isoformat()
    assert any("zone 35" in words for words in version["decided"])
    kept = office.kept[f"mining_rights/2024-01-01-{version['sha256'][:12]}.geojson"]
    assert kept == version["sha256"] == done["version"]["sha256"]


def test_a_run_uses_the_imported_layer_without_a_line_in_the_config(office: Office) -> None:
    assert "mining_rights" in office.load().off
    office.bring(parcel_text(office.folder / "r.txt", FIRST, "EPSG:4523"))
    found = office.load()
    assert "mining_rights" not in found.off
    assert [(right.id, right.name) for right in found.rights] == [(ONE, "东矿"), (TWO, "西矿")]
    assert (found.former, found.rights[0].stood_from) == ((), None)
    assert [(version.name, version.features) for version in found.versions] == [("area", 1), ("mining_rights", 2)]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_file_again_changes_nothing_in_any_format(office: Office, form: str) -> None:
    suffix, write = FORMATS[form]
    entries = [Entry(each.id, "" if form == "register text" else each.name, each.polygon) for each in FIRST]
    file = write(office.folder / f"register{suffix}", entries, "EPSG:4490")
    office.bring(file, "--date", "2024-01-01")
    before = office.kept
    for options in (["--date", "2024-01-01"], ["--date", "2025-03-01"], []):
        assert office.bring(file, *options)["state"] == "unchanged"
    assert office.kept == before


def test_the_same_register_in_another_format_changes_nothing(office: Office) -> None:
    office.bring(parcel_text(office.folder / "r.txt", FIRST, "EPSG:4523"))
    before = office.kept
    for write, name, crs in ((kml, "r.kml", "EPSG:4490"), (corners_xlsx, "r.xlsx", "EPSG:4507"), (geojson, "r.geojson", "EPSG:4544")):
        assert office.bring(write(office.folder / name, FIRST, crs))["state"] == "unchanged"
    assert office.kept == before


def test_rights_stand_as_they_stood(office: Office) -> None:
    office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), "--date", "2024-01-01")
    done = office.bring(kml(office.folder / "b.kml", SECOND, "EPSG:4490"), "--date", "2024-06-01")
    assert [(change["kind"], change["id"]) for change in done["changes"]] == [("changed", ONE), ("removed", TWO), ("added", THREE)]
    found = office.load()
    day, before = date(2024, 6, 1), date(2024, 5, 31)
    assert [right.id for right in found.rights] == [ONE, THREE]
    assert [right.id for right in found.former] == [ONE, TWO]
    wide, narrow = found.former[0], found.rights[0]
    assert (wide.standing(before), wide.standing(day)) == (Standing.VALID, Standing.NOT_YET)
    assert (narrow.standing(before), narrow.standing(day)) == (Standing.NOT_YET, Standing.VALID)
    assert wide.geometry.area / narrow.geometry.area == pytest.approx(5 / 4, rel=1e-3)
    assert wide.stood(date(2010, 1, 1)), "the first version has stood from the beginning"


def test_a_version_of_an_earlier_day_takes_its_place_in_the_order(office: Office) -> None:
    office.bring(parcel_text(office.folder / "b.txt", SECOND, "EPSG:4523"), "--date", "2024-06-01")
    office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), "--date", "2023-01-01")
    assert [right.id for right in office.load().rights] == [ONE, THREE]
    assert [right.stood_until for right in office.load().former] == [date(2024, 5, 31)] * 2


def test_a_correction_of_the_same_day_takes_the_place_of_what_it_corrects(office: Office) -> None:
    office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), "--date", "2024-01-01")
    office.bring(parcel_text(office.folder / "b.txt", SECOND, "EPSG:4523"), "--date", "2024-01-01")
    assert [right.id for right in office.load().rights] == [ONE, THREE]
    assert office.load().former == ()
    assert len([name for name in office.kept if name.endswith(".geojson")]) == 2, "nothing that was imported is lost"


def test_the_config_s_file_is_not_read_once_a_layer_was_imported(office: Office) -> None:
    geojson(office.folder / "old.geojson", FIRST, "EPSG:4490")
    office.configure("{mining_rights: {path: old.geojson, fields: {id: id}}}")
    assert [right.id for right in office.load().rights] == [ONE, TWO]
    said = office.run("import", "mining_rights", str(kml(office.folder / "b.kml", SECOND, "EPSG:4490")))
    assert "not the file of the config (old.geojson)" in said
    assert [right.id for right in office.load().rights] == [ONE, THREE]


def test_the_version_is_of_all_that_was_imported(office: Office) -> None:
    office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), "--date", "2024-01-01")
    one = office.load()
    assert (
        one.versions[1].sha256 == json.loads((office.folder / "out/layers/mining_rights/versions.json").read_text("utf-8"))["versions"][0]["sha256"]
    )
    office.bring(parcel_text(office.folder / "b.txt", SECOND, "EPSG:4523"), "--date", "2024-06-01")
    two = office.load()
    assert one.version != two.version == office.load().version


def test_a_layer_of_any_name_needs_its_kind_in_the_config(office: Office) -> None:
    file = kml(office.folder / "wall.kml", [Entry("W1", "长城建设控制地带", EAST)], "EPSG:4490")
    assert "MW-LAYER-NAME" in office.bring(file, layer="great_wall", code=2)
    office.configure("{great_wall: {kind: zone}, road: {kind: approval}}")
    assert "nothing was imported" in office.run("check", code=2)
    office.bring(file, layer="great_wall")
    office.bring(file, layer="road")
    found = office.load()
    assert [(zone.id, zone.layer, zone.name) for zone in found.zones] == [("W1", "great_wall", "长城建设控制地带")]
    assert [type(approval) for approval in found.approvals] == [Approval]


def test_one_right_s_file_is_added_to_the_register(office: Office) -> None:
    """The usual case: a letter or a licence text of one right."""
    register = [*FIRST, Entry(THREE, "北矿", Polygon([(105.01, 35.692), (105.012, 35.692), (105.012, 35.694)]))]
    office.bring(parcel_text(office.folder / "all.txt", register, "EPSG:4523"), "--date", "2024-01-01")
    one = parcel_text(office.folder / "one.txt", [SECOND[0]], "EPSG:4523")
    said = office.bring(one, "--date", "2024-06-01", code=2)
    assert "MW-LAYER-ASK" in said
    assert "it lacks 2" in said
    assert "--add" in said
    added = office.bring(one, "--date", "2024-06-01", "--add")
    assert [(change["kind"], change["id"]) for change in added["changes"]] == [("changed", ONE)]
    found = office.load()
    assert [(right.id, right.name) for right in found.rights] == [(ONE, "东矿"), (TWO, "西矿"), (THREE, "北矿")]
    assert [right.id for right in found.former] == [ONE]
    assert office.bring(one, "--add")["state"] == "unchanged"
    fresh = Entry("C6200002024017130123459", "新矿", affinity.translate(SHRUNK, 0.001))
    new = office.bring(kml(office.folder / "new.kml", [fresh], "EPSG:4490"), "--add")
    assert [(change["kind"], change["id"]) for change in new["changes"]] == [("added", fresh.id)]
    assert {problem["code"] for problem in new["problems"]} == {"MW-LAYER-OVERLAP"}, "with a right that stands"
    assert len(office.load().rights) == 4
    gone = office.bring(one, "--whole")
    assert sorted(change["kind"] for change in gone["changes"]) == ["removed"] * 3
    assert [right.id for right in office.load().rights] == [ONE]


def test_a_day_to_come_is_refused(office: Office) -> None:
    tomorrow = months.office_day() + timedelta(days=1)
    said = office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), "--date", tomorrow.isoformat(), code=2)
    assert "MW-LAYER-SINCE" in said
    assert office.kept == {}


def test_nothing_is_imported_while_a_run_works(office: Office) -> None:
    file = parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523")
    with locked(office.folder / "out"):
        assert "MW-LOCKED" in office.bring(file, code=4)
    assert office.kept == {}


@pytest.mark.parametrize("options", [["--shift", "a,b"], ["--field", "id"], ["--crs", "xian80"], ["--shift", "1,2"]])
def test_options_that_are_wrong(office: Office, options: list[str]) -> None:
    said = office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), *options, code=2)
    told = said if isinstance(said, str) else json.dumps(said)
    assert "MW-USAGE" in told or "MW-LAYER-DATUM" in told
    assert office.kept == {}


def test_a_column_of_another_name(office: Office) -> None:
    file = geojson(office.folder / "a.geojson", FIRST, "EPSG:4490")
    file.write_text(file.read_text("utf-8").replace('"id"', '"BH"'), "utf-8")
    assert office.bring(file, code=2)["problems"][0]["code"] == "MW-LAYER-ID"
    assert office.bring(file, "--field", "id=BH")["state"] == "imported"
    assert [right.id for right in office.load().rights] == [ONE, TWO]


def test_what_the_config_says_of_its_own_file_is_not_said_of_another(office: Office) -> None:
    file = geojson(office.folder / "r.geojson", [Entry(f"{ONE[:7]} {ONE[7:]}", "东矿", WIDE)], "EPSG:4490")
    file.write_text(file.read_text("utf-8").replace('"id"', '"证号"').replace('"crs"', '"x"'), "utf-8")
    office.configure("{mining_rights: {path: r.geojson, fields: {id: 证号}, crs: EPSG:4490, order: east_north}}")
    (_, rights) = office.run("check", "--fix", "--json")["layers"]
    fixed = Path(rights["fixed"]["file"])
    assert office.bring(fixed)["state"] == "imported", "its columns have our names"
    assert [right.id for right in office.load().rights] == [ONE]
    assert office.bring(parcel_text(office.folder / "r.txt", [FIRST[0]], "EPSG:4523"), "--field", "id=id")["state"] == "unchanged"


def test_the_difference_of_versions(office: Office) -> None:
    assert "two are needed" in office.run("diff", "mining_rights", code=2)
    office.bring(geojson(office.folder / "a.geojson", FIRST, "EPSG:4490"), "--date", "2024-01-01")
    assert "two are needed" in office.run("diff", "mining_rights", code=2)
    file = geojson(office.folder / "b.geojson", SECOND, "EPSG:4490")
    file.write_text(file.read_text("utf-8").replace('"东矿"', '"东矿", "holder": "乙公司"'), "utf-8")
    office.bring(file, "--date", "2024-06-01")
    changes = {change["id"]: change for change in office.run("diff", "mining_rights", "--json")["changes"]}
    assert {id: change["kind"] for id, change in changes.items()} == {ONE: "changed", TWO: "removed", THREE: "added"}
    # 0.001° of longitude on the parallel of 35.69°
    assert changes[ONE]["moved_m"] == pytest.approx(90.5, abs=0.1)
    assert changes[ONE]["after_m2"] / changes[ONE]["before_m2"] == pytest.approx(4 / 5, rel=1e-3)
    assert changes[THREE]["same_ground"] == TWO
    assert changes[ONE]["fields"] == {"holder": [None, "乙公司"]}
    back = office.run("diff", "mining_rights", "2024-06-30", "2024-05-31", "--json")
    assert (back["before"]["since"], back["after"]["since"]) == ("2024-06-01", "2024-01-01")
    same = office.run("diff", "mining_rights", back["before"]["version"], "2030-01-01", "--json")
    assert same["changes"] == []
    told = office.run("diff", "mining_rights")
    assert "boundary moved by up to 90.4" in told
    assert "holder: – → 乙公司" in told
    assert "has no version" in office.run("diff", "mining_rights", "last", code=2)


def test_a_mended_copy_is_written_and_listed_and_the_source_stays(office: Office) -> None:
    bow = [[105.01, 35.685], [105.015, 35.685], [105.01, 35.689], [105.015, 35.69], [105.01, 35.685]]
    unclosed = [[105.02, 35.685], [105.025, 35.685], [105.025, 35.69], [105.02, 35.69]]
    sliver = [[[105.001, 35.681], [105.004, 35.681], [105.004, 35.681003], [105.001, 35.681]]]
    mojibake = "会宁东矿".encode("gbk").decode("latin-1")
    made = [
        ({"type": "Polygon", "coordinates": [bow]}, {"id": f"c{ONE[1:7]} {ONE[7:]}", "name": mojibake}),
        ({"type": "Polygon", "coordinates": [unclosed]}, {"id": TWO}),
        ({"type": "MultiPolygon", "coordinates": [sliver, [[[x - 0.01, y] for x, y in [*unclosed, unclosed[0]]]]]}, {"id": THREE}),
    ]
    file = office.folder / "bad.geojson"
    listed = [{"type": "Feature", "properties": values, "geometry": geometry} for geometry, values in [*made, made[2]]]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": listed}), "utf-8")
    before = file.read_bytes()
    assert office.bring(file, code=2)["state"] == "refused"
    fixed = office.bring(file, "--fix")["fixed"]
    assert file.read_bytes() == before
    said = "\n".join(fixed["changes"])
    for words in ("closed by a straight line", "outline is mended (Self-intersection)", "sliver(s) are taken out", "stood there twice", "会宁东矿"):
        assert words in said
    assert Path(fixed["list"]).read_text("utf-8-sig").splitlines()[1:] == fixed["changes"]
    assert {Path(name).suffix for name in office.kept} == {".geojson", ".txt"}
    done = office.bring(Path(fixed["file"]))
    assert done["state"] == "imported"
    assert {problem["code"] for problem in done["problems"]} <= {"MW-LAYER-OVERLAP"}
    assert [(right.id, right.name) for right in office.load().rights] == [(ONE, "会宁东矿"), (TWO, None), (THREE, None)]
    assert office.bring(Path(fixed["file"]), "--fix")["fixed"] is None


def test_a_layer_with_its_axes_swapped_is_mended_by_the_check(office: Office) -> None:
    turned = [Entry(each.id, each.name, shapely.transform(each.polygon, lambda points: points[:, ::-1])) for each in FIRST]
    listed = [{"type": "Feature", "properties": {"id": e.id}, "geometry": shapely.geometry.mapping(e.polygon)} for e in turned]
    (office.folder / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": listed}), "utf-8")
    office.configure("{mining_rights: {path: r.geojson}}")
    checked = office.run("check", "--fix", "--json", code=2)["layers"]
    (rights,) = [each for each in checked if each["name"] == "mining_rights"]
    assert rights["problems"][0]["code"] == "MW-LAYER-COORDINATES"
    assert "their order is swapped" in rights["fixed"]["changes"][0]
    office.bring(Path(rights["fixed"]["file"]))
    assert [problem["code"] for problem in office.run("check", "--json")["layers"][1]["problems"]] == []


def test_every_problem_has_a_title_in_chinese() -> None:
    codes = {
        code for file in Path(pipeline.layers.__file__).parent.rglob("*.py") for code in re.findall(r'"(MW-LAYER-[A-Z-]+)"', file.read_text("utf-8"))
    }
    assert len(codes) > 40
    assert [code for code in sorted(codes) if code not in TITLES] == []


def test_a_long_list_is_cut_for_people_and_whole_for_programs(office: Office) -> None:
    entries = [Entry(f"C6200002010011{k:03d}", f"{k}号矿", affinity.translate(WIDE, 0.0001 * k)) for k in range(60)]
    file = geojson(office.folder / "r.geojson", entries, "EPSG:4490")
    told = office.run("import", "mining_rights", str(file))
    assert told.count("MW-LAYER-LICENCE C62") == 20
    assert "许可证号不规范 MW-LAYER-LICENCE: 40 more 另有同类问题" in told
    (_, rights) = office.run("check", "--json")["layers"]
    assert sum(problem["code"] == "MW-LAYER-LICENCE" for problem in rights["problems"]) == 60


def test_an_order_that_was_said_goes_for_every_format(office: Office) -> None:
    turned = [Entry(each.id, each.name, shapely.transform(each.polygon, lambda points: points[:, ::-1])) for each in FIRST]
    listed = [{"type": "Feature", "properties": {"id": e.id}, "geometry": shapely.geometry.mapping(e.polygon)} for e in turned]
    file = office.folder / "r.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": listed}), "utf-8")
    assert "--order" in office.bring(file, code=2)["problems"][0]["fix"]
    done = office.bring(file, "--order", "north_east")
    assert (done["state"], done["problems"]) == ("imported", [])
    assert any("north stands before east" in words for words in done["decided"])


def test_a_check_to_be_mended_says_first_what_is_wrong_with_the_area(office: Office) -> None:
    (office.folder / "aoi.geojson").write_text("{}", "utf-8")
    checked = office.run("check", "--fix", "--json", code=2)["layers"]
    assert [(each["name"], each["problems"][0]["code"]) for each in checked] == [("area", "MW-LAYER-READ")]


def test_check_tells_in_chinese_too(office: Office) -> None:
    file = geojson(office.folder / "r.geojson", FIRST, "EPSG:4490")
    file.write_text(file.read_text("utf-8").replace(TWO, TWO[:-1]), "utf-8")
    office.configure("{mining_rights: {path: r.geojson}}")
    said = office.run("check")
    assert "1 problem(s) 有问题" in said
    assert "warning 提醒 许可证号不规范 MW-LAYER-LICENCE" in said
    assert "22 characters instead of 23" in said


NORTH = Polygon([(105.01, 35.692), (105.012, 35.692), (105.012, 35.694)])
REGISTER = [*FIRST, Entry(THREE, "北矿", NORTH)]


def register(file: Path, entries: list[Entry], **said: str) -> Path:
    """A register in which all entries have more fields than an id and a name."""
    geojson(file, entries, "EPSG:4490")
    held = json.loads(file.read_text("utf-8"))
    for feature in held["features"]:
        feature["properties"] |= said
    file.write_text(json.dumps(held, ensure_ascii=False), "utf-8")
    return file


def test_a_letter_is_added_to_the_config_s_file_which_becomes_the_first_version(office: Office) -> None:
    register(office.folder / "old.geojson", REGISTER)
    office.configure("{mining_rights: {path: old.geojson}}")
    letter = parcel_text(office.folder / "one.txt", [SECOND[0]], "EPSG:4523")
    said = office.bring(letter, code=2)
    assert "MW-LAYER-ASK" in said
    assert "it lacks 2" in said
    assert office.kept == {}
    done = office.bring(letter, "--add", "--date", "2024-06-01")
    assert [(change["kind"], change["id"]) for change in done["changes"]] == [("changed", ONE)]
    found = office.load()
    assert [right.id for right in found.rights] == [ONE, TWO, THREE]
    assert [(right.id, right.stood_from, right.stood_until) for right in found.former] == [(ONE, None, date(2024, 5, 31))]
    assert found.former[0].geometry.area > found.rights[0].geometry.area
    assert "the beginning (" in office.run("diff", "mining_rights")


def test_the_config_s_own_file_can_be_imported(office: Office) -> None:
    file = register(office.folder / "old.geojson", REGISTER)
    office.configure("{mining_rights: {path: old.geojson}}")
    assert office.bring(file, "--date", "2024-01-01")["state"] == "imported"
    (version,) = json.loads((office.folder / "out/layers/mining_rights/versions.json").read_text("utf-8"))["versions"]
    assert version["since"] == "2024-01-01"


def test_a_config_s_file_that_cannot_be_read_is_replaced_only_when_that_is_said(office: Office) -> None:
    office.configure("{mining_rights: {path: gone.geojson}}")
    letter = parcel_text(office.folder / "one.txt", [SECOND[0]], "EPSG:4523")
    assert "MW-LAYER-ASK" in office.bring(letter, code=2)
    assert "gone.geojson" in office.bring(letter, "--add", code=2)
    assert office.kept == {}
    assert office.bring(letter, "--whole")["state"] == "imported"
    assert [right.id for right in office.load().rights] == [ONE]


def test_a_geopackage_with_unsaved_changes_is_neither_imported_nor_used(office: Office) -> None:
    suffix, write = FORMATS["GeoPackage"]
    file = write(office.folder / f"r{suffix}", FIRST, "EPSG:4490")
    office.configure(f"{{mining_rights: {{path: {file.name}}}}}")
    beside = file.with_name(f"{file.name}-wal")
    beside.write_bytes(b"\x37\x7f\x06\x82")
    assert [problem["code"] for problem in office.bring(file, code=2)["problems"]] == ["MW-LAYER-OPEN"]
    assert office.kept == {}
    with pytest.raises(MinewardenError, match="MW-LAYER-OPEN") as caught:
        office.load()
    assert caught.value.exit_code is Exit.BAD_INPUT
    beside.unlink()
    assert len(office.load().rights) == 2


def test_two_fields_of_one_column_are_both_kept(office: Office) -> None:
    file = office.folder / "names.kml"
    file.write_text(re.sub("<ExtendedData>.*?</ExtendedData>", "", kml(file, FIRST, "EPSG:4490").read_text("utf-8")), "utf-8")
    assert office.bring(file, "--field", "id=name")["state"] == "imported"
    assert [(right.id, right.name) for right in office.load().rights] == [("东矿", "东矿"), ("西矿", "西矿")]


@pytest.mark.parametrize("number", ["1001", 1001, 1001.0, " 1001 ", "1001\u200b"])
def test_an_id_is_the_same_however_it_is_written(office: Office, number: Any) -> None:
    office.bring(register(office.folder / "a.geojson", [Entry("1001", "东矿", WIDE), FIRST[1]]), "--date", "2024-01-01")
    letter = register(office.folder / "b.geojson", [Entry("1001", "东矿", SHRUNK)])
    letter.write_text(letter.read_text("utf-8").replace('"1001"', json.dumps(number)), "utf-8")
    done = office.bring(letter, "--add", "--date", "2024-06-01")
    assert [(change["kind"], change["id"]) for change in done["changes"]] == [("changed", "1001")]
    assert [right.id for right in office.load().rights] == ["1001", TWO]


def test_what_could_not_be_read_back_is_not_kept(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    render = canonical.render
    monkeypatch.setattr(canonical, "render", lambda *given: render(*given).replace(b'"id"', b'"lost"'))
    done = office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), code=2)
    assert (done["state"], done["problems"][-1]["code"]) == ("refused", "MW-LAYER-ID")
    assert "as it would be kept" in done["problems"][-1]["message"]
    assert office.kept == {}


def test_the_check_reports_an_earlier_version_that_stops_a_run(office: Office) -> None:
    office.bring(parcel_text(office.folder / "a.txt", FIRST, "EPSG:4523"), "--date", "2024-01-01")
    office.bring(parcel_text(office.folder / "b.txt", SECOND, "EPSG:4523"), "--date", "2024-06-01")
    index = office.folder / "out/layers/mining_rights/versions.json"
    held = json.loads(index.read_text("utf-8"))
    first = held["versions"][0]
    old = index.parent / f"2024-01-01-{first['sha256'][:12]}.geojson"
    broken = old.read_bytes().replace(b'"id"', b'"lost"')
    first["sha256"] = hashlib.sha256(broken).hexdigest()
    (index.parent / f"2024-01-01-{first['sha256'][:12]}.geojson").write_bytes(broken)
    index.write_text(json.dumps(held), "utf-8")
    (_, rights) = office.run("check", "--json", code=2)["layers"]
    assert [(problem["code"], problem["fatal"]) for problem in rights["problems"]] == [("MW-LAYER-ID", True)]


def test_a_boundary_alone_leaves_the_term_as_it_stands(office: Office) -> None:
    said = {"valid_to": "2020-12-31", "status": "过期", "矿区面积": "0.2511平方公里", "备注": "旧档"}
    office.bring(register(office.folder / "a.geojson", FIRST, **said), "--date", "2024-01-01")
    done = office.bring(parcel_text(office.folder / "one.txt", [SECOND[0]], "EPSG:4523"), "--add", "--date", "2024-06-01")
    assert [(change["id"], change["fields"]) for change in done["changes"]] == [(ONE, {})]
    right = office.load().rights[0]
    assert (right.valid_to, right.status, right.standing(date(2024, 7, 1))) == (date(2020, 12, 31), "过期", Standing.EXPIRED)
    kept = json.loads((office.folder / "out/layers/mining_rights" / f"2024-06-01-{done['version']['version']}.geojson").read_text("utf-8"))
    one, two = (feature["properties"] for feature in kept["features"])
    assert one["备注"] == "旧档"
    assert "矿区面积" not in one, "it was that of the former outline"
    assert "矿区面积" in two


def test_what_is_added_before_a_later_version_does_not_lapse_unsaid(office: Office) -> None:
    for day in ("2024-01-01", "2024-06-01"):
        entries = FIRST if day < "2024-06" else REGISTER
        office.bring(parcel_text(office.folder / "r.txt", entries, "EPSG:4523"), "--date", day)
    before = office.kept
    fresh = Entry("C6200002024017130123459", "新矿", affinity.translate(NORTH, 0.005))
    for name, entry in (("new", fresh), ("shrunk", SECOND[0])):
        letter = parcel_text(office.folder / f"{name}.txt", [entry], "EPSG:4523")
        said = office.bring(letter, "--add", "--date", "2024-03-01", code=2)
        assert "MW-LAYER-ASK" in said
        assert "--add --date 2024-06-01" in said
        assert office.kept == before
    office.bring(letter, "--add", "--date", "2024-06-01")
    office.bring(letter, "--add", "--date", "2024-03-01")
    found = office.load()
    assert (found.rights[0].id, found.rights[0].stood_from) == (ONE, date(2024, 3, 1))
    assert [(right.id, right.stood_until) for right in found.former] == [(ONE, date(2024, 2, 29))]


def test_an_empty_value_of_an_addition_wipes_nothing(office: Office) -> None:
    office.bring(register(office.folder / "a.geojson", FIRST, valid_to="2020-12-31", holder="甲公司"), "--date", "2024-01-01")
    letter = register(office.folder / "b.geojson", [SECOND[0]], valid_to="", holder="乙公司")
    office.bring(letter, "--add", "--date", "2024-06-01")
    right = office.load().rights[0]
    assert (right.valid_to, right.holder) == (date(2020, 12, 31), "乙公司")


def test_an_addition_that_a_later_version_undoes_in_part_is_asked_for(office: Office) -> None:
    """The later one has another boundary, but the holder that stood before."""
    office.bring(register(office.folder / "a.geojson", FIRST, holder="甲公司"), "--date", "2024-01-01")
    office.bring(register(office.folder / "b.geojson", [SECOND[0], FIRST[1]], holder="甲公司"), "--date", "2024-06-01")
    said = office.bring(register(office.folder / "c.geojson", [FIRST[0]], holder="乙公司"), "--add", "--date", "2024-03-01", code=2)
    assert "MW-LAYER-ASK" in said
    done = office.bring(register(office.folder / "d.geojson", [SECOND[0]], holder="甲公司"), "--add", "--date", "2024-03-01")
    assert [change["id"] for change in done["changes"]] == [ONE], "the boundary of the later one, from an earlier day"


def test_ids_are_kept_as_text_so_that_they_are_read_back_alike() -> None:
    kept = json.loads(canonical.render([WIDE, EAST], "EPSG:4490", {"证号": [1001.0, "A2 "]}, {"id": "证号", "name": "证号"}))
    assert [feature["properties"] for feature in kept["features"]] == [{"id": "1001", "name": 1001.0}, {"id": "A2", "name": "A2 "}]


def test_all_of_it_and_some_of_it_contradict_each_other(office: Office) -> None:
    file = parcel_text(office.folder / "r.txt", FIRST, "EPSG:4523")
    for options in (("--add", "--whole"), ("--whole", "--add")):
        told = office.run("import", "mining_rights", str(file), *options, code=2)
        assert "MW-USAGE" in told
        assert "contradict" in told
    assert office.kept == {}


@pytest.mark.parametrize("spelled", [ONE.replace("0", "O", 2), ONE.replace("1", "l", 1), f"c{ONE[1:5]} {ONE[5:].replace('0', 'o')}"])
def test_letters_for_digits_are_mended_when_it_is_asked_for(office: Office, spelled: str) -> None:
    file = geojson(office.folder / "r.geojson", [Entry(spelled, "东矿", WIDE)], "EPSG:4490")
    fixed = office.bring(file, "--fix")["fixed"]
    assert any(repr(spelled) in line for line in fixed["changes"])
    office.bring(Path(fixed["file"]))
    assert [right.id for right in office.load().rights] == [ONE]


@pytest.mark.parametrize("spelled", [f"{ONE[:7]} {ONE[7:-1]}", ONE[:-1] + "X", "C62000O2010991120001234", ONE, "东矿"])
def test_what_a_number_was_meant_to_be_is_not_guessed(office: Office, spelled: str) -> None:
    """A digit missing, a letter that stands for none, a month that is none."""
    file = geojson(office.folder / "r.geojson", [Entry(spelled, "东矿", WIDE)], "EPSG:4490")
    assert office.bring(file, "--fix")["fixed"] is None


def test_a_shapefile_s_cut_column_is_the_licence_number_where_it_holds_them(office: Office) -> None:
    """许可证号 cut to ten bytes of UTF-8 is 许可证, as 许可证状态 is."""
    shapefile = table("ESRI Shapefile", {"id": "许可证", "name": "矿山名"})
    office.bring(shapefile(office.folder / "r.shp", FIRST, "EPSG:4523"))
    assert [(right.id, right.name) for right in office.load().rights] == [(ONE, "东矿"), (TWO, "西矿")]
    states = [Entry("有效", "东矿", WIDE), Entry("过期", "西矿", EAST)]
    told = office.bring(shapefile(office.folder / "s.shp", states, "EPSG:4523"), code=2)
    assert told["problems"][0]["code"] == "MW-LAYER-ID"


def redline_file(file: Path, *grounds: Polygon) -> Path:
    rows = [{"type": "Feature", "properties": {"id": f"H{k}"}, "geometry": shapely.geometry.mapping(each)} for k, each in enumerate(grounds)]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), "utf-8")
    return file


def test_a_redline_counts_as_it_stood_on_the_day(office: Office) -> None:
    """Drawn anew in June: smaller in one place, new in another. What was dug in May is held against the line of May."""
    office.bring(redline_file(office.folder / "h1.geojson", WIDE), "--date", "2024-01-01", layer="redline")
    office.bring(redline_file(office.folder / "h2.geojson", SHRUNK, EAST), "--date", "2024-06-01", layer="redline")
    stood = office.load()
    told = [(zone.id, zone.stood_from, zone.stood_until) for zone in (*stood.past, *stood.zones)]
    june = date(2024, 6, 1)
    assert told == [("H0", None, date(2024, 5, 31)), ("H0", june, None), ("H1", june, None)]
    areas = [round(zone.geometry.area) for zone in (*stood.past, *stood.zones)]
    assert areas[0] > areas[1] + 40_000


def test_an_approval_explains_from_the_day_on_which_it_is_known_or_from_its_own(office: Office) -> None:
    office.configure("{works: {kind: approval}}")
    first = {"type": "Feature", "properties": {"id": "P1"}, "geometry": shapely.geometry.mapping(WIDE)}
    second = {"type": "Feature", "properties": {"id": "P2"}, "geometry": shapely.geometry.mapping(EAST)}
    third = {"type": "Feature", "properties": {"id": "P3", "valid_from": "2024-02-01"}, "geometry": shapely.geometry.mapping(EAST)}
    for day, rows in (("2024-01-01", [first]), ("2024-06-01", [first, second, third])):
        file = office.folder / f"{day}.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), "utf-8")
        office.bring(file, "--date", day, layer="works")
    may, june = date(2024, 5, 1), date(2024, 6, 1)
    assert {each.id: (each.in_force(may), each.in_force(june)) for each in office.load().approvals} == {
        "P1": (True, True), "P2": (False, True), "P3": (True, True),
    }  # fmt: skip
