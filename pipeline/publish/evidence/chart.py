"""The time series of a ground, drawn: each look against the season, the clouded ones, the change and the two dates pictured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline.publish.evidence.canvas import BRAND, INK, LINE, PAPER, SOFT, TINT, Canvas, Colour, Sketch, colour
from pipeline.publish.evidence.case import day_number
from pipeline.publish.evidence.glance import Look
from pipeline.publish.evidence.series import Series

LEFT, RIGHT, GAP = 44, 8, 22
STRIP = 11
"""Below each plot, for looks that saw clouds."""
SMALL = 12
SEASON, RANGE, CLOUDED = colour("#5f7f95"), colour("#dfe8ee"), colour("#8b95a3")
USUAL: Colour = colour("#2f6f4f")
AFTER = {"provisional": colour("#e8731a"), "confirmed": colour("#c8102e")}
"""Colour of looks since the change, by the case's status."""
CHANGE = colour("#c8102e")
LEAST, MOST, LEAST_RANGE = -0.4, 1.05, 0.12
"""Values that a plot reaches to; what lies beyond is drawn on its edge."""


@dataclass(frozen=True, slots=True)
class Events:
    """What is marked in a time series."""

    status: str
    line: date | None
    """The day that is marked by a line."""
    changed: date | None
    """Looks from this day on are drawn in the colour of the status."""
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class _Axes:
    """A plot's place on the canvas, and its ranges."""

    x: int
    y: int
    width: int
    height: int
    first: int
    last: int
    low: float
    high: float

    def across(self, day: float) -> float:
        return (day - self.first) / (self.last - self.first) * self.width

    def down(self, value: float) -> float:
        return (1 - (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)) * (self.height - STRIP)


def draw(canvas: Canvas, x: int, y: int, width: int, height: int, series: Series, events: Events) -> None:
    """Two plots above each other: how green the ground is, and how bright in red light."""
    season = series.season
    tall = (height - GAP - 20) // 2
    kinds: tuple[tuple[str, Callable[[Look], float], NDArray[np.float64] | None], ...] = (
        ("植被指数 NDVI", lambda look: look.ndvi, season.ndvi if season else None),
        ("红光反射率 B04", lambda look: look.red / 1e4, season.red if season else None),
    )
    for k, (name, value, usual) in enumerate(kinds):
        values = [value(look) for _, look in series.looks if look.valued]
        low, high = _range(values, usual)
        top = y + k * (tall + GAP) + 16
        axes = _Axes(x + LEFT, top, width - LEFT - RIGHT, tall - 16, day_number(series.first), day_number(series.last) + 1, low, high)
        canvas.text(x, top - 18, name, SMALL, INK)
        _grid(canvas, axes, series, dated=k == len(kinds) - 1)
        _plot(canvas, axes, series, events, value, usual)
        _mark(canvas, axes, events, named=k == 0)


def _range(values: Sequence[float], usual: NDArray[np.float64] | None) -> tuple[float, float]:
    """Lowest and highest value of a plot, at least LEAST_RANGE apart."""
    known = list(values)
    if usual is not None:
        known += [float((usual[0] - usual[1]).min()), float((usual[0] + usual[1]).max())]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    spare = max((LEAST_RANGE - (high - low)) / 2, 0.04 * (high - low))
    low = min(max(low - spare, LEAST), MOST - LEAST_RANGE)
    return low, max(min(high + spare, MOST), low + LEAST_RANGE)


def _grid(canvas: Canvas, axes: _Axes, series: Series, *, dated: bool) -> None:
    canvas.fill(axes.x, axes.y, axes.width, axes.height, TINT)
    step = next(s for s in (0.05, 0.1, 0.2, 0.5) if (axes.high - axes.low) / s <= 5)
    for k in range(int(np.ceil(axes.low / step)), int(np.floor(axes.high / step)) + 1):
        at = axes.y + round(axes.down(k * step))
        canvas.fill(axes.x, at, axes.width, 1, LINE)
        canvas.text(axes.x - 5, at - 9, f"{k * step:.2f}", SMALL, SOFT, align="right")
    year, month = series.first.year, series.first.month
    while (first := date(year, month, 1)) <= series.last:
        at = axes.x + round(axes.across(day_number(first)))
        canvas.fill(at, axes.y, 1, axes.height, SOFT if month == 1 else LINE)
        if dated and (month in (1, 4, 7, 10)):
            canvas.text(at, axes.y + axes.height + 3, f"{year}-{month:02d}", SMALL, SOFT, align="middle" if at > axes.x + 20 else "left")
        year, month = year + month // 12, month % 12 + 1
    canvas.frame(axes.x, axes.y, axes.width, axes.height, LINE)


def _plot(canvas: Canvas, axes: _Axes, series: Series, events: Events, value: Callable[[Look], float], usual: NDArray[np.float64] | None) -> None:
    sketch = Sketch(axes.width, axes.height)
    if usual is not None and series.season is not None:
        across = [axes.across(day) for day in series.season.days]
        upper = [axes.down(v) for v in usual[0] + usual[1]]
        lower = [axes.down(v) for v in usual[0] - usual[1]]
        sketch.area([*zip(across, upper, strict=True), *zip(reversed(across), reversed(lower), strict=True)], RANGE)
        sketch.line(list(zip(across, map(axes.down, usual[0]), strict=True)), SEASON, 1.6)
    if events.line is not None:
        at = axes.across(day_number(events.line))
        sketch.line([(at, 0), (at, axes.height)], CHANGE, 1.4, (5, 3))
    for day, look in series.looks:
        at = axes.across(day_number(day))
        if look.valued:
            since = events.changed is not None and day >= events.changed
            sketch.dot(at, axes.down(value(look)), 3.2, AFTER.get(events.status, CHANGE) if since else USUAL, PAPER)
        else:
            sketch.dot(at, axes.height - STRIP / 2, 3, PAPER, CLOUDED)
    canvas.lay(axes.x, axes.y, sketch.pixels())


def _mark(canvas: Canvas, axes: _Axes, events: Events, *, named: bool) -> None:
    """The dates pictured, as small flags above a plot."""
    for day, name in ((events.before, "前"), (events.after, "后")):
        if day is not None and axes.first <= day_number(day) < axes.last:
            at = axes.x + round(axes.across(day_number(day)))
            sketch = Sketch(10, 7)
            sketch.area([(0, 0), (10, 0), (5, 7)], BRAND)
            canvas.lay(at - 5, axes.y - 1, sketch.pixels())
            if named:
                canvas.text(at, axes.y - 17, name, SMALL, BRAND, bold=True, align="middle")


def key(canvas: Canvas, x: int, y: int, events: Events) -> None:
    """What the marks of the plots mean, in a row."""
    since = AFTER.get(events.status, CHANGE)
    entries: list[tuple[str, Colour, Colour]] = [("清晰观测", USUAL, PAPER)]
    if events.changed is not None:
        entries.append(("变化后", since, PAPER))
    entries.append(("云、影或雪", PAPER, CLOUDED))
    for name, ink, ring in entries:
        sketch = Sketch(10, 10)
        sketch.dot(5, 5, 3.4, ink, ring)
        canvas.lay(x, y + 4, sketch.pixels())
        x += 14 + round(canvas.text(x + 13, y, name, SMALL, SOFT)) + 12
    canvas.fill(x, y + 4, 18, 10, RANGE)
    canvas.fill(x, y + 8, 18, 2, SEASON)
    canvas.text(x + 23, y, "自身季节曲线及正常范围", SMALL, SOFT)
