"""What speaks for and against mining, each a number a person can follow.

Every term is a function of a patch's features (`features.features`, with `similar`), mostly 0–1. Terms that name a cause speak
against mining and for that cause. How much each weighs stands in `models/likelihood.json`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.patches import lookalikes
from pipeline.patches.patch import Cause
from pipeline.patches.ramps import Features, clip, ramp


def _novelty(f: Features) -> float:
    """Dug ground looks like nothing in the cell's record; ploughed ground does."""
    return clip(math.log2(max(f["novelty"], 0.05) / 2), -3, 3.5)


def _bare(f: Features) -> float:
    """Fresh workings carry no plants; fallow ground has weeds, of which `lookalikes.weeds` tells the rest."""
    return clip(10 * (0.235 - f["ndvi"]), -0.5, 1.5)


def _departure(f: Features) -> float:
    """How far the ground is from its season."""
    return clip(math.log2(max(f["score"], 0.5) / 8), -2, 3)


def _colour(f: Features) -> float:
    """Another colour than the cell's own soil: another material has come up."""
    pairs = [(f[name], f[f"{name}_bare"]) for name in ("blue_to_red", "swir_to_red", "clay") if name in f]
    return ramp(sum(abs(math.log(max(now, 0.05) / max(bare, 0.05))) for now, bare in pairs), 0.1, 0.6)


def _bright(f: Features) -> float:
    """Brighter than the cell's own bare soil."""
    return ramp(f["red_to_bare"], 1.0, 1.5)


def _redder(f: Features) -> float:
    """Red, bare, redder than the cell's own soil and not much darker: clay from below. Dark and redder is soil under stubble; straw is not bare."""
    if "blue_to_red" not in f:
        return 0.0
    redder = ramp(math.log(max(f["blue_to_red_bare"], 0.05) / max(f["blue_to_red"], 0.05)), 0.08, 0.22) * ramp(f["blue_to_red"], 0.6, 0.5)
    return redder * ramp(f["red_to_bare"], 0.7, 0.9) * ramp(f["ndvi"], 0.33, 0.25) * (1 - lookalikes.painted_red(f))


def _compact(f: Features) -> float:
    """Pits are lumps; seams between fields are threads. A lump of few cells is no thicker than it is wide; faint ones come by chance."""
    lump = ramp(f["thickness"] / min(math.sqrt(f["cells"]), 4.0), 0.45, 0.95) * ramp(f["elongation"], 6, 3)
    return lump * (1 - lookalikes.faint(f))


def _growth(f: Features) -> float:
    """Digging takes weeks."""
    return ramp(f["days_of_growth"], 5, 40)


def _outward(f: Features) -> float:
    """It spread from one spot."""
    return ramp(f["outward"], 0.1, 0.6)


def _mixed(f: Features) -> float:
    """A working face, spoil and floor side by side; a field is of one piece."""
    return ramp(f["variety"], 0.05, 0.085)


def _summer(f: Features) -> float:
    """Bare while the ground around its year would be green, on ground that is no cropland."""
    return ramp(f["contrast"], 0.05, 0.2) * ramp(f["greenest"], 0.6, 0.45)


def _looks(f: Features) -> float:
    """Seen changed again and again."""
    return ramp(f["looks"], 3, 8)


def _registered(f: Features) -> float:
    """In a mining right or on a legacy patch, ground where somebody has dug or meant to; faint change is the season's there as anywhere."""
    return f["registered"] * ramp(f["score"], 6, 24)


def _beside(f: Features) -> float:
    """Within 60 m of one."""
    return f["near_registered"]


def _fading(f: Features) -> float:
    """Its cells are as they were again at their last clear look: pits stay, field work passes."""
    return ramp(f["still"], 0.9, 0.3)


def _crowded(f: Features) -> float:
    """Ground all round is in alert too: the season's work, or weather; a pit lies in ground that did not change."""
    return ramp(f["changed_around"], 0.0, 0.05)


def _darker(f: Features) -> float:
    """Darker than its own soil, not red and not very new: moist, shaded, under stubble or litter. Dark rock is new, dark clay red."""
    return ramp(f["red_to_bare"], 0.9, 0.75) * ramp(f["novelty"], 14, 6) * ramp(f.get("blue_to_red", 0.5), 0.42, 0.5)


TERMS: dict[str, tuple[Cause | None, Callable[[Features], float]]] = {
    "novelty": (None, _novelty),
    "bare": (None, _bare),
    "departure": (None, _departure),
    "colour": (None, _colour),
    "bright": (None, _bright),
    "redder": (None, _redder),
    "compact": (None, _compact),
    "growth": (None, _growth),
    "outward": (None, _outward),
    "mixed": (None, _mixed),
    "summer": (None, _summer),
    "looks": (None, _looks),
    "registered": (None, _registered),
    "beside": (None, _beside),
    "fading": (None, _fading),
    "crowded": (None, _crowded),
    "darker": (None, _darker),
    "similar": (Cause.FARMLAND, lookalikes.similar),
    "cropland": (Cause.FARMLAND, lookalikes.cropland),
    "at_once": (Cause.FARMLAND, lookalikes.at_once),
    "weeds": (Cause.FARMLAND, lookalikes.weeds),
    "greener": (Cause.FARMLAND, lookalikes.greener),
    "faint": (Cause.FARMLAND, lookalikes.faint),
    "canopy": (Cause.LOGGING, lookalikes.canopy),
    "greenhouse": (Cause.GREENHOUSE, lookalikes.greenhouse),
    "film": (Cause.FARMLAND, lookalikes.film),
    "water": (Cause.WATER, lookalikes.water),
    "solar": (Cause.SOLAR, lookalikes.solar),
    "road": (Cause.ROAD, lookalikes.road),
    "burn": (Cause.BURN, lookalikes.burn),
    "village": (Cause.CONSTRUCTION, lookalikes.village),
    "roof": (Cause.CONSTRUCTION, lookalikes.roof),
    "patchwork": (Cause.CONSTRUCTION, lookalikes.patchwork),
    "fleeting": (Cause.UNKNOWN, lookalikes.fleeting),
    "own_soil": (Cause.FARMLAND, lookalikes.own_soil),
    "levelled": (Cause.FARMLAND, lookalikes.levelled),
    "winter": (Cause.UNKNOWN, lookalikes.winter),
    "snow": (Cause.UNKNOWN, lookalikes.snow),
}
"""By name: the cause that a term speaks for (None: for mining, or against it and for nothing else) and how it is measured."""
ADDED = {"patchwork"}
"""Terms that came later: a county's own model may be older than they are."""
EXPERT = {
    "novelty": 0.6, "bare": 0.5, "departure": 0.7, "colour": 0.4, "bright": 0.3, "redder": 1.5, "compact": 1.5, "growth": 0.5, "looks": 0.5,
    "outward": 0.7, "mixed": 0.7, "summer": 0.7, "registered": 1.5, "beside": 1.0,
    "fading": -1.0, "crowded": -1.0, "darker": -1.0, "similar": -0.5, "cropland": -1.0, "at_once": -0.8, "weeds": -1.0,
    "greener": -6.0, "faint": -0.7, "canopy": -4.0, "greenhouse": -6.0, "film": -3.0, "water": -7.0, "solar": -3.5, "road": -4.5, "burn": -2.0,
    "village": -2.5, "roof": -3.0, "patchwork": -3.0, "fleeting": -1.0, "own_soil": -1.5, "levelled": -1.5, "winter": -3.5, "snow": -3.0,
}  # fmt: skip
"""What we would give each without having seen data; fitted weights are drawn towards these."""


def measure(f: Features) -> dict[str, float]:
    """All terms of a patch by name."""
    return {name: term(f) for name, (_, term) in TERMS.items()}
