"""A second made county, built apart from the sample county's simulator: test data its authors have not tuned to.

    python bench/accuracy/other_county.py OUT --seed N [--size 400] [--years 2022 2023 2024] [--months-monitored 12]

This module plans who digs where, with which right, and writes layers and truth; other_ground and other_scene make the pictures.
"""

import argparse
import json
import math
import sys
from calendar import monthrange
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import rasterio
import shapely
import yaml
from pyproj import Transformer
from rasterio.features import rasterize, shapes
from rasterio.transform import from_origin
from shapely import affinity, set_precision
from shapely.geometry import LineString, Polygon, mapping, shape
from shapely.ops import unary_union

sys.path.insert(0, str(Path(__file__).parent))
from other_ground import OLD, Ground, Weather
from other_scene import Camera, Event

ROCKS = {  # what is dug: licensed mineral, how often SCL takes it for cloud (low, high)
    "loess12": ("砖瓦用黄土", 0.2, 0.5),
    "clay": ("砖瓦用粘土", 0.1, 0.3),
    "granite": ("建筑用花岗岩", 0.5, 0.8),
    "limestone": ("建筑用灰岩", 0.6, 0.9),
    "tuff": ("建筑用凝灰岩", 0.0, 0.15),
}
PLACES = [
    "双堡子",
    "石家岔",
    "马家堡",
    "红土嘴",
    "大湾里",
    "柳树沟",
    "党家岘",
    "韩家集",
    "白草塬",
    "窑坡",
    "老君坡",
    "侯家川",
    "新添",
    "杨崖集",
    "土高山",
    "青江驿",
]


def blob(rng, x, y, area, wobble=0.16, long=1.5):
    """An irregular outline of exactly that area (m²)."""
    th = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    r = 1 + sum(wobble / k * rng.normal() * np.cos(k * th + rng.uniform(0, 6.3)) for k in range(2, 9))
    r = np.clip(r, 0.45, 1.8)
    s = math.sqrt(rng.uniform(1, long))
    g = affinity.rotate(Polygon(np.c_[r * np.cos(th) * s, r * np.sin(th) / s]).buffer(0), rng.uniform(0, 180))
    k = math.sqrt(area / g.area)
    return affinity.translate(affinity.scale(g, k, k, origin=(0, 0)), x, y)


def block(rng, x, y, area, aspect=1.4, turn=None):
    """A surveyed parcel: four or five corners, no right angles."""
    w = math.sqrt(area * aspect)
    h = area / w
    pts = [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (rng.uniform(-0.2, 0.2) * w, h / 2 * 1.15), (-w / 2, h / 2)]
    pts = [(px + rng.normal() * w * 0.03, py + rng.normal() * h * 0.03) for px, py in pts]
    return affinity.translate(affinity.rotate(Polygon(pts), rng.uniform(0, 180) if turn is None else turn), x, y)


class Plan:
    """Everything that happens in the county, and what the law's layers say about it."""

    def __init__(self, seed, size, years, months):
        self.rng = rng = np.random.default_rng([seed, 4242])
        self.n, self.years, self.months, self.year = size, list(years), months, years[-1]
        self.x0, self.y0 = 499980 + 20 * int(rng.integers(100, 600)), 4000020 - 20 * int(rng.integers(1500, 3000))
        self.k = (size / 400) ** 2
        self.side = size * 10
        self.weather = Weather(np.random.default_rng([seed, 1]), years)
        self.ground = Ground(np.random.default_rng([seed, 2]), size, self.years, self.weather)
        self.events, self.truth, self.rights, self.legacy, self.approvals, self.taken = [], [], [], [], [], []
        s, x, y = self.side, self.x0, self.y0
        e = 25
        self.aoi = Polygon(
            [
                (x + e, y - e - 0.04 * s),
                (x + 0.06 * s, y - e),
                (x + 0.7 * s, y - e),
                (x + s - e, y - 0.02 * s),
                (x + s - e, y - 0.9 * s),
                (x + s - 0.05 * s, y - s + e),
                (x + 0.3 * s, y - s + e),
                (x + e, y - s + 0.03 * s),
            ]
        )
        self._zones()
        self.hardrock = list(rng.permutation(list(ROCKS)))

    def _zones(self):
        rng, s = self.rng, self.side
        cx, cy = rng.choice([0.17, 0.83], 2)
        at = lambda fx, fy: (self.x0 + fx * s, self.y0 - fy * s)  # noqa: E731
        red = blob(rng, *at(cx, cy), 0.075 * s * s, 0.12, 1.3)
        wx = 1 - cx + rng.uniform(-0.05, 0.05)
        wall = LineString([at(wx + 0.04 * math.sin(5 * t + cy) + 0.03 * t, t) for t in np.linspace(-0.05, 1.05, 30)])
        wall = wall.buffer(min(150, s * 0.045))
        farms = []
        for i in range(max(3, round(6 * self.k))):
            for _ in range(60):
                p = at(*rng.uniform(0.12, 0.88, 2))
                f = blob(rng, *p, (0.022 if i else 0.03) * s * s * (0.6 if i > 1 else 1), 0.18, 2.0)
                if f.distance(red) > 60 and f.distance(wall) > 60 and all(f.distance(o) > 90 for o in farms):
                    farms.append(f)
                    break
        self.zones = {"redline": red & self.aoi, "wall": wall & self.aoi, "farm": unary_union(farms[:-1]) & self.aoi}
        self.farms = [f & self.aoi for f in farms]
        self.anyzone = unary_union([*self.zones.values(), *farms])
        self.ban = unary_union(list(self.zones.values()))

    # -- placing ----------------------------------------------------------------------------------------------------
    def free(self, g, margin, zone, near_built=False):
        """Whether a footprint may lie here."""
        if not g.within(self.aoi.buffer(-20)) or any(g.distance(o) < margin for o in self.taken):
            return False
        if zone in self.zones and not g.within(self.zones[zone].buffer(-5)):
            return False
        if zone is None and g.distance(self.anyzone) < 40:
            return False
        edge = g.exterior
        pts = [edge.interpolate(t, normalized=True) for t in np.linspace(0, 1, 24)] + [g.centroid]
        rc = [(int((self.y0 - p.y) / 10), int((p.x - self.x0) / 10)) for p in pts]
        cx, cy = g.centroid.x, g.centroid.y
        rc += [(int((self.y0 - (p.y + cy) / 2) / 10), int(((p.x + cx) / 2 - self.x0) / 10)) for p in pts[::2]]
        return near_built or not any(self.ground.is_built[r, c] for r, c in rc)

    def place(self, make, zone=None, near=None, margin=70):
        """Try until make(x, y, shrink) → (footprint, whatever) fits; the footprint is then taken."""
        b = self.zones[zone].bounds if zone in self.zones else self.aoi.bounds
        for i in range(1400):
            x, y = self.rng.uniform(b[0], b[2]), self.rng.uniform(b[1], b[3])
            if near:
                a, d = self.rng.uniform(0, 6.3), near[2] + 25 * (1 + i / 100)
                x, y = near[0] + d * math.cos(a), near[1] + d * math.sin(a)
            m = margin if i < 500 else margin * 0.4
            foot, rest = make(x, y, 1.0 if i < 700 else 0.75 if i < 1100 else 0.5)
            if foot.geom_type == "Polygon" and self.free(foot, m, zone, near is not None):
                self.taken.append(foot)
                return foot, rest
        print("no room for one more item at this size", file=sys.stderr)
        return None, None

    def when(self, weeks=None):
        """First and last day of a digging in the monitored year."""
        last = date(self.year, self.months, 1).toordinal()
        a = int(self.rng.integers(date(self.year, 1, 25).toordinal(), max(date(self.year, 2, 10).toordinal(), last - 100)))
        return a, a + int(7 * (weeks or self.rng.uniform(2, 10)))

    def dig(self, geom, days, rock, order=None, green=None, pond=True):
        """A pit on the ground."""
        r = self.rng
        deep = float(np.clip(math.sqrt(geom.area) / 9, 3, 22) * r.uniform(0.7, 1.3))
        p = r.uniform(*ROCKS[rock][1:]) if green is None else 0
        e = Event(
            self.ground,
            r,
            self.x0,
            self.y0,
            geom,
            [(0, "subsoil", 0.7), (9, rock, 1.0)] if days[0] != OLD else [(0, rock, 0.9)],
            days,
            depth=deep,
            pond=float(r.uniform(60, 150)) if pond and r.random() < 0.5 else None,
            cloudy=float(p),
            order=order,
            green=green,
            rough=1.3,
        )
        self.events.append(e)
        return e

    def rock(self):
        """The next material, so that all occur."""
        self.hardrock.append(self.hardrock.pop(0))
        return str(self.hardrock[-1])

    def tell(self, kind, code, what, geom, event=None, name=None, days=None, also=None, **ids):
        """One feature of truth."""
        geom = geom.simplify(0.3).buffer(-0.3, join_style="mitre").buffer(0.3, join_style="mitre")  # no slivers
        if geom.is_empty:
            return
        if also is None:
            also = ["prohibited_zone"] if kind == "violation" and code != "unrestored" and (geom & self.ban).area >= 400 else []
        days = days or ((event.start, event.end) if event and event.start != OLD else None)
        name = name or f"{self.rng.choice(PLACES)}{what}{len(self.truth) + 1}"
        self.truth.append(
            {
                "kind": kind,
                "code": code,
                "what": what,
                "start": iso(days and days[0]),
                "end": iso(days and days[1]),
                "also": also,
                "name": name,
                **ids,
                "_geom": geom,
                "_event": event,
            }
        )

    def right(self, geom, rock, status="有效", frm=None, to=None, **more):
        """A mining right around a pit; returns its id."""
        i = len(self.rights) + 1
        frm = frm or date(self.year - 6, 3, 1)
        rid = f"C620422{frm:%Y%m}7120{int(self.rng.integers(0, 999)):03d}{i:03d}"
        place = self.rng.choice(PLACES)
        self.rights.append(
            (
                geom,
                {
                    "id": rid,
                    "name": f"会宁县{place}{ROCKS[rock][0].removeprefix('建筑用').removeprefix('砖瓦用')}矿",
                    "holder": f"会宁县{place}建材有限公司",
                    "mineral": ROCKS[rock][0],
                    "method": more.pop("method", "露天"),
                    "valid_from": iso(frm),
                    "valid_to": iso(to),
                    "status": status,
                    "scale": float(self.rng.integers(3, 30)),
                    "renewal_applied": None,
                    "restore_by": None,
                    **more,
                },
            )
        )
        return rid

    def licensed(self, area, zone=None, hectares=None):
        """Place a right with a pit well inside it: (right, pit, material)."""

        def make(x, y, s):
            r = block(self.rng, x, y, area * s)
            pit = blob(self.rng, *r.centroid.coords[0], (hectares or self.rng.uniform(0.4, 1.4)) * 1e4 * s)
            return r, pit & r.buffer(-12)

        r, pit = self.place(make, zone)
        return r, pit, self.rock()

    def parts(self, event, geom, day):
        """A dug polygon parted by the day it was reached: (up to day, after)."""
        out = []
        for m in (event.day <= day, np.isfinite(event.day) & (event.day > day)):
            polys = [shape(g) for g, v in shapes(m.astype("u1"), transform=event.affine) if v]
            whole = unary_union([p.buffer(2).buffer(-2) for p in polys if p.area > 150]) & geom
            out.append(whole)
        return out


def iso(d):
    """ISO text of a date, an ordinal or nothing."""
    return None if d is None else (d if isinstance(d, date) else date.fromordinal(int(d))).isoformat()


def merc(plan):
    """UTM to WGS 84 for geometries."""
    t = Transformer.from_crs(32648, 4326, always_xy=True)
    return lambda g: set_precision(shapely.transform(g, t.transform, interleaved=False), 1e-8) if not g.is_empty else g


def write_geojson(path, rows, to_wgs):
    """Features of (geometry, properties) in WGS 84."""
    feats = [{"type": "Feature", "properties": p, "geometry": mapping(to_wgs(g))} for g, p in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": feats}, ensure_ascii=False, indent=1), encoding="utf-8")


def write_layers(plan, out):
    """Config, layers and truth polygons."""
    to, d = merc(plan), out / "layers"
    d.mkdir(parents=True, exist_ok=True)
    write_geojson(d / "aoi.geojson", [(plan.aoi, {"name": "会宁县", "code": "620422"})], to)
    write_geojson(d / "mining_rights.geojson", plan.rights, to)
    write_geojson(d / "legacy_patches.geojson", plan.legacy, to)
    write_geojson(d / "redline.geojson", [(plan.zones["redline"], {"id": "HX620422-01", "name": "祖厉河流域水土保持生态保护红线"})], to)
    farms = [
        (
            g,
            {
                "id": f"JBNT620422{i + 1:04d}",
                "name": f"{PLACES[i % 16]}村基本农田" if i < len(plan.farms) - 1 else "一般耕地",
                "type": "永久基本农田" if i < len(plan.farms) - 1 else "耕地",
            },
        )
        for i, g in enumerate(plan.farms)
    ]
    write_geojson(d / "farmland.geojson", farms, to)
    write_geojson(d / "great_wall.geojson", [(plan.zones["wall"], {"id": "CC620422-01", "name": "明长城会宁段建设控制地带"})], to)
    write_geojson(d / "approvals.geojson", plan.approvals, to)
    plain = ("mining_rights", "legacy_patches", "redline", "farmland")
    layers = {k: {"path": f"layers/{k}.geojson"} for k in plain}
    layers["great_wall"] = {"path": "layers/great_wall.geojson", "kind": "zone"}
    layers["approvals"] = {"path": "layers/approvals.geojson", "kind": "approval"}
    cfg = {
        "county": {"name": "会宁县", "code": "620422"},
        "area": "layers/aoi.geojson",
        "grid": {"crs": "EPSG:32648", "resolution": 10},
        "sources": [{"kind": "folder", "path": "scenes"}],
        "layers": layers,
        "output": "out",
    }
    (out / "config.yaml").write_text(yaml.safe_dump(cfg, allow_unicode=True, sort_keys=False), encoding="utf-8")
    write_geojson(out / "truth.geojson", [(f["_geom"], {k: v for k, v in f.items() if k[0] != "_"}) for f in plan.truth], to)


def write_truth_rasters(plan, out):
    """truth_id and truth_first_day on the 10 m grid, by majority of 2.5 m cells."""
    n = plan.n
    tid, day, best = np.zeros((n, n), "u2"), np.zeros((n, n), "u2"), np.full((n, n), 0.4999)
    for i, f in enumerate(plan.truth, 1):
        b = f["_geom"].bounds
        r0, r1 = max(0, int((plan.y0 - b[3]) // 10)), min(n, int((plan.y0 - b[1]) // 10) + 1)
        c0, c1 = max(0, int((b[0] - plan.x0) // 10)), min(n, int((b[2] - plan.x0) // 10) + 1)
        t = from_origin(plan.x0 + c0 * 10, plan.y0 - r0 * 10, 2.5, 2.5)
        m = rasterize([f["_geom"]], out_shape=(4 * (r1 - r0), 4 * (c1 - c0)), transform=t)
        cover = m.reshape(r1 - r0, 4, c1 - c0, 4).mean((1, 3))
        win = (slice(r0, r1), slice(c0, c1))
        take = cover > best[win]
        first = np.zeros(cover.shape)
        e = f["_event"]
        if e is not None and e.start != OLD:
            full = np.zeros((n, n))
            full[e.win] = np.where(e.cover(10**7) > 0, e.when, 0)
            first = full[win]
            if f["start"]:  # cells on the seam of two parts
                first = np.clip(first, *(date.fromisoformat(f[k]).toordinal() for k in ("start", "end")))
        elif f["start"]:
            first = np.full(cover.shape, date.fromisoformat(f["start"]).toordinal())
        tid[win][take], best[win][take] = i, cover[take]
        day[win][take] = np.where(first > 0, first - 719163, 0)[take]
    for name, a in (("truth_id", tid), ("truth_first_day", day)):
        with rasterio.open(
            out / f"{name}.tif",
            "w",
            driver="GTiff",
            width=n,
            height=n,
            count=1,
            dtype="uint16",
            crs="EPSG:32648",
            transform=from_origin(plan.x0, plan.y0, 10, 10),
            compress="deflate",
            predictor=2,
            tiled=True,
        ) as f:
            f.write(a, 1)


def make_county(out, seed, size=400, years=(2022, 2023, 2024), months_monitored=12, workers=2):
    """Write a whole county to a folder; the same seed gives the same bytes."""
    from other_items import fill

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    plan = Plan(seed, size, tuple(years), months_monitored)
    fill(plan)
    write_layers(plan, out)
    write_truth_rasters(plan, out)
    last = date(years[-1], months_monitored, monthrange(years[-1], months_monitored)[1]).toordinal()
    days = range(date(years[0], 1, 1).toordinal() + int(plan.rng.integers(0, 5)), last + 1, 5)
    camera = Camera(plan.ground, plan.events, plan.x0, plan.y0, seed, out, with_item=bool(seed % 2))
    with ThreadPoolExecutor(workers) as pool:
        return plan, list(pool.map(camera.shoot, range(len(days)), days))


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out")
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--size", type=int, default=400)
    p.add_argument("--years", type=int, nargs="+", default=[2022, 2023, 2024])
    p.add_argument("--months-monitored", type=int, default=12)
    a = p.parse_args()
    plan, looks = make_county(a.out, a.seed, a.size, tuple(a.years), a.months_monitored)
    clear = sum(c > 0.8 for _, _, c in looks)
    print(f"{a.out}: {len(looks)} scenes, {clear} mostly clear, {len(plan.truth)} features of truth, {len(plan.rights)} rights")


if __name__ == "__main__":
    main()
