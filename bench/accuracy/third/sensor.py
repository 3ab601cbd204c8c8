"""The satellite: when it passes, the air and clouds below it, its optics."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from scipy import ndimage as ndi

from third.county import County
from third.frame import EPOCH, Arr, smooth
from third.materials import spec
from third.reflectance import ground
from third.scl import classify

LON, LAT = 105.75, 35.52  # 静宁
HAZE = spec(1.2, 0.9, 0.65, 0.35, 0.12, 0.06)
SHADE = spec(0.45, 0.38, 0.33, 0.26, 0.22, 0.20)
CIRRUS = spec(0.55, 0.55, 0.55, 0.56, 0.20, 0.14)
CLOUD = spec(0.62, 0.60, 0.59, 0.63, 0.45, 0.35)


@dataclass(frozen=True)
class Pass:
    """An overpass."""

    k: int
    day: int
    sat: str
    second: bool  # the neighbouring orbit, whose swath edge crosses the frame
    item: bool  # delivered with item.json rather than by product name


@dataclass(frozen=True)
class Sky:
    """How much of the view cloud, cloud shadow and cirrus take, 0 to 1."""

    cloud: Arr
    shadow: Arr
    cirrus: Arr


@dataclass(frozen=True)
class Look:
    """One acquisition: reflectance at 10 m and 20 m, scene classification at 20 m, no-data mask at 10 m, share seen clearly."""

    fine: Arr
    coarse: Arr
    scl: Arr
    missing: Arr
    clear: float


def passes(c: County) -> list[Pass]:
    """One orbit every five days, now and then missing or replaced by the neighbour two days later."""
    rng = np.random.default_rng([c.seed, 7])
    start = c.first_day + int(rng.integers(0, 5))
    out = []
    for k, t in enumerate(range(start, c.last_day + 1, 5)):
        u = rng.random()
        if u > 0.05:
            second = u > 0.86
            out.append(Pass(k, min(t + (2 if second else 0), c.last_day), "S2A" if k % 2 else "S2B", second, bool(rng.random() < 0.5)))
    return out


def sun_at(t: int) -> Arr:
    """Unit vector to the sun (east, north, up) at the overpass, 03:40 UTC."""
    doy = (EPOCH + timedelta(t)).timetuple().tm_yday
    dec = np.radians(-23.44) * np.cos(2 * np.pi * (doy + 10) / 365.25)
    h = np.radians((3.667 + LON / 15 - 12) * 15)
    la = np.radians(LAT)
    up = np.sin(la) * np.sin(dec) + np.cos(la) * np.cos(dec) * np.cos(h)
    return np.array([-np.cos(dec) * np.sin(h), np.cos(la) * np.sin(dec) - np.sin(la) * np.cos(dec) * np.cos(h), up])


def cloudiness(c: County, p: Pass, rng: np.random.Generator) -> tuple[float, float]:
    """Cover and cirrus of a pass: follows the rain, more often broken in summer, blue in winter."""
    w = p.day - c.weather.start
    wet = c.weather.rain[max(0, w - 1) : w + 2].sum()
    doy = (EPOCH + timedelta(p.day)).timetuple().tm_yday
    summer = np.exp(-(((doy - 215) / 75) ** 2))
    z = rng.normal(-0.95 + 0.6 * summer + 0.7 * wet, 1.25)
    cover = float(1 / (1 + np.exp(-3.4 * z)))
    return (0.0 if cover < 0.12 else 1.0 if cover > 0.93 else cover), float(rng.random() < 0.25) * float(rng.uniform(0.03, 0.14))


def sky(c: County, p: Pass, sun: Arr, rng: np.random.Generator) -> Sky:
    """Clouds drawn somewhat wider than the frame, so that shadows also come from outside it."""
    n = c.n
    cover, veil = cloudiness(c, p, rng)
    cloud, shadow, cirrus = (np.zeros((n, n), "f4") for _ in range(3))
    if cover > 0:
        f = smooth(rng, n + 176, rng.uniform(30, 110))
        if cover < 1:
            f += 0.45 * smooth(rng, n + 176, 22) + 0.22 * smooth(rng, n + 176, 8)
            thick = np.clip((f - np.quantile(f, 1 - cover)) / rng.uniform(0.25, 0.6) + 0.35, 0, 5)
        else:
            thick = rng.uniform(0.8, 4) + 0.5 * (f - f.mean())
        wide = 1 - np.exp(-1.1 * np.clip(thick, 0, None).astype("f4") ** 1.4)
        away = np.array([sun[1], -sun[0]]) / sun[2] * rng.uniform(700, 2600) / 10  # rows, cols from the sun, by the clouds' height
        cloud, shadow = wide[:n, :n], np.roll(wide, np.round(away).astype(int), (0, 1))[:n, :n]
    if veil:
        cirrus = np.clip(veil * (1 + 0.8 * smooth(rng, n, 90)), 0, 0.3)
    return Sky(cloud, shadow, cirrus)


def through_air(refl: Arr, rng: np.random.Generator) -> Arr:
    """Haze that pales blue, and the atmospheric correction's gain error."""
    n = refl.shape[1]
    haze = max(0.0, rng.normal(0.004, 0.006)) * (1 + 0.5 * smooth(rng, n // 4, 30)).clip(0)
    haze = ndi.zoom(haze, n / haze.shape[0], order=1)[:n, :n]
    return refl * (1 + rng.normal(0, 0.018) + rng.normal(0, 0.006, 6).astype("f4"))[:, None, None] + HAZE[:, None, None] * haze


def under_clouds(refl: Arr, s: Sky, rng: np.random.Generator) -> None:
    """Darken by shadow, cover by cloud and cirrus."""
    white = CLOUD * rng.uniform(0.85, 1.15)
    refl *= 1 - s.shadow * (1 - SHADE[:, None, None]) * 0.85
    refl += (white[:, None, None] - refl) * s.cloud + (CIRRUS[:, None, None] - refl) * s.cirrus * 0.6


def optics(refl: Arr, rng: np.random.Generator) -> tuple[Arr, Arr]:
    """Blur and the pass's own shift in one separable kernel, a hair different per band; then noise. At 10 m and at 20 m."""
    off = rng.normal(0, 0.3, 2)
    blur = np.empty_like(refl)
    x = np.arange(-4, 5)
    for b in range(6):
        s, o = (0.45, off + rng.normal(0, 0.04, 2)) if b < 4 else (0.9, off + rng.normal(0, 0.06, 2))
        ky, kx = (np.exp(-0.5 * ((x - np.clip(v, -1.2, 1.2)) / np.hypot(s, 0.29)) ** 2) for v in o)
        blur[b] = ndi.correlate1d(ndi.correlate1d(refl[b], ky / ky.sum(), 0, mode="nearest"), kx / kx.sum(), 1, mode="nearest")
    return tuple(
        v * (1 + 0.006 * rng.standard_normal(v.shape, "f4")) + floor * rng.standard_normal(v.shape, "f4")
        for v, floor in ((blur[:4], 0.0016), (half(blur[4:]), 0.0014))
    )


def half(a: Arr) -> Arr:
    """Means of 2 × 2 cells."""
    return 0.25 * (a[..., ::2, ::2] + a[..., 1::2, ::2] + a[..., ::2, 1::2] + a[..., 1::2, 1::2])


def observe(c: County, p: Pass) -> Look:
    """What is delivered of a pass."""
    rng = np.random.default_rng([c.seed, 11, p.k])
    n, sun = c.n, sun_at(p.day)
    refl, snow = ground(c, p.day, sun, 7.0 if p.second else -3.0, rng)
    refl = through_air(refl, rng)
    s = sky(c, p, sun, rng)
    under_clouds(refl, s, rng)
    fine, coarse = optics(refl, rng)
    low = float(np.tan(np.arccos(sun[2]))) > 1.2
    scl = classify(half(fine), coarse[0], low, *(half(v) for v in (snow, s.cloud, s.shadow, s.cirrus)), rng)
    missing = np.zeros((n, n), bool)
    if p.second:
        yy, xx = np.mgrid[0 : n // 2, 0 : n // 2]
        missing = np.repeat(np.repeat(xx * 2 + 0.21 * (yy * 2) > n * rng.uniform(0.25, 1.1), 2, 0), 2, 1)
        scl[missing[::2, ::2]] = 0
    seen = half(((s.cloud < 0.05) & (s.shadow < 0.1) & ~missing).astype("f4"))
    return Look(fine, coarse, scl, missing, float((seen > 0.5).mean()))
