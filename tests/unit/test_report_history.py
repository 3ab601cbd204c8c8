"""What the report says of earlier months: from the ledger, and from their folders."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.findings.finding import Code
from pipeline.ledger import Kind as Did
from pipeline.ledger import Ledger
from pipeline.patches.patch import Status
from pipeline.publish.report import earlier
from pipeline.publish.report.history import MOST_EVENTS, Decisions, Event, Gone, Kind, Said, courses, decisions, gone
from pipeline.publish.report.tell import Teller
from pipeline.publish.say import CHINESE
from tests import made_month
from tests.made_month import Made, pit

CELL = 100.0


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    days = iter(range(1, 29))
    return Ledger(tmp_path / "ledger.sqlite", "620422", clock=lambda: datetime(2024, 6, next(days), tzinfo=UTC))


def test_a_case_s_months_and_verdicts_are_told_in_order(ledger: Ledger) -> None:
    with ledger:
        made_month.identify(ledger, "2024-04", [Made(pit(1000, 3000, 60), Code.UNLICENSED, status=Status.PROVISIONAL)])
        made_month.identify(ledger, "2024-05", [Made(pit(1000, 3000, 61), Code.UNLICENSED)])
        ledger.record_verdict("620422-2024-000001", "confirmed", version=1, reviewer="张三", reason="现场", note="属实")
        made_month.identify(ledger, "2024-06", [])
        made_month.identify(ledger, "2024-07", [Made(pit(1000, 3000, 60), Code.UNLICENSED, severity=3)])
        found = courses(ledger, Said.of(ledger), "2024-07", CELL)
        assert courses(ledger, Said.of(ledger), "2024-06", CELL) == {}
        assert [event.at for event in courses(ledger, Said.of(ledger), "2024-05", CELL)["620422-2024-000001"].events][-1].startswith("2024-06")
    (course,) = found.values()
    assert [(event.at[:7], event.kind) for event in course.events] == [
        ("2024-04", Kind.LISTED),
        ("2024-05", Kind.GREW),
        ("2024-05", Kind.CONFIRMED),
        ("2024-06", Kind.VERDICT),
        ("2024-07", Kind.BACK),
    ]
    verdict = course.events[3]
    assert (verdict.code, verdict.who, verdict.why) == ("confirmed", "张三", "现场 属实")


def test_a_case_that_takes_in_another_tells_so(ledger: Ledger) -> None:
    with ledger:
        made_month.identify(ledger, "2024-04", [Made(pit(1000, 3000, 60), Code.UNLICENSED), Made(pit(1130, 3000, 50), Code.UNLICENSED)])
        made_month.identify(ledger, "2024-05", [Made(pit(1050, 3000, 130), Code.UNLICENSED)])
        (course,) = courses(ledger, Said.of(ledger), "2024-05", CELL).values()
        assert Event("2024-05", Kind.TOOK_IN, who="620422-2024-000002") in course.events
        assert gone(ledger, Said.of(ledger), ["620422-2024-000001", "620422-2024-000002"], ["620422-2024-000001"]) == [
            Gone("620422-2024-000002", into="620422-2024-000001")
        ]


def test_what_people_did_besides_is_told_too(ledger: Ledger) -> None:
    id = "620422-2024-000001"
    with ledger:
        made_month.identify(ledger, "2024-05", [Made(pit(1000, 3000, 60), Code.UNLICENSED)])
        ledger.record_verdict(id, "confirmed", version=1, reviewer="张三")
        ledger.record_event(id, Did.AUDIT, key="a", version=2, actor="李四", detail={"agrees": False, "note": "再看"})
        ledger.record_event(id, Did.OUTLINE, key="b", version=2, actor="李四", detail={"geometry": None, "area_m2": 5000.0})
        ledger.record_event(id, Did.OUTLINE, key="c", version=2, actor="李四", detail={"geometry": None, "area_m2": None})
        step = {"step": "filed", "date": "2024-06-20", "document": "〔2024〕1号", "due": None}
        ledger.record_event(id, Did.STEP, key="d", version=2, actor="王五", detail=step)
        (course,) = courses(ledger, Said.of(ledger), "2024-05", CELL).values()
    told = list(Teller(CHINESE).course(course))[2:]
    assert [line.partition(" ")[2] for line in told] == ["李四：复核不同意（再看）", "李四：重画范围，0.50 公顷", "王五：立案（〔2024〕1号）"]


def test_a_long_course_keeps_its_first_and_latest_events(ledger: Ledger) -> None:
    with ledger:
        for number in range(1, 13):
            made_month.identify(ledger, f"2024-{number:02d}", [Made(pit(1000, 3000, 50 + 4 * number), Code.UNLICENSED)])
        (course,) = courses(ledger, Said.of(ledger), "2024-12", CELL).values()
    assert (len(course.events), course.left_out) == (MOST_EVENTS, 12 - MOST_EVENTS)
    assert (course.events[0].kind, course.events[-1].at) == (Kind.LISTED, "2024-12")


def test_what_people_decided_is_counted_by_their_last_word(ledger: Ledger) -> None:
    with ledger:
        ground = [Made(pit(1000 * k, 3000, 60), Code.UNLICENSED) for k in range(1, 5)]
        made_month.identify(ledger, "2024-05", ground)
        for k, said in ((1, "dismissed"), (2, "dismissed"), (3, "needs_field_check")):
            ledger.record_verdict(f"620422-2024-00000{k}", said, version=1, reviewer="张三", reason="耕作")
        ledger.record_verdict("620422-2024-000002", "confirmed", version=2, reviewer="李四")
        assert decisions(Said.of(ledger)) == Decisions(confirmed=1, dismissed=1, needs_field_check=1)
        assert gone(ledger, Said.of(ledger), ["620422-2024-000001", "620422-2024-000004"], []) == [
            Gone("620422-2024-000001", dismissed_by="张三", dismissed_at="2024-06-02"),
            Gone("620422-2024-000004"),
        ]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("earlier")
    (root / "out").mkdir()
    made_month.publish(root / "out" / "2024-07", made_month.two_months(root), made_month.run_facts())
    return root / "out"


def test_an_earlier_month_is_counted_from_its_own_files(output: Path) -> None:
    found = earlier.earlier(output, "2024-07", CELL)
    rows = [each["properties"] for each in json.loads((output / "2024-07" / "flagged.geojson").read_text("utf-8"))["features"]]
    assert found.totals is not None
    assert (found.totals.cases, found.totals.new, found.totals.grown, found.totals.scenes) == (6, 4, 1, 2)
    assert found.totals.area_m2 == pytest.approx(sum(row["area_m2"] for row in rows))
    assert found.totals.observed_fraction == 0.9312
    assert found.ids == tuple(row["id"] for row in rows)


def test_a_month_that_is_not_there_or_damaged_is_told_apart(output: Path, tmp_path: Path) -> None:
    assert earlier.earlier(output, "2023-07", CELL) == earlier.Earlier("2023-07")
    for name, text in (("run.json", "{"), ("run.json", "[]"), ("flagged.geojson", '{"features": [{}]}'), ("flagged.geojson", "")):
        folder = tmp_path / name / str(len(text)) / "2024-07"
        folder.mkdir(parents=True)
        for file in ("run.json", "flagged.geojson"):
            (folder / file).write_text(text if file == name else (output / "2024-07" / file).read_text("utf-8"), "utf-8")
        assert earlier.earlier(folder.parent, "2024-07", CELL) == earlier.Earlier("2024-07", damaged=True), (name, text)


def test_the_trend_begins_with_the_first_month_and_keeps_gaps(tmp_path: Path) -> None:
    for month, cases in (("2023-12", 3), ("2024-05", 5), ("2023-05", 99)):
        (tmp_path / month).mkdir()
        (tmp_path / month / "run.json").write_text(json.dumps({"scenes": [], "counts": {"flagged": cases}, "coverage": {"observed_fraction": 0.5}}))
    found = earlier.trend(tmp_path, "2024-06", 8, 0.9)
    assert [each.month for each in found] == ["2023-12", *(f"2024-0{k}" for k in range(1, 7))]
    assert [each.cases for each in found] == [3, None, None, None, None, 5, 8]
    assert replace(found[-1], month="") == earlier.Trend("", 8, 0.9)
