"""What lies between the ground and the picture: passes, sun, rain, snow, haze, clouds and their shadows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from crops import day_of
from shapes import STEP, noise

Array = np.ndarray
LATITUDE, LONGITUDE = 35.7, 105.07


@dataclass(frozen=True)
class Pass:
    """One acquisition and the weather of its minute."""

    index: int
    time: dt.datetime
    satellite: str
    sky: str  # clear scattered overcast
    cloud: float  # share under cloud
    wet: float  # how wet bare ground is, 0–1
    snow: float  # 0 none … 2 deep
    haze: float
    partial: bool  # only part of the frame lies in the swath

    @property
    def day(self) -> int:
        return day_of(self.time.date())


def sun(time: dt.datetime) -> tuple[float, float]:
    """Zenith and azimuth of the sun in radians."""
    doy = time.timetuple().tm_yday
    tilt = np.radians(23.44) * np.sin(2 * np.pi * (doy - 81) / 365.25)
    hour = np.radians(15 * (time.hour + time.minute / 60 + LONGITUDE / 15 - 12))
    lat = np.radians(LATITUDE)
    up = np.sin(lat) * np.sin(tilt) + np.cos(lat) * np.cos(tilt) * np.cos(hour)
    east, north = -np.cos(tilt) * np.sin(hour), np.cos(lat) * np.sin(tilt) - np.sin(lat) * np.cos(tilt) * np.cos(hour)
    return float(np.arccos(up)), float(np.arctan2(east, north) % (2 * np.pi))


def _daily(rng: np.random.Generator, first: dt.date, days: int) -> tuple[Array, Array]:
    """Wetness of the soil and depth of snow, day by day."""
    wet, snow = np.zeros(days), np.zeros(days)
    soil = depth = 0.0
    for k in range(days):
        month = (first + dt.timedelta(days=k)).month
        winter = month in (12, 1, 2, 3)
        falls = rng.random() < (0.11 if winter else 0.27 if month in (6, 7, 8, 9) else 0.14)
        soil *= np.exp(-1 / 2.2)
        depth = max(0.0, depth - (0.22 if month == 3 else 0.09))
        if falls and winter and rng.random() < 0.8:
            depth = min(2.0, depth + rng.uniform(0.3, 1.3))
        elif falls:
            soil = min(1.0, soil + rng.uniform(0.2, 1.0))
        wet[k], snow[k] = max(soil, 0.6 * min(depth, 1.0)), depth
    return wet, snow


def passes(rng: np.random.Generator, years: tuple[int, ...], last: int) -> list[Pass]:
    """A pass every five days, Sentinel-2A and -2B in turn, each with its weather."""
    first = dt.date(years[0], 1, 1)
    wet, snow = _daily(rng, first, (years[-1] - years[0] + 1) * 366 + 2)
    found: list[Pass] = []
    date = first + dt.timedelta(days=int(rng.integers(0, 5)))
    while day_of(date) <= last:
        sky = str(rng.choice(["clear", "scattered", "overcast"], p=[0.4, 0.3, 0.3]))
        cloud = {
            "clear": 0.0 if rng.random() < 0.6 else rng.uniform(0.001, 0.03),
            "scattered": rng.uniform(0.05, 0.55),
            "overcast": 1.0 if rng.random() < 0.5 else rng.uniform(0.8, 0.99),
        }[sky]
        k = (date - first).days
        time = dt.datetime.combine(date, dt.time(3, int(rng.integers(38, 43)), int(rng.integers(0, 60))))
        haze = float(min(rng.exponential(0.009), 0.05))
        found.append(Pass(len(found), time, "AB"[len(found) % 2], sky, float(cloud), float(wet[k]), float(snow[k]), haze, bool(rng.random() < 0.04)))
        date += dt.timedelta(days=5)
    return found


def dilate(mask: Array, cells: int) -> Array:
    """A mask grown by a square of `cells` on each side (periodic, as the fields are)."""
    grown = mask.copy()
    for axis in (0, 1):
        line = grown.copy()
        for k in range(1, cells + 1):
            line |= np.roll(grown, k, axis) | np.roll(grown, -k, axis)
        grown = line
    return grown


def blur(image: Array, weights_y: Array, weights_x: Array) -> Array:
    """Separable five-tap filter over the last two axes, edges repeated."""
    for axis, weights in ((-2, weights_y), (-1, weights_x)):
        pad = [(0, 0)] * image.ndim
        pad[axis] = (2, 2)
        wide = np.pad(image, pad, mode="edge")
        size = image.shape[axis]
        total = np.zeros_like(image)
        for k in range(5):
            part = [slice(None)] * image.ndim
            part[axis] = slice(k, k + size)
            total += wide[tuple(part)] * np.float32(weights[k])
        image = total
    return image


def taps(sigma: float, shift: float) -> Array:
    """Five weights of a Gaussian of `sigma` cells moved by `shift` cells."""
    weights = np.exp(-0.5 * ((np.arange(-2, 3) + shift) / sigma) ** 2)
    return (weights / weights.sum()).astype("f4")


@dataclass
class Sky:
    """Clouds over the frame: how opaque they are, where a mask sees them, and the same of shadows and cirrus."""

    opaque: Array
    seen: Array
    thick: Array
    shade: Array
    shade_seen: Array
    cirrus: Array


def sky(rng: np.random.Generator, n: int, look: Pass) -> Sky:
    """Clouds with soft edges that reach 2–4 cells beyond what the mask will see, and shadows thrown by the sun."""
    nothing = np.zeros((n, n), "f4")
    cirrus = nothing
    if rng.random() < 0.16:
        veil = noise(rng, n, rng.uniform(2000, 8000), 150, 2.2, 3.0)
        cirrus = np.clip((veil - rng.uniform(-0.5, 1)) * 0.02, 0, 0.06).astype("f4")
    if look.cloud <= 0:
        return Sky(nothing, nothing > 0, nothing, nothing, nothing > 0, cirrus)
    field = noise(rng, n, rng.uniform(800, 5000), rng.uniform(40, 90), rng.uniform(1.6, 2.4))
    level = np.quantile(field, 1 - look.cloud) if look.cloud < 0.995 else field.min() - 1
    seen = field > level
    thick = np.clip(0.55 + 0.6 * (field - level), 0.55, 1).astype("f4")
    soft = blur(dilate(seen, int(rng.integers(2, 4))).astype("f4"), taps(1.6, 0), taps(1.6, 0))
    opaque = (soft * np.where(seen, thick, 0.4)).astype("f4")
    opaque = blur(opaque, taps(0.9, 0), taps(0.9, 0))
    zenith, azimuth = sun(look.time)
    reach = rng.uniform(700, 3200) * np.tan(zenith) / STEP
    move = (round(float(reach * np.cos(azimuth))), round(float(-reach * np.sin(azimuth))))
    shade = np.roll(opaque, move, (0, 1)) * (1 - opaque)
    # the mask throws its shadows from a guessed height, and loses part of them
    miss = (int(rng.integers(-2, 3)), int(rng.integers(-2, 3)))
    shade_seen = np.roll(seen, (move[0] + miss[0], move[1] + miss[1]), (0, 1)) & ~seen
    shade_seen &= noise(rng, n, 300, 40) > -1.2
    return Sky(opaque, seen, thick, shade.astype("f4"), shade_seen, cirrus)


def snow_cover(rng: np.random.Generator, n: int, depth: float, south: Array) -> Array:
    """Share of every cell under snow: less on slopes that face south, patchy as it melts."""
    if depth <= 0:
        return np.zeros((n, n), "f4")
    field = depth * 1.3 - 0.35 - 1.4 * south + 0.35 * noise(rng, n, 400, 20, 1.4)
    return np.clip(field, 0, 1).astype("f4") * np.float32(min(1.0, 0.75 + 0.2 * depth))
