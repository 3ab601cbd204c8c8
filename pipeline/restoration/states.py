"""How far a site has come, from its growing seasons: the rules of docs/restoration.md.

Everything is meant against the reference of the same season, so that a dry year restores nothing and a wet one neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

import numpy as np


class State(StrEnum):
    """Names of the register where it has them (未治理, 治理中, 已治理)."""

    UNRESTORED = "未治理"
    UNDER_WAY = "治理中"
    NATURAL = "自然恢复"
    RESTORED = "已治理"
    REGRESSED = "退化"


RECOVERED = frozenset({State.RESTORED, State.NATURAL})
CLAIM_RESTORED, CLAIM_UNDER_WAY = "已治理", "治理中"


class Claim(StrEnum):
    """What pixels say of a site that the register calls restored."""

    AGREED = "agreed"
    DOUBTFUL = "doubtful"
    CONTRADICTED = "contradicted"


GREEN_SHARE, GREEN_RATIO, GREEN_BARE = 0.65, 0.75, 0.2
"""A season finds a site green: so much of it, or the site as a whole, has three quarters of the reference cover, and no more than so much is bare."""
BARE_SHARE = 0.5
"""And bare: so much of it is bare against the reference."""
FALLEN_BARE, FALLEN_DROP = 0.3, 0.2
"""A restored site has fallen back where so much of it is bare, and its cover against the reference is so much less than it was."""
HELD = 2
"""Green seasons in a row that make a site restored: one may be weeds after rain."""
RISE, RISE_SHARE = 0.12, 0.04
"""Least gain of cover against the reference since a site was at its lowest, and a year, that counts as growing back."""
SPARSE, SPARSE_RISE = 0.25, 0.2
"""Of the reference: a site that is still bare for the most part bears weeds, unless it has so much cover and has gained so much."""
LEAP = 0.28
"""Gain from one season to the next that plants do not make by themselves on ground that was dug; half as much for each year without a season."""
PART_GREEN = 0.15
"""So much of a site restored while most of it is bare: works that have begun. What comes in by itself comes in everywhere."""
SITE_ERROR = 0.05
"""Of cover against the reference, of one season: what plots, looks and mixed cells leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A growing season of a site that was seen well enough, against its reference."""

    year: int
    first: date
    last: date
    """Looks that it rests on lie between."""
    cover: float
    """Mean of the site's seen cells, 0–1."""
    reference: float
    low: float
    high: float
    """Median of the reference plots, and the middle eight tenths of them."""
    bare: float
    green: float
    """Share of the seen cells that are bare, and that are restored, against the reference."""
    seen: float
    """Share of the site that was seen."""

    @property
    def ratio(self) -> float:
        """Cover against the reference; more than the reference counts as no more."""
        return min(self.cover / max(self.reference, 0.05), 1.2)

    @property
    def is_green(self) -> bool:
        return self.bare <= GREEN_BARE and (self.green >= GREEN_SHARE or self.ratio >= GREEN_RATIO)

    @property
    def is_bare(self) -> bool:
        return self.bare >= BARE_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """State of a site at the end of its last season."""

    state: State
    since: date
    """First look of the first season that found it so."""
    confidence: float
    """0–1: that the last season's cover lies on its side of the line that was drawn, given the spread of plots and seasons."""
    trend: float | None
    """Cover against the reference gained a year over all seasons (Theil–Sen); None where there are fewer than three."""
    restored_in: int | None
    """Season in which it had become restored, should it ever have."""


def decide(years: Sequence[Year], claimed: str | None = None, *, old: bool = False) -> Verdict | None:
    """The state after the last of the seasons, oldest first; None without any.

    claimed: state in the register. old: the site had been dug before the archive begins, as legacy patches are.
    """
    if not years:
        return None
    states = [_state(years[: k + 1], claimed, old) for k in range(len(years))]
    state = states[-1]
    first = len(states) - 1
    while first and states[first - 1] is state:
        first -= 1
    restored = next((year.year for year, each in zip(years, states, strict=True) if each in RECOVERED and year.is_green), None)
    return Verdict(state=state, since=years[first].first, confidence=_confidence(years, state), trend=trend(years), restored_in=restored)


def _state(years: Sequence[Year], claimed: str | None, old: bool) -> State:
    years = _without_blinks(years)
    last = years[-1]
    if last.is_green:
        return _green(years, claimed, old)
    held = _held(years[:-1], claimed, old)
    if held is not None:
        fallen = last.bare >= FALLEN_BARE and held - last.ratio >= FALLEN_DROP
        return State.REGRESSED if fallen else _green(years, claimed, old)
    if _growing(years):
        # That works are done, as the register says, is no reason to see works on ground that is still bare.
        planted = _leap(years) or claimed == CLAIM_UNDER_WAY or (claimed == CLAIM_RESTORED and not last.is_bare)
        sparse = last.ratio >= SPARSE and last.ratio - years[_low(years)].ratio >= SPARSE_RISE
        if not last.is_bare or planted or sparse:
            return State.UNDER_WAY if planted else State.NATURAL
    return State.UNRESTORED


def _without_blinks(years: Sequence[Year]) -> Sequence[Year]:
    """Without single seasons that differ from green ones before and after them: plants do not die and come back so, looks do err."""
    return [each for k, each in enumerate(years) if not (0 < k < len(years) - 1 and years[k - 1].is_green and years[k + 1].is_green)]


def _green(years: Sequence[Year], claimed: str | None, old: bool) -> State:
    """Of a site that is green, or was and has not fallen back."""
    if claimed == CLAIM_RESTORED:
        return State.RESTORED
    if _dug(years) is None:
        return State.NATURAL
    works = _leap(years) or claimed == CLAIM_UNDER_WAY
    if _held(years, claimed, old) is None and _run(years) < HELD:
        return State.UNDER_WAY if works else State.NATURAL
    return State.RESTORED if works else State.NATURAL


def _dug(years: Sequence[Year]) -> int | None:
    """The first season in which the site was bare for a good part; None where the archive never saw it so."""
    return next((k for k, year in enumerate(years) if year.bare >= FALLEN_BARE), None)


def _run(years: Sequence[Year]) -> int:
    """Green seasons in a row at the end."""
    count = 0
    for year in reversed(years):
        if not year.is_green:
            break
        count += 1
    return count


def _held(years: Sequence[Year], claimed: str | None, old: bool) -> float | None:
    """Cover against the reference of a site when it had been restored: the median of its green seasons; None where it never was.

    Green before the site was first bare is ground that was not dug yet, unless the site is older than the archive or the register calls it restored.
    """
    dug = _dug(years)
    since = 0 if old or claimed == CLAIM_RESTORED else len(years) if dug is None else dug
    best: list[Year] = []
    run: list[Year] = []
    for year in years[since:]:
        run = [*run, year] if year.is_green else []
        if len(run) >= (1 if claimed == CLAIM_RESTORED else HELD):
            best = run
    return float(np.median([year.ratio for year in best])) if best else None


def _low(years: Sequence[Year]) -> int:
    """Season in which a site had least cover against its reference, the latest of such that hardly differ."""
    ratios = [year.ratio for year in years]
    least = min(ratios)
    return max(k for k, ratio in enumerate(ratios) if ratio <= least + SITE_ERROR)


def _growing(years: Sequence[Year]) -> bool:
    """Whether cover has been growing back since it was lowest, up to now."""
    rise = years[_low(years) :]
    gain = rise[-1].ratio - rise[0].ratio
    best = max(year.ratio for year in rise)
    if rise[-1].green - rise[0].green >= PART_GREEN and rise[-1] is not rise[0]:
        return True
    return gain >= RISE and gain >= RISE_SHARE * (rise[-1].year - rise[0].year) and best - rise[-1].ratio <= gain / 2


def _leap(years: Sequence[Year]) -> bool:
    """Whether the rise since the lowest season was made in leaps, as by planting."""
    rise = years[_low(years) :]
    if any(b.ratio - a.ratio >= LEAP * (1 + b.year - a.year) / 2 for a, b in pairwise(rise)):
        return True
    return rise[-1].is_bare and rise[-1].green >= PART_GREEN > rise[0].green


def trend(years: Sequence[Year]) -> float | None:
    """Theil–Sen slope of cover against the reference, a year."""
    if len(years) < 3:
        return None
    slopes = [(b.ratio - a.ratio) / (b.year - a.year) for k, a in enumerate(years) for b in years[k + 1 :]]
    return float(np.median(slopes))


def _confidence(years: Sequence[Year], state: State) -> float:
    """Probability that the last season lies on its side of the line between green and bare, less where little of the site was seen."""
    last = years[-1]
    spread = math.hypot(SITE_ERROR, (last.high - last.low) / 2.56 / max(last.reference, 0.05) / 2)
    line = 0.66  # between bare (0.58 of the reference) and restored (0.75)
    away = abs(last.ratio - line) / spread
    sure = 0.5 * (1 + math.erf(away / math.sqrt(2)))
    if state in (State.UNDER_WAY, State.NATURAL) and not last.is_green:
        first = years[_low(years)]
        sure = 0.5 * (1 + math.erf((last.ratio - first.ratio) / (2 * spread)))
    return round(sure * (0.6 + 0.4 * last.seen), 3)


def check_claim(years: Sequence[Year], state: State | None, claimed: str | None) -> Claim | None:
    """What pixels say of a register's 已治理; None where it claims nothing, or nothing was seen."""
    if claimed != CLAIM_RESTORED or state is None:
        return None
    last = years[-1]
    if last.is_green:
        return Claim.AGREED
    return Claim.CONTRADICTED if last.is_bare or state is State.REGRESSED else Claim.DOUBTFUL
