"""Charts as SVG shapes that a template draws: numbers only, no text of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 360.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 18.0, 8.0, 22.0


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class CoverChart:
    """Cover of a site through the years against the range of its reference plots."""

    band: str
    reference: str
    line: str
    points: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Hectares a year, stacked."""

    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float
    width: float = WIDTH
    height: float = HEIGHT


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


def cover(years: Sequence[Mapping[str, Any]]) -> CoverChart | None:
    """None where there is no season."""
    if not years:
        return None
    first, last = years[0]["year"], years[-1]["year"]
    span = max(last - first, 1)

    def x(year: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((year - first) / span if last > first else 0.5)

    def y(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(share, 1.0))

    band = [(x(each["year"]), y(each["high"])) for each in years] + [(x(each["year"]), y(each["low"])) for each in reversed(years)]
    line = [(x(each["year"]), y(each["cover"])) for each in years]
    ticks = tuple(Tick(x(year), str(year)) for year in range(first, last + 1))
    up = tuple(Tick(y(share), f"{share:.0%}") for share in (0.0, 0.5, 1.0))
    return CoverChart(_path(band) + "Z", _path([(x(each["year"]), y(each["reference"])) for each in years]), _path(line), tuple(line), ticks, up)


def stacked(rows: Sequence[tuple[str, Sequence[tuple[str, float]]]], least: float = 0.1) -> BarChart | None:
    """Bars of rows (label, parts (class, hectares)); parts below nought hang from the line. None without rows."""
    if not rows:
        return None
    high = max([least, *(sum(value for _, value in parts if value > 0) for _, parts in rows)])
    low = min([0.0, *(sum(value for _, value in parts if value < 0) for _, parts in rows)])
    step = (WIDTH - LEFT - RIGHT) / len(rows)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    bars = []
    for k, (_, parts) in enumerate(rows):
        above = below = 0.0
        for kind, value in parts:
            start = above if value > 0 else below
            end = start + value
            bars.append(Bar(LEFT + (k + 0.2) * step, min(y(start), y(end)), 0.6 * step, abs(y(start) - y(end)), kind))
            above, below = (end, below) if value > 0 else (above, end)
    across = tuple(Tick(LEFT + (k + 0.5) * step, label) for k, (label, _) in enumerate(rows))
    marks = sorted({low, 0.0, high})
    return BarChart(tuple(bars), across, tuple(Tick(y(value), f"{value:.2f}" if high < 10 else f"{value:.0f}") for value in marks), y(0.0))
