"""A month's cases with the verdicts of now, to be edited and applied."""

from __future__ import annotations

from pathlib import Path

from pipeline.ledger import Ledger
from pipeline.publish import geojson
from pipeline.publish.month import with_verdicts


def export(ledger: Ledger, month: str, flagged: Path, out: Path) -> int:
    """Write the cases of a month's flagged.geojson to `out`, those dismissed since too; how many."""
    rows = with_verdicts(ledger, month, geojson.read(flagged))
    out.parent.mkdir(parents=True, exist_ok=True)
    geojson.write(out, rows)
    return len(rows)
