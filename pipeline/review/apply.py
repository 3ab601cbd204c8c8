"""Verdicts from an edited file into the ledger: what is clear is taken, the rest is refused row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import MinewardenError
from pipeline.ledger import CaseRecord, Ledger, Review
from pipeline.ledger.verdicts import Standing
from pipeline.review.answers import Answer, Refusal

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a file."""

    taken: tuple[Answer, ...]
    unchanged: int
    """Rows that say what is known already, or what they said when they were given out."""
    refused: tuple[Refusal, ...]


def apply(ledger: Ledger, answers: Sequence[Answer], refused: Sequence[Refusal], reviewer: str, *, strict: bool) -> Applied:
    """Record what rows decide anew, in one transaction. strict: all of it, or, where a row is refused, nothing.

    Raises MinewardenError `MW-REVIEW-NAME` or `MW-REVIEW-STRICT`.
    """
    if not reviewer.strip() or len(reviewer) > LONGEST_NAME or not reviewer.isprintable():
        raise MinewardenError("MW-REVIEW-NAME", f"{reviewer[:80]!r} is no name.", f"Give the reviewer's name, up to {LONGEST_NAME} signs.")
    with ledger.transaction():
        month = ledger.last_month()
        now = {case.record.case_id: case.record for case in ledger.open_cases(month)} if month else {}
        standings, known = ledger.standings(), ledger.case_ids()
        fresh, objections = [], list(refused)
        for answer in answers:
            standing = standings.get(answer.case_id, Standing())
            if answer.case_id not in known:
                objections.append(Refusal(answer.case_id, "There is no such case."))
            elif _unchanged(answer, standing, now):
                continue
            elif answer.version != standing.version:
                objections.append(Refusal(answer.case_id, _stale(answer, standing)))
            else:
                fresh.append(answer)
        if strict and objections:
            told = "; ".join(f"{each.case_id}: {each.reason}" for each in objections[:5])
            raise MinewardenError(
                "MW-REVIEW-STRICT", f"{len(objections)} row(s) are refused, so none was taken: {told}", "Mend them, or leave out --strict."
            )
        for answer in fresh:
            ledger.record_verdict(
                answer.case_id, str(answer.review), version=answer.version, reviewer=reviewer.strip(), reason=answer.reason, note=answer.note
            )
    return Applied(tuple(fresh), len(answers) - len(fresh) - (len(objections) - len(refused)), tuple(objections))


def _unchanged(answer: Answer, standing: Standing, now: Mapping[str, CaseRecord]) -> bool:
    """Whether a row says what was known already when it was given out, or is known by now."""
    said = (answer.review, answer.reason, answer.note)
    current = now.get(answer.case_id)
    if current is not None and answer.version == standing.version:
        return said == (current.review, current.review_reason, current.review_note)
    if standing.last is not None and said == (standing.last.review, standing.last.reason, standing.last.note):
        return True
    if answer.version > standing.version:
        return False
    given_out = standing.verdicts[answer.version - 2] if answer.version >= 2 else None
    if given_out is None:
        return said == (Review.PENDING, None, None)
    # A dismissed case that grew is given out as pending.
    reopened = given_out.review is Review.DISMISSED and answer.review is Review.PENDING
    return (answer.reason, answer.note) == (given_out.reason, given_out.note) and (answer.review is given_out.review or reopened)


def _stale(answer: Answer, standing: Standing) -> str:
    if standing.last is None:
        return f"It answers version {answer.version}, but the case is at version {standing.version}."
    last = standing.last
    return (
        f"It answers version {answer.version}, but the case is at version {standing.version}: {last.reviewer} said {last.review} on {last.at[:10]}. "
        "Export again and decide on that."
    )
