"""What a team takes along, sheets, forms, KML and GPX of cases of a finished month, and the photos that it brings back."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely
from PIL import Image
from pyproj import Transformer
from shapely.geometry import Polygon

from pipeline.cli import main
from pipeline.findings.finding import Code
from pipeline.findings.names import FINDINGS
from pipeline.ledger import Ledger
from pipeline.publish import geojson
from pipeline.publish.english import ENGLISH
from pipeline.publish.evidence.overlay import STYLE
from pipeline.publish.evidence.sheet import SHEET_HEIGHT, SHEET_WIDTH
from pipeline.publish.fieldpack import page, plan
from pipeline.publish.fieldpack.checks import ALWAYS, CHECKS, JUDGEMENTS
from pipeline.publish.fieldpack.places import MOST_CORNERS, places
from pipeline.publish.flight.page import SAYS
from pipeline.publish.wgs84 import settle
from pipeline.publish.words import REASONS
from pipeline.review.decide import Judgement
from pipeline.review.flights import of_case, picture
from tests import flights, made_month
from tests.unit.test_publish_report import Page

MONTH = "2024-07"
FIRST, THIRD = "620422-2024-000001", "620422-2024-000003"
GPX, KML = "{http://www.topografix.com/GPX/1/1}", "{http://www.opengis.net/kml/2.2}"


@dataclass(frozen=True)
class Office:
    config: Path
    capsys: pytest.CaptureFixture[str]

    def pack(self, *options: str) -> Path:
        """The folder of a pack."""
        self.capsys.readouterr()
        assert main(["review", "fieldpack", str(self.config), *options]) == 0
        (folder,) = {Path(line).parent for line in self.capsys.readouterr().out.splitlines()}
        return folder

    def refused(self, *options: str) -> str:
        self.capsys.readouterr()
        assert main(["review", "fieldpack", str(self.config), *options]) == 2
        out, err = self.capsys.readouterr()
        assert out == ""
        return err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county with one finished month, and the picture of one case."""
    root = tmp_path_factory.mktemp("field")
    out, layers = root / "out", made_month.layers()
    out.mkdir()
    made_month.publish(out / MONTH, made_month.two_months(root), made_month.run_facts())
    (root / "ledger.sqlite").rename(out / "ledger.sqlite")
    degrees = made_month.PROJECTOR.degrees
    area = settle(degrees([layers.area])[0]).mapping
    rows = zip(layers.rights, degrees([each.geometry for each in layers.rights]), strict=True)

    def collection(features: list[dict[str, object]]) -> str:
        return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)

    (root / "area.geojson").write_text(collection([{"type": "Feature", "properties": {}, "geometry": area}]), "utf-8")
    rights = [
        {
            "type": "Feature",
            "properties": {"id": r.id, "name": r.name, "holder": r.holder, "valid_to": r.valid_to.isoformat() if r.valid_to else None},
            "geometry": settle(outline).mapping,
        }
        for r, outline in rows
    ]
    (root / "rights.geojson").write_text(collection(rights), "utf-8")
    (root / "config.yaml").write_text(
        'county: {name: 会宁县, code: "620422"}\narea: area.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
        "sources:\n  - {kind: folder, path: scenes}\nlayers:\n  mining_rights: {path: rights.geojson}\noutput: out\n",
        "utf-8",
    )
    (root / "scenes").mkdir()
    return root


@pytest.fixture
def office(folder: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(folder / "config.yaml", capsys)


def said(html: str) -> str:
    """What a page says, without the font that it ships."""
    return Page(re.sub("base64,[A-Za-z0-9+/=]+", "", html)).text


def test_a_case_is_written_as_sheet_form_and_places(office: Office) -> None:
    found = office.pack(FIRST)
    assert found == office.config.parent / "out" / "fieldpack" / FIRST
    assert {each.name for each in found.iterdir()} == {"sheets.html", "cases.kml", "cases.gpx"}
    (case,) = [each for each in geojson.read(office.config.parent / "out" / MONTH / "flagged.geojson") if each.properties["id"] == FIRST]
    text = said((found / "sheets.html").read_text("utf-8"))
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:4523", always_xy=True).transform(case.written.lon, case.written.lat)
    for each in (
        FIRST, "疑似越界开采", f"{case.written.lon:.6f}°E", f"{case.written.lat:.6f}°N", f"X {y:.1f}", f"Y {x:.1f}", "会宁县北山石灰岩矿",
        "甘肃北山矿业有限公司", "界桩", "方位角", "现场核查表", "伪变化", "不是违法认定",
    ):  # fmt: skip
        assert each in text, each


def test_places_for_receivers_are_the_cases(office: Office) -> None:
    found = office.pack(FIRST, THIRD, "--out", str(office.config.parent / "trip"))
    cases = {str(each.properties["id"]): each for each in geojson.read(office.config.parent / "out" / MONTH / "flagged.geojson")}
    gpx = ElementTree.parse(found / "cases.gpx").getroot()
    points = gpx.findall(f"{GPX}wpt")
    assert [each.findtext(f"{GPX}name") for each in points] == ["2024-000001", "2024-000003"]
    for id, point, track in zip((FIRST, THIRD), points, gpx.findall(f"{GPX}trk"), strict=True):
        outline = Polygon([(float(each.get("lon", "")), float(each.get("lat", ""))) for each in track.iter(f"{GPX}trkpt")])
        assert outline.equals(cases[id].written.geometry)
        assert outline.contains(shapely.Point(float(point.get("lon", "")), float(point.get("lat", ""))))
    names = [each.text for each in ElementTree.parse(found / "cases.kml").getroot().iter(f"{KML}name")]
    assert [each for each in names if each and each.startswith("620422")] == [f"{FIRST} 疑似越界开采", f"{THIRD} 疑似许可过期开采"]
    assert "会宁县北山石灰岩矿" in names


def test_the_same_pack_again_has_the_same_bytes_and_the_picture_of_the_month(office: Office) -> None:
    evidence = office.config.parent / "out" / MONTH / "evidence"
    rows = office.config.parent / "out" / MONTH / "flagged.geojson"
    case = next(each for each in geojson.read(rows) if each.properties["id"] == FIRST)
    first = {each.name: each.read_bytes() for each in office.pack(FIRST).iterdir()}
    assert {each.name: each.read_bytes() for each in office.pack(FIRST).iterdir()} == first
    evidence.mkdir()
    Image.fromarray(np.full((SHEET_HEIGHT, SHEET_WIDTH, 3), 90, np.uint8)).save(evidence / f"{FIRST}.png")
    pack = _pack(office, [case.__class__(case.written, case.properties | {"evidence": f"evidence/{FIRST}.png"})])
    assert page.render(pack, page.Language.ZH).count('src="data:image/jpeg;base64,') == 1


def _pack(office: Office, cases: list[geojson.Feature]) -> page.Pack:
    out = office.config.parent / "out"
    month = page.Finished("会宁县", "620422", MONTH, out / MONTH, cases, {})
    return page.Pack(month, made_month.layers(), made_month.GRID.crs, date(2024, 7, 31), out)


def test_names_and_notes_stay_text(office: Office) -> None:
    cases = geojson.read(office.config.parent / "out" / MONTH / "flagged.geojson")
    nasty = made_month.HOSTILE + "]]>&\u202e"
    cases = [each.__class__(each.written, each.properties | {"town": nasty, "review_note": nasty, "right_name": nasty}) for each in cases]
    for language in page.Language:
        html = page.render(_pack(office, cases), language)
        assert "<script" not in html
        assert "\u202e" not in html
        assert said(html).count("alert('x')") > len(cases)
    found = office.pack(THIRD)
    for name in ("cases.kml", "cases.gpx"):
        assert b"<script" not in (found / name).read_bytes()


def test_what_a_month_does_not_list_is_refused_and_nothing_written(office: Office, tmp_path: Path) -> None:
    for options in (("620422-2024-999999",), (FIRST, "../../x"), ("",)):
        said = office.refused(*options, "--out", str(tmp_path / "away"))
        assert said.startswith("MW-FIELDPACK-CASE")
        assert FIRST in said
    assert not (tmp_path / "away").exists()
    assert "MW-EXPORT-OUT" in office.refused(FIRST, "--out", str(office.config.parent / "out" / MONTH / "pack"))
    assert "MW-MONTH-MISSING" in office.refused(FIRST, "--month", "2023-01")


def test_every_finding_has_its_questions_and_every_text_its_english() -> None:
    assert tuple(Judgement) == JUDGEMENTS
    explained = {Code.PERMITTED, Code.APPROVED, Code.NOT_MINING, Code.BEFORE_MONITORING}
    assert set(CHECKS) == set(FINDINGS) - explained
    sources = [file.read_text("utf-8") for file in Path(page.__file__).parent.rglob("*") if file.suffix in (".py", ".html")]
    said = {text for source in sources for text in re.findall(r'\b(?:say|t)\("([^"]+)"', source)}
    assert len(said) > 50
    said |= {each for lines in CHECKS.values() for each in lines} | set(ALWAYS) | {each.name for each in STYLE.values()}
    assert said | set(SAYS.values()) | set(REASONS) | set(Judgement) <= ENGLISH.keys()


@pytest.mark.parametrize("corners", [3, 9, 400])
def test_corners_are_few_and_lie_on_the_outline(corners: int) -> None:
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    far = 0.002 * (1 + 0.3 * np.cos(5 * angle))
    outline = settle(Polygon(np.column_stack([105.02 + far * np.cos(angle), 35.7 + far * np.sin(angle)])))
    found = places(outline)
    assert 3 <= len(found.corners) <= MOST_CORNERS
    assert found.straightened is (corners > MOST_CORNERS)
    ring = shapely.LinearRing(outline.geometry.exterior.coords)
    assert max(ring.distance(shapely.Point(each.lon, each.lat)) for each in found.corners) < 1e-6


def test_a_drawing_shows_the_case_whole_and_names_beside_it() -> None:
    ground = made_month.pit(2000, 1500, 60)
    around = [plan.Named("right", "甲", made_month.site(0, 0, 6000, 6000))]
    drawn = plan.draw(ground, (ground.centroid.x, ground.centroid.y), [], around, made_month.GRID.crs)
    (name,) = drawn.names
    numbers = np.array([[float(each) for each in point.split()] for point in re.split("[MLZ]", drawn.shapes[-1].path) if point.strip()])
    assert numbers.min() > 0
    assert (numbers.max(axis=0) < (plan.WIDTH, plan.HEIGHT)).all()
    assert not (numbers.min(axis=0) < (name.x, name.y)).all() or not ((name.x, name.y) < numbers.max(axis=0)).all()
    assert drawn.bar == pytest.approx(drawn.bar_m * plan.WIDTH / 900, rel=0.01)
    assert any(tick.upright for tick in drawn.net)
    assert any(not tick.upright for tick in drawn.net)


def place(case: geojson.Feature, east: float) -> tuple[float, float]:
    """In the grid, so far to the east of a case's point."""
    x, y = Transformer.from_crs("EPSG:4326", made_month.GRID.crs, always_xy=True).transform(case.written.lon, case.written.lat)
    return x + east, y


def test_photos_of_a_visit_go_to_the_cases_they_look_at(office: Office, tmp_path: Path) -> None:
    cases = {str(each.properties["id"]): each for each in geojson.read(office.config.parent / "out" / MONTH / "flagged.geojson")}
    album, output = tmp_path / "album", office.config.parent / "out"
    album.mkdir()
    taken = "2024:08:05 10:00:00"
    flights.photo(album / "towards.jpg", *place(cases[THIRD], -200), taken=taken, yaw=90, pitch=-5)
    flights.photo(album / "away.jpg", *place(cases[THIRD], -200), taken=taken, yaw=270, pitch=-5)
    flights.photo(album / "late.jpg", *place(cases[FIRST], 0), taken="2024:06:01 10:00:00")
    flights.photo(album / "nowhere.jpg", 0, 0, taken=taken, placed=False)

    def visit(*options: str) -> dict[str, object]:
        office.capsys.readouterr()
        assert main(["review", "photos", str(office.config), str(album), "--reviewer", "王核查", *options, "--json"]) == 0
        found: dict[str, object] = json.loads(office.capsys.readouterr().out)
        return found

    ledger = output / "ledger.sqlite"
    without = ledger.read_bytes()
    found = visit("--visited", "2024-08-05")
    shown = {Path(each["file"]).name: each for each in found["photos"]}  # type: ignore[attr-defined]
    assert {name: each["case_id"] for name, each in shown.items()} == {"towards.jpg": THIRD, "away.jpg": None, "late.jpg": FIRST, "nowhere.jpg": None}
    assert shown["towards.jpg"]["doubts"] == []
    assert shown["late.jpg"]["doubts"] == ["拍摄日期与核查日期相差 65 天"]
    assert shown["nowhere.jpg"]["doubts"] == ["照片没有位置信息"]
    kept = output / "visits" / str(found["visit"])
    for each in shown.values():
        data = (kept / each["file"]).read_bytes()
        assert data == (album / Path(each["file"]).name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each["sha256"]
    (seen,) = of_case(output, THIRD)
    assert (seen["captured"], seen["why"]) == ("2024-08-05", "现场核查照片，王核查")
    assert [each["file"] for each in seen["photos"]] == ["photos/towards.jpg"]
    assert picture(output, str(found["visit"]), "photos/towards.jpg") == (kept / "photos" / "towards.jpg", "image/jpeg")
    # The same folder again changes nothing; with a photo more only that one is new.
    before = sorted(output.glob("visits/**/*"))
    for kept_by in (ledger.read_bytes(), without):  # the second: killed once the folder was in its place, before the ledger had it
        ledger.write_bytes(kept_by)
        assert visit()["visit"] == found["visit"]
        assert sorted(output.glob("visits/**/*")) == before
        with Ledger(ledger, "620422") as trail:
            assert [said["visit"] for _, said in trail.last_audit("visit")] == [found["visit"]]
    flights.photo(album / "more.jpg", *place(cases[THIRD], 100), taken=taken, yaw=270, pitch=-5)
    assert [each["file"] for each in visit()["photos"]] == ["photos/more.jpg"]  # type: ignore[attr-defined]
    assert main(["drone", "withdraw", str(office.config), str(found["visit"]), "--by", "王核查", "--why", "日期错了"]) == 0
    assert [[each["file"] for each in visit["photos"]] for visit in of_case(output, THIRD)] == [["photos/more.jpg"]]


@pytest.mark.parametrize(
    ("name", "visited", "code"),
    [
        ("", None, "MW-DRONE-PHOTOS"),
        ("x.jpg", None, "MW-DRONE-PHOTO"),
        ("placed.jpg", "2999-01-01", "MW-DRONE-DATE"),
        ("none.jpg", None, "MW-DRONE-PHOTOS"),
    ],
    ids=["no photos", "no photo", "in the future", "no place"],
)
def test_photos_that_can_not_be_used_are_refused(office: Office, tmp_path: Path, name: str, visited: str | None, code: str) -> None:
    if name == "x.jpg":
        (tmp_path / name).write_bytes(b"\xff\xd8none")
    elif name:
        flights.photo(tmp_path / name, flights.WEST, flights.NORTH, placed=name.startswith("placed"))
    office.capsys.readouterr()
    given = ["--visited", visited] if visited else []
    assert main(["review", "photos", str(office.config), str(tmp_path), "--reviewer", "王核查", *given]) == 2
    assert office.capsys.readouterr().err.splitlines()[-1].startswith(code)
