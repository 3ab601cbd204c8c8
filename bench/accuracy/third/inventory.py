"""Patches of the inventory of old damage: re-dug, overdue, restored, on the way, not yet due."""

import numpy as np
from shapely import contains_xy
from shapely.geometry import Polygon

from third.county import County
from third.frame import Arr, Place, day_number, iso
from third.items import feature, part
from third.materials import Mat
from third.pits import dig, material
from third.register import add_legacy
from third.rights import keep_green, overdue


def blob(c: County, p: Place, r: float) -> Polygon:
    """A roundish outline."""
    a = np.linspace(0, 2 * np.pi, 15)[:-1]
    rr = r * np.clip(1 + 0.25 * np.sin(2 * a + c.rng.uniform(0, 6)) + c.rng.normal(0, 0.08, 14), 0.6, 1.4)
    return Polygon(np.c_[p[0] + rr * np.cos(a), p[1] + rr * np.sin(a)])


def populate(c: County) -> None:
    """One of each state, overdue ones sometimes two."""
    rng, y = c.rng, c.year
    ok, green = c.ground.diggable(2, 25), c.ground.greenness()
    remined(c, ok & (green > 0.4))
    for due in (f"{y - 2}-12-31", f"{y - 1}-10-31")[: int(rng.integers(1, 3))]:
        unrestored(c, ok & (green > 0.52), due)
    restored(c, ok & (green > 0.4))
    regreening(c, ok & (green > 0.4))
    if p := c.spot(130, ok, "legacy not due"):
        g = blob(c, p, 42)
        pit = feature("explained", None, "old_pit", legacy=add_legacy(c, g, "未治理", f"{y + 2}-06-30"))
        dig(c, p, g.area * 0.9, day_number(y - 8, 4), 400, "loess", [pit], allowed=g, old=True)


def remined(c: County, ok: Arr) -> None:
    """Old damage that is dug again."""
    p = c.spot(150, ok, "legacy_remined")
    if p is None:
        return
    rng = c.rng
    g, dur = blob(c, p, rng.uniform(50, 70)), rng.uniform(20, 60)
    number = add_legacy(c, g, str(rng.choice(["已治理", "未治理"], p=[0.7, 0.3])), f"{c.year + 1}-12-31")
    mat = str(rng.choice(["loess", "gravel", "granite"], p=[0.6, 0.2, 0.2]))
    pit = feature("violation", "legacy_remined", "pit", legacy=number)
    c.note("remined dig", dig(c, p, g.area * rng.uniform(0.4, 0.7), c.when(dur), dur, mat, [pit], allowed=g.buffer(-2)))


def unrestored(c: County, ok: Arr, due: str) -> None:
    """Still bare after the deadline."""
    p = c.spot(150, ok, "unrestored")
    if p is None:
        return
    g = blob(c, p, c.rng.uniform(38, 65))
    number = add_legacy(c, g, "未治理", due)
    keep_green(c, p, 180)
    pit = feature("violation", "unrestored", "old_pit", legacy=number, **overdue(c, due))
    mat = str(c.rng.choice(["loess", "red_clay", "gravel"]))
    c.note("unrestored dig", dig(c, p, g.area * 0.92, day_number(c.year - 10, 4), 500, mat, [pit], allowed=g, old=True))


def restored(c: County, ok: Arr) -> None:
    """Green again for years."""
    p = c.spot(140, ok, "restored")
    if p is None:
        return
    g = blob(c, p, 50)
    f = feature("explained", None, "restored", legacy=add_legacy(c, g, "已治理", f"{c.year - 3}-12-31"))
    x, y, flat = c.window(p, 90)
    c.add([part(contains_xy(g, x, y), flat, day_number(c.year - 6, 5), [(0, Mat(c.soil(p) * 1.06, veg=0.62))])], [f])


def regreening(c: County, ok: Arr) -> None:
    """Bare through the history, sown this spring."""
    p = c.spot(140, ok, "regreening")
    if p is None:
        return
    g = blob(c, p, 45)
    number = add_legacy(c, g, "治理中", f"{c.year + 1}-12-31")
    x, y, flat = c.window(p, 90)
    old, spring = day_number(c.year - 7, 5), c.watch_day + 95
    top, deep, a = c.soil(p), material(c, "loess", p), spring - old
    ageing = [(0, Mat(deep)), (a - 20, Mat(deep, veg=0.06)), (a, Mat(top)), (a + 70, Mat(top, veg=0.2)), (a + 120, Mat(top, veg=0.6))]
    f = feature("explained", None, "regreening", legacy=number, start=iso(spring - 20), end=iso(spring + 120))
    c.add([part(contains_xy(g.buffer(-3), x, y), flat, old, ageing)], [f])
