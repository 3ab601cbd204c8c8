"""The ledger of a county's output folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline import months
from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError

if TYPE_CHECKING:
    from pipeline.ledger import Ledger


def open_ledger(project: Project) -> Ledger:
    """The ledger of a county that has finished months; a missing one is not made anew.

    Raises MinewardenError `MW-LEDGER-MONTH` or `MW-CODE-CHANGED`.
    """
    return _opened(project, months.finished(project.output), begins=False)


def open_or_begin(project: Project, known: Sequence[str]) -> Ledger:
    """The county's ledger; one is begun where there is none and it need not know any month. known: finished months that it has to know.

    Raises MinewardenError `MW-LEDGER-MONTH` or `MW-CODE-CHANGED`.
    """
    return _opened(project, known, begins=not known)


def _opened(project: Project, known: Sequence[str], *, begins: bool) -> Ledger:
    # Geometry is heavy, and commands that fail early are quick.
    from pipeline.ledger import Ledger

    if not begins and not project.ledger.is_file():
        fix = f"Put back the ledger that belongs to these results, or run 'minewarden repair {project.typed}'."
        raise MinewardenError("MW-LEDGER-MONTH", f"There are finished months, but no ledger {project.ledger}.", fix, Exit.DAMAGED)
    ledger = Ledger(project.ledger, project.config.county.code)
    try:
        ledger.must_be_of_county()
        ledger.must_know(known)
    except MinewardenError:
        ledger.close()
        raise
    return ledger
