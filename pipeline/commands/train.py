"""`minewarden train`: the likelihood fitted anew to what people decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.common import config_argument, finished_month, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.ledgers import open_ledger
from pipeline.lock import locked

if TYPE_CHECKING:
    from pipeline.training import Scores, Trained


@click.command("train")
@config_argument
@talking
def command(console: Console, config: Path) -> Exit:
    """Fit the likelihood to the ledger's verdicts, and use it from the next month on if it is better."""
    project = open_project(console, config)
    finished_month(project, None)
    with locked(project.output), open_ledger(project) as ledger:
        from pipeline.training import train

        found = train(project, ledger)
    for line in _lines(found):
        console.result(line)
    return Exit.DONE


def _lines(found: Trained) -> Iterator[str]:
    from pipeline.training import LOST, SLIP, SURE

    confirmed, dismissed = found.examples.patches(1), found.examples.patches(0)
    yield f"{confirmed} confirmed and {dismissed} dismissed patches; each judged by a fit on others:"
    yield f"in use:  {_told(found.now, confirmed, dismissed)}"
    yield f"fitted:  {_told(found.fitted, confirmed, dismissed)}"
    if found.better:
        yield f"The fit is better ({found.sureness:.0%} of resamples): in use from the next month on (likelihood {found.model.sha256[:16]})."
        yield "Months that are done stay as they are; 'minewarden run CONFIG --replay --month YYYY-MM' judges them anew."
    else:
        yield f"The fit is not better: nothing was changed. Wanted: less loss on {SURE:.0%} of resamples (it has {found.sureness:.0%}),"
        yield f"an average precision at most {SLIP} lower, and at most {LOST:.0%} of the confirmed patches no longer flagged."


def _told(scores: Scores, confirmed: int, dismissed: int) -> str:
    return (
        f"loss {scores.loss:.3f}, average precision {scores.average_precision:.3f}, calibration error {scores.calibration_error:.3f}, "
        f"flags {scores.confirmed} of {confirmed} confirmed and {scores.dismissed} of {dismissed} dismissed"
    )
