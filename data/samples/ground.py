"""The county before anybody digs: loess hills, fields along contours, villages, roads, a river bed, an old quarry."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from affine import Affine
from shapely.geometry import LineString, Polygon

from crops import FOREST, GRASS, ORCHARD, Farming, palette, rotate_crops, seasons, vary
from shapes import STEP, blob, coverage, noise, window

Array = np.ndarray
CRS = "EPSG:32648"
TILE_WEST, TILE_NORTH = 499980.0, 4000020.0  # corner of the Sentinel-2 tile T48SWE
CORNER = Affine(STEP, 0, TILE_WEST + 6000, 0, -STEP, TILE_NORTH - 46000)  # near the county town of Huining


@dataclass
class Ground:
    """Everything about the ground that does not depend on the date."""

    n: int
    transform: Affine
    slope: Array  # rise over run
    normal: Array  # (3, n, n) east, north, up
    unit: Array  # which field (or piece of grass) a cell belongs to
    soil: Array  # (units, 6)
    farming: Farming
    palette: dict[str, Array]  # this county's spectra of plants, straw, film and loess
    vigour: Array  # how much better than its unit's mean a cell grows
    texture: Array  # brightness of a cell
    edge: Array  # share of a cell that is a grassy bund between fields
    fixed: Array  # share of a cell that is village, road, river or quarry
    fixed_look: Array  # (6, n, n) their reflectance
    village: Array  # number of the village, 0 none
    villages: list[Polygon] = field(default_factory=list)
    road: LineString = field(default_factory=LineString)
    quarry: Array = field(default_factory=lambda: np.zeros(0))  # cells of the old quarry
    free: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        t, side = self.transform, self.n * STEP
        return t.c, t.f - side, t.c + side, t.f


def make_ground(rng: np.random.Generator, n: int, years: tuple[int, ...]) -> Ground:
    """Terrain first, then fields on it, then what people built."""
    t = CORNER
    line, river = _valley(rng, n)
    dem = _terrain(rng, n, river)
    slope, normal = _slopes(dem)
    unit, kind = _units(rng, n, dem, slope)
    colours = palette(rng)
    soil = _soils(rng, n, unit, len(kind), colours["loess"])
    farming = rotate_crops(rng, kind, years, seasons(rng, years))
    north = np.clip(normal[1] * 2.5, -1, 1)
    natural = kind[unit] == GRASS
    vigour = 0.09 * noise(rng, n, 150, 20, 1.5) + 0.05 * noise(rng, n, 40, 10, 1) + np.where(natural, 0.30, 0.06) * north
    ground = Ground(
        n,
        t,
        slope,
        normal,
        unit,
        soil,
        farming,
        colours,
        vigour.astype("f4"),
        (1 + 0.030 * noise(rng, n, 60, 10, 1) + 0.02 * noise(rng, n, 500, 60)).astype("f4"),
        _bunds(rng, unit),
        np.zeros((n, n), "f4"),
        np.zeros((6, n, n), "f4"),
        np.zeros((n, n), "u1"),
    )
    _build(rng, ground, line)
    return ground


def _valley(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """The river's path (metres from the west edge for each row) and every cell's distance from it."""
    side = n * STEP
    y = (np.arange(n) + 0.5) * STEP
    path = side * rng.uniform(0.25, 0.75) + 0.06 * side * np.sin(y / side * 5 + rng.uniform(0, 6))
    path += 60 * np.sin(y / 310 + rng.uniform(0, 6)) + 25 * np.sin(y / 120 + rng.uniform(0, 6))
    x = (np.arange(n) + 0.5) * STEP
    return path, (x[None, :] - path[:, None]).astype("f4")


def _terrain(rng: np.random.Generator, n: int, river: Array) -> Array:
    """Heights: rounded loess ridges cut by gullies, and one valley."""
    hills = 42 * noise(rng, n, 1400, 60, 2.6)
    gullies = -26 * np.exp(-np.abs(noise(rng, n, 600, 40, 2.2)) * 4.5)
    valley = -70 * np.exp(-((river / 380) ** 2))
    return (1900 + (hills + gullies) * (1 - 0.8 * np.exp(-((river / 220) ** 2))) + valley).astype("f4")


def _slopes(dem: Array) -> tuple[Array, Array]:
    """Slope, and the unit normal of every cell."""
    south, east = np.gradient(dem, STEP)
    normal = np.stack([-east, south, np.ones_like(dem)])
    return np.hypot(south, east), (normal / np.linalg.norm(normal, axis=0)).astype("f4")


def _units(rng: np.random.Generator, n: int, dem: Array, slope: Array) -> tuple[Array, Array]:
    """Fields of 0.2–2 ha that follow the contours, and what each is.

    A Voronoi map whose distance counts height 14-fold: its pieces are long along contours, as terraces are.
    Steep cells form pieces of their own (grass), so each seed has a field half and a natural half.
    """
    count = max(30, int(n * n * STEP**2 / 8500))
    sx, sy = rng.uniform(0, n, count), rng.uniform(0, n, count)
    sh = dem[sy.astype(int), sx.astype(int)]
    unit = np.empty((n, n), dtype="i4")
    block, reach = 40, 34
    for r in range(0, n, block):
        for c in range(0, n, block):
            part = dem[r : r + block, c : c + block]
            near = np.flatnonzero((sx > c - reach) & (sx < c + block + reach) & (sy > r - reach) & (sy < r + block + reach))
            near = near if near.size else np.arange(count)
            yy, xx = np.mgrid[r : r + part.shape[0], c : c + part.shape[1]].astype("f4")
            far = (xx[..., None] - sx[near]) ** 2 + (yy[..., None] - sy[near]) ** 2
            far += (1.4 * (part[..., None] - sh[near])) ** 2
            unit[r : r + block, c : c + block] = near[far.argmin(axis=-1)]
    rough = slope + 0.03 * noise(rng, n, 200, 40)
    unit[rough > np.quantile(rough, 0.64)] += count
    draw = rng.random(2 * count)
    kind = np.zeros(2 * count, dtype="i1")
    kind[:count][draw[:count] < 0.05] = ORCHARD
    kind[:count][draw[:count] > 0.93] = GRASS
    kind[count:] = np.where(draw[count:] < 0.12, FOREST, GRASS)
    return unit, kind


def _soils(rng: np.random.Generator, n: int, unit: Array, units: int, loess: Array) -> Array:
    """Every unit's own soil: loess, brighter or darker, redder or greyer, alike among neighbours."""
    region = noise(rng, n, 1500, 100)
    first = np.zeros(units, dtype=int)
    first[unit.ravel()[::-1]] = np.arange(n * n)[::-1]
    bright = 1 + 0.05 * region.ravel()[first] + rng.normal(0, 0.035, units)
    tilt = rng.normal(0, 0.02, units)[:, None] * np.array([-1.2, -0.6, 0.2, 0.5, 0.6, 0.3])
    bands = rng.normal(1, 0.012, (units, 6))
    return (loess * np.clip(bright, 0.84, 1.16)[:, None] * (1 + tilt) * bands).astype("f4")


def _bunds(rng: np.random.Generator, unit: Array) -> Array:
    """Grassy bunds: a tenth to a third of each cell on the edge of a field."""
    edge = np.zeros(unit.shape, bool)
    edge[:, 1:] |= unit[:, 1:] != unit[:, :-1]
    edge[1:] |= unit[1:] != unit[:-1]
    return np.where(edge, rng.uniform(0.08, 0.32, unit.shape), 0).astype("f4")


def _lay(ground: Ground, cover: Array, look: Array) -> None:
    """Put something that stays (cover, reflectance) over what is already there."""
    look = look.reshape(6, *([1, 1] if look.ndim == 1 else look.shape[1:]))
    total = ground.fixed * (1 - cover) + cover
    for b in range(6):
        mixed = ground.fixed_look[b] * ground.fixed * (1 - cover) + look[b] * cover
        ground.fixed_look[b] = mixed / np.maximum(total, 1e-6)
    ground.fixed = total


def _build(rng: np.random.Generator, ground: Ground, line: Array) -> None:
    """River bed and water, two roads, villages beside the road, the old quarry; what is left is free ground."""
    n, t = ground.n, ground.transform
    y = t.f - (np.arange(-3, n + 3) + 0.5) * STEP
    x = t.c + np.interp(np.arange(-3, n + 3), np.arange(n), line)
    bed = LineString(np.column_stack([x, y])).buffer(rng.uniform(18, 30))
    _lay(ground, coverage(bed, t, n) * 0.9, vary(rng, "gravel", 0.04)[:, None, None] * ground.texture)
    stream = LineString(np.column_stack([x + 10 * np.sin(y / 140), y])).buffer(rng.uniform(3, 6))
    _lay(ground, coverage(stream, t, n), vary(rng, "water"))
    away = rng.choice([-1, 1]) * rng.uniform(110, 190)
    ground.road = LineString(np.column_stack([x + away + 30 * np.sin(y / 400), y]))
    cross = t.f - n * STEP * rng.uniform(0.3, 0.7)
    ex = np.linspace(t.c - 30, t.c + n * STEP + 30, 80)
    lane = LineString(np.column_stack([ex, cross + 80 * np.sin(ex / 330) + 40 * np.sin(ex / 140)]))
    _lay(ground, coverage(ground.road.buffer(4.5), t, n), vary(rng, "asphalt"))
    _lay(ground, coverage(lane.buffer(3), t, n), vary(rng, "grey_roof"))
    _villages(rng, ground, away, lane)
    _old_quarry(rng, ground)
    ground.free = ground.fixed < 0.02


def _villages(rng: np.random.Generator, ground: Ground, away: float, lane: LineString) -> None:
    """Villages along the main road, further from the river than it; in a large county also along the lane."""
    n = ground.n
    count = max(2, round(4 * (n / 400) ** 2))
    ends = np.linspace(0.08, 0.92, count + 1)
    for number in range(count):
        way = lane if count > 4 and number % 2 else ground.road
        at = way.interpolate(rng.uniform(ends[number], 0.2 * ends[number] + 0.8 * ends[number + 1]), normalized=True)
        area = rng.uniform(2.5e4, 7e4) * min(1, n / 400)
        place = blob(rng, at.x + np.sign(away) * (30 + 0.45 * np.sqrt(area)), at.y, area, 0.2, 2.0)
        cover = coverage(place, ground.transform, n)
        ground.village[cover > 0.4] = min(number + 1, 255)
        ground.villages.append(place)
        _lay(ground, cover * _yards(rng, n), roofs(rng, n, n))


def _yards(rng: np.random.Generator, n: int) -> Array:
    """Share of village cells that is not garden or trees."""
    return np.clip(0.72 + 0.2 * noise(rng, n, 60, 10, 1), 0.2, 1).astype("f4")


def roofs(rng: np.random.Generator, height: int, width: int, plot: int = 2) -> Array:
    """Reflectance of built-up cells: red tile, blue steel, grey concrete and earth yards, by plots of 20–30 m."""
    names = ("red_roof", "grey_roof", "blue_roof", "loess")
    table = np.stack([vary(rng, name) for name in names])
    shape = (height // plot + 2, width // plot + 2)
    plots = rng.choice(4, shape, p=[0.3, 0.25, 0.13, 0.32])
    grid = np.kron(plots, np.ones((plot, plot), dtype=int))[:height, :width]
    look = table[grid].transpose(2, 0, 1)
    return (look * rng.normal(1, 0.08, (1, height, width))).astype("f4")


def _old_quarry(rng: np.random.Generator, ground: Ground) -> None:
    """A quarry that has been bare since long before the first scene, and stays as it is (no layer knows it)."""
    west, south, east, north = ground.extent
    for _ in range(3000):
        place = blob(rng, rng.uniform(west + 200, east - 200), rng.uniform(south + 200, north - 200), 1.1e4)
        row, col, height, width = window(place, ground.transform, ground.n)
        if ground.fixed[row : row + height, col : col + width].max() < 0.01:
            break
    look = vary(rng, str(rng.choice(["granite", "limestone"])))
    rough = 1 + 0.09 * noise(rng, ground.n, 40, 10, 1)
    cover = coverage(place, ground.transform, ground.n)
    ground.quarry = cover > 0.4
    _lay(ground, cover, look[:, None, None] * rough)
