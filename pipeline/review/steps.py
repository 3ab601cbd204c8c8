"""Which step may follow, and what it must say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pipeline.errors import MinewardenError
from pipeline.ledger.steps import Progress, Step
from pipeline.publish.words import STEPS

LONGEST_DOCUMENT = 200

NAMES: Mapping[Step, str] = {Step(value): name for value, name in STEPS.items()}


def check(now: Progress | None, step: Step, day: date, document: str, due: date | None, today: date) -> None:
    """Whether a step can follow.

    Raises MinewardenError `MW-STEP-VERDICT`, `-ORDER`, `-DATE` or `-DOCUMENT`.
    """
    if now is None:
        raise MinewardenError("MW-STEP-VERDICT", "The case is not confirmed.", "Confirm it first: only confirmed cases are followed up.")
    allowed = [*now.next, *([Step.WITHDRAWN] if now.taken else [])]
    if step not in allowed:
        told = " or ".join(f"{each} ({NAMES[each]})" for each in allowed) or "nothing"
        raise MinewardenError("MW-STEP-ORDER", f"{step} ({NAMES[step]}) can't follow {now.last or 'the verdict'}.", f"What can follow: {told}.")
    earliest = now.taken[-1].day if now.taken else date.min
    if not earliest <= day <= today:
        raise MinewardenError("MW-STEP-DATE", f"{day} lies before the step before it, or in the future.", f"Give a day up to {today}.")
    if due is not None and due < day:
        raise MinewardenError("MW-STEP-DATE", f"The next step would be due on {due}, before {day}.", "Give a later day, or none.")
    if not document or len(document) > LONGEST_DOCUMENT:
        raise MinewardenError(
            "MW-STEP-DOCUMENT", f"{document[:40]!r} is no number of a document.", f"Give its number, up to {LONGEST_DOCUMENT} signs."
        )
