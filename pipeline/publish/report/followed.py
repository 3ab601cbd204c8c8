"""Every lead that people judged: what they said, whether they agree, and what the office did about it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

from pipeline.ledger import Event, KnownCase, Ledger, Review
from pipeline.ledger.disputes import is_disputed, last_audit
from pipeline.ledger.judgements import Judgement, judgement_of
from pipeline.ledger.steps import Progress, progress
from pipeline.ledger.verdicts import Standing, Verdict
from pipeline.publish.report.history import Said
from pipeline.publish.words import REASONS

FIRST = "0000-00"
Z95 = 1.96
LAWFUL, UNSAID, OTHER = "合法", "未写理由", "其他"


@dataclass(frozen=True, slots=True)
class Followed:
    """A lead with the verdict that stands."""

    case: KnownCase
    verdict: Verdict
    judgement: str | None
    disputed: bool
    audit: Event | None
    progress: Progress | None
    """None where it is not confirmed."""
    overdue_days: int
    """By how many days its next step is late; 0 where it is not."""
    merged: bool
    """It has become part of another: nothing more is done under its id."""

    @property
    def counts(self) -> bool:
        """Whether it was decided, one way or the other."""
        return self.verdict.review in (Review.CONFIRMED, Review.DISMISSED)

    @property
    def violation(self) -> bool:
        return self.verdict.review is Review.CONFIRMED and self.judgement != Judgement.LAWFUL

    @property
    def reason(self) -> str:
        """Why it is no violation, in one of the usual words."""
        if self.verdict.review is Review.CONFIRMED:
            return LAWFUL
        said = self.verdict.reason
        return UNSAID if not said else said if said in REASONS else OTHER


def followed(ledger: Ledger, said: Said, month: str, today: date) -> list[Followed]:
    """Of cases that a month up to `month` recorded, those that people have judged by now, by id."""
    merged = ledger.merged_cases()
    found = []
    for case in ledger.cases_between(FIRST, month):
        standing, events = said.standings.get(case.case_id, Standing()), said.events.get(case.case_id, ())
        if standing.last is None or standing.last.review is Review.PENDING:
            continue
        now, gone = progress(standing, events), case.case_id in merged
        late = max((today - now.due).days, 0) if now is not None and now.due is not None and not gone else 0
        opinions = judgement_of(standing, events), is_disputed(standing, events), last_audit(standing, events)
        found.append(Followed(case, standing.last, *opinions, now, late, gone))
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95 % interval (Wilson's score interval, which holds for few and for shares near 0 and 1)."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        n, p, z2 = self.of, self.share, Z95**2
        middle, half = p + z2 / (2 * n), Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max((middle - half) / (1 + z2 / n), 0.0), min((middle + half) / (1 + z2 / n), 1.0)


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of the leads that were decided are violations, as people judged them."""

    months: tuple[tuple[str, Share], ...]
    """By the month that first listed the lead, oldest first."""
    total: Share | None
    """None where nothing is decided."""
    reasons: tuple[tuple[str, Share], ...]
    """Why the others are none, the most frequent first, as shares of all that were decided."""


def precision(judged: Iterable[Followed]) -> Precision:
    decided = [each for each in judged if each.counts]
    return Precision(
        tuple(
            (month, _share([each for each in decided if each.case.first_month == month])) for month in sorted({e.case.first_month for e in decided})
        ),
        _share(decided) if decided else None,
        tuple((reason, Share(count, len(decided))) for reason, count in Counter(e.reason for e in decided if not e.violation).most_common()),
    )


def _share(decided: Sequence[Followed]) -> Share:
    return Share(sum(each.violation for each in decided), len(decided))
