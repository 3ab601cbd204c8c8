"""Features by name, and the ramps that make terms of them."""

from __future__ import annotations

Features = dict[str, float]


def clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, straight between."""
    return clip((value - zero) / (one - zero), 0, 1)
