"""Is a likelihood that is fitted to what people decided better than the one in use?

Every patch is judged by a fit on others (cross-validation by patch), and a model that was fitted here by verdicts that came after
it, so nothing is praised for what it was fitted to. Only cases that were flagged have verdicts; fits are therefore drawn towards the
shipped model, which has seen the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import models
from pipeline.config import Project
from pipeline.errors import MinewardenError
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.records import Decided, Review
from pipeline.patches import likelihood
from pipeline.patches.fitting import Floats, average_precision, calibration_error, fit, judged, losses
from pipeline.patches.likelihood import Likelihood
from pipeline.patches.terms import TERMS, measure
from pipeline.publish.features import UNCHANGED

Integers = NDArray[np.int64]
ACTION = "train"
FEWEST = 15
"""Confirmed and dismissed patches each, below which nothing can be learned or checked."""
FOLDS = 5
RESAMPLES, SURE = 1000, 0.9
"""A fit is better where it loses less on this share of samples drawn from the patches again (bootstrap)."""
SLIP = 0.01
"""A fit may rank worse by so much average precision, as it has not seen what it ranks."""
LOST = 0.05
"""Share of the confirmed patches that are flagged now which a fit may let go."""
CAUSES = ("云影", "耕作", "大棚", "建设", "道路", "光伏", "自然")
"""Reasons of a dismissal that say what else changed the ground."""
PLAIN = "unlicensed"
"""A case of this code that is dismissed for no reason was no pit; others may have been dismissed for their boundary or permit."""


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
    fresh: NDArray[np.bool_]
    """(n,): judged after the model in use was fitted."""
    unread: int = 0
    """Judged patches whose months are gone, or were made by an older version."""

    def patches(self, answer: int) -> int:
        """Fresh ones that were confirmed (1) or dismissed (0)."""
        return len({name for name, y, fresh in zip(self.patch, self.y, self.fresh, strict=True) if fresh and y == answer})

    def some(self, chosen: NDArray[np.bool_]) -> Examples:
        names = tuple(name for name, kept in zip(self.patch, chosen, strict=True) if kept)
        return Examples(self.x[chosen], self.y[chosen], names, self.counts[chosen], self.fresh[chosen])


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


def train(project: Project, ledger: Ledger) -> Trained:
    """Fit a likelihood to the ledger's verdicts; use it from now on if it is better. Finished months stay as they are.

    Raises MinewardenError `MW-TRAIN-FEW` where there are too few verdicts.
    """
    now = models.in_use(project)
    since = next((at for at, detail in ledger.last_audit(ACTION) if detail["used"] and detail["fitted"] == now.sha256), "")
    examples = _examples(project, ledger.decided(), since)
    confirmed, dismissed = examples.patches(1), examples.patches(0)
    if min(confirmed, dismissed) < FEWEST:
        when = f" since the model in use was fitted ({since[:10]})" if since else ""
        unread = (
            f" {examples.unread} more lie in months that are gone or were made by an older version; --replay makes them anew."
            if examples.unread
            else ""
        )
        raise MinewardenError(
            "MW-TRAIN-FEW",
            f"{confirmed} patches of changed ground were confirmed and {dismissed} dismissed for another cause{when}.{unread}",
            f"Nothing can be learned from fewer than {FEWEST} of each: go on reviewing.",
        )
    found = assess(examples, now, project.config.findings.min_likelihood)
    detail = {"before": now.sha256, "fitted": found.model.sha256, "used": found.better, "verdicts": [confirmed, dismissed]}
    ledger.back_up(project.backup)
    with ledger.transaction():
        ledger.audit("minewarden", ACTION, detail)
        if found.better:
            models.put(project, found.model)
    ledger.back_up(project.backup)
    return found


def assess(examples: Examples, now: Likelihood, flagged_from: float) -> Trained:
    """Fit, and hold it against the model in use on patches that neither was fitted to."""
    shipped, held_out = likelihood.load(), np.empty(len(examples.y))
    fold = np.array([int(hashlib.sha256(name.encode()).hexdigest(), 16) % FOLDS for name in examples.patch])
    for k in np.unique(fold):
        rest = examples.some(fold != k)
        held_out[fold == k] = judged(examples.x[fold == k], fit(rest.x, rest.y, shipped, rest.counts))
    new = examples.fresh
    fresh, old = examples.some(new), judged(examples.x[new], now)
    before, after = (_scores(p, fresh, fold[new], flagged_from) for p in (old, held_out[new]))
    sureness = _sureness(fresh, old, held_out[new])
    ranks = after.average_precision >= before.average_precision - SLIP
    better = sureness >= SURE and ranks and after.confirmed >= (1 - LOST) * before.confirmed
    return Trained(examples, before, after, sureness, better, now, fit(examples.x, examples.y, shipped, examples.counts))


def _answer(case: Decided) -> float | None:
    """1 = mining, 0 = not; None where a verdict says nothing of how the ground looks."""
    if case.code in UNCHANGED:
        return None
    if case.review is Review.CONFIRMED:
        return 1.0
    other_cause = case.reason in CAUSES or (case.code == PLAIN and case.reason is None)
    return 0.0 if case.review is Review.DISMISSED and other_cause else None


def _examples(project: Project, cases: Sequence[Decided], since: str) -> Examples:
    """Features as they were published; a patch with a confirmed part is confirmed."""
    published = cache(lambda month: _features(project.output / month / "patches.geojson"))
    answers: dict[str, float] = {}
    months: dict[str, set[str]] = {}
    new: set[str] = set()
    for case in cases:
        if (answer := _answer(case)) is None:
            continue
        answers[case.patch_id] = max(answers.get(case.patch_id, 0.0), answer)
        months.setdefault(case.patch_id, set()).update(case.months)
        new |= {case.patch_id} if case.at > since else set()
    x, y, names, counts, unread = [], [], [], [], 0
    for patch in sorted(answers):
        rows = [terms for month in sorted(months[patch]) if (terms := published(month).get(patch))]
        x += rows
        y += [answers[patch]] * len(rows)
        names += [patch] * len(rows)
        counts += [1 / len(rows)] * len(rows) if rows else []
        unread += not rows
    fresh = np.array([name in new for name in names], bool)
    return Examples(np.array(x, np.float64).reshape(len(x), len(TERMS)), np.array(y), tuple(names), np.array(counts), fresh, unread)


def _features(file: Path) -> dict[str, list[float]]:
    """Terms by patch, of those that were measured as this version measures them; none where the file is gone or broken."""
    found: dict[str, list[float]] = {}
    try:
        for each in json.loads(file.read_text("utf-8"))["features"]:
            row = each["properties"]
            with suppress(KeyError, TypeError):
                found[str(row["patch_id"])] = list(measure(row["features"]).values())
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


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
