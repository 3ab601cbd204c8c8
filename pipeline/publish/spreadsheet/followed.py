"""The sheet 处置: confirmed cases of all months, and what the office did about each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pipeline.findings.names import FINDINGS
from pipeline.ledger import Review
from pipeline.ledger.steps import Step, Taken
from pipeline.publish.report.followed import Followed
from pipeline.publish.spreadsheet.cells import Kind, day, moment
from pipeline.publish.spreadsheet.table import A3, Column, Sheet
from pipeline.publish.words import REVIEWS, STEPS, TITLES

DECISIONS = (Step.FILED, Step.HANDLED, Step.NO_ACTION)


def sheet(judged: Sequence[Followed], listed: Collection[str]) -> Sheet[Followed]:
    """listed: ids of the month's list."""
    here: Column[Followed] = Column(
        "本月在册", Kind.TEXT, 7, lambda each: "是" if each.case.case_id in listed else "否", "否：已结束或不再列出，处置照常"
    )
    rows = [each for each in judged if each.verdict.review is Review.CONFIRMED and not each.merged]
    return Sheet("处置", (*_WHAT, here, *_DONE), rows, paper=A3)


def audited(each: Followed) -> str | None:
    if each.audit is None:
        return None
    return f"{'同意' if each.audit.detail['agrees'] else '不同意'}（{each.audit.actor}）"


def stage(each: Followed) -> str | None:
    """How far the office has come; None for what is not confirmed."""
    if each.progress is None:
        return None
    return STEPS[each.progress.last] if each.progress.last else REVIEWS[Review.CONFIRMED]


def _taken(each: Followed, *steps: Step) -> Taken | None:
    taken = each.progress.taken if each.progress else ()
    return next((one for one in taken if one.step in steps), None)


def _step(title: str, *steps: Step) -> tuple[Column[Followed], ...]:
    """When a step was taken, and by which document."""

    def when(each: Followed) -> Any:
        taken = _taken(each, *steps)
        return day(taken.day) if taken else None

    def paper(each: Followed) -> str | None:
        taken = _taken(each, *steps)
        return taken.document if taken else None

    return Column(f"{title}日期", Kind.DATE, 11, when), Column(f"{title}文号", Kind.TEXT, 22, paper)


def _decision(each: Followed) -> str | None:
    taken = _taken(each, *DECISIONS)
    return STEPS[taken.step] if taken else None


_WHAT: tuple[Column[Followed], ...] = (
    Column(TITLES["id"], Kind.TEXT, 21, lambda each: each.case.case_id),
    Column(TITLES["finding_zh"], Kind.TEXT, 18, lambda each: FINDINGS.get(each.case.code, each.case.code)),
    Column("首次列出", Kind.TEXT, 9, lambda each: each.case.first_month),
    Column(TITLES["reviewed_at"], Kind.MOMENT, 16, lambda each: moment(each.verdict.at), "现行核实结果的时间，世界时（UTC）"),
    Column(TITLES["reviewer"], Kind.TEXT, 10, lambda each: each.verdict.reviewer),
    Column("判定", Kind.TEXT, 8, lambda each: each.judgement, "判为合法的无须处置，不计超期"),
    Column("有分歧", Kind.TEXT, 7, lambda each: "是" if each.disputed else None),
)
_DONE: tuple[Column[Followed], ...] = (
    Column("处置进展", Kind.TEXT, 12, stage),
    *_step("实地核查", Step.FIELD_CHECKED),
    Column("处理决定", Kind.TEXT, 12, _decision, "立案、非立案处理或不处理"),
    *_step("处理决定", *DECISIONS),
    *_step("整改", Step.RECTIFIED),
    *_step("销号", Step.CLOSED),
    Column("下一步期限", Kind.DATE, 11, lambda each: day(each.progress.due) if each.progress and each.progress.due else None),
    Column("超期（天）", Kind.COUNT, 7, lambda each: each.overdue_days or None),
)
