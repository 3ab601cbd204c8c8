"""What farming and weather do that might be taken for mining. Each shows in time what it is: crops, water, a scar's shape."""

import numpy as np
from scipy import ndimage as ndi

from third import buildings
from third.buildings import room
from third.county import County
from third.frame import NEVER, SUB, K, iso
from third.items import Part, feature, part
from third.materials import CHAR, WATER, Mat
from third.pits import grow, material


def populate(c: County) -> None:
    """All look-alikes, natural and built."""
    for make, times in (
        (buildings.greenhouse, 2),
        (buildings.houses, 3),
        (buildings.threshing_yard, 1),
        (buildings.road, 1),
        (buildings.solar_farm, 1),
    ):
        for _ in range(times):
            make(c)
    for _ in range(int(c.rng.integers(2, 4))):
        terrace(c)
    pond(c)
    for _ in range(2):
        burnt_stubble(c)
    landslide(c)
    for _ in range(2):
        ploughed_grass(c)
    buildings.approved_building(c)


def terrace(c: County) -> None:
    """A slope cut into steps: the cut side shows subsoil, the fill side topsoil. Sown if it is done in spring."""
    rng, g = c.rng, c.ground
    slope = g.mean_slope(11)
    p = room(c, 125, g.open & (slope > 7) & (slope < 18), "terrace")
    if p is None:
        return
    i, j = c.cell(p)
    reach = rng.uniform(75, 100)
    x, y, flat = c.window(p, reach)
    z = ndi.zoom(g.z, K, order=1, grid_mode=True, mode="nearest").ravel()[flat]
    r = np.hypot(x - p[0], y - p[1])
    lab, _ = ndi.label((np.abs(z - g.z[i, j]) < rng.uniform(6, 11)) & (r < reach * 0.98) & ~c.owned.ravel()[flat])
    m = lab == lab.ravel()[r.argmin()]
    level = (x - p[0]) * -g.normal[1, i, j] + (y - p[1]) * g.normal[0, i, j]  # work goes along the slope
    rank = level[m].argsort().argsort() / m.sum()
    cut = np.mod(z / rng.uniform(5.5, 8.5), 1) > 0.6
    top, dur, mixed = c.soil(p), rng.uniform(14, 35), rng.uniform(0.35, 0.85)
    deep = material(c, "loess", p)
    spring = rng.random() < 0.55 and c.last_day - c.watch_day > 250
    day = np.full(m.shape, NEVER, "f4")
    day[m] = (c.watch_day + rng.uniform(62, 95) if spring else c.when(dur, 180, 60)) + dur * rank
    parts: list[Part] = []
    subsoil, fill = (1 - 0.9 * mixed) * top + 0.9 * mixed * deep, ((1 - 0.1 * mixed) * top + 0.1 * mixed * deep) * 0.95
    for sel, base in ((m & cut, subsoil), (m & ~cut, fill)):
        veg = rng.uniform(0.55, 0.75)
        last = Mat(base, veg=veg, curve="crop") if spring else Mat(base, veg=0.04)
        parts.append(part(sel, flat, day, [(0, Mat(base * 0.93)), (14, Mat(base)), (40, last)]))
    c.add(parts, [feature("lookalike", None, "terrace")])


def pond(c: County) -> None:
    """Dug, banked, filled."""
    rng, g = c.rng, c.ground
    p = room(c, 75, g.open & (g.mean_slope(7) < 9), "pond")
    if p is None:
        return
    area, start, top = rng.uniform(1200, 3500), c.when(60, tail=80), c.soil(p)
    if shape := grow(c, p, area, ratio=1.3, lumpy=0.15):
        flat, m, rank = shape
        core = ndi.distance_transform_edt(m) * SUB > 5
        day = np.full(m.shape, NEVER, "f4")
        day[m] = start + 15 * rank
        muddy = Mat(WATER * 0.75 + top * 0.2, 0)
        water = [(0, Mat(top)), (12, Mat(top * 1.1)), (30, Mat(top * 0.8)), (36, muddy), (80, Mat(WATER * 1.15, 0))]
        bank = [(0, Mat(top)), (15, Mat(top * 1.15)), (200, Mat(top * 1.1, veg=0.3))]
        c.add([part(core, flat, day, water), part(m & ~core, flat, day, bank)], [feature("lookalike", None, "pond")])


def burnt_stubble(c: County) -> None:
    """Black for weeks, then ploughed."""
    rng = c.rng
    field = c.free_field(3000, 15000)
    if field is None:
        return
    c.taken |= ndi.binary_dilation(field, iterations=3)
    doy = rng.choice([200, 305, 85]) + rng.uniform(-8, 8)
    start = c.watch_day + (doy if c.watch_day + doy < c.last_day - 25 else 85)
    flat = c.sub_cells(field)
    top = c.ground.soil[:, field][:, 0]
    ash, fade = 0.75 * CHAR + 0.25 * top, rng.uniform(20, 40)
    ageing = [(0, Mat(ash)), (fade, Mat(0.35 * CHAR + 0.65 * top)), (fade + 12, Mat(top * 0.95)), (fade + 30, Mat(top, veg=0.7, curve="crop"))]
    c.add([part(np.ones(flat.size, bool), flat, start, ageing)], [feature("lookalike", None, "burn", end=iso(start + fade))])


def landslide(c: County) -> None:
    """A long scar down a steep slope, in the rains if they are watched."""
    rng, g = c.rng, c.ground
    p = room(c, 80, g.grass & (g.mean_slope(5) > 19), "landslide")
    if p is None:
        return
    i, j = c.cell(p)
    down = np.arctan2(g.normal[1, i, j], g.normal[0, i, j])
    day = c.watch_day + rng.uniform(195, 255)
    day = day if day < c.last_day - 50 else c.when(1)
    if shape := grow(c, p, rng.uniform(1200, 3500), ratio=3.2, angle=down, lumpy=0.35):
        flat, m, _ = shape
        deep, top = material(c, "loess", p), c.soil(p)
        scar = [(0, Mat(0.6 * deep + 0.4 * top)), (30, Mat(0.65 * deep + 0.35 * top)), (400, Mat(deep * 0.9, veg=0.2))]
        c.add([part(m, flat, day, scar)], [feature("lookalike", None, "landslide")])


def ploughed_grass(c: County) -> None:
    """Grass broken for the first time, then sown."""
    rng, g = c.rng, c.ground
    p = room(c, 85, g.grass & (g.mean_slope(7) < 20), "ploughed grass")
    if p is None:
        return
    if shape := grow(c, p, rng.uniform(3000, 9000), ratio=1.8, lumpy=0.12):
        flat, m, rank = shape
        start = c.watch_day + rng.uniform(75, 115) if rng.random() < 0.6 else c.when(10, 150)
        day = np.full(m.shape, NEVER, "f4")
        day[m] = start + 4 * rank
        top = c.soil(p)
        sown = [(0, Mat(top * 0.92)), (25, Mat(top)), (40, Mat(top, veg=0.65, curve="crop"))]
        c.add([part(m, flat, day, sown)], [feature("lookalike", None, "ploughed_grass")])
