"""Lists of confirmed cases, neither closed nor judged lawful: who holds the mines (for 异常名录), and what may be made public (信息公示)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline import months
from pipeline.files import write_atomic
from pipeline.ledger import Ledger
from pipeline.ledger.disputes import is_disputed
from pipeline.ledger.judgements import Judgement, judgement_of
from pipeline.ledger.steps import Progress, Step, progress
from pipeline.publish import geojson
from pipeline.publish.spreadsheet.cells import safe
from pipeline.review.steps import NAMES


@dataclass(frozen=True, slots=True)
class Violation:
    """A confirmed case that is not closed, and not judged lawful."""

    row: Mapping[str, Any]
    """As the last month that listed it published it."""
    confirmed: str
    """Day of the verdict."""
    disputed: bool
    """An auditor or another reviewer disagrees with it."""
    progress: Progress

    @property
    def stage(self) -> str:
        return NAMES[self.progress.last] if self.progress.last else "已确认"


Row = TypeVar("Row")
Column = tuple[str, Callable[[Row], Any]]


def _of(name: str) -> Callable[[Violation], Any]:
    return lambda each: each.row[name]


HOLDERS: Sequence[Column[Violation]] = (
    ("采矿权人", _of("holder")),
    ("矿山名称", _of("right_name")),
    ("采矿许可证号", _of("right_id")),
    ("图斑编号", _of("id")),
    ("线索类型", _of("finding_zh")),
    ("坐落", _of("town")),
    ("监测面积（亩）", _of("area_mu")),
    ("首次发现", _of("first_seen")),
    ("确认日期", lambda each: each.confirmed),
    ("有分歧", lambda each: "是" if each.disputed else None),
    ("处置进展", lambda each: each.stage),
    ("进展日期", lambda each: each.progress.taken[-1].day if each.progress.taken else None),
    ("文号", lambda each: each.progress.taken[-1].document if each.progress.taken else None),
    ("下一步期限", lambda each: each.progress.due),
)
"""With a holder: cases outside every right have none."""

PUBLIC: Sequence[Column[Violation]] = (
    ("图斑编号", _of("id")),
    ("坐落", _of("town")),
    ("线索类型", _of("finding_zh")),
    ("监测面积（亩）", _of("area_mu")),
    ("首次发现", _of("first_seen")),
    ("处置进展", lambda each: each.stage),
)
"""Nothing that names a person: no holder or mine (often called after one), no reviewer, note or document, no place closer than the town.

Only cases on which the office has decided (立案, 非立案处理) or that were rectified since: a suspicion is not published.
"""
DECIDED = (Step.FILED, Step.HANDLED, Step.RECTIFIED)


def violations(output: Path, ledger: Ledger) -> list[Violation]:
    """By id; those that no month's list holds any more are left out."""
    events, merged, found = ledger.events(), ledger.merged_cases(), dict[str, tuple[str, bool, Progress]]()
    for case_id, standing in ledger.standings().items():
        said = events.get(case_id, ())
        now = progress(standing, said)
        if case_id in merged or now is None or standing.last is None or now.last is Step.CLOSED or judgement_of(standing, said) == Judgement.LAWFUL:
            continue
        found[case_id] = standing.last.at[:10], is_disputed(standing, said), now
    rows: dict[str, Mapping[str, Any]] = {}
    for month in reversed(months.finished(output)):
        if len(rows) == len(found):
            break
        for row in geojson.properties(output / month / "flagged.geojson"):
            if row["id"] in found:
                rows.setdefault(str(row["id"]), row)
    return [Violation(rows[case_id], *found[case_id]) for case_id in sorted(rows)]


def with_holder(found: Sequence[Violation]) -> list[Violation]:
    return sorted((each for each in found if each.row["holder"]), key=lambda each: (each.row["holder"], each.row["id"]))


def to_publish(found: Sequence[Violation]) -> list[Violation]:
    return [each for each in found if each.progress.last in DECIDED]


def write(path: Path, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> None:
    """CSV as Chinese spreadsheets open it: UTF-8 with its mark; nothing in it is a formula."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow([name for name, _ in columns])
    for row in rows:
        values = [value(row) for _, value in columns]
        table.writerow(["" if value is None else safe(value) for value in values])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, out.getvalue().encode("utf-8-sig", "replace"))
