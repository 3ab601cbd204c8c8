"""Does the ground look like the mineral it was licensed for?

Only two contradictions are told, those that loess country makes safe: grey or white ground where brown clay is licensed, and, after
half a year of digging, nothing but loess or clay where hard rock is: until then it may be what lies above the rock. Sand and gravel
come in every colour, and minerals of other names are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

GREY = 0.72
"""Blue to red from which dug ground is no loess and no brick clay: those lie at 0.4–0.6, rock and gravel at 0.73–0.85."""
BARE = 1.5
"""Near infrared to red below which no plants colour the ground."""
LIT = 0.10
"""Red reflectance below which shadow, water or coal dust may colour it."""
LEAST_CELLS = 12
"""Fewer are half mixtures with what lies around."""
STRIPPED_DAYS = 180
"""Overburden is cleared in less."""


class Look(StrEnum):
    BROWN = "brown"
    """Loess and brick clay."""
    HARD = "hard"
    """Quarried stone."""


_PARTS = re.compile(r"[、,，;；/／+＋及和与]")
_LOOKS = (
    (Look.BROWN, re.compile(r"黄土|红土|(砖瓦|制?砖|陶粒|水泥配料|建筑)用?[粘黏]土|^[粘黏]土矿?$")),
    (Look.HARD, re.compile(r"花岗[岩石]|玄武岩|安山岩|流纹岩|正长岩|闪长岩|辉绿岩|辉长岩|片麻岩|大理[岩石]|石英岩|灰岩|石灰石|白云岩|凝灰岩")),
)


def licensed(mineral: str | None) -> Look | None:
    """How ground of a licensed mineral (开采主矿种) looks; None where it is not told, or where several are licensed that look unlike."""
    looks = {next((look for look, words in _LOOKS if words.search(name.strip())), None) for name in _PARTS.split(mineral or "")}
    return looks.pop() if len(looks) == 1 else None


def contradiction(mineral: str | None, clay_like: bool, days: int, features: Mapping[str, float]) -> str | None:
    """What contradicts the licensed mineral, in numbers; None where nothing does, or where it can't be told.

    days: how long digging has gone on; features: those of the patch (`pipeline.patches.features`).
    """
    look, blue, nir = licensed(mineral), features.get("blue_to_red"), features.get("nir_to_red")
    if look is None or blue is None or nir is None or features.get("cells", 0.0) < LEAST_CELLS or nir > BARE:
        return None
    if look is Look.BROWN and blue >= GREY and features.get("red", 0.0) >= LIT:
        return f"blue to red {blue:.2f} ≥ {GREY}: rock or gravel, licensed for {mineral}"
    if look is Look.HARD and clay_like and days >= STRIPPED_DAYS:
        return f"blue to red {blue:.2f}: loess or clay after {days} days of digging, licensed for {mineral}"
    return None
