"""What is built and might be taken for mining: greenhouses, houses, a yard, a road, a solar farm, a building with an approval."""

import numpy as np
from scipy import ndimage as ndi
from shapely import contains_xy
from shapely.geometry import LineString, Point, Polygon

from third.county import County
from third.frame import Arr, Place, along, smooth
from third.items import feature, part
from third.materials import ASPHALT, CONCRETE, PANEL, PLASTIC, ROOF, Mat
from third.pits import material


def room(c: County, r: float, ok: Arr, why: str) -> Place | None:
    """A place for a look-alike, which is then taken."""
    p = c.spot(r, ok, why, banned=True)
    if p:
        c.reserve(Point(p).buffer(r - 20))
    return p


def block(c: County, p: Place, w: float, h: float, angle: float) -> tuple[Arr, Arr, Arr, Arr]:
    """A turned rectangle: inside mask, metres along and across, sub-cells."""
    x, y, flat = c.window(p, np.hypot(w, h) / 2 + 10)
    u, v = along(x, y, p, angle)
    return (np.abs(u) < w / 2) & (np.abs(v) < h / 2), u, v, flat


def village_edge(c: County) -> Arr:
    """Ground a villager would build on."""
    g = c.ground
    return g.open & (g.d_village > 10) & (g.d_village < 150) & (g.slope < 14)


def greenhouse(c: County) -> None:
    """Earth walls, then plastic in rows."""
    rng, g = c.rng, c.ground
    w, h = rng.uniform(70, 130), rng.uniform(70, 120)
    ok = g.farm & (g.mean_slope(9) < 9) & (ndi.uniform_filter(g.farm.astype("f4"), 9) > 0.8)
    p = room(c, max(w, h) * 0.7 + 30, ok, "greenhouse")
    if p is None:
        return
    m, u, v, flat = block(c, p, w, h, rng.uniform(0, np.pi))
    start, top = c.when(45, tail=80), c.soil(p)
    house = m & (np.mod(v, 12.5) < 9) & (np.abs(u) < w / 2 - 4)
    day = start + 20 * (v / h + 0.5)
    earth = [(0, Mat(top * 0.97)), (18, Mat(top * 1.06))]
    old = PLASTIC * [0.86, 0.92, 0.88, 1.02, 0.9, 0.85]
    plastic = [*earth, (26, Mat(PLASTIC, 0)), (60, Mat(old, 0)), (200, Mat(PLASTIC * 0.93, 0))]
    walls = [*earth, (300, Mat(top * 1.06, veg=0.25))]
    c.add([part(house, flat, day, plastic), part(m & ~house, flat, day, walls)], [feature("lookalike", None, "greenhouse")])


def houses(c: County) -> None:
    """New houses and their yards at the village edge."""
    rng = c.rng
    w, h = rng.uniform(20, 55), rng.uniform(18, 45)
    p = room(c, 55, village_edge(c), "houses")
    if p is None:
        return
    m, u, v, flat = block(c, p, w, h, rng.uniform(0, np.pi))
    roof = m & (np.mod(u + w / 2, 22) < 15) & (np.abs(v) < h / 2 - 4)
    start, top, tile = c.when(60, tail=90), c.soil(p), ROOF[int(rng.integers(len(ROOF)))]
    earth = [(0, Mat(top)), (20, Mat(top * 1.08))]
    built = [*earth, (45, Mat(CONCRETE, 0.3)), (60, Mat(tile, 0.1))]
    yard = [*earth, (70, Mat(0.5 * top + 0.5 * CONCRETE, 0.6))]
    parts = [part(roof, flat, start + rng.uniform(0, 8), built), part(m & ~roof, flat, start, yard)]
    c.add(parts, [feature("lookalike", None, "houses")])


def threshing_yard(c: County) -> None:
    """Bare trodden earth by the village."""
    rng = c.rng
    if p := room(c, 40, village_edge(c), "yard"):
        m, _, _, flat = block(c, p, rng.uniform(28, 45), rng.uniform(22, 35), rng.uniform(0, 3))
        top = c.soil(p)
        c.add([part(m, flat, c.when(10, 120), [(0, Mat(top)), (12, Mat(top * 1.12))])], [feature("lookalike", None, "yard")])


def road(c: County) -> None:
    """A new village road: earthwork moves along it for weeks, then it is paved."""
    rng = c.rng
    starts = np.argwhere((c.d_border > 150) & ~c.taken)
    for _ in range(300):
        i, j = starts[rng.integers(len(starts))]
        a, length = rng.uniform(0, 2 * np.pi), rng.uniform(320, 650)
        s = np.linspace(0, length, 30)
        bend = rng.uniform(10, 40) * np.sin(s / length * np.pi * rng.uniform(1, 2))
        line = LineString(np.c_[c.x0 + j * 10 + s * np.cos(a) - bend * np.sin(a), c.y0 - i * 10 + s * np.sin(a) + bend * np.cos(a)])
        if not c.aoi.buffer(-40).contains(line):
            continue
        near = c.mask(line.buffer(45))
        if not (near & c.taken).any() and (near & c.ground.scarp).sum() <= 3:
            break
    else:
        c.skipped.append("road")
        return
    half, middle = rng.uniform(4.5, 6.5), line.centroid.coords[0]
    x, y, flat = c.window(middle, length * 0.75 + 20)
    m = contains_xy(line.buffer(half, cap_style="flat"), x, y)
    top = c.ground.soil[:, i, j]
    earth = Mat(0.5 * top + 0.5 * material(c, "loess", middle))
    pave = Mat(ASPHALT if rng.random() < 0.5 else CONCRETE, 0.3)
    day = c.when(80, tail=80) + 40 * (along(x, y, line.coords[0], a)[0] / length)
    c.add([part(m, flat, day, [(0, Mat(top)), (8, earth), (38, earth), (46, pave)])], [feature("lookalike", None, "road")])
    c.taken |= near


def solar_farm(c: County) -> None:
    """Rows of panels, too narrow to be told apart."""
    rng, g = c.rng, c.ground
    w, h = rng.uniform(180, 280), rng.uniform(130, 200)
    p = room(c, np.hypot(w, h) / 2 + 25, g.open & (g.mean_slope(15) < 17), "solar")
    if p is None:
        return
    m, u, _, flat = block(c, p, w, h, rng.uniform(-0.2, 0.2))
    start, top = c.when(80, tail=80), c.soil(p)
    rows = 0.46 * PANEL + 0.54 * top
    day = start + 30 * (u / w + 0.5) + 4 * smooth(rng, m.shape, 12)
    panels = [(0, Mat(top)), (25, Mat(top * 1.03)), (38, Mat(rows, 0.5)), (400, Mat(rows, 0.5, 0.25))]
    c.add([part(m, flat, day, panels)], [feature("lookalike", None, "solar")])


def approved_building(c: County) -> None:
    """A hall on a plot that has its approval."""
    rng, g = c.rng, c.ground
    w, h = rng.uniform(70, 130), rng.uniform(60, 100)
    p = room(c, 110, g.open & (g.mean_slope(7) < 14), "approved")
    if p is None:
        return
    a = rng.uniform(0, np.pi)
    m, u, v, flat = block(c, p, w, h, a)
    start, top, deep = c.when(90, tail=60), c.soil(p), material(c, "loess", p)
    hall = m & (np.abs(u) < w * 0.32) & (np.abs(v) < h * 0.3)
    x, y = w / 2 + 9, h / 2 + 9
    corners = ((-x, -y), (x, -y), (x, y), (-x, y))
    plot = Polygon([(p[0] + x * np.cos(a) - y * np.sin(a), p[1] + x * np.sin(a) + y * np.cos(a)) for x, y in corners])
    number = f"静自然资建〔{c.year - 1}〕{int(rng.integers(3, 60))}号"
    c.layers["approvals"].append({"geom": plot, "id": number, "name": "农产品冷链物流园"})
    day = start + 20 * (u / w + 0.5)
    earth = [(0, Mat(top)), (10, Mat(0.6 * deep + 0.4 * top))]
    built = [*earth, (70, Mat(deep)), (90, Mat(ROOF[0], 0.1))]
    paved = [*earth, (80, Mat(deep)), (120, Mat(CONCRETE, 0.3))]
    c.add([part(hall, flat, day, built), part(m & ~hall, flat, day, paved)], [feature("explained", "approved", "construction")])
