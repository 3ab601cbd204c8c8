"""Is a likelihood that is fitted to what people decided better than the one in use?

Every patch is judged by a fit on others (cross-validation by patch), so no verdict is used to praise what it was fitted to. Only cases that
were flagged have verdicts; the fit is therefore drawn towards the model in use, which has seen the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline import models
from pipeline.config import Project
from pipeline.errors import MinewardenError
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.records import Decided, Review
from pipeline.patches.fitting import Floats, average_precision, calibration_error, fit, judged, losses
from pipeline.patches.likelihood import Likelihood
from pipeline.patches.terms import TERMS, measure
from pipeline.publish import geojson
from pipeline.publish.features import UNCHANGED

Integers = NDArray[np.int64]
FEWEST = 15
"""Confirmed and dismissed patches each, below which nothing can be learned or checked."""
FOLDS = 5
RESAMPLES, SURE = 1000, 0.9
"""A fit is better where it loses less on this share of samples drawn from the patches again (bootstrap)."""
SLIP = 0.01
"""A fit may rank worse by so much average precision, as it has not seen what it ranks."""
LOST = 0.05
"""Share of the confirmed patches that are flagged now which a fit may let go."""
LAWFUL = "已批准"
"""Dismissed as approved: that is digging all the same, and teaches nothing of how a pit looks."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Judged patches, month by month."""

    x: Floats
    """(n, n_terms)"""
    y: Floats
    """(n,) 1 = confirmed, 0 = dismissed."""
    patch: tuple[str, ...]
    counts: Floats
    """(n,): the months of a patch count as one together."""

    @property
    def confirmed(self) -> int:
        return len({name for name, y in zip(self.patch, self.y, strict=True) if y == 1})

    @property
    def dismissed(self) -> int:
        return len(set(self.patch)) - self.confirmed

    def some(self, chosen: NDArray[np.bool_]) -> Examples:
        names = tuple(name for name, kept in zip(self.patch, chosen, strict=True) if kept)
        return Examples(self.x[chosen], self.y[chosen], names, self.counts[chosen])


@dataclass(frozen=True, slots=True)
class Scores:
    """How a model does on patches it was not fitted to."""

    loss: float
    """Mean logarithmic loss a patch."""
    average_precision: float
    calibration_error: float
    confirmed: int
    """Confirmed patches that it flags,"""
    dismissed: int
    """and dismissed ones."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training."""

    examples: Examples
    now: Scores
    fitted: Scores
    sureness: float
    """Share of resamples on which the fit loses less."""
    better: bool
    before: Likelihood
    model: Likelihood
    """Fitted to all verdicts."""


def train(project: Project) -> Trained:
    """Fit a likelihood to the ledger's verdicts; use it from now on if it is better. Finished months stay as they are.

    Raises MinewardenError `MW-TRAIN-FEW` where there are too few verdicts.
    """
    now = models.in_use(project)
    with Ledger(project.ledger, project.config.county.code) as ledger:
        examples = _examples(project, ledger.decided())
        if min(examples.confirmed, examples.dismissed) < FEWEST:
            raise MinewardenError(
                "MW-TRAIN-FEW",
                f"{examples.confirmed} patches of changed ground are confirmed and {examples.dismissed} dismissed for a cause.",
                f"Nothing can be learned from fewer than {FEWEST} of each: go on reviewing.",
            )
        found = assess(examples, now, project.config.findings.min_likelihood)
        ledger.back_up(project.backup)
        if found.better:
            models.put(project, found.model)
        detail = {"before": now.sha256, "fitted": found.model.sha256, "used": found.better, "verdicts": [examples.confirmed, examples.dismissed]}
        ledger.audit("minewarden", "train", detail)
        ledger.back_up(project.backup)
    return found


def assess(examples: Examples, now: Likelihood, flagged_from: float) -> Trained:
    """Fit, and hold it against the model in use on patches that it was not fitted to."""
    held_out = np.empty(len(examples.y))
    fold = np.array([int(hashlib.sha256(name.encode()).hexdigest(), 16) % FOLDS for name in examples.patch])
    for k in np.unique(fold):
        rest = examples.some(fold != k)
        held_out[fold == k] = judged(examples.x[fold == k], fit(rest.x, rest.y, now, rest.counts))
    old = judged(examples.x, now)
    scores = [_scores(p, examples, fold, flagged_from) for p in (old, held_out)]
    sureness = _sureness(examples, old, held_out)
    before, after = scores
    ranks = after.average_precision >= before.average_precision - SLIP
    better = sureness >= SURE and ranks and after.confirmed >= (1 - LOST) * before.confirmed
    return Trained(examples, before, after, sureness, better, now, fit(examples.x, examples.y, now, examples.counts))


def _examples(project: Project, cases: Sequence[Decided]) -> Examples:
    """Features as they were published; a patch with a confirmed part is confirmed."""

    @cache
    def published(month: str) -> Mapping[str, Mapping[str, float]]:
        rows = (each.properties for each in geojson.read(project.output / month / "patches.geojson"))
        return {row["patch_id"]: row["features"] for row in rows if row.get("features")}

    usable = {"confirmed": 1.0, "dismissed": 0.0}
    answers: dict[str, float] = {}
    months: dict[str, set[str]] = {}
    for case in cases:
        if case.code in UNCHANGED or str(case.review) not in usable or (case.review is Review.DISMISSED and case.reason == LAWFUL):
            continue
        answers[case.patch_id] = max(answers.get(case.patch_id, 0.0), usable[str(case.review)])
        months.setdefault(case.patch_id, set()).update(case.months)
    x, y, names, counts = [], [], [], []
    for patch in sorted(answers):
        rows = [list(measure(dict(f)).values()) for month in sorted(months[patch]) if (f := published(month).get(patch))]
        x += rows
        y += [answers[patch]] * len(rows)
        names += [patch] * len(rows)
        counts += [1 / len(rows)] * len(rows)
    return Examples(np.array(x, np.float64).reshape(len(x), len(TERMS)), np.array(y), tuple(names), np.array(counts))


def _scores(p: Floats, examples: Examples, fold: Integers, flagged_from: float) -> Scores:
    """Average precision is the mean of the folds': answers of different fits have no common order."""
    last = np.array([k == len(examples.patch) - 1 or examples.patch[k + 1] != name for k, name in enumerate(examples.patch)])
    y, flagged = examples.y[last], p[last] >= flagged_from
    loss = float((losses(p, examples.y) * examples.counts).sum() / examples.counts.sum())
    right, wrong = int((flagged & (y == 1)).sum()), int((flagged & (y == 0)).sum())
    ranked = [average_precision(p[last & (fold == k)], examples.y[last & (fold == k)]) for k in np.unique(fold[last & (examples.y == 1)])]
    return Scores(loss, float(np.mean(ranked)), calibration_error(p[last], y), right, wrong)


def _sureness(examples: Examples, old: Floats, new: Floats) -> float:
    """Share of samples drawn again from the patches on which the new answers lose less."""
    gain = (losses(old, examples.y) - losses(new, examples.y)) * examples.counts
    _, patch = np.unique(np.array(examples.patch), return_inverse=True)
    by_patch = np.bincount(patch, weights=gain)
    drawn = np.random.default_rng(0).integers(len(by_patch), size=(RESAMPLES, len(by_patch)))
    return float((by_patch[drawn].sum(axis=1) > 0).mean())
