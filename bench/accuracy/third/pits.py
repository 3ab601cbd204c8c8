"""Pits: their outline, the order in which they are dug, faces, spoil and the way in."""

import numpy as np
from scipy import ndimage as ndi
from shapely import contains_xy

from third.county import County
from third.frame import NEVER, SUB, SUB_AREA, Area, Arr, K, Place, along, smooth
from third.items import Part
from third.materials import ROCK, Ageing, Mat


def grow(
    c: County, p: Place, area: float, allowed: Area | None = None, ratio: float | None = None, angle: float | None = None, lumpy: float = 0.3
) -> tuple[Arr, Arr, Arr] | None:
    """An irregular connected patch of `area` m² round a place: sub-cells of a window, mask in it, rank 0..1 in order of spread."""
    rng = c.rng
    x, y, flat = c.window(p, 2.4 * np.sqrt(area / np.pi) + 30)
    a, q = rng.uniform(0, np.pi) if angle is None else angle, rng.uniform(1, 1.9) if ratio is None else ratio
    ox, oy = rng.normal(0, 0.25, 2) * np.sqrt(area / np.pi)  # digging starts off the middle
    u, v = along(x, y, p, a)
    lump = smooth(rng, x.shape, max(6, np.sqrt(area) / 10 * K * 0.55))
    cost = np.hypot(u / np.sqrt(q), v * np.sqrt(q)) * np.exp(lumpy * 0.5 * lump)
    bad = c.owned.ravel()[flat]
    if allowed is not None:
        bad = bad | ~contains_xy(allowed, x, y)
    cost = np.where(bad, np.inf, cost)
    k = int(area / SUB_AREA)
    if np.isfinite(cost).sum() < k * 1.05:
        return None
    m = cost <= np.partition(cost.ravel(), k)[k]
    lab, pieces = ndi.label(m)
    if pieces > 1:
        m = lab == 1 + np.argmax(ndi.sum(m, lab, range(1, pieces + 1)))
    m = ndi.binary_fill_holes(m) & ~bad
    order = np.hypot(x - p[0] - ox, y - p[1] - oy)[m] * np.exp(0.25 * lump[m])
    return flat, m, order.argsort().argsort() / max(1, m.sum() - 1)


def material(c: County, name: str, p: Place) -> Arr:
    """Deep material of this place. Loess keeps its topsoil's family likeness: brighter, a little paler or yellower."""
    rng, loess = c.rng, name == "loess"
    gain = rng.uniform(1.15, 1.45) if loess else rng.uniform(0.92, 1.08)
    paler = np.array([rng.normal(0.02, 0.02), 0.01, 0, -0.02, -0.035 + rng.normal(0, 0.01), -0.05 + rng.normal(0, 0.015)])
    return ((c.soil(p) if loess else ROCK[name]) * gain * (1 + (paler if loess else rng.normal(0, 0.015, 6)))).astype("f4")


def dig(
    c: County,
    p: Place,
    area: float,
    start: float,
    dur: float,
    mat: str,
    features: list[dict],
    *,
    allowed: Area | None = None,
    split: Area | None = None,
    old: bool = False,
    fate: Ageing | None = None,
) -> bool:
    """Dig a pit, spoil heap included, within `allowed`; False if there is no room. The rest is as for open_pit."""
    g = grow(c, p, area * 0.8, allowed)
    if g is None:
        return False
    flat, m, rank = g
    deep = material(c, mat, p)
    day = np.full(m.shape, NEVER, "f4")
    day[m] = start + dur * rank ** c.rng.uniform(0.75, 1.3)
    free = ~m & ~c.owned.ravel()[flat]
    for keep in (allowed, split):
        if keep is not None:
            free &= contains_xy(keep, *c.centres(flat))
    heap, nearest = downhill(c, p, flat, m, free, int(area * 0.2 / SUB_AREA))
    thrown = np.minimum(day[nearest] + 0.12 * dur, max(float(day[m].max()), start + 1)).astype("f4")
    return open_pit(c, p, flat, m, day, start, mat, deep, features, spoil=(heap, thrown), split=split, old=old, fate=fate)


def downhill(c: County, p: Place, flat: Arr, m: Arr, free: Arr, cells: int) -> tuple[Arr, tuple[Arr, Arr]]:
    """Where spoil goes, below the pit's edge, and the nearest part of the pit to every sub-cell."""
    x, y = c.centres(flat)
    away, (ni, nj) = ndi.distance_transform_edt(~m, return_indices=True)
    bx, by = x - x[ni, nj], y - y[ni, nj]
    down = fall(c, p)
    cost = np.where(free, away * (1.4 - (bx * down[0] + by * down[1]) / (np.hypot(bx, by) + 1e-6)), np.inf)
    k = min(cells, int(np.isfinite(cost).sum()) - 1)
    heap = cost < np.partition(cost.ravel(), k)[k] if k > 8 else np.zeros(m.shape, bool)
    return heap, (ni, nj)


def fall(c: County, p: Place) -> Arr:
    """Which way is down, as a unit vector (east, north)."""
    i, j = c.cell(p)
    down = c.ground.normal[:2, i, j]
    return down / (np.hypot(*down) + 1e-6)


def faces(c: County, p: Place, m: Arr) -> tuple[Arr, Arr]:
    """The steep faces along a pit's edge, all but the downhill side, and which way each of their sub-cells looks."""
    down = fall(c, p)
    inside = ndi.distance_transform_edt(m) * SUB
    gy, gx = np.gradient(ndi.gaussian_filter(inside, 1.5))
    length = np.hypot(gx, gy) + 1e-6
    east, north = gx / length, -gy / length  # a face looks into the pit
    face = m & (inside < c.rng.uniform(4, 7)) & ((east * down[0] + north * down[1]) > -0.1)
    tilt = np.radians(58)
    return face, np.stack([east[face] * np.sin(tilt), north[face] * np.sin(tilt), np.full(face.sum(), np.cos(tilt))]).astype("f4")


def ageing(c: County, deep: Arr, top: Arr, hard: bool, old: bool) -> tuple[Ageing, Ageing, Ageing]:
    """What floor, faces and spoil heap show as the years go by. Rock stays barer than earth and darkens less when wet."""
    crust = deep * c.rng.uniform(0.97, 1.04)
    weeds = c.rng.uniform(0.02, 0.07) * (0.5 if hard else 1)
    mix = 0.55 * deep + 0.45 * top
    wet = 0.6 if hard else 1.0
    floor = [
        (0, Mat(top * 0.97, wet)),
        (5, Mat(deep * 0.88, wet)),
        (20, Mat(deep, wet)),
        (400, Mat(crust, wet, weeds * 0.5)),
        (1500, Mat(crust, wet, weeds)),
    ]
    face = [(0, Mat(deep * 0.9, wet)), (20, Mat(deep * 1.03, wet)), (1500, Mat(crust, wet, weeds))]
    heap = [(0, Mat(mix * 0.9, wet)), (20, Mat(mix, wet)), (400, Mat(mix, wet, 0.08)), (1500, Mat(mix, wet, 0.10 if old else 0.16))]
    return floor, face, heap


def track(c: County, p: Place, flat: Arr, pit: Arr, start: float, top: Arr) -> tuple[Arr, Arr, Ageing]:
    """The way in, a lorry wide, worn just before digging starts: where, when, and what it shows."""
    u, v = along(*c.centres(flat), p, c.rng.uniform(0, 2 * np.pi))
    way = ~pit & (u > 0) & (np.abs(v + 6 * np.sin(u / 35)) < 1.9) & ~c.owned.ravel()[flat]
    return way, np.full(flat.shape, start - 2, "f4"), [(0, Mat(top)), (20, Mat(top * 1.1)), (400, Mat(top * 1.08, veg=0.2))]


def open_pit(
    c: County,
    p: Place,
    flat: Arr,
    m: Arr,
    day: Arr,
    start: float,
    mat: str,
    deep: Arr,
    features: list[dict],
    *,
    spoil: tuple[Arr, Arr] | None = None,
    split: Area | None = None,
    old: bool = False,
    fate: Ageing | None = None,
) -> bool:
    """Lay a pit on the ground; False if one of its features would be empty.

    `m` and `day` say which sub-cells of the window `flat` are dug when, `spoil` which are heaped on when. With `split`, feature 0
    is what lies in that polygon and feature 1 what lies outside. `old` pits have no track left; `fate` replaces the usual ageing.
    """
    top = c.soil(p)
    for f in features:  # so that misses can be told apart by how faint the pit is
        f.update(material=mat, brighter=round(float(deep.mean() / top.mean() - 1), 2))
    face, looks = faces(c, p, m)
    floor_age, face_age, heap_age = ageing(c, deep, top, mat not in ("loess", "red_clay"), old)
    sides = [np.ones(m.shape, bool)]
    if split is not None:
        within = contains_xy(split, *c.centres(flat))
        sides = [within, ~within]
    parts: list[Part] = []

    def lay(sel: Arr, days: Arr, age: Ageing, normal: Arr | None = None, work: bool = False, counts: bool = True) -> None:
        for k, side in enumerate(sides):
            q = sel & side
            if q.any():
                parts.append(Part(flat[q], days[q], age, k if counts else -1, None if normal is None else normal[:, q[sel]], work))

    lay(m & ~face, day, fate or floor_age, work=True)
    lay(face, day, fate or face_age, looks)
    if spoil:
        lay(*spoil, fate or heap_age)
        m = m | spoil[0]
    if not old:
        lay(*track(c, p, flat, m, start, top), counts=False)  # too narrow for the truth
    if not set(range(len(features))) <= {q.feature for q in parts}:
        return False
    c.add(parts, features)
    return True
