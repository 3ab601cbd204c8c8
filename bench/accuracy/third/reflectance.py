"""The ground on any day: a linear mixture of green, dry stalks, film, soil and hard surfaces, with the items laid on it.

A bare field, a fallow one and a pit so differ only as they do outdoors.
"""

from datetime import timedelta

import numpy as np

from third.county import County
from third.crops import SEASON
from third.frame import EPOCH, Arr, K
from third.items import Item, Part
from third.materials import FILM, MACHINE, SNOW, WATER, WET


def light(normal: Arr, sun: Arr, share: float) -> Arr:
    """Direct and sky light on a slope relative to flat ground; `share` of it survives the product's own correction."""
    c = np.tensordot(sun.astype("f4"), normal, 1)
    return 1 + share * (np.clip(0.22 + 0.78 * np.maximum(c, 0) / sun[2], 0.2, 1.6) - 1)


def ground(c: County, t: int, sun: Arr, lean: float, rng: np.random.Generator) -> tuple[Arr, Arr]:
    """Reflectance of the whole frame before the air, and the snow share. `lean` is the view's, off the vertical."""
    g, w = c.ground, t - c.weather.start
    moist = float(np.clip(c.weather.moist[w] + rng.normal(0, 0.04), 0, 1))
    season = seasons(c, t)
    green, dry, film, rough = cover(c, t, season)
    soil = 1 - green - dry - film
    low = float(np.tan(np.arccos(sun[2])))
    soil *= 1.03 - 0.10 * rough - 0.12 * rough * (low - 0.4)  # clods throw shade, a crust shines
    green *= (1 + 0.009 * lean) * (1 - 0.05 * (low - 0.55))
    soil *= 1 + 0.006 * lean
    wet = np.clip(moist * g.wetness, 0, 1)
    lit = light(g.normal, sun, 0.5)
    out = np.empty((6, c.n, c.n), "f4")
    for b in range(6):
        nat = green * g.green[b] + dry * g.dry[b] * (1 - 0.15 * moist) + film * FILM[b] + soil * g.soil[b] * (1 - wet * WET[b])
        out[b] = ((1 - g.hard_share) * nat + g.hard_share * g.hard[b]) * lit
    for item in c.items:
        lay(item, t, sun, moist, season, out.reshape(6, -1), rng)
    depth = float(c.weather.snow[w])
    snow = np.zeros((c.n, c.n), "f4")
    if depth > 0:  # sunny slopes melt first
        snow = np.clip(depth / 3 * (1.25 - 0.9 * (lit - 0.55)) - 0.35 * green + 0.15 * (g.uneven - 1) * 4, 0, 0.97)
        out[:] = out * (1 - snow) + SNOW[:, None, None] * snow * lit
    return out, snow


def seasons(c: County, t: int) -> dict[str, float]:
    """How green what grows is on a day, of its full green. Drought holds grass back, and trees a little."""
    d = EPOCH + timedelta(t)
    w, water = t - c.weather.start, c.weather.water[d.year]
    season = {k: float(v[d.timetuple().tm_yday]) for k, v in SEASON.items()}
    season["grass"] *= water * (0.85 + 0.15 * min(1, float(c.weather.moist[max(0, w - 20) : w + 1].mean()) * 3))
    season["tree"] *= 0.9 + 0.1 * min(1, water)
    return season


def cover(c: County, t: int, season: dict[str, float]) -> tuple[Arr, Arr, Arr, Arr]:
    """Shares of green, dry stalks and film on every cell, and its roughness."""
    g, d = c.ground, EPOCH + timedelta(t)
    wild = g.cap * np.where(g.tree, season["tree"], season["grass"])
    straw = np.clip(g.cap * np.where(g.tree, 0.35, 0.9) * 0.8 - 0.75 * wild, 0.02, 1)
    green, dry, film, rough = (v[g.field] for v in c.rotation.shares(d.year, d.timetuple().tm_yday, c.weather.water[d.year]))
    green = np.where(g.farm, green * (1 - g.riser) + g.riser * wild, wild) * g.uneven
    dry = np.where(g.farm, dry * (1 - g.riser) + g.riser * straw, straw)
    film = np.where(g.farm, film * (1 - g.riser), 0)
    total = np.maximum(1, green + dry + film)
    return green / total, dry / total, film / total, np.where(g.farm, rough, 0.35)


def lay(item: Item, t: int, sun: Arr, moist: float, season: dict[str, float], view: Arr, rng: np.random.Generator) -> None:
    """Put an item on the picture, as far as it has come by that day."""
    total, count = np.zeros((6, item.cells.size)), np.zeros(item.cells.size)
    gain = 1 + rng.normal(0, 0.03 if t < item.last + 10 else 0.01)
    for p in item.parts:
        on = p.day <= t
        if not on.any():
            continue
        s = aged(p, on, t, moist, season, gain, sun)
        if p.work and t < item.last + 8 and s.shape[1] > 60:
            work(s, moist, rng)
        cell = p.cell[on]
        for b in range(6):
            total[b] += np.bincount(cell, s[b], item.cells.size)
        count += np.bincount(cell, minlength=item.cells.size)
    share = np.minimum(count / K**2, 1)
    if share.any():
        view[:, item.cells] = view[:, item.cells] * (1 - share) + total / K**2


def aged(p: Part, on: Arr, t: int, moist: float, season: dict[str, float], gain: float, sun: Arr) -> Arr:
    """Reflectance (bands × sub-cells) of the sub-cells that have changed."""
    age = t - p.day[on]
    days = np.asarray([a for a, _ in p.ageing], "f4")
    looks = np.stack([m.seen(moist, season) for _, m in p.ageing])
    i = np.clip(np.searchsorted(days, age, "right") - 1, 0, len(days) - 1)
    j = np.minimum(i + 1, len(days) - 1)
    later = np.clip((age - days[i]) / np.maximum(days[j] - days[i], 1e-3), 0, 1)
    texture = p.texture[on] * gain
    if p.normal is not None:
        texture = texture * light(p.normal[:, on], sun, 0.9)
    return ((looks[i] * (1 - later)[:, None] + looks[j] * later[:, None]) * texture[:, None]).T


def work(s: Arr, moist: float, rng: np.random.Generator) -> None:
    """Signs of work in a fresh pit: now and then a digger or a lorry, and water in the sump after rain."""
    if rng.random() < 0.45:
        q = rng.integers(0, s.shape[1] - 4)
        s[:, q : q + 4] = MACHINE[:, None]
    if moist > 0.55:
        q = slice(s.shape[1] // 3, s.shape[1] // 3 + max(3, s.shape[1] // 18))
        s[:, q] = 0.6 * (WATER * 1.4)[:, None] + 0.4 * s[:, q]
