"""What the registers' formats say after the points of a ring: its elevations, a description, and whether it adds or is taken out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.layers.corners.draft import Parcel, Ring
from pipeline.layers.corners.figures import number

TAKEN_OUT = re.compile(r"扣除|核减|剔除|挖除|不含|除外|空白区")
"""Words that say of a ring that it is no part of the right."""


def settle(ring: Ring, described: str, flag: str) -> None:
    """Whether a ring is taken out, by its flag (标志: 1 adds, −1 deducts). Where its description contradicts the flag a person has to say."""
    value = number(flag)
    taken = bool(TAKEN_OUT.search(described))
    ring.adds = not taken if value is None else value > 0
    if taken and ring.adds:
        ring.doubt = f"described as {described[:40]!r}, but flagged {flag.strip()} (1 adds, -1 deducts)"


def elevations(parcel: Parcel, found: Sequence[tuple[Ring, str, str]]) -> None:
    """The highest upper and the lowest lower elevation of the rings that add."""
    tops = [value for ring, top, _ in found if ring.adds and (value := number(top)) is not None]
    bottoms = [value for ring, _, bottom in found if ring.adds and (value := number(bottom)) is not None]
    if tops:
        parcel.values["top"] = max(tops)
    if bottoms:
        parcel.values["bottom"] = min(bottoms)
