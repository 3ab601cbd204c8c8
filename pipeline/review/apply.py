"""Verdicts from an edited file into the ledger: what is clear is taken, the rest is refused row by row."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
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
    reviewer = checked_name(reviewer)
    with ledger.transaction():
        judge = _Judge(ledger)
        fresh, objections = [], list(refused)
        for answer in answers:
            if judge.unchanged(answer):
                continue
            if objection := judge.objection(answer):
                objections.append(Refusal(answer.case_id, objection))
            else:
                fresh.append(answer)
        if strict and objections:
            told = "; ".join(f"{each.case_id}: {each.reason}" for each in objections[:5])
            raise MinewardenError(
                "MW-REVIEW-STRICT", f"{len(objections)} row(s) are refused, so none was taken: {told}", "Mend them, or leave out --strict."
            )
        for answer in fresh:
            ledger.record_verdict(
                answer.case_id, str(answer.review), version=answer.version, reviewer=reviewer, reason=answer.reason, note=answer.note
            )
    return Applied(tuple(fresh), len(answers) - len(fresh) - (len(objections) - len(refused)), tuple(objections))


def checked_name(name: str) -> str:
    """A reviewer's name as it is recorded.

    Raises MinewardenError `MW-REVIEW-NAME`.
    """
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise MinewardenError("MW-REVIEW-NAME", f"{name[:80]!r} is no name.", f"Give the reviewer's name, up to {LONGEST_NAME} signs.")
    return name.strip()


class _Judge:
    """What the ledger knows of the cases that rows answer."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._standings, self._known, self._merged = ledger.standings(), ledger.case_ids(), ledger.merged_cases()
        self._lists: dict[str, dict[str, CaseRecord]] = {}

    def _given_out(self, answer: Answer) -> CaseRecord | None:
        """The case as the list of its month shows it, with the verdicts of now."""
        if answer.month is None:
            return None
        if answer.month not in self._lists:
            self._lists[answer.month] = {case.record.case_id: case.record for case in self._ledger.open_cases(answer.month)}
        return self._lists[answer.month].get(answer.case_id)

    def unchanged(self, answer: Answer) -> bool:
        """Whether a row says what it said when it was given out, or what is known by now."""
        standing = self._standings.get(answer.case_id, Standing())
        said = (answer.review, answer.reason, answer.note)
        listed = self._given_out(answer)
        if listed is not None and answer.version == standing.version:
            return said == (listed.review, listed.review_reason, listed.review_note)
        if standing.last is not None and said == (standing.last.review, standing.last.reason, standing.last.note):
            return True
        if answer.version > standing.version:
            return False
        if answer.version == 1:
            return said == (Review.PENDING, None, None)
        then = standing.verdicts[answer.version - 2]
        # A dismissed case that grew is given out as pending.
        reopened = then.review is Review.DISMISSED and answer.review is Review.PENDING
        return (answer.reason, answer.note) == (then.reason, then.note) and (answer.review is then.review or reopened)

    def objection(self, answer: Answer) -> str | None:
        """Why a row can't be taken."""
        standing = self._standings.get(answer.case_id, Standing())
        if (nothing := gone(answer.case_id, self._known, self._merged)) is not None:
            return nothing
        return None if answer.version == standing.version else _stale(answer, standing)


def gone(case_id: str, known: Container[str], merged: Mapping[str, str]) -> str | None:
    """Why there is nothing to decide under an id; None where there is."""
    if case_id in merged:
        return f"It has become part of {merged[case_id]}. Export again and decide on that."
    return None if case_id in known else "There is no such case."


def _stale(answer: Answer, standing: Standing) -> str:
    if standing.last is None:
        return f"It answers version {answer.version}, but the case is at version {standing.version}."
    last = standing.last
    return (
        f"It answers version {answer.version}, but the case is at version {standing.version}: {last.reviewer} said {last.review} on {last.at[:10]}. "
        "Export again and decide on that."
    )
