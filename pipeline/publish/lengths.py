"""Round lengths for scale bars."""

from __future__ import annotations

import math


def round_length(metres: float) -> float:
    """The largest 1, 2 or 5 × 10ⁿ that is not longer."""
    power = 10.0 ** math.floor(math.log10(metres))
    return next(step * power for step in (5, 2, 1) if step * power <= metres)


def told(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
