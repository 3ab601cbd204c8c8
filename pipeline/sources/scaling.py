"""How a product's numbers become reflectance, where neither an item nor the config says it."""

from __future__ import annotations

SCALE = 0.0001
OFFSET = -0.1
OFFSET_SINCE = "0400"
"""Processing baseline (04.00, of 2022-01-25) from which 1000 is added to every DN, and metadata list an offset for each band."""


def of_baseline(baseline: str) -> tuple[float, float]:
    """Scale and offset of products of a baseline (`0510`)."""
    return SCALE, OFFSET if baseline >= OFFSET_SINCE else 0.0
