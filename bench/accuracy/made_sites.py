"""Made sites whose cover is known on every day: what was done there decides their state, not how they measure up.

Nothing here is shared with the estimator: cover is drawn for each cell and day (planting in strips, seedlings that die, weeds after rain,
bushes that come in by themselves), reflectance is mixed from soil, litter, shade and green of each site's own, under haze and clouds that
are partly missed. Undisturbed ground around a site is pasture of uneven vigour among fields in rotation, a hamlet and a track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline.grid import Slopes
from pipeline.restoration.bareness import Window
from pipeline.restoration.season import Ends, SeasonLook
from pipeline.restoration.terrain import slopes

Array = NDArray[np.float64]
SIDE = 72
STORIES = ("bare", "planted", "strips", "young", "bushes", "relapse", "failed", "weeds", "accepted", "overgrown")
TRUTH = {
    "bare": "未治理",
    "planted": "已治理",
    "strips": "治理中",
    "young": "治理中",
    "bushes": "自然恢复",
    "relapse": "退化",
    "failed": "未治理",
    "weeds": "未治理",
    "accepted": "已治理",
    "overgrown": "自然恢复",
}
CLAIMS = {"planted": "已治理", "accepted": "已治理", "relapse": "已治理", "strips": "治理中"}
"""What the register says of half of such sites; of the other half, as of all others, 未治理. Accepted ones are always in it."""
BOX = GeoBox.from_bbox((0, 0, SIDE * 10, SIDE * 10), crs="EPSG:32648", resolution=10)


@dataclass(frozen=True, slots=True)
class Made:
    """A made site with its truth."""

    story: str
    claimed: str
    window: Window
    ends: Ends
    looks: tuple[SeasonLook, ...]
    cover: dict[int, float]
    """Of each growing season: median over its days of the site's mean cover."""
    reference: dict[int, float]
    """Likewise of the pasture around it; on hills, of what the site's own ground would bear."""
    fell: int | None
    """Year of the relapse."""
    relief: Seen | None = None
    """Heights as a model of 30 m shows them; None where the ground is flat."""

    @property
    def state(self) -> str:
        return TRUTH[self.story]


@dataclass(slots=True)
class _Ground:
    """What stays from year to year."""

    window: Window
    pasture: NDArray[np.bool_]
    fields: NDArray[np.int64]
    """Number of each cell's field, 0 where there is none."""
    hard: NDArray[np.bool_]
    vigour: Array
    soil: Array
    """(3, h, w)"""
    green: Array
    litter: Array
    sun: Array | float = 1.0
    """What slope and aspect make of the cover that ground bears."""


def _smooth(rng: np.random.Generator, side: int, length: int) -> Array:
    """Noise of unit spread whose hills are `length` cells wide."""
    coarse = rng.normal(size=(side // length + 3, side // length + 3))
    at = np.arange(side) / length
    i, f = at.astype(int), at - at.astype(int)
    rows = coarse[i] * (1 - f)[:, None] + coarse[i + 1] * f[:, None]
    out = rows[:, i] * (1 - f) + rows[:, i + 1] * f
    return np.asarray((out - out.mean()) / max(out.std(), 1e-6))


COVERED = frozenset({"planted", "strips", "young", "relapse", "accepted", "failed"})
"""Works begin by spreading the county's soil over what was dug."""


def _ground(rng: np.random.Generator, covered: bool) -> _Ground:
    rows, cols = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    turn = rng.uniform(0, np.pi)
    u, v = rows * np.cos(turn) + cols * np.sin(turn), cols * np.cos(turn) - rows * np.sin(turn)
    radius, long = rng.uniform(3.5, 8.0), rng.uniform(1.0, 1.8)
    away = np.hypot(u * long, v / long) + 0.8 * _smooth(rng, SIDE, 6)
    inside = away <= radius
    ring = (np.hypot(u, v) >= radius * long + 3.5) & (np.hypot(u, v) <= 33)
    strips = (u // rng.integers(6, 11)).astype(int) * 1000 + (v // rng.integers(9, 16)).astype(int) + 500_000
    fields = np.where(_smooth(rng, SIDE, 16) > rng.uniform(-0.3, 0.6), strips, 0)
    hard = ((np.hypot(u - 20, v + 12) < rng.uniform(2, 6)) | (np.abs(u - rng.uniform(-25, 25)) < 0.7)) & ~inside
    fields[hard | (away <= radius + 3)] = 0
    tint = rng.choice(["loess", "clay", "limestone", "granite"], p=[0.5, 0.25, 0.15, 0.1])
    spectra = {"loess": (0.275, 0.205, 0.15), "clay": (0.26, 0.20, 0.12), "limestone": (0.41, 0.37, 0.33), "granite": (0.29, 0.255, 0.23)}
    county = np.array(spectra["loess"]) * rng.normal(1, 0.05) * rng.normal(1, 0.02, 3)
    own = np.array(spectra[tint]) * rng.normal(1, 0.06)
    own = 0.8 * county + 0.2 * own if covered else own
    texture = 1 + 0.06 * _smooth(rng, SIDE, 3) + rng.normal(0, 0.03, (SIDE, SIDE))
    soil = np.where(inside, own[:, None, None], county[:, None, None]) * texture
    green = np.array([rng.uniform(0.29, 0.38), rng.uniform(0.038, 0.062), rng.uniform(0.06, 0.085)])
    litter = np.array([0.27, 0.18, 0.13]) * rng.normal(1, 0.05)
    vigour = np.clip(1 + rng.uniform(0.06, 0.14) * _smooth(rng, SIDE, 12) + rng.normal(0, 0.05, (SIDE, SIDE)), 0.5, 1.5)
    return _Ground(Window(BOX, inside, ring), ~inside & ~hard & (fields == 0), fields, hard, vigour, soil, green, litter)


def _year_of_growth(doy: Array | float, late: float) -> Array:
    """Green-up in May or June, slow browning from the end of August: share of the year's best cover."""
    up = 1 / (1 + np.exp(-(np.asarray(doy) - 148 - late) / 11))
    down = 1 / (1 + np.exp((np.asarray(doy) - 268 - late / 2) / 13))
    return np.asarray(up * (1 - 0.35 * (1 - down)) * np.clip(down * 1.4, 0, 1))


@dataclass(frozen=True, slots=True)
class _Weather:
    late: float
    vigour: float
    cloudy: float


def _weather(rng: np.random.Generator, years: Sequence[int]) -> dict[int, _Weather]:
    dry, grey = rng.choice(years), rng.choice(years)
    return {
        year: _Weather(
            float(rng.normal(0, 5) + (14 if year == dry else 0)),
            float(np.clip(rng.normal(1, 0.07), 0.8, 1.2) * (rng.uniform(0.5, 0.7) if year == dry else 1)),
            0.84 if year == grey else float(rng.uniform(0.45, 0.62)),
        )
        for year in years
    }


def _story(rng: np.random.Generator, story: str, years: Sequence[int], ground: _Ground) -> tuple[dict[int, Array], int | None]:
    """Of each year: cover of the site's cells as a share of what the pasture bears (h, w); and the year of a relapse."""
    n, shape = len(years), (SIDE, SIDE)
    uneven = np.clip(1 + 0.12 * _smooth(rng, SIDE, 4) + rng.normal(0, 0.06, shape), 0.4, 1.6)
    bare = np.clip(rng.uniform(0.0, 0.12) + 0.03 * rng.normal(size=shape), 0, 0.3)
    out = dict.fromkeys(years, bare)
    fell = None
    full = rng.uniform(0.9, 1.08)
    if story == "planted":
        begin = int(rng.integers(1, n - 2))
        for k in range(begin, n):
            out[years[k]] = uneven * (full if k > begin else rng.uniform(0.45, 0.9))
    elif story == "strips":
        begin, width = int(rng.integers(n - 2, n)), int(rng.integers(3, 6))
        rows = np.arange(SIDE)[:, None] + np.zeros(shape)
        half = (rows // width) % 2 == 0
        for k in range(begin, n):
            out[years[k]] = np.where(half, uneven * rng.uniform(0.85, 1.0), bare)
    elif story == "young":
        out[years[-1]] = uneven * rng.uniform(0.5, 0.92)
    elif story == "bushes":
        begin = int(rng.integers(0, max(n - 5, 1)))
        pace = rng.uniform(0.075, 0.125)
        for k in range(begin, n):
            out[years[k]] = np.clip(bare + pace * (k - begin) * (uneven + rng.normal(0, 0.1)), 0, 1.05)
    elif story == "relapse":
        begin = int(rng.integers(0, n - 4))
        fall = int(rng.integers(n - 2, n))
        for k in range(begin, fall):
            out[years[k]] = uneven * (full if k > begin else rng.uniform(0.6, 0.9))
        for k in range(fall, n):
            out[years[k]] = np.clip(uneven * rng.uniform(0.08, 0.38), 0, 1)
        fell = years[fall]
    elif story == "failed":
        begin = int(rng.integers(1, n - 2))
        out[years[begin]] = uneven * rng.uniform(0.3, 0.6)
        if rng.random() < 0.5 and begin + 2 < n:
            out[years[begin + 1]] = uneven * rng.uniform(0.2, 0.4)
    elif story == "accepted":
        out = dict.fromkeys(years, uneven * full)
    elif story == "overgrown":
        out = dict.fromkeys(years, uneven * rng.uniform(0.88, 1.02))
    return out, fell


def _weeds(rng: np.random.Generator, story: str, years: Sequence[int]) -> dict[int, tuple[float, float, float]]:
    """A flush of weeds after rain: year → first day, days, share of pasture cover."""
    if story != "weeds":
        return {}
    chosen = rng.choice(years, size=min(int(rng.integers(1, 4)), len(years)), replace=False)
    return {int(year): (float(rng.uniform(160, 235)), float(rng.uniform(18, 45)), float(rng.uniform(0.5, 1.1))) for year in chosen}


class _Covers:
    """Cover of every cell on every day."""

    def __init__(self, rng: np.random.Generator, ground: _Ground, story: str, years: Sequence[int]) -> None:
        self.ground, self.weather = ground, _weather(rng, years)
        self.shares, self.fell = _story(rng, story, years, ground)
        self.weeds = _weeds(rng, story, years)
        self.best = rng.uniform(0.38, 0.78)
        numbers = np.unique(ground.fields)
        self.crops = {year: dict(zip(numbers.tolist(), rng.uniform(0, 1, len(numbers)).tolist(), strict=True)) for year in years}
        self.noise = {year: rng.normal(1, 0.04) for year in years}

    def bearing(self, day: date) -> float:
        """What the site would bear, had it never been dug."""
        g, weather = self.ground, self.weather[day.year]
        sun = np.broadcast_to(g.sun, g.vigour.shape)[g.window.inside].mean()
        return float(np.clip(self.best * weather.vigour * sun * _year_of_growth(day.timetuple().tm_yday, weather.late), 0, 0.97))

    def on(self, day: date) -> Array:
        """(h, w)"""
        g, year, doy = self.ground, day.year, day.timetuple().tm_yday
        weather = self.weather[year]
        pasture = self.best * weather.vigour * g.vigour * g.sun * _year_of_growth(doy, weather.late)
        share = self.shares[year] * self.noise[year]
        if year in self.weeds:
            first, length, high = self.weeds[year]
            rise = np.exp(-(((doy - first - length / 2) / (length / 2)) ** 4))
            share = np.maximum(share, high * rise)
        crop = np.array([self.crops[year].get(int(k), 0.0) for k in np.unique(g.fields)])[np.searchsorted(np.unique(g.fields), g.fields)]
        lush = 0.9 * weather.vigour * np.exp(-(((doy - 175 - 60 * crop) / 38) ** 4))
        out = np.where(g.fields > 0, np.where(crop < 0.2, 0.06, lush), pasture)
        out = np.where(g.window.inside, pasture / g.vigour * share, out)
        return np.asarray(np.clip(np.where(g.hard, 0.02, out), 0, 0.97))


def _look(rng: np.random.Generator, covers: _Covers, day: date) -> SeasonLook:
    g, cover = covers.ground, covers.on(day)
    litter = np.clip((1 - cover) * (0.12 + 0.1 * covers.best), 0, 1)
    light = 1 + 0.05 * np.cos((day.timetuple().tm_yday - 172) / 365 * 2 * np.pi)
    shade = 1 - 0.12 * cover * (1 - cover)
    mixed = g.green[:, None, None] * cover + g.litter[:, None, None] * litter + g.soil * (1 - cover - litter)
    wet = 1 - (rng.uniform(0.05, 0.2) if rng.random() < 0.25 else 0) * (1 - cover)
    seen = mixed * light * shade * wet
    seen = seen + np.array([0.001, 0.004, 0.006])[:, None, None] * rng.normal(0, 1.2) + rng.normal(0, 0.007, seen.shape)
    weather = covers.weather[day.year]
    blobs = _smooth(rng, SIDE, 14)
    clear = blobs > np.quantile(blobs, np.clip(rng.normal(0.15, 0.2), 0, 1)) if rng.random() > weather.cloudy else np.zeros(blobs.shape, bool)
    if rng.random() < 0.06:  # a veil that the mask lets through
        veil = np.clip(_smooth(rng, SIDE, 20), 0, 1.5) * rng.uniform(0.05, 0.14)
        seen = seen + veil
    return SeasonLook(day, np.clip(np.round(seen * 1e4), -5000, 30000).astype(np.int16), clear)


@dataclass(frozen=True, slots=True)
class Seen:
    """A model of heights with cells of 30 m, read between them, in metres."""

    heights: Array
    sha256: str = ""

    def slopes(self, box: GeoBox) -> Slopes:
        return slopes(self.heights.astype(np.float32), 10.0)


def _hills(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Loess hills: rise a metre towards east and north of each cell, and heights as a model of 30 m has them, a metre off here and there."""
    side = SIDE + 6
    rows, cols = np.mgrid[:side, :side] * 10.0
    heights = np.zeros((side, side))
    for _ in range(7):
        turn, length = rng.uniform(0, 2 * np.pi), rng.uniform(220, 650)
        along = (rows * np.cos(turn) + cols * np.sin(turn)) * 2 * np.pi / length
        heights += length * np.sin(along + rng.uniform(0, 2 * np.pi))
    south, east = np.gradient(heights, 10.0)
    heights *= (steep := rng.uniform(0.18, 0.38) / np.hypot(south, east).mean())
    south, east = south * steep, east * steep
    coarse = heights.reshape(side // 3, 3, side // 3, 3).mean(axis=(1, 3)) + rng.normal(0, 0.8, (side // 3, side // 3))
    at = np.clip((np.arange(side) - 1) / 3, 0, side // 3 - 1)
    low = np.minimum(at.astype(int), side // 3 - 2)
    part = at - low
    between = coarse[low] * (1 - part)[:, None] + coarse[low + 1] * part[:, None]
    between = between[:, low] * (1 - part) + between[:, low + 1] * part
    inner = slice(3, -3)
    return east[inner, inner], -south[inner, inner], between[inner, inner]


def _lie(rng: np.random.Generator) -> tuple[Array, Seen]:
    """What the lie of the land makes of cover, most on shady slopes; and the heights that are known of it."""
    east, north, known = _hills(rng)
    hot = rng.uniform(-0.5, 0.9)  # the hottest slopes face south-south-west
    sunny = north * np.cos(hot) + east * np.sin(hot)
    return np.exp(-rng.uniform(0.7, 1.5) * sunny - rng.uniform(0.0, 0.4) * np.hypot(east, north)), Seen(known)


def make(seed: int, story: str, hilly: bool = False) -> Made:
    """A site and all looks at it; the same for the same seed and story."""
    rng = np.random.default_rng([seed, STORIES.index(story), 8])
    years = list(range(2024 - int(rng.integers(5, 8)), 2025))
    ground, relief = _ground(rng, story in COVERED), None
    if hilly:
        ground.sun, relief = _lie(np.random.default_rng([seed, STORIES.index(story), 9]))
    covers = _Covers(rng, ground, story, years)
    looks = []
    truth: dict[str, dict[int, float]] = {"site": {}, "pasture": {}}
    for year in years:
        days = [date(year, 6, 1) + timedelta(days=k) for k in range(122)]
        start = int(rng.integers(0, 5))
        looks += [_look(rng, covers, day) for day in days[start::5]]
        daily = [covers.on(day) for day in days[::3]]
        truth["site"][year] = float(np.median([each[ground.window.inside].mean() for each in daily]))
        # What the site's own ground would bear, where the lie of the land matters.
        bearing = [each[ground.pasture].mean() for each in daily] if relief is None else [covers.bearing(day) for day in days[::3]]
        truth["pasture"][year] = float(np.median(bearing))
    bare = g_ndvi(ground.soil[:, ~ground.window.inside].mean(axis=1)) + rng.normal(0, 0.012)
    full = 0.985 * g_ndvi(ground.green) + rng.normal(0, 0.015)
    sums = 1e4 * ground.soil[:2, ~ground.window.inside].sum(axis=0).mean(), 1e4 * ground.green[:2].sum()
    ends = Ends(float(np.clip(bare, 0.05, 0.2)), float(np.clip(full, 0.62, 0.82)), *(float(each * rng.normal(1, 0.04)) for each in sums))
    claimed = CLAIMS.get(story, "未治理") if story == "accepted" or rng.random() < 0.5 else "未治理"
    return Made(story, claimed, ground.window, ends, tuple(looks), truth["site"], truth["pasture"], covers.fell, relief)


def g_ndvi(spectrum: Array) -> float:
    return float((spectrum[0] - spectrum[1]) / (spectrum[0] + spectrum[1]))
