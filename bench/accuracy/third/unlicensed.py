"""Digging where nobody has a right: during the year, and before anyone watched."""

import numpy as np
from shapely.geometry import Point

from third.county import County
from third.items import feature
from third.materials import TOPSOIL, Mat
from third.pits import dig, material


def this_year(c: County) -> None:
    """Small and middling, anywhere but in a right; one near the wall. Gravel only by the stream."""
    rng, ok = c.rng, c.ground.diggable(3, 27)
    k = int(rng.integers(4, 6))
    sizes = [rng.uniform(*r) for r in ((600, 1100), (1200, 2500), (2500, 6000), (6000, 12000), (12000, 20000))]
    areas = rng.permutation(sizes)[:k]
    mats = rng.permutation(["loess", "loess", "loess", "red_clay", "granite", "limestone", "dark_rock", "gravel"])[:k]
    for i, (area, mat) in enumerate(zip(areas, mats.tolist(), strict=True)):
        where = ok & (c.ground.d_stream < 260) if mat == "gravel" else ok
        r = np.sqrt(area / np.pi)
        p = c.spot(r + 70, where & c.banned, "unlicensed near the wall", banned=True) if i == 0 and area < 7000 else None
        if p := p or c.spot(r + 70, where, "unlicensed", banned=True):
            dur = float(np.clip(rng.uniform(14, 40) + area / 400, 14, 70))
            dig(c, p, area, c.when(dur), dur, mat, [feature("violation", "unlicensed", "pit")])
            c.reserve(Point(p).buffer(r * 1.5 + 25))


def before(c: County) -> None:
    """Dug before the watch began, and one of those grown over since."""
    rng, ok = c.rng, c.ground.diggable(3, 27)
    for _ in range(2):
        area, dur = rng.uniform(1500, 8000), rng.uniform(20, 70)
        r = np.sqrt(area / np.pi)
        if p := c.spot(r + 70, ok, "before_monitoring"):
            start = rng.uniform(c.first_day + 120, c.watch_day - 120 - dur)
            mat = str(rng.choice(["loess", "red_clay", "granite"]))
            dig(c, p, area, start, dur, mat, [feature("explained", "before_monitoring", "pit")])
            c.reserve(Point(p).buffer(r * 1.5 + 25))
    if p := c.spot(130, ok, "regrown"):
        deep, top = material(c, "loess", p), TOPSOIL
        fate = [(0, Mat(top)), (6, Mat(deep * 0.9)), (25, Mat(deep)), (300, Mat(deep)), (315, Mat(top))]
        fate += [(410, Mat(top, veg=0.4)), (700, Mat(top, veg=0.7))]
        f = feature("explained", "before_monitoring", "regrown")
        dig(c, p, rng.uniform(3000, 6000), c.first_day + rng.uniform(70, 130), 40, "loess", [f], fate=fate)
        c.reserve(Point(p).buffer(90))
