"""What happens in and around mining rights. Every right is drawn round the place where its story happens."""

from datetime import date

import numpy as np
from scipy import ndimage as ndi
from shapely import contains_xy
from shapely.geometry import Point, Polygon
from shapely.ops import unary_union

from third.county import County
from third.frame import EPOCH, NEVER, SUB_AREA, Place, day_number, iso, smooth
from third.items import feature
from third.pits import dig, material, open_pit
from third.register import add_right, parcel


def overdue(c: County, deadline: str) -> dict[str, str]:
    """When restoration is overdue: from the day after the deadline to the last day of the archive."""
    return {"start": iso((date.fromisoformat(deadline) - EPOCH).days + 1), "end": iso(c.last_day)}


def keep_green(c: County, p: Place, r: float) -> None:
    """No fallow close to bare patches that are judged against their neighbours."""
    field = c.ground.field
    c.rotation.never_fallow(np.unique(field[c.mask(Point(p).buffer(r)) & (field >= 0)]))


class Rights:
    """One of each kind of right, and sometimes two."""

    def __init__(self, c: County) -> None:
        self.c, self.rng, self.year = c, c.rng, c.year
        g = c.ground
        tame = (g.mean_slope(9) < 26) & ~ndi.binary_dilation(g.scarp, iterations=3)
        self.ok = tame & (ndi.uniform_filter((g.farm | g.grass).astype("f4"), 15) > 0.75)
        self.far_off = f"{self.year + int(self.rng.integers(1, 6))}-{int(self.rng.integers(1, 13)):02d}-28"  # an end long after the year

    def populate(self) -> None:
        """Violations first, as they need their room most."""
        self.dug_in_redline()
        for history in (False, True):
            for _ in range(12):
                p = self.site(190, "cross_boundary")
                if p is None or self.over_the_line(p, self.mineral(), history):
                    break
            else:
                self.c.skipped.append("cross_boundary")
        self.expired(marked=True)
        self.expired(marked=False)
        y = self.year
        self.no_right_to_mine("closed_mine", str(self.rng.choice(["关闭", "注销", "吊销"])), 150, f"{y - 9}-06-01", f"{y - 3}-12-31")
        self.no_right_to_mine("exploration_as_mining", "探矿", 200, f"{y - 1}-06-01", f"{y + 2}-05-31")
        self.permitted(self.far_off)
        self.permitted(f"{y - 1}-09-30", renewal_applied=f"{y - 1}-08-15")
        self.old_pit()
        if p := self.site(150, "sleeping right"):
            add_right(self.c, parcel(self.c, p, 140), self.mineral(), "有效", f"{y - 2}-03-01", self.far_off)
        self.unrestored()

    def site(self, r: float, why: str) -> Place | None:
        """Room for a right."""
        return self.c.spot(r + 75, self.ok, why)

    def mineral(self) -> str:
        """What a right is for."""
        return str(self.rng.choice(["loess", "red_clay", "granite", "limestone", "dark_rock"], p=(0.4, 0.15, 0.15, 0.15, 0.15)))

    def dug_in_redline(self) -> None:
        """A valid right with a redline running through it, dug on the wrong side or on both."""
        p = self.site(200, "prohibited_zone")
        if p is None:
            return
        c, rng = self.c, self.rng
        right, mat, turn = parcel(c, p, 175), self.mineral(), rng.uniform(0, 2 * np.pi)
        d, w = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        q = np.array(p) + d * rng.uniform(-30, 10)
        line = [(q + w * t + d * rng.uniform(-8, 8)) for t in (260, 130, 0, -130, -260)]
        others = unary_union([f["geom"].buffer(25) for f in c.layers["mining_rights"]])
        red = Polygon([*line, q - w * 260 + d * 430, q + w * 260 + d * 430]).buffer(0).intersection(c.aoi).difference(others)
        number = add_right(c, right, mat, "有效", f"{self.year - 6}-04-01", self.far_off)
        both = rng.random() < 0.5
        at = q + d * (5 if both else 75)
        lawful, unlawful = feature("explained", "permitted", "pit", number), feature("violation", "prohibited_zone", "pit", number)
        dur, inner = rng.uniform(25, 70), right.buffer(-25)
        for area in (rng.uniform(5000, 11000), 5000, 3500):  # smaller if it does not fit
            if both and dig(c, at, area, c.when(dur), dur, mat, [lawful, unlawful], allowed=inner, split=c.aoi.difference(red)):
                break
            if not both and dig(c, at, area * 0.7, c.when(dur), dur, mat, [unlawful], allowed=inner.intersection(red.buffer(-12))):
                break
        else:
            c.skipped.append("prohibited_zone dig")
        c.ban("redline", red, id=f"STHX620826-{len(c.layers['redline']) + 1:02d}", name="静宁县水源涵养生态保护红线")

    def over_the_line(self, p: Place, mat: str, history: bool) -> bool:
        """A pit that starts inside a right, with `history` before the year, and is then driven 45-75 m past a straight side of it."""
        c, rng = self.c, self.rng
        right = parcel(c, p, 170, 5)
        corners = np.asarray(right.exterior.coords)
        e = int(np.argmax(np.hypot(*np.diff(corners, axis=0).T)))
        a, b = corners[e], corners[e + 1]
        mid, t = (a + b) / 2, (b - a) / np.hypot(*(b - a))
        out = np.array([t[1], -t[0]])
        if right.contains(Point(mid + out)):
            out = -out
        reach, w, depth = rng.uniform(45, 72), rng.uniform(32, 48), rng.uniform(55, 85)
        x, y, flat = c.window(mid, 150)
        wob = smooth(rng, x.shape, 18)
        s, d = (x - mid[0]) * t[0] + (y - mid[1]) * t[1], (x - mid[0]) * out[0] + (y - mid[1]) * out[1]
        inside = contains_xy(right, x, y)
        lobe = np.where(d > 0, np.abs(s / w) ** 2.6 + np.abs(d / reach) ** 2.6, (s / (w * 1.15)) ** 2 + (d / depth) ** 2)
        m = (lobe * np.exp(0.3 * wob) < 1) & (d < reach + 5) & ~c.owned.ravel()[flat]
        lab, _ = ndi.label(m)
        m = lab == lab[m.shape[0] // 2, m.shape[1] // 2]
        far = m & (d > 15) & ~inside & ~contains_xy(right.buffer(15), x, y)
        if far.sum() * SUB_AREA < 700 or not (m & inside).any() or not c.aoi.contains(Point(mid + out * 120)):
            return False
        dur = rng.uniform(20, 60)
        over = c.when(dur, 70)  # the day it crosses
        if history:
            start, stop = c.watch_day - rng.uniform(150, 420), c.watch_day - rng.uniform(40, 100)
        else:
            start, stop = over - rng.uniform(30, 50), over
        done = np.clip(np.where(inside, (d + depth) / depth, d / reach) + 0.2 * wob, 0, 1)
        day = np.where(m, np.where(inside, start + (stop - start) * done, over + dur * done), NEVER).astype("f4")
        number = add_right(c, right, mat, "有效", f"{self.year - 4}-07-01", self.far_off)
        c.reserve(Point(mid + out * 30).buffer(110))
        features = [feature("explained", "permitted", "pit", number), feature("violation", "cross_boundary", "pit", number)]
        start_place = mid - out * 10
        deep = material(c, mat, start_place)
        return open_pit(c, start_place, flat, m, day, start, mat, deep, features, split=right)

    def expired(self, marked: bool) -> None:
        """An ended right, dug on: marked as ended, or its date passing during the year while the register still says 有效."""
        p = self.site(165, "expired_permit")
        if p is None:
            return
        c, rng, y = self.c, self.rng, self.year
        mat, dur = self.mineral(), rng.uniform(20, 70)
        start = c.when(dur, 25 if marked else 60)
        month = int(rng.integers(1, 11)) if marked else 0
        lapsed = f"{y - 1}-{month:02d}-{28 if month == 2 else 30}"
        end = lapsed if marked else iso(c.watch_day + rng.uniform(5, max(6, start - c.watch_day - 20)))
        right = parcel(c, p, 150)
        number = add_right(c, right, mat, "过期" if marked else "有效", f"{y - 6}-05-01", end)
        if marked:  # dug lawfully long before
            old = feature("explained", None, "old_pit", number)
            dig(c, (p[0] + 55, p[1]), rng.uniform(4000, 7000), day_number(y - 5, 6), 300, mat, [old], allowed=right.buffer(-25), old=True)
        q = (p[0] - 50, p[1] + rng.uniform(-30, 30))
        pit = feature("violation", "expired_permit", "pit", number)
        c.note("expired dig", dig(c, q, rng.uniform(2000, 10000), start, dur, mat, [pit], allowed=right.buffer(-20)))

    def no_right_to_mine(self, code: str, status: str, r: float, start: str, end: str) -> None:
        """Digging under a right whose status does not allow it."""
        p = self.site(r, code)
        if p is None:
            return
        c, rng = self.c, self.rng
        mat, dur, right = self.mineral(), rng.uniform(20, 70), parcel(c, p, r)
        number = add_right(c, right, mat, status, start, end)
        q = np.array(p) + rng.uniform(-35, 35, 2)
        pit = feature("violation", code, "pit", number)
        c.note(f"{code} dig", dig(c, q, rng.uniform(1500, 9000), c.when(dur), dur, mat, [pit], allowed=right.buffer(-20)))

    def permitted(self, end: str, **more: str) -> None:
        """Lawful digging: in a valid right, or in one whose renewal was applied for in time."""
        p = self.site(170, "permitted")
        if p is None:
            return
        c, rng = self.c, self.rng
        mat, dur, right = self.mineral(), rng.uniform(30, 70), parcel(c, p, 160)
        number = add_right(c, right, mat, "有效", f"{self.year - 5}-10-01", end, **more)
        pit = feature("explained", "permitted", "pit", number)
        c.note("permitted dig", dig(c, p, rng.uniform(4000, 14000), c.when(dur), dur, mat, [pit], allowed=right.buffer(-25)))

    def old_pit(self) -> None:
        """A valid right whose pit is older than the archive."""
        p = self.site(165, "old lawful pit")
        if p is None:
            return
        c, y = self.c, self.year
        mat, right = self.mineral(), parcel(c, p, 160)
        number = add_right(c, right, mat, "有效", f"{y - 9}-03-01", self.far_off)
        pit = feature("explained", None, "old_pit", number)
        dig(c, p, self.rng.uniform(9000, 16000), day_number(y - 8, 5), 900, mat, [pit], allowed=right.buffer(-20), old=True)

    def unrestored(self) -> None:
        """A closed mine whose restoration is overdue: bare, drawn tight, in ground that greens up."""
        c, y = self.c, self.year
        p = c.spot(190, self.ok & (c.ground.greenness() > 0.5), "unrestored mine")
        if p is None:
            return
        mat, right = self.mineral(), parcel(c, p, 85)
        due = f"{y - 1}-{'05-31' if self.rng.random() < 0.5 else '12-31'}"
        number = add_right(c, right, mat, "关闭", f"{y - 12}-03-01", f"{y - 4}-12-31", restore_by=due)
        keep_green(c, p, 200)
        pit = feature("violation", "unrestored", "old_pit", number, **overdue(c, due))
        c.note("unrestored mine dig", dig(c, p, 13500, day_number(y - 9, 5), 900, mat, [pit], allowed=right.buffer(-4), old=True))
