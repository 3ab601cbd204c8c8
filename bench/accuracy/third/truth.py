"""The truth: which cell changed on which day, because of what. Counted from the same sub-cells the pictures are made of."""

import numpy as np
from rasterio.features import shapes
from rasterio.transform import from_origin
from shapely.geometry import shape
from shapely.ops import unary_union

from third.county import County
from third.frame import SUB, Area, K, iso
from third.items import Part, feature


def finish(c: County) -> None:
    """Make items ready to be drawn, make the truth maps, and list the newly fallow fields."""
    for item in c.items:
        for p in item.parts:
            settle(c, p)
        item.cells = np.unique(np.concatenate([p.cell for p in item.parts]))
        for p in item.parts:
            p.cell = np.searchsorted(item.cells, p.cell)
    maps(c)
    fallow(c)


def settle(c: County, p: Part) -> None:
    """Sort a part's sub-cells, find the cells they lie in, and roughen them a little."""
    order = np.argsort(p.sub, kind="stable")
    p.sub, p.day = p.sub[order], p.day[order]
    p.normal = None if p.normal is None else p.normal[:, order]
    row, col = p.sub // c.fine_n, p.sub % c.fine_n
    p.cell = row // K * c.n + col // K
    rng = np.random.default_rng([c.seed, int(p.sub[0])])
    noise = 0.035 * rng.standard_normal(p.sub.size)
    p.texture = (1 + noise + 0.04 * np.sin(row / 5 + rng.uniform(0, 6)) * np.sin(col / 7)).astype("f4")


def maps(c: County) -> None:
    """Number of the feature each cell belongs to, and the day half the cell had changed; cells less than half changed have none."""
    day, ids = np.zeros(c.n**2, "i4"), np.zeros(c.n**2, "i4")
    half = K * K // 2
    for item in c.items:
        counted = [p for p in item.parts if p.feature >= 0]
        cell = np.concatenate([item.cells[p.cell] for p in counted])
        when = np.concatenate([p.day for p in counted])
        number = np.concatenate([np.full(p.sub.size, p.feature + 1) for p in counted])
        order = np.lexsort((when, cell))
        cell, when, number = cell[order], when[order], number[order]
        u, first, count = np.unique(cell, return_index=True, return_counts=True)
        full = count >= half
        u, first, count = u[full], first[full], count[full]
        day[u] = np.floor(when[first + half - 1])
        ids[u] = [np.bincount(number[a : a + b]).argmax() for a, b in zip(first, count, strict=True)]
    c.truth_day, c.truth_id = day.reshape(c.n, c.n), ids.reshape(c.n, c.n)


def fallow(c: County) -> None:
    """Fields that lie fallow this year for the first time, for the season they miss, unless other items cut them up."""
    g, n = c.ground, c.n
    hit = c.owned.reshape(n, K, n, K).any((1, 3))
    size = np.bincount(g.field[g.farm], minlength=g.fields)
    lost = np.bincount(g.field[g.farm & (hit | (c.d_border == 0))], minlength=g.fields)
    for k in np.flatnonzero(c.rotation.newly_fallow & (size >= 6) & (lost < 0.4 * size)):
        m = (g.field == k) & ~hit & g.farm & (c.d_border > 10)
        start, end = c.watch_day + 90, min(c.last_day, c.watch_day + 330)
        c.features.append(feature("lookalike", None, "fallow", start=iso(start), end=iso(end), mask=m))
        new = m & (c.truth_id == 0)
        c.truth_id[new], c.truth_day[new] = len(c.features), start


def outline(c: County, f: dict) -> Area:
    """A feature's ground as polygons, from its sub-cells (whole cells for fields), steps smoothed."""
    if "mask" in f:
        m, transform, tolerance = f["mask"], c.transform, 0.0
    else:
        i, j = f["sub"] // c.fine_n, f["sub"] % c.fine_n
        i0, j0 = i.min(), j.min()
        m = np.zeros((i.max() - i0 + 1, j.max() - j0 + 1), bool)
        m[i - i0, j - j0] = True
        transform, tolerance = from_origin(c.x0 + j0 * SUB, c.y0 - i0 * SUB, SUB, SUB), 1.3
    return unary_union([shape(s) for s, _ in shapes(m.astype("u1"), m, transform=transform)]).simplify(tolerance).buffer(0)
