"""What speaks for and against mining, each a number a person can follow.

Every term is a function of a patch's features (`features.features`, with `similar`), mostly 0–1. Terms that name a cause speak
against mining and for that cause. How much each weighs stands in `models/likelihood.json`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.patches.patch import Cause

Features = dict[str, float]


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, straight between."""
    return _clip((value - zero) / (one - zero), 0, 1)


def _season_of_crops(f: Features) -> float:
    """0 where ground has been changed through most of a growing season: what farmers do does not last so long."""
    return ramp(f["growing_days"], 90, 45)


def _novelty(f: Features) -> float:
    """Dug ground looks like nothing in the cell's record; ploughed ground does."""
    return _clip(math.log2(max(f["novelty"], 0.05) / 2), -3, 3.5)


def _bare(f: Features) -> float:
    """Fresh workings carry no plants; fallow ground has weeds, of which `_weeds` tells the rest."""
    return _clip(10 * (0.235 - f["ndvi"]), -0.5, 1.5)


def _departure(f: Features) -> float:
    """How far the ground is from its season."""
    return _clip(math.log2(max(f["score"], 0.5) / 8), -2, 3)


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
    redder = ramp(math.log(max(f["blue_to_red_bare"], 0.05) / max(f["blue_to_red"], 0.05)), 0.08, 0.22)
    return redder * ramp(f["blue_to_red"], 0.6, 0.5) * ramp(f["red_to_bare"], 0.7, 0.9) * ramp(f["ndvi"], 0.33, 0.25) * (1 - _painted_red(f))


def _compact(f: Features) -> float:
    """Pits are lumps; seams between fields are threads. A lump of few cells is no thicker than it is wide; faint ones come by chance."""
    lump = ramp(f["thickness"] / min(math.sqrt(f["cells"]), 4.0), 0.45, 0.95) * ramp(f["elongation"], 6, 3)
    return lump * (1 - _faint(f))


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


def _own_soil(f: Features) -> float:
    """The cell's own soil, no brighter and no other colour, away from rights: ploughed or slipped, but nothing has been brought up from below."""
    own = ramp(f["colour"], 1.1, 0.5) * ramp(abs(math.log(max(f["brightness"], 0.1))), 0.22, 0.1)
    return own * (1 - f["near_registered"]) * _season_of_crops(f)


def _levelled(f: Features) -> float:
    """A large piece of the cell's own soil in another shade, away from rights: slopes levelled into terraces.

    Unless it spread from one spot and stayed bare through the growing season: terraces are sown.
    """
    dug = ramp(f["growing_days"], 90, 130) * ramp(f["outward"], 0.3, 0.55)
    return ramp(f["works"], 50, 110) * ramp(f["colour"], 1.2, 0.7) * ramp(f["novelty"], 6, 3) * (1 - f["near_registered"]) * (1 - dug)


def _winter(f: Features) -> float:
    """Seen a few times only, and never in the growing season: snow, frost and low sun may do that, but they make no new rock."""
    return ramp(f["telling_days"], 45, 15) * ramp(f["growing_days"], 15, 0) * ramp(f["looks"], 9, 4) * ramp(f["novelty"], 100, 50)


def _snow(f: Features) -> float:
    """Bright, and dark in the short-wave infrared as no dry rock is: snow or cloud among the looks."""
    if "swir" not in f:
        return 0.0
    return ramp(f["swir_to_red"], 1.05, 0.9) * ramp(f["swir_to_nir"], 0.95, 0.85) * ramp(f["brightness"], 0.9, 1.1)


def _fading(f: Features) -> float:
    """Its cells are as they were again at their last clear look: pits stay, field work passes."""
    return ramp(f["still"], 0.9, 0.3)


def _crowded(f: Features) -> float:
    """Ground all round is in alert too: the season's work, or weather; a pit lies in ground that did not change."""
    return ramp(f["changed_around"], 0.0, 0.05)


def _darker(f: Features) -> float:
    """Darker than its own soil, not red and not very new: moist, shaded, under stubble or litter. Dark rock is new, dark clay red."""
    return ramp(f["red_to_bare"], 0.9, 0.75) * ramp(f["novelty"], 14, 6) * ramp(f.get("blue_to_red", 0.5), 0.42, 0.5)


def _similar(f: Features) -> float:
    """Where many fields do the same in the same weeks, it is the season's work."""
    return math.log2(1 + f["similar"]) * _season_of_crops(f)


def _tilled(f: Features) -> float:
    """Ground that is bare at times; forest never is."""
    return ramp(f["ndvi_bare"], 0.5, 0.35)


def _cropland(f: Features) -> float:
    """Ground that is as green as crops in its season, and bare at times."""
    return ramp(f["greenest"], 0.45, 0.65) * _tilled(f) * _season_of_crops(f)


def _at_once(f: Features) -> float:
    """A whole field changed within days."""
    return ramp(f["days_of_growth"], 12, 4) * ramp(f["cells"], 15, 40) * _season_of_crops(f)


def _weeds(f: Features) -> float:
    """Plants on it already."""
    return ramp(f["ndvi"], 0.22, 0.32) * _season_of_crops(f)


def _greener(f: Features) -> float:
    """Greener than it ever was: something grows here, nobody digs."""
    return ramp(f["ndvi"] - f["greenest"], 0.0, 0.06)


def _faint(f: Features) -> float:
    """Hardly unlike its own past."""
    return ramp(f["novelty"], 2.5, 1.0)


def _canopy(f: Features) -> float:
    """Green still: trees were thinned or felled, and the undergrowth remains."""
    return ramp(f["ndvi"], 0.32, 0.45)


def _plastic_like(f: Features) -> float:
    """0 where both short-wave bands are as one: plastic, as plants, absorbs in the longer (C–H, 2.3 µm); granite and gravel don't."""
    return ramp(f.get("clay", 0.0), 0.91, 0.86)


def _painted_red(f: Features) -> float:
    """Far darker in green than in red: painted steel and glazed tiles; red clay, coloured by haematite too, keeps half."""
    return ramp(f.get("green_to_red", 1.0), 0.5, 0.44)


def _greenhouse(f: Features) -> float:
    """Plastic: white in the visible, plants shining through in the near infrared, dark beyond it."""
    if "swir_to_nir" not in f or "blue_to_red" not in f:
        return 0.0
    plastic = ramp(f["blue_to_red"], 0.62, 0.75) * ramp(f["nir_to_red"], 1.26, 1.38) * ramp(f["swir_to_nir"], 1.03, 0.93)
    # Nothing bare is so dark beyond the near infrared as clear film over plants.
    sure = ramp(f["swir_to_nir"], 0.85, 0.75) * ramp(f["brightness"], 0.6, 0.8)
    # Pale rock with weeds on it has these colours too, but is darker or of many kinds; and nobody builds greenhouses in a forest.
    on_fields, bright = ramp(f["greenest"], 0.88, 0.78), ramp(f["brightness"], 0.85, 1.0)
    return plastic * max(on_fields * bright, sure) * ramp(f["texture"], 0.25, 0.14) * _tilled(f) * _plastic_like(f)


def _film(f: Features) -> float:
    """Plastic film over soil: the field's own soil, whiter and a little brighter."""
    if "swir_to_red" not in f or "blue_to_red" not in f:
        return 0.0
    whiter = ramp(f["blue_to_red"] - f["blue_to_red_bare"], 0.04, 0.12)
    soil = ramp(f["swir_to_red"], 1.25, 1.42) * ramp(f["nir_to_red"], 1.22, 1.32)
    return whiter * soil * ramp(f["red_to_bare"], 0.92, 1.05) * ramp(f["red_to_bare"], 1.8, 1.5) * _tilled(f) * _plastic_like(f)


def _water(f: Features) -> float:
    """Water swallows the infrared."""
    dark = ramp(f["nir_to_red"], 1.2, 1.0) * ramp(f["brightness"], 0.75, 0.6)
    if "swir" in f:
        return max(dark, ramp(f["swir_to_red"], 1.7, 1.4) * ramp(f["swir"], 0.15, 0.11))
    return max(dark, ramp(f.get("ndwi", -1.0), -0.1, 0.1))


def _solar(f: Features) -> float:
    """Panels: a large dark field, bluish, brighter beyond the visible than dark rock."""
    if "swir_to_red" not in f or "blue_to_red" not in f:
        return 0.0
    dark = ramp(f["red_to_bare"], 0.82, 0.7) * ramp(f["works"], 60, 140)
    return dark * ramp(f["swir_to_red"], 1.65, 1.8) * ramp(f["blue_to_red"], 0.55, 0.65)


def _road(f: Features) -> float:
    """Long and no wider than a road with its banks."""
    return ramp(f["elongation"], 4.5, 7) * ramp(f["thickness"], 4.2, 3.2)


def _burn(f: Features) -> float:
    """Char: dark, with the longest band as bright as the one before it."""
    if "clay" not in f:
        return 0.0
    return ramp(f["red_to_bare"], 0.85, 0.7) * ramp(f["clay"] - f["clay_bare"], 0.0, 0.06) * ramp(f["ndvi"], 0.18, 0.24)


def _village(f: Features) -> float:
    """A small thing beside a village."""
    return ramp(f["cells"], 60, 25) * ramp(f["built_around"], 0.02, 0.06)


def _roof(f: Features) -> float:
    """Bluer than red, or redder than clay, as no dry rock or soil is: painted steel. Or grey, and brighter than soil, as grey rock is not."""
    grey = ramp(f.get("blue_to_red", 0.0), 0.88, 0.95) * ramp(f["red_to_bare"], 1.0, 1.4)
    return max(grey, ramp(f.get("blue_to_red", 0.0), 0.95, 1.05), _painted_red(f))


def _fleeting(f: Features) -> float:
    """A handful of cells seen three times: cloud, snow or film may do that."""
    return ramp(f["cells"], 10, 5) * ramp(f["looks"], 5, 3)


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
    "similar": (Cause.FARMLAND, _similar),
    "cropland": (Cause.FARMLAND, _cropland),
    "at_once": (Cause.FARMLAND, _at_once),
    "weeds": (Cause.FARMLAND, _weeds),
    "greener": (Cause.FARMLAND, _greener),
    "faint": (Cause.FARMLAND, _faint),
    "canopy": (Cause.LOGGING, _canopy),
    "greenhouse": (Cause.GREENHOUSE, _greenhouse),
    "film": (Cause.FARMLAND, _film),
    "water": (Cause.WATER, _water),
    "solar": (Cause.SOLAR, _solar),
    "road": (Cause.ROAD, _road),
    "burn": (Cause.BURN, _burn),
    "village": (Cause.CONSTRUCTION, _village),
    "roof": (Cause.CONSTRUCTION, _roof),
    "fleeting": (Cause.UNKNOWN, _fleeting),
    "own_soil": (Cause.FARMLAND, _own_soil),
    "levelled": (Cause.FARMLAND, _levelled),
    "winter": (Cause.UNKNOWN, _winter),
    "snow": (Cause.UNKNOWN, _snow),
}
"""By name: the cause that a term speaks for (None: for mining, or against it and for nothing else) and how it is measured."""
EXPERT = {
    "novelty": 0.6, "bare": 0.5, "departure": 0.7, "colour": 0.4, "bright": 0.3, "redder": 1.5, "compact": 1.5, "growth": 0.5, "looks": 0.5,
    "outward": 0.7, "mixed": 0.7, "summer": 0.7, "registered": 1.5, "beside": 1.0,
    "fading": -1.0, "crowded": -1.0, "darker": -1.0, "similar": -0.5, "cropland": -1.0, "at_once": -0.8, "weeds": -1.0,
    "greener": -6.0, "faint": -0.7, "canopy": -4.0, "greenhouse": -6.0, "film": -3.0, "water": -7.0, "solar": -3.5, "road": -4.5, "burn": -2.0,
    "village": -2.5, "roof": -3.0, "fleeting": -1.0, "own_soil": -1.5, "levelled": -1.5, "winter": -3.5, "snow": -3.0,
}  # fmt: skip
"""What we would give each without having seen data; fitted weights are drawn towards these."""


def measure(f: Features) -> dict[str, float]:
    """All terms of a patch by name."""
    return {name: term(f) for name, (_, term) in TERMS.items()}
