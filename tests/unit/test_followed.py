"""What people said of a month's leads, as report, spreadsheet, lists and status tell it: the same figures everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline import months
from pipeline.ledger import Ledger, Review, steps
from pipeline.ledger.judgements import Judgement
from pipeline.ledger.steps import Step
from pipeline.publish.export.finished import find
from pipeline.publish.month import write_again
from pipeline.publish.report.followed import Precision, Share, followed, precision
from pipeline.publish.report.history import Said, decisions
from pipeline.publish.say import Language
from pipeline.review import decide, lists
from pipeline.review.desk import Office
from tests.made_month import layers
from tests.review_page import make_office
from tests.unit.test_review_rules import say, write
from tests.unit.test_spreadsheet import table

MONTH, TODAY = "2024-07", date(2024, 10, 15)
JUDGED = (
    (Review.CONFIRMED, None, Judgement.UNLAWFUL),
    (Review.CONFIRMED, None, Judgement.LAWFUL),
    (Review.DISMISSED, "耕作", Judgement.FALSE_CHANGE),
    (Review.DISMISSED, "看着不像", None),
    (Review.NEEDS_FIELD_CHECK, None, None),
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return make_office(tmp_path / "county", scenes=False)


@pytest.fixture
def ledger(office: Office) -> Iterator[Ledger]:
    with Ledger(office.project.ledger, "620422", clock=lambda: datetime(2024, 8, 1, tzinfo=UTC)) as opened:
        yield opened


@pytest.fixture
def ids(office: Office, ledger: Ledger) -> list[str]:
    """Cases, all but the last of which were judged; the first was checked in the field, and audited."""
    version = {id: standing.version for id, standing in ledger.standings().items()}
    ids = [str(row.properties["id"]) for row in find(office.project, MONTH).cases]
    for number, (id, (review, reason, judgement)) in enumerate(zip(ids, JUDGED, strict=False)):
        say(ledger, write(f"{number:x}", version.get(id, 1), case=id), review, reason, judgement)
    first = version.get(ids[0], 1) + 1
    decide.step(ledger, write("a", first, case=ids[0]), Step.FIELD_CHECKED, date(2024, 8, 20), "会自然资核〔2024〕7号", None, TODAY)
    decide.audit(ledger, write("b", first, "李复核", ids[0]), False, "像耕地")
    return ids


def test_report_spreadsheet_and_lists_tell_the_same(
    office: Office, ledger: Ledger, ids: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(months, "today", lambda: TODAY)
    project = office.project
    given = write_again(project, layers(), ledger, find(project, MONTH), Language.ZH)
    workbook = openpyxl.load_workbook(project.output / MONTH / "ledger.xlsx")
    cases, done = ({row["图斑编号"]: row for row in table(workbook[name])} for name in ("线索", "处置"))

    said: dict[str, tuple[Any, ...]] = {id: tuple(cases[id][name] for name in ("核实举证结果", "判定", "复核", "有分歧", "处置进展")) for id in ids}
    assert said[ids[0]] == ("已确认", "违法", "不同意（李复核）", "是", "实地核查")
    assert said[ids[1]] == ("已确认", "合法", None, None, "已确认")
    assert said[ids[2]] == ("已排除", "伪变化", None, None, None)
    assert said[ids[5]][1:] == (None, None, None, None)

    assert done.keys() == {id for id in ids if cases[id]["核实举证结果"] == "已确认"}
    row = done[ids[0]]
    assert (row["实地核查日期"], row["实地核查文号"]) == (datetime(2024, 8, 20), "会自然资核〔2024〕7号")
    assert (row["下一步期限"], row["超期（天）"], row["处理决定"], row["本月在册"]) == (datetime(2024, 9, 19), 26, None, "是")
    assert (done[ids[1]]["下一步期限"], done[ids[1]]["超期（天）"]) == (None, None), "lawful: nothing is due"

    late = {id for id, row in done.items() if row["超期（天）"]}
    assert late == {id for id in ids if cases[id]["超期（天）"]}
    assert late == {each.case_id for each in steps.overdue(ledger.standings(), ledger.events(), TODAY)} == {each.case_id for each in given.overdue}
    listed = {str(each.row["id"]): each for each in lists.violations(project.output, ledger)}
    assert listed.keys() == {id for id, row in done.items() if row["判定"] != "合法" and row["处置进展"] != "销号"}
    assert {id: each.disputed for id, each in listed.items()} == {id: row["有分歧"] == "是" for id, row in done.items() if id in listed}

    report = re.sub(r"<[^>]+>", " ", (project.output / MONTH / "report.html").read_text("utf-8"))
    told = precision(given.judged)
    counted = decisions(Said.of(ledger))
    assert told.total == Share(1, 4)
    assert told.total.of == counted.confirmed + counted.dismissed
    assert re.search(r"合计\s+4\s+1\s+25% \(5%–70%\)", report)
    assert re.search(r"耕作\s+1\s+25%", report)
    assert "有分歧 1 个" in report


def test_precision_is_by_the_month_that_first_listed_a_lead(office: Office, ledger: Ledger, ids: list[str]) -> None:
    found = precision(followed(ledger, Said.of(ledger), MONTH, TODAY))
    assert sum(share.of for _, share in found.months) == 4
    assert [month for month, _ in found.months] == sorted(
        {case.first_month for case in ledger.cases_between("0000-00", MONTH) if case.case_id in ids[:4]}
    )
    assert dict(found.reasons) == {"合法": Share(1, 4), "耕作": Share(1, 4), "其他": Share(1, 4)}
    assert precision([]) == Precision((), None, ())


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763), (81, 263, 0.255, 0.366)])
def test_intervals_are_wilsons(hits: int, of: int, low: float, high: float) -> None:
    """Newcombe 1998, Stat. Med. 17, 857–872, table I, for 81 of 263; the others from the formula's closed forms."""
    assert Share(hits, of).interval == pytest.approx((low, high), abs=6e-4)
