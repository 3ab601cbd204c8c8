"""What speaks against mining and for another cause, each a number a person can follow, mostly 0–1."""

from __future__ import annotations

import math

from pipeline.patches.ramps import Features, ramp


def season_of_crops(f: Features) -> float:
    """0 where ground has been changed through most of a growing season: what farmers do does not last so long."""
    return ramp(f["growing_days"], 90, 45)


def tilled(f: Features) -> float:
    """Ground that is bare at times; forest never is."""
    return ramp(f["ndvi_bare"], 0.5, 0.35)


def similar(f: Features) -> float:
    """Where many fields do the same in the same weeks, it is the season's work."""
    return math.log2(1 + f["similar"]) * season_of_crops(f)


def cropland(f: Features) -> float:
    """Ground that is as green as crops in its season, and bare at times."""
    return ramp(f["greenest"], 0.45, 0.65) * tilled(f) * season_of_crops(f)


def at_once(f: Features) -> float:
    """A whole field changed within days."""
    return ramp(f["days_of_growth"], 12, 4) * ramp(f["cells"], 15, 40) * season_of_crops(f)


def weeds(f: Features) -> float:
    """Plants on it already."""
    return ramp(f["ndvi"], 0.22, 0.32) * season_of_crops(f)


def greener(f: Features) -> float:
    """Greener than it ever was: something grows here, nobody digs."""
    return ramp(f["ndvi"] - f["greenest"], 0.0, 0.06)


def faint(f: Features) -> float:
    """Hardly unlike its own past."""
    return ramp(f["novelty"], 2.5, 1.0)


def canopy(f: Features) -> float:
    """Green still: trees were thinned or felled, and the undergrowth remains."""
    return ramp(f["ndvi"], 0.32, 0.45)


def plastic_like(f: Features) -> float:
    """0 where both short-wave bands are as one: plastic, as plants, absorbs in the longer (C–H, 2.3 µm); granite and gravel don't.

    Nor is ground plastic that absorbs no more there than the cell's own soil (clay does, at 2.2 µm), unless it is far whiter. In spring film
    may lie so thinly that it hardly shows; what is still there in summer is no film.
    """
    if "clay" not in f:
        return 1.0
    more = f["clay"] - f["clay_bare"]
    white = ramp(f["blue_to_red"], 0.8, 0.86) * ramp(more, 0.03, 0.0)
    in_spring = ramp(f["growing_days"], 90, 45)
    return ramp(f["clay"], 0.91, 0.86) * max(white, ramp(more, 0.0, -0.04), in_spring)


def painted_red(f: Features) -> float:
    """Far darker in green than in red: painted steel and glazed tiles; red clay, coloured by haematite too, keeps half."""
    return ramp(f.get("green_to_red", 1.0), 0.5, 0.44)


def greenhouse(f: Features) -> float:
    """Plastic: white in the visible, plants shining through in the near infrared, dark beyond it."""
    if "swir_to_nir" not in f or "blue_to_red" not in f:
        return 0.0
    plastic = ramp(f["blue_to_red"], 0.62, 0.75) * ramp(f["nir_to_red"], 1.26, 1.38) * ramp(f["swir_to_nir"], 1.03, 0.93)
    # Nothing bare is so dark beyond the near infrared as clear film over plants.
    sure = ramp(f["swir_to_nir"], 0.85, 0.75) * ramp(f["brightness"], 0.6, 0.8)
    # Pale rock with weeds on it has these colours too, but is darker or of many kinds; and nobody builds greenhouses in a forest.
    on_fields, bright = ramp(f["greenest"], 0.88, 0.78), ramp(f["brightness"], 0.85, 1.0)
    return plastic * max(on_fields * bright, sure) * ramp(f["texture"], 0.25, 0.14) * tilled(f) * plastic_like(f)


def film(f: Features) -> float:
    """Plastic film over soil: the field's own soil, whiter and a little brighter."""
    if "swir_to_red" not in f or "blue_to_red" not in f:
        return 0.0
    whiter = ramp(f["blue_to_red"] - f["blue_to_red_bare"], 0.04, 0.12)
    soil = ramp(f["swir_to_red"], 1.25, 1.42) * ramp(f["nir_to_red"], 1.22, 1.32)
    return whiter * soil * ramp(f["red_to_bare"], 0.92, 1.05) * ramp(f["red_to_bare"], 1.8, 1.5) * tilled(f) * plastic_like(f)


def water(f: Features) -> float:
    """Water swallows the infrared."""
    dark = ramp(f["nir_to_red"], 1.2, 1.0) * ramp(f["brightness"], 0.75, 0.6)
    if "swir" in f:
        return max(dark, ramp(f["swir_to_red"], 1.7, 1.4) * ramp(f["swir"], 0.15, 0.11))
    return max(dark, ramp(f.get("ndwi", -1.0), -0.1, 0.1))


def solar(f: Features) -> float:
    """Panels: a large dark field, bluish, brighter beyond the visible than dark rock."""
    if "swir_to_red" not in f or "blue_to_red" not in f:
        return 0.0
    dark = ramp(f["red_to_bare"], 0.82, 0.7) * ramp(f["works"], 60, 140)
    return dark * ramp(f["swir_to_red"], 1.65, 1.8) * ramp(f["blue_to_red"], 0.55, 0.65)


def road(f: Features) -> float:
    """Long and no wider than a road with its banks."""
    return ramp(f["elongation"], 4.5, 7) * ramp(f["thickness"], 4.2, 3.2)


def burn(f: Features) -> float:
    """Char: dark, with the longest band as bright as the one before it."""
    if "clay" not in f:
        return 0.0
    return ramp(f["red_to_bare"], 0.85, 0.7) * ramp(f["clay"] - f["clay_bare"], 0.0, 0.06) * ramp(f["ndvi"], 0.18, 0.24)


def village(f: Features) -> float:
    """A small thing beside a village."""
    return ramp(f["cells"], 60, 25) * ramp(f["built_around"], 0.02, 0.06)


def roof(f: Features) -> float:
    """Bluer than red, or redder than clay, as no dry rock or soil is: painted steel. Or grey, and brighter than soil, as grey rock is not."""
    grey = ramp(f.get("blue_to_red", 0.0), 0.88, 0.95) * ramp(f["red_to_bare"], 1.0, 1.4)
    return max(grey, ramp(f.get("blue_to_red", 0.0), 0.95, 1.05), painted_red(f))


def patchwork(f: Features) -> float:
    """Neighbouring cells differ in colour as much as in brightness: roofs, yards, machines. A pit is of one rock in sun and shade.

    Asked only of what is about as bright as its own soil (rock may be paler, panels and coal are darker) and not red (clay).
    """
    of_many_colours = ramp(f.get("hue_spread", 0.0), 0.55, 0.85) * ramp(f.get("hue_step", 0.0), 0.028, 0.042)
    as_bright = ramp(f["red_to_bare"], 1.35, 1.15) * ramp(f["red_to_bare"], 0.65, 0.78)
    return of_many_colours * as_bright * ramp(f.get("blue_to_red", 0.0), 0.52, 0.6) * ramp(f["cells"], 5, 14)


def fleeting(f: Features) -> float:
    """A handful of cells seen three times: cloud, snow or film may do that."""
    return ramp(f["cells"], 10, 5) * ramp(f["looks"], 5, 3)


def own_soil(f: Features) -> float:
    """The cell's own soil, no brighter and no other colour, away from rights: ploughed or slipped, but nothing has been brought up from below."""
    own = ramp(f["colour"], 1.1, 0.5) * ramp(abs(math.log(max(f["brightness"], 0.1))), 0.22, 0.1)
    return own * (1 - f["near_registered"]) * season_of_crops(f)


def levelled(f: Features) -> float:
    """A large piece of the cell's own soil in another shade, away from rights: slopes levelled into terraces.

    Unless it spread from one spot and stayed bare through the growing season: terraces are sown.
    """
    dug = ramp(f["growing_days"], 90, 130) * ramp(f["outward"], 0.3, 0.55)
    return ramp(f["works"], 50, 110) * ramp(f["colour"], 1.2, 0.7) * ramp(f["novelty"], 6, 3) * (1 - f["near_registered"]) * (1 - dug)


def winter(f: Features) -> float:
    """Seen a few times only, and never in the growing season: snow, frost and low sun may do that, but they make no new rock."""
    return ramp(f["telling_days"], 45, 15) * ramp(f["growing_days"], 15, 0) * ramp(f["looks"], 9, 4) * ramp(f["novelty"], 100, 50)


def snow(f: Features) -> float:
    """Bright, and dark in the short-wave infrared as no dry rock is: snow or cloud among the looks."""
    if "swir" not in f:
        return 0.0
    return ramp(f["swir_to_red"], 1.05, 0.9) * ramp(f["swir_to_nir"], 0.95, 0.85) * ramp(f["brightness"], 0.9, 1.1)
