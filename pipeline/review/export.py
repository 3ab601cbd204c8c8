"""A month's cases with the verdicts of now, to be edited and applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.errors import MinewardenError
from pipeline.ledger import Ledger
from pipeline.ledger.judgements import judgement_of
from pipeline.ledger.verdicts import Standing
from pipeline.publish import geojson
from pipeline.publish.export.finished import Finished
from pipeline.publish.features import Feature
from pipeline.publish.month import with_verdicts


def export(ledger: Ledger, finished: Finished, out: Path) -> int:
    """Write the cases of a month to `out`, those dismissed since too, each with the judgement given on the page; how many.

    Raises MinewardenError `MW-REVIEW-OUT` where that can't be written.
    """
    standings, events = ledger.standings(), ledger.events()

    def judged(row: Feature) -> Feature:
        case_id = str(row.properties["id"])
        judgement = judgement_of(standings.get(case_id, Standing()), events.get(case_id, ()))
        return replace(row, properties=row.properties | {"judgement": judgement})

    rows = [judged(row) for row in with_verdicts(ledger, finished.month, finished.cases)]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        geojson.write(out, rows)
    except (FileExistsError, NotADirectoryError) as error:
        raise MinewardenError("MW-REVIEW-OUT", f"{out.parent} is no folder.", "Give another path.") from error
    return len(rows)
