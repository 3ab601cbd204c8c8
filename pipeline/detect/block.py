"""A block through the year: fitted each January, then shown each clear look in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.baseline import fit
from pipeline.detect.breaks import settle_breaks
from pipeline.detect.layout import folded, unfolded
from pipeline.detect.looks import BANDS, NO_DATA, SEASONS, YEAR, in_spring, noise_floor, season_byte, season_terms
from pipeline.detect.mask import MISSING
from pipeline.detect.model import Model
from pipeline.detect.monitor import watch_looks
from pipeline.detect.spectra import Optics
from pipeline.detect.state import CONFIRMED, ENDED, FIRST, NONE, Alert, Baseline, arrays
from pipeline.workspace import Take


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks at a block, oldest first."""

    days: NDArray[np.int64]
    """(n,): days since 1970-01-01."""
    stack: NDArray[np.int16]
    """(h, strips, n, n_bands, STRIP) (layout.py): reflectance, 1e-4, each scene's shift taken off."""
    marks: NDArray[np.uint8]
    """(h, strips, n, STRIP): marks of mask.py."""
    noise: NDArray[np.float32]
    """(n, n_bands) ≥ 1: each scene's noise."""
    width: int
    """Cells of a row."""

    @classmethod
    def of(cls, days: NDArray[np.int64], stack: NDArray[np.int16], marks: NDArray[np.uint8], noise: NDArray[np.float32]) -> Looks:
        """Looks from planes. stack: (n, n_bands, h, w), marks: (n, h, w)."""
        return cls(days, folded(stack, NO_DATA), folded(marks, MISSING), noise, stack.shape[-1])

    def planes(self) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """Reflectance (n, n_bands, h, w) and marks (n, h, w)."""
        return unfolded(self.stack, self.width), unfolded(self.marks, self.width)

    def part(self, which: slice) -> Looks:
        """Some of the looks, copied."""
        stack, marks = self.stack[:, :, which].copy(), self.marks[:, :, which].copy()
        return Looks(self.days[which], stack, marks, self.noise[which], self.width)


def watch(looks: Looks, model: Model, baseline: Baseline, alert: Alert) -> None:
    """Show each look to the alerts of a block, in place."""
    optics = Optics(model.red, model.nir, model.index("B03"), model.index("B11"), noise_floor(model.bands))
    days = looks.days.tolist()
    if days:
        seasons, terms = np.array([season_byte(day) for day in days]), np.stack([season_terms(day) for day in days])
        white = np.zeros((len(BANDS), len(BANDS)), np.float32)
        white[: len(model.bands), : len(model.bands)] = model.white
        watch_looks(looks.stack, looks.marks, looks.days, seasons, terms, looks.noise, white, SEASONS, optics, baseline, alert)


SETTLED_DAYS = 365


def begin_year(
    looks: Looks,
    model: Model,
    january: int,
    last: tuple[Baseline, Alert] | None,
    cases: NDArray[np.bool_] | None = None,
    take: Take = np.empty,
) -> tuple[Baseline, Alert]:
    """Fit a block's baseline on the looks of the window before `january` (days since 1970-01-01).

    In the first year the window is then watched as if it were monitored: what is in alert at its end changed before monitoring.
    Later, a cell in an open alert keeps the baseline it was judged against: a pit must never become normal. Only where no case
    is open (`cases`, (h, w) bool), ground that changed a year ago has settled: it is judged anew, so that later digging is seen.
    """
    bands, height, width = len(model.bands), looks.stack.shape[0], looks.width
    baseline, alert = Baseline.empty(bands, height, width, take), Alert.empty(bands, height, width, take)
    terms = np.stack([season_terms(day) for day in looks.days.tolist()]) if len(looks.days) else np.zeros((0, 5), np.float32)
    prior = (1 / (looks.noise**2).mean(axis=1)).astype(np.float32)
    fit(
        looks.stack, looks.marks, np.ones(len(looks.days), bool), in_spring(looks.days), terms, prior, model.least, model.red, model.nir,
        baseline.mean, baseline.fine, baseline.scale, baseline.barest, baseline.looks,
    )  # fmt: skip
    settle_breaks(looks.stack, looks.marks, looks.days, prior, model, baseline)
    baseline.fitted[:] = round(january / YEAR) - 30
    if last is None:
        watch(looks, model, baseline, alert)
        # Ground fitted on the later part of the window looks changed before it; that is told by `changed`.
        for array in arrays(alert).values():
            array[..., (baseline.changed > 0) & (alert.status != NONE)] = 0
        return baseline, alert
    old_baseline, old_alert = last
    alert.last_clear[:] = old_alert.last_clear
    alert.last_normal[:] = old_alert.last_normal
    keep = (old_alert.status >= FIRST) & (old_alert.status <= CONFIRMED)
    settled = keep & (old_alert.first_day.astype(np.int64) < january - SETTLED_DAYS)
    if cases is not None:
        settled &= ~cases
    if settled.any():
        # Only ground that its new baseline explains has settled; else it would be found anew, under a later date.
        again = Alert.empty(bands, height, width)
        watch(looks, model, baseline, again)
        settled &= (again.status == NONE) | (again.status == ENDED)
    keep &= ~settled
    for new, old in ((baseline, old_baseline), (alert, old_alert)):
        for name, array in arrays(new).items():
            array[..., keep] = arrays(old)[name][..., keep]
    return baseline, alert
