"""A month's cases with the verdicts of now, to be edited and applied."""

from __future__ import annotations

from pathlib import Path

from pipeline.ledger import Ledger
from pipeline.publish import geojson
from pipeline.publish.features import Feature


def export(ledger: Ledger, month: str, flagged: Path, out: Path) -> int:
    """Write the cases of a month's flagged.geojson to `out`, dismissed ones too; how many."""
    now = {case.record.case_id: case.record for case in ledger.open_cases(month)}
    rows = []
    for each in geojson.read(flagged):
        record = now.get(str(each.properties["id"]))
        verdict = {} if record is None else {
            "review": str(record.review), "review_reason": record.review_reason, "review_note": record.review_note,
            "reviewer": record.reviewer, "reviewed_at": record.reviewed_at, "version": record.version,
        }  # fmt: skip
        rows.append(Feature(each.written, each.properties | verdict))
    out.parent.mkdir(parents=True, exist_ok=True)
    geojson.write(out, rows)
    return len(rows)
