"""Who lives, digs and builds where: fills a county."""

import numpy as np
from rasterio.features import shapes
from scipy import ndimage as ndi
from scipy.spatial import cKDTree
from shapely.geometry import LineString, Point, shape
from shapely.ops import unary_union

from third import inventory, lookalikes, truth, unlicensed
from third.county import County
from third.register import parcel
from third.rights import Rights


def fill(c: County) -> None:
    """Everything that happens in the county, and the truth about it. Larger counties get more of each."""
    zones(c)
    for _ in range(max(1, round((c.n * 10) ** 2 / 16e6))):
        Rights(c).populate()
        inventory.populate(c)
        unlicensed.this_year(c)
        unlicensed.before(c)
        lookalikes.populate(c)
    farmland(c)
    truth.finish(c)


def zones(c: County) -> None:
    """The wall's zone crosses the frame near one side; one redline holds steep slopes."""
    rng, n = c.rng, c.n
    side = rng.uniform(0.12, 0.3) if rng.random() < 0.5 else rng.uniform(0.7, 0.88)
    s = np.linspace(-0.05, 1.05, 24)
    off = side + 0.03 * np.sin(s * 9 + rng.uniform(0, 6)) + 0.02 * np.sin(s * 23)
    xy = np.c_[s, off] if rng.random() < 0.5 else np.c_[off, s]
    wall = LineString(np.c_[c.x0 + xy[:, 0] * n * 10, c.y0 - xy[:, 1] * n * 10]).buffer(75).intersection(c.aoi).simplify(2)
    c.ban("great_wall", wall, id="CC620826-01", name="战国秦长城静宁段建设控制地带")
    if p := c.spot(260, (c.ground.slope > 14) & c.ground.grass, "redline"):
        red = Point(p).buffer(230, 6).intersection(parcel(c, p, 260, 7)).intersection(c.aoi)
        c.ban("redline", red, id="STHX620826-01", name="静宁县水土流失控制生态保护红线")


def farmland(c: County) -> None:
    """Farmland as mapped: blocks of fields without licences and inventory patches; about half is 永久基本农田."""
    rng, n = c.rng, c.n
    other = unary_union([f["geom"].buffer(12) for k in ("mining_rights", "legacy_patches", "approvals") for f in c.layers[k]])
    fields = ndi.binary_opening(c.ground.field >= 0, iterations=1)
    yy, xx = np.mgrid[0:n, 0:n]
    block = cKDTree(rng.uniform(0, n, (max(4, n * n // 2500), 2))).query(np.c_[yy.ravel(), xx.ravel()])[1].reshape(n, n) + 1
    permanent = rng.random(block.max() + 1) < 0.5
    for g, v in shapes(block.astype("i4"), fields, transform=c.transform):
        p = shape(g).simplify(7).buffer(0).difference(other).intersection(c.aoi)
        for q in getattr(p, "geoms", [p]):
            if q.geom_type == "Polygon" and q.area > 4000:
                k = len(c.layers["farmland"]) + 1
                prefix, kind = ("YN", "永久基本农田") if permanent[int(v)] else ("GD", "耕地")
                c.layers["farmland"].append({"geom": q, "id": f"{prefix}620826{k:05d}", "name": f"{kind}{k}号", "type": kind})
