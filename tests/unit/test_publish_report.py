"""The report for people."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PIL import Image

from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.ledger.steps import Overdue, Step
from pipeline.publish import report
from pipeline.publish.english import ENGLISH
from pipeline.publish.evidence.sheet import SHEET_HEIGHT, SHEET_WIDTH
from pipeline.publish.features import Feature
from pipeline.publish.mines import ACTIVITIES, CONCERNS
from pipeline.publish.plain import plain
from pipeline.publish.report import accuracy, followed, page, svgmap, tell, thumbnails
from pipeline.publish.report.earlier import Earlier, Totals, Trend
from pipeline.publish.report.history import Course, Decisions, Event, Gone, Kind
from pipeline.publish.say import Language, Say
from pipeline.publish.spreadsheet import book
from pipeline.publish.words import CHECKS_OFF, LAYER_FIELDS, LAYERS, REASONS, REVIEWS, STANDINGS, STATUSES, STEPS
from tests import made_month
from tests.made_month import FORMULA, HOSTILE

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """Tags, visible text and tables of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.tables: list[list[list[str]]] = []
        self._hidden = self._cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag in ("style", "script")
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True
        if tag == "br":
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.text += data
        if self._cell:
            self.tables[-1][-1][-1] += data

    def table(self, head: str) -> list[list[str]]:
        """The table whose first row holds a title."""
        return next(table for table in self.tables if table and head in table[0])

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> report.ReportInput:
    root = tmp_path_factory.mktemp("report")
    return made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts(), gone=["620422-2023-000007"])


def read(given: report.ReportInput, **changes: Any) -> Page:
    return Page(report.render(replace(given, **changes)))


def case(given: report.ReportInput, **changes: Any) -> Feature:
    """The first case with other properties."""
    first = given.flagged[0]
    return replace(first, properties=first.properties | changes)


def test_it_says_what_is_new_what_grew_and_what_was_not_seen(given: report.ReportInput) -> None:
    text = read(given).text
    for said in (
        "会宁县",
        "2024年7月",
        "新增 4 个",
        "面积扩大 1 个",
        "93.1%",
        "318.2 公顷",
        "线索",
        "实地核查",
        "620422-2023-000007",
        "需实地核查",
        "看不清",
    ):
        assert said in text, said
    for each in given.flagged:
        assert each.properties["id"] in text
    for said in ("非采矿变化：设施农业", "许可范围内开采", "可能性低于 50%", "3 of 120 blocks", "未提供乡镇界线", "overlaps another right"):
        assert said in text, said


def test_it_can_be_had_in_english(given: report.ReportInput) -> None:
    html = report.render(given, Language.EN)
    assert '<html lang="en">' in html
    text = Page(html).text
    for said in ("July 2024", "4 new, 1 grown", "suspected unlicensed mining", "What needs a person", "not mining: greenhouses", "dismissed"):
        assert said in text, said
    # What is left in Chinese are names and what people wrote.
    names = {"会宁县", "矿卫", "甘肃北山矿业有限公司", "会宁县北山石灰岩矿", "红线", "王核查", "看不清", "河畔镇砂石料场", "基本农田", "探矿"}
    assert set(re.findall(r"[\u4e00-\u9fff]+", text)) <= names
    events = (
        Event("2024-06", Kind.LISTED, 25_000.0, code="cross_boundary"),
        Event("2024-07-09", Kind.VERDICT, code="dismissed", who="B", why="大棚 看不清"),
    )
    told = list(tell.Teller(Say(Language.EN)).course(Course(events)))
    assert told[1] == "2024-07-09 B: dismissed (greenhouse 看不清)"


def flown(**changes: Any) -> dict[str, Any]:
    """A flight's record, as far as a report reads it."""
    said = {
        "flight": "20240705-0a1b2c3d", "captured": "2024-07-05", "cut_m3": 12345.6, "cut_m3_95": [12001.0, 12690.0], "new": [], "cases": [],
        "overshoots": [], "extractions": [], "depths": [],
    }  # fmt: skip
    return said | changes


def test_the_months_flights_are_told(given: report.ReportInput) -> None:
    first, second = (str(each.properties["id"]) for each in given.flagged[:2])
    hostile = "<script>alert(1)</script>"
    flight = flown(
        cases=[{"id": first, "says": "confirms"}, {"id": second, "says": "contradicts"}],
        new=[{"area_m2": 5200.0}],
        overshoots=[{"right_id": "C1", "right_name": hostile, "overshoot_certain_m2": 77.0}],
    )
    unmeasured = flown(flight="20240720-ffffffff", captured="2024-07-20", cut_m3=None, cut_m3_95=None)
    page = read(given, flights=[flight, unmeasured])
    (_, told, other) = page.table("飞行日期")
    assert told[1:6] == [first, second, "—", "1 处，0.52 公顷", "12,346\n12,001–12,690"]
    assert told[6] == f"{hostile}：误差之外越界 77 m²"
    assert other[5] == "不能给出"
    assert "航飞新发现 1 处，不支持的线索 1 个" in page.text
    assert not any("alert" in str(attributes) for attributes in page.of("script"))
    assert "无人机航飞" not in read(given).text


def test_every_text_has_its_english() -> None:
    sections = ROOT / "pipeline" / "publish" / "templates"
    sources = [file.read_text("utf-8") for file in Path(page.__file__).parent.rglob("*") if file.suffix in (".py", ".html")]
    sources.append((ROOT / "pipeline" / "publish" / "basis.py").read_text("utf-8"))
    sources += [
        (sections / name).read_text("utf-8")
        for name in ("restoration_section.html", "plan_section.html", "plan_parts.html", "restoration_chart.html")
    ]
    said = {text for source in sources for text in re.findall(r'\b(?:say|t)\("([^"]+)"', source)}
    assert len(said) > 100
    names = {*FINDINGS.values(), *CAUSES.values(), *REVIEWS.values(), *STATUSES.values(), *LAYERS.values(), *CHECKS_OFF.values()}
    names |= {*STANDINGS.values(), *ACTIVITIES.values(), *CONCERNS.values(), *LAYER_FIELDS.values(), *STEPS.values(), *tell._AUDITS.values()}
    names |= {*REASONS, followed.LAWFUL, followed.UNSAID}
    titles = set(page._FILTERS.values())
    assert said | names | titles <= ENGLISH.keys()
    for chinese, english in ENGLISH.items():
        assert sorted(re.findall(r"\{\w+\}", chinese)) == sorted(re.findall(r"\{\w+\}", english)), chinese


NAMES = (
    "id right_id right_name holder mineral legacy_id legacy_state restriction town cause review_reason review_note reviewer reviewed_at evidence "
    "finding_zh first_seen last_seen deadline valid_to before_date after_date"
)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        HOSTILE,
        '"><script>alert(1)</script>',
        "</script><script>alert(1)</script>",
        "' onmouseover='alert(1)",
        FORMULA,
        '=HYPERLINK("http://evil.example/","x")',
        "{{ 7 * 7 }}{% raw %}",
        "{text}{0}",
        "javascript:alert(1)",
        "矿" * 200,
        "x" * 200,
        "abc\u202egnp.exe",
        "\u200f\u202eabc",
    ],
)
def test_hostile_text_is_shown_and_does_nothing(given: report.ReportInput, text: str) -> None:
    clean = read(given)
    row = case(given, **dict.fromkeys(NAMES.split(), text))
    rights = tuple(replace(right, id=text, name=text) for right in given.layers.rights)
    zones = tuple(replace(zone, id=text, name=text) for zone in given.layers.zones)
    course = Course((Event("2024-06", Kind.LISTED, code=text), Event("2024-06-09", Kind.VERDICT, code=text, who=text, why=text)))
    poisoned = read(
        given,
        county=text, flagged=[row], layers=replace(given.layers, rights=rights, zones=zones, off=(text,)), gone=[Gone(text, into=text)],
        run=replace(given.run, warnings=[text], run_id=text), courses={text: course},
    )  # fmt: skip
    assert poisoned.text.count(plain(text)) >= 20
    assert not re.search("[\u200b-\u200f\u202a-\u202e]", poisoned.text)
    tags = {tag for tag, _ in poisoned.tags}
    assert tags <= {tag for tag, _ in clean.tags}
    assert len(poisoned.of("script")) == len(clean.of("script")) == 1
    assert not poisoned.of("img")
    assert not [name for _, attributes in poisoned.tags for name in attributes if name.startswith("on")]
    assert {str(each["href"])[0] for each in poisoned.of("a")} == {"#"}
    # Names that turn what follows stay in an element of their own.
    assert "bdi" in tags


def test_nothing_of_the_page_may_load_or_run_but_its_own(given: report.ReportInput) -> None:
    html = report.render(given)
    policy = next(str(each["content"]) for each in Page(html).of("meta") if each.get("http-equiv") == "Content-Security-Policy")
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, flags=re.DOTALL)
        assert f"{name} 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [attributes for _, attributes in Page(html).tags if "style" in attributes]


def test_it_needs_no_network(given: report.ReportInput) -> None:
    html = report.render(given)
    assert not re.search(r"(?i)(https?:)?//[a-z]", re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL))
    assert not re.search(r"(?i)https?:|fetch|XMLHttp|import\(", html)
    links = {str(attributes["href"]) for attributes in Page(html).of("a")}
    anchors = {f"#{attributes['id']}" for _, attributes in Page(html).tags if "id" in attributes}
    assert links <= anchors


def test_each_case_is_on_the_map_in_the_colour_of_its_severity(given: report.ReportInput) -> None:
    dots = [attributes["class"] for attributes in read(given).of("circle")]
    assert sorted(map(str, dots)) == sorted(f"dot c{each.properties['severity']}" for each in given.flagged)


def test_a_month_without_findings_is_a_report_too(given: report.ReportInput) -> None:
    text = read(given, flagged=[]).text
    for said in ("本月没有需要核查的线索", "查看影像 2 景", "看清了监测范围的 93.1%", "记有地表变化 10 处", "这些变化都有解释"):
        assert said in text, said


def test_what_the_office_owes_is_told(given: report.ReportInput) -> None:
    late = [Overdue("620422-2024-000007", None, date(2024, 8, 31)), Overdue("620422-2024-000001", Step.FILED, date(2024, 9, 2))]
    assert "后续处置逾期" not in read(given).text
    assert "已确认而后续处置逾期 2 个，最早 620422-2024-000007 应于 2024-08-31" in read(given, overdue=late).text


def test_a_month_that_saw_nothing_says_so(given: report.ReportInput) -> None:
    run = replace(given.run, scenes=[], observed_fraction=0.12)
    text = read(given, flagged=[], patches=[], run=run).text
    for said in ("本月没有需要核查的线索", "本月没有可用的影像", "不足 50%", "没有看到不等于没有变化"):
        assert said in text, said


def test_its_numbers_are_those_of_the_other_files(given: report.ReportInput, tmp_path: Path) -> None:
    shown = read(given)
    rows = [each.properties for each in given.flagged]
    for head in ("类型", "矿山（许可证号）"):
        *lines, total = shown.table(head)[1:]
        for k, expected in ((1, len(rows)), (2, sum(row["new_this_month"] for row in rows))):
            assert sum(int(line[k]) for line in lines) == int(total[k]) == expected
        assert float(total[4]) == pytest.approx(sum(row["area_m2"] for row in rows) / 1e4, abs=0.005)
    by_finding = {line[0]: int(line[1]) for line in shown.table("类型")[1:-1]}
    assert by_finding == Counter(row["finding_zh"] for row in rows)
    book.write(tmp_path / book.NAME, given)
    head, *lines = openpyxl.load_workbook(tmp_path / book.NAME)["线索"].iter_rows(values_only=True)
    at = head.index("图斑编号"), head.index("监测面积（亩）")
    listed = [row for row in shown.table("编号 / 坐落")[1:] if len(row) > 1]
    in_page = {row[2][:18]: float(row[5].split("\n")[1].replace(",", "")) for row in listed}
    assert in_page == {line[at[0]]: pytest.approx(line[at[1]], abs=0.051) for line in lines}
    scenes = shown.table("清晰比例")[1:]
    assert [row[1] for row in scenes] == [scene.id for scene in given.run.scenes if scene.used]


def test_it_compares_with_last_month_and_last_year(given: report.ReportInput) -> None:
    june = Earlier("2024-06", Totals(2, 2, 0, 30_000.0, 30_000.0, 0.61, 3, {"unlicensed": 2}), layers={"mining_rights": "other"})
    trend = [Trend("2024-05", 1, 0.5), Trend("2024-06", 2, 0.61), Trend("2024-07", 6, 0.93)]
    shown = read(given, last_month=june, trend=trend)
    lines = {row[0]: row[1:] for row in shown.table("2024-07")}
    assert lines["在册线索（个）"] == ["6", "2", "—"]
    assert lines["线索总面积（公顷）"][1:] == ["3.00", "—"]
    assert lines["看清的范围"] == ["93.1%", "61.0%", "—"]
    assert lines["疑似无证开采"] == ["3", "2", "—"]
    assert lines["疑似越界开采"] == ["1", "0", "—"]
    assert "没有 2023-07 的结果" in shown.text
    assert "没有 2024-06 的结果" not in shown.text
    assert len(shown.of("rect")) == 3
    assert [row[2] for row in shown.table("要素数")[1:]] == ["已更新", "本月加入"]
    assert "2024-06 的结果文件不可读" in read(given, last_month=Earlier("2024-06", damaged=True)).text


def test_what_became_of_a_case_stands_beside_it(given: report.ReportInput) -> None:
    id = str(given.flagged[0].properties["id"])
    events = (
        Event("2024-06", Kind.LISTED, 25_000.0, code="cross_boundary"),
        Event("2024-07-09", Kind.VERDICT, code="dismissed", who="王核查", why="耕作"),
        Event("2024-07", Kind.GREW, 45_000.0, 20_000.0),
    )
    shown = read(given, courses={id: Course(events, left_out=3)}, decisions=Decisions(7, 3, 1))
    (row,) = (row for row in shown.table("编号 / 坐落") if len(row) > 1 and id in row[2])
    for said in (
        "2024-06 首次列出：疑似越界开采，2.50 公顷",
        "2024-07-09 王核查：已排除（耕作）",
        "2024-07 扩大 2.00 公顷，至 4.50 公顷",
        "其间 3 次变动",
    ):
        assert said in row[3], said
    assert "排除后又扩大 1 个" in shown.text
    assert "本县历来核实的 10 个线索中，30% 被排除" in shown.text


def test_why_cases_of_last_month_are_gone_is_said(given: report.ReportInput) -> None:
    gone = [Gone("A-1", into="A-2"), Gone("A-3", dismissed_by="张三", dismissed_at="2024-07-02"), Gone("A-4"), Gone("A-5")]
    change = {"case_id": "A-5", "patch_id": "P", "before": "unlicensed", "after": "not_mining", "ground_m2": 1.0, "because": []}
    text = read(given, gone=gone, changes=[change]).text
    assert "A-1（已并入 A-2）；A-3（张三 于 2024-07-02 排除）；A-4（已恢复或证据不足）；A-5（改判为非采矿变化）。" in text


def mine(**changes: Any) -> dict[str, Any]:
    measured = dict.fromkeys(("dug_ha", "bare_before_ha", "new_ha", "restored_ha", "dug_after_end_ha", "dug_after_stop_ha"), 0.0)
    said = {"right_id": "C1", "right_name": HOSTILE, "standing": "expired", "activity": "digging", "since": "2024-06-03", "concerns": [], "cases": []}
    return measured | said | changes


def test_mines_that_were_worked_are_told_with_what_needs_a_look(given: report.ReportInput) -> None:
    mines = [
        mine(right_id="C1", right_name="甲矿"),
        mine(right_id="C2", new_ha=0.5, dug_ha=1.25),
        mine(right_id="C3", concerns=["dug_after_end", "dug_after_stop_order"], dug_after_end_ha=0.2),
        mine(right_id="C4", concerns=["never_dug"], standing="valid", activity="never_dug", since=None),
    ]
    shown = read(given, mines=mines)
    lines = shown.table("本月状况")[1:]
    assert [row[0].split()[-1] for row in lines] == ["C2", "C3", "C4"]
    assert lines[0][1:5] == ["已过期", "开采中\n自 2024-06-03", "1.25", "0.50"]
    assert lines[1][-1] == "期满或关闭后开采、停产期间开采"
    for said in ("其余 1 个矿山", "停产期间有开采的矿山 1 个", HOSTILE):
        assert said in shown.text, said
    assert "矿山动态" not in read(given).text


def test_findings_that_became_others_are_told_with_their_reasons(given: report.ReportInput) -> None:
    because = [{"layer": "mining_rights", "record": "C1", "field": "valid_to", "before": "2024-01-31", "after": None}]
    appeared = {"layer": "exploration_rights", "record": "T1", "field": "exploration", "before": None, "after": True}
    codes = {"before": "expired_permit+farmland_clay", "after": "permitted"}
    changes = [
        {"case_id": "620422-2024-000001", "patch_id": "P1", **codes, "ground_m2": 1234.0, "because": because},
        {"case_id": None, "patch_id": "P2", "before": "unlicensed", "after": None, "ground_m2": 10.0, "because": []},
        {"case_id": None, "patch_id": "P3", "before": "unlicensed", "after": None, "ground_m2": 10.0, "because": [appeared]},
    ]  # fmt: skip
    shown = read(given, changes=changes)
    first, second, third = shown.table("原结论")[1:]
    assert third[-1] == "探矿权 T1：探矿 — → 是"
    assert first == ["620422-2024-000001", "疑似许可过期开采、疑似占用耕地采粘土", "许可范围内开采", "1,234", "采矿权 C1：有效期止 2024-01-31 → —"]
    assert second[:3] == ["P2", "疑似无证开采", "不再列出"]
    assert "改判 3 处" in shown.text
    assert "改判" not in read(given).text


def test_known_errors_are_those_measured() -> None:
    measured = (ROOT / accuracy.SOURCE).read_text("utf-8").partition("Error rates that reports quote")[2]
    found = re.findall(r"(\d+)% \((\d+)%–(\d+)%; (\d+) of (\d+)\)", measured)
    rates: Sequence[accuracy.Rate] = (accuracy.FALSE_ALARMS, *(rate for _, rate in accuracy.MISSED))
    assert [(f"{r.share * 100:.0f}", f"{r.low * 100:.0f}", f"{r.high * 100:.0f}", str(r.errors), str(r.of)) for r in rates] == found
    assert [size for size, _ in accuracy.MISSED] == re.findall(r"Of digs of ([^,]+) ha", measured)


def picture(path: Path, size: tuple[int, int] = (SHEET_WIDTH, SHEET_HEIGHT)) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (200, 30, 30)).save(path)


def test_pictures_stand_in_the_report_and_lead_to_the_large_ones(given: report.ReportInput, tmp_path: Path) -> None:
    rows = [replace(each, properties=each.properties | {"evidence": f"evidence/{each.properties['id']}.png"}) for each in given.flagged]
    for each in rows[:4]:
        picture(tmp_path / each.properties["evidence"])
    (tmp_path / rows[4].properties["evidence"]).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    shown = read(given, flagged=rows, folder=tmp_path)
    images = shown.of("img")
    assert len(images) == 4
    assert {str(image["loading"]) for image in images} == {"lazy"}
    for image in images:
        kind, _, data = str(image["src"]).partition(",")
        assert kind == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as small:
            assert small.size == (thumbnails.WIDTH, thumbnails.HEIGHT)
    assert {str(each["href"]) for each in shown.of("a")} >= {each.properties["evidence"] for each in rows}


def test_pictures_stop_where_their_measure_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": str(k), "evidence": f"evidence/{k}.png"} for k in range(5)]
    for row in rows:
        picture(tmp_path / row["evidence"])
    picture(tmp_path / "evidence" / "1.png", (640, 480))
    whole = thumbnails.thumbnails(tmp_path, rows)
    assert list(whole) == ["0", "2", "3", "4"], "one of another form is left to its link"
    monkeypatch.setattr(thumbnails, "BUDGET", 2 * len(whole["0"]) + 10)
    assert list(thumbnails.thumbnails(tmp_path, rows)) == ["0", "2"]


@pytest.mark.parametrize("path", ["../x.png", "evidence/../../x.png", "/etc/x.png", "http://evil.example/x.png", "evidence/x.png\n", None])
def test_only_pictures_of_the_month_are_opened(path: str | None) -> None:
    assert not thumbnails.is_ours(path)


def many(given: report.ReportInput, count: int) -> list[Feature]:
    """Cases, all different."""
    rows = itertools.islice(itertools.cycle(given.flagged), count)
    return [replace(each, properties=each.properties | {"id": f"620422-2024-{k:06d}"}) for k, each in enumerate(rows)]


def test_many_cases_are_drawn_without_numbers(given: report.ReportInput) -> None:
    shown = read(given, flagged=many(given, svgmap.NUMBERED_UP_TO + 1))
    assert len(shown.of("circle")) == svgmap.NUMBERED_UP_TO + 1
    assert not [each for each in shown.of("text") if each.get("class") == "number"]


def test_three_thousand_cases_stay_small(given: report.ReportInput) -> None:
    flagged = many(given, 3000)
    events = [Event("2024-06", Kind.LISTED, 1.0, code="unlicensed"), *(Event("2024-07", Kind.GREW, 1.0, 1.0) for _ in range(7))]
    html = report.render(replace(given, flagged=flagged, courses={each.properties["id"]: Course(tuple(events), 4) for each in flagged}))
    assert len(html.encode()) + thumbnails.BUDGET < 25_000_000
    assert html.count("data-area=") == 3000


def test_tens_of_thousands_of_parcels_do_not_fill_the_map(given: report.ReportInput) -> None:
    zone = given.layers.zones[1]
    x, y = zone.geometry.centroid.coords[0]
    parcels = tuple(replace(zone, id=str(k), geometry=made_month.box(x + k % 200, y, x + k % 200 + 9, y + 9)) for k in range(20_000))
    view = svgmap.draw(replace(given.layers, zones=parcels), given.projector, [])
    (fields,) = [shape for shape in view.shapes if shape.kind == "zone"]
    assert fields.path.count("M") <= svgmap.MOST_SHAPES
    assert len(fields.path) < 400_000


def test_long_tables_of_numbers_end_in_what_is_left(given: report.ReportInput) -> None:
    flagged = [replace(each, properties=each.properties | {"town": f"镇{k}"}) for k, each in enumerate(many(given, 100))]
    *lines, total = read(given, flagged=flagged).table("乡镇")[1:]
    assert (len(lines), lines[-1][0], lines[-1][1], total[1]) == (60, "其余 41 项", "41", "100")
