"""What a person does on the page, into the ledger: each write in one transaction, under a key by which it is known when it is sent again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapely.geometry import mapping

from pipeline.errors import MinewardenError
from pipeline.ledger import Event, Kind, Ledger, Review
from pipeline.ledger.judgements import Judgement, judgement_at
from pipeline.ledger.steps import Step, progress
from pipeline.ledger.verdicts import Standing, Verdict
from pipeline.publish.wgs84 import Written
from pipeline.review.answers import Answer
from pipeline.review.apply import gone
from pipeline.review.steps import check

_KEY = re.compile(r"[0-9a-f]{32,64}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write."""

    version: int
    """Of the case now."""
    late: bool = False
    """Somebody else had decided before: the verdict stands beside theirs."""


@dataclass(frozen=True, slots=True)
class Write:
    """Who writes what about which case. version: the state of the case that they saw."""

    key: str
    case_id: str
    version: int
    actor: str


def verdict(ledger: Ledger, write: Write, answer: Answer, judgement: Judgement | None) -> Outcome:
    """Record a verdict; where somebody else's came first, beside it.

    Raises MinewardenError `MW-REVIEW-KEY`, `-CASE` or `MW-VERDICT-STALE`.
    """
    with ledger.transaction():
        if (event := _begun(ledger, write, Kind.VERDICT, Kind.LATE)) is not None:
            return _again(event)
        standing = _standing(ledger, write)
        beyond: dict[str, Any] = {"judgement": str(judgement) if judgement else None}
        if write.version < standing.version:
            said = {"answers": write.version, "review": str(answer.review), "reason": answer.reason, "note": answer.note, **beyond}
            return _note(ledger, write, Kind.LATE, standing.version, said)
        return _decide(ledger, write, str(answer.review), answer.reason, answer.note, beyond)


def undo(ledger: Ledger, write: Write) -> Outcome:
    """Go back to what stood before one's own last verdict that stands, by a new one: nothing is taken away.

    Undone again and again, it walks back to where nobody had decided. Raises MinewardenError `MW-REVIEW-KEY`, `-CASE`, `-UNDO` or `MW-VERDICT-STALE`.
    """
    with ledger.transaction():
        if (event := _begun(ledger, write, Kind.VERDICT)) is not None:
            return _again(event)
        _last_of(ledger, write)
        events = ledger.events(write.case_id).get(write.case_id, ())
        stand = _not_undone(_standing(ledger, write), events)
        if not stand:
            raise MinewardenError("MW-REVIEW-UNDO", f"Every verdict on {write.case_id} is undone already.", "Give a new verdict.")
        if stand[-1].reviewer != write.actor:
            raise MinewardenError("MW-REVIEW-UNDO", f"The last verdict on {write.case_id} is {stand[-1].reviewer}'s.", "Give a verdict of your own.")
        before = stand[-2] if len(stand) > 1 else None
        then = judgement_at(events, before.version + 1) if before else None
        said = (str(before.review), before.reason, before.note) if before else (str(Review.PENDING), None, None)
        return _decide(ledger, write, *said, {"judgement": then, "undoes": stand[-1].version})


def audit(ledger: Ledger, write: Write, agrees: bool, note: str | None) -> Outcome:
    """A second person looks at a verdict.

    Raises MinewardenError `MW-REVIEW-KEY`, `-CASE`, `-SELF` or `MW-VERDICT-STALE`.
    """
    with ledger.transaction():
        if (event := _begun(ledger, write, Kind.AUDIT)) is not None:
            return _again(event)
        last = _last_of(ledger, write)
        if last.reviewer == write.actor:
            raise MinewardenError("MW-REVIEW-SELF", f"The verdict on {write.case_id} is your own.", "Somebody else has to audit it.")
        return _note(ledger, write, Kind.AUDIT, write.version, {"agrees": agrees, "note": note})


def outline(ledger: Ledger, write: Write, drawn: Written | None) -> Outcome:
    """The ground as a person draws it; None: the machine's outline is right after all.

    Raises MinewardenError `MW-REVIEW-KEY` or `-CASE`.
    """
    with ledger.transaction():
        if (event := _begun(ledger, write, Kind.OUTLINE)) is not None:
            return _again(event)
        said = {"geometry": mapping(drawn.geometry), "area_m2": round(drawn.area_m2, 1)} if drawn else {"geometry": None, "area_m2": None}
        return _note(ledger, write, Kind.OUTLINE, _standing(ledger, write).version, said)


def step(ledger: Ledger, write: Write, what: Step, day: date, document: str, due: date | None, today: date) -> Outcome:
    """A step after the verdict.

    Raises MinewardenError `MW-REVIEW-KEY`, `-CASE`, or what `check` does.
    """
    with ledger.transaction():
        if (event := _begun(ledger, write, Kind.STEP)) is not None:
            return _again(event)
        standing = _standing(ledger, write)
        now = progress(standing, ledger.events(write.case_id).get(write.case_id, ()))
        check(now, what, day, document, due, today)
        said = {"step": str(what), "date": day.isoformat(), "document": document, "due": due.isoformat() if due else None}
        return _note(ledger, write, Kind.STEP, standing.version, said)


def key_of_step(ledger: Ledger, case_id: str, what: Step, said: tuple[str, ...]) -> str:
    """Key of a step that is told by what it says: the same command given twice is the same write.

    What was withdrawn can be noted again, and step after step be withdrawn by one document: steps of the other kind until then are counted in.
    """
    steps = [event.detail["step"] for event in ledger.events(case_id).get(case_id, ()) if event.kind is Kind.STEP]
    others = sum((each == Step.WITHDRAWN) != (what is Step.WITHDRAWN) for each in steps)
    return hashlib.sha256("\n".join((case_id, what, *said, str(others))).encode("utf-8", "surrogatepass")).hexdigest()


def undone_next(standing: Standing, events: tuple[Event, ...]) -> Verdict | None:
    """The verdict that an undo would take back; only who gave it may."""
    stand = _not_undone(standing, events)
    return stand[-1] if stand else None


def _not_undone(standing: Standing, events: tuple[Event, ...]) -> list[Verdict]:
    """Verdicts that nobody took back, oldest first, without the undos themselves.

    In ledgers of before, an undo may name another undo: it then brought a verdict back, and counts as one.
    """
    undoes = {event.version - 1: event.detail.get("undoes") for event in events if event.kind is Kind.VERDICT}
    stand: list[Verdict] = []
    for each in standing.verdicts:
        if stand and undoes.get(each.version) == stand[-1].version:
            stand.pop()
        else:
            stand.append(each)
    return stand


def _begun(ledger: Ledger, write: Write, *kinds: Kind) -> Event | None:
    """What was recorded when the same write came before."""
    if not _KEY.fullmatch(write.key):
        raise MinewardenError("MW-REVIEW-KEY", f"{write.key[:40]!r} is no key of a write.", "Give 32 to 64 hexadecimal digits.")
    event = ledger.event(write.key)
    if event is not None and (event.case_id != write.case_id or event.actor != write.actor or event.kind not in kinds):
        raise MinewardenError("MW-REVIEW-KEY", "The key belongs to another write.", "Take a new key for each write.")
    return event


def _again(event: Event) -> Outcome:
    return Outcome(event.version, event.kind is Kind.LATE)


def _standing(ledger: Ledger, write: Write) -> Standing:
    """What is known of a case that can be written about."""
    known = (write.case_id,) if ledger.has_case(write.case_id) else ()
    nothing = gone(write.case_id, known, ledger.merged_cases())
    if nothing is not None:
        raise MinewardenError("MW-REVIEW-CASE", f"{write.case_id}: {nothing}", "Open the list anew.")
    return ledger.standings(write.case_id).get(write.case_id, Standing())


def _last_of(ledger: Ledger, write: Write) -> Verdict:
    """The verdict that stands, if it is the one that the writer saw."""
    last = _standing(ledger, write).last
    if last is None or write.version != last.version + 1:
        message = f"{write.case_id}: there is no verdict, or somebody has decided anew meanwhile."
        raise MinewardenError("MW-VERDICT-STALE", message, "Look at the case again.")
    return last


def _decide(ledger: Ledger, write: Write, review: str, reason: str | None, note: str | None, beyond: Mapping[str, Any]) -> Outcome:
    version = ledger.record_verdict(write.case_id, review, version=write.version, reviewer=write.actor, reason=reason, note=note)
    return _note(ledger, write, Kind.VERDICT, version, beyond)


def _note(ledger: Ledger, write: Write, kind: Kind, version: int, said: Mapping[str, Any]) -> Outcome:
    ledger.record_event(write.case_id, kind, key=write.key, version=version, actor=write.actor, detail=said)
    return Outcome(version, kind is Kind.LATE)
