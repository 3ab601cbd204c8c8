"""The items of the second made county: violations, what is explained, and what only looks like digging."""

import math
from datetime import date

import numpy as np
from other_county import PLACES, blob, block, iso
from other_ground import NAMES, OLD
from other_scene import Event
from rasterio.features import shapes
from rasterio.transform import from_origin
from shapely import affinity
from shapely.geometry import LineString, Point, box, shape
from shapely.ops import unary_union

ANCIENT = (OLD, OLD + 1)


def count(plan, many):
    """How many of an item for the size of the county, at least one."""
    return max(1, round(many * plan.k))


def fill(plan):
    """Put everything into a plan; the big and the bound first."""
    banned(plan)
    rights(plan)
    legacy(plan)
    unlicensed(plan)
    explained(plan)
    lookalikes(plan)
    fields(plan)


def banned(plan):
    """Items tied to a zone: one unlicensed pit in each, and a valid right digging inside the redline."""
    rng, sizes = plan.rng, list(plan.rng.permutation([0.2, 0.6, 1.8]))
    r, pit, rock = plan.licensed(5e4 * min(1, plan.k * 2), "redline", 0.9 * min(1, plan.k * 2))
    if r:
        e = plan.dig(pit, plan.when(), rock)
        rid = plan.right(r, rock, to=date(plan.year + 3, 6, 30))
        plan.tell("violation", "prohibited_zone", "pit", pit, e, also=[], right_id=rid)
    for zone, ha in zip(("wall", "redline", "farm"), sizes, strict=True):
        pit, _ = plan.place(lambda x, y, s, ha=ha: (blob(rng, x, y, ha * 1e4 * s * s), None), zone, margin=60)
        if pit:
            rock = "clay" if zone == "farm" else plan.rock()
            e = plan.dig(pit, plan.when(), rock)
            plan.tell("violation", "unlicensed", "pit", pit, e, also=["prohibited_zone", "farmland_clay"] if zone == "farm" else ["prohibited_zone"])


def unlicensed(plan):
    """Wild pits outside every right and zone."""
    for i in range(count(plan, 4) - min(3, count(plan, 4) - 1)):
        ha = (0.06, 0.3, 1.0, 0.12)[i % 4]
        pit, _ = plan.place(lambda x, y, s, ha=ha: (blob(plan.rng, x, y, ha * 1e4), None), None)
        if pit:
            plan.tell("violation", "unlicensed", "pit", pit, plan.dig(pit, plan.when(), plan.rock()))


def over_the_edge(plan, rng, old):
    """A right whose pit crosses an edge by 60–100 m; old: what is inside has been bare for ever."""

    def make(x, y, s):
        turn = rng.uniform(0, 360)
        r = block(rng, x, y, 8e4 * min(1, plan.k * 1.5) * s, 1.3, turn)
        line = r.exterior
        p = line.interpolate(rng.uniform(0, 1), normalized=True)
        c = r.centroid
        d = math.hypot(p.x - c.x, p.y - c.y)
        ux, uy = (p.x - c.x) / d, (p.y - c.y) / d
        reach = rng.uniform(65, 100) * math.sqrt(s)
        inside = Point(p.x - ux * 55, p.y - uy * 55).buffer(62) & r
        cap = LineString([(p.x - ux * 45, p.y - uy * 45), (p.x + ux * (reach - 38), p.y + uy * (reach - 38))])
        new = affinity.rotate(cap.buffer(38 * rng.uniform(0.9, 1.2)), 0)
        rough = blob(rng, p.x + ux * (reach / 2 - 8), p.y + uy * (reach / 2 - 8), 3.14 * 42**2, 0.2, 1.2)
        new = (new | rough).simplify(2)
        out = new - r
        if out.geom_type != "Polygon":
            out = max(out.geoms, key=lambda g: g.area)
        return (r | new), (r, inside | (new & r), out)

    foot, got = plan.place(make, None)
    if not foot:
        return
    r, inside, out = got
    rock, days = plan.rock(), plan.when()
    rid = plan.right(r, rock, to=date(plan.year + 2, 12, 31))
    if old:
        plan.dig(inside, ANCIENT, rock)
        e = plan.dig(out, days, rock, order=r, pond=False)
        plan.tell("violation", "cross_boundary", "pit", out, e, right_id=rid)
        return
    whole = (inside | out).buffer(0.5).buffer(-0.5)
    e = plan.dig(whole, days, rock, order=inside.centroid)
    plan.tell("violation", "cross_boundary", "pit", whole - r, e, right_id=rid)
    plan.tell("explained", "permitted", "pit", whole & r, e, right_id=rid)


def rights(plan):
    """Everything that hangs on the state of a right."""
    rng, y = plan.rng, plan.year
    area = lambda: rng.uniform(3.5, 9) * 1e4 * min(1, plan.k * 1.5)  # noqa: E731
    for _ in range(count(plan, 1)):
        over_the_edge(plan, rng, True)
        over_the_edge(plan, rng, False)

    def case(kind, code, **terms):
        r, pit, rock = plan.licensed(area())
        if r is None:
            return
        days = plan.when()
        if terms.pop("on_last_day", False):
            terms["to"] = date.fromordinal(days[1])
        e = plan.dig(pit, days, rock)
        rid = plan.right(r, rock, **terms)
        plan.tell(kind, code, "pit", pit, e, right_id=rid)

    for _ in range(count(plan, 1)):
        case("violation", "expired_permit", status=str(rng.choice(["有效", "过期"])), to=date(y - 1, 9, 30))
        case("violation", "closed_mine", status=str(rng.choice(["注销", "关闭"])), to=date(y - 2, 4, 30))
        case("violation", "exploration_as_mining", status="探矿", frm=date(y - 1, 5, 1), to=date(y + 2, 4, 30))
        case("explained", "permitted", to=date(y + 4, 2, 28))
        case("explained", "permitted", status="过期", to=date(y - 1, 11, 30), renewal_applied=iso(date(y - 1, 10, 12)))
        case("explained", "permitted", on_last_day=True)
        r, pit, rock = plan.licensed(area(), hectares=1.6)  # expires while it is dug
        if r:
            days = plan.when(9)
            to = sum(days) // 2
            e = plan.dig(pit, days, rock)
            rid = plan.right(r, rock, to=date.fromordinal(to))
            before, after = plan.parts(e, pit, to)
            plan.tell("explained", "permitted", "pit", before, e, days=(days[0], to), right_id=rid)
            plan.tell("violation", "expired_permit", "pit", after, e, days=(to + 1, days[1]), right_id=rid)
        got, pit = plan.place(lambda x, yy, s: (lambda p: (p.buffer(14), p))(blob(rng, x, yy, 1.1e4 * s)))
        if got:  # a closed mine never restored
            e = plan.dig(pit, ANCIENT, "granite")
            rid = plan.right(got, "granite", status="关闭", to=date(y - 4, 12, 31), restore_by=iso(date(y - 1, 12, 31)))
            plan.tell("violation", "unrestored", "pit", got, e, also=[], right_id=rid)
        r, pit, rock = plan.licensed(area())  # lawful, old and quiet
        if r:
            plan.dig(pit, ANCIENT, rock)
            plan.right(r, rock, to=date(y + 1, 8, 31))
        r, _, rock = plan.licensed(area())
        if r:
            plan.right(r, rock, method="地下", to=date(y + 5, 8, 31))


def legacy(plan):
    """Legacy patches: dug again, never restored, restored, and green by themselves."""
    rng, y = plan.rng, plan.year

    def patch(ha, state, deadline):
        g, _ = plan.place(lambda x, yy, s: (blob(rng, x, yy, ha * 1e4 * s), None))
        if g is None:
            return None, None
        lid = f"LS620422{len(plan.legacy) + 1:04d}"
        plan.legacy.append((g, {"id": lid, "name": f"{rng.choice(PLACES)}历史遗留图斑", "state": state, "deadline": iso(deadline)}))
        return g, lid

    for i in range(count(plan, 2)):
        g, lid = patch(rng.uniform(0.5, 1.4), ("未治理", "治理中")[i % 2], date(y - 1 - i % 2, 12, 31))
        if g:
            e = plan.dig(g.buffer(-4), ANCIENT, plan.rock())
            plan.tell("violation", "unrestored", "pit", g, e, also=[], legacy_id=lid)
    for _ in range(count(plan, 1)):
        g, lid = patch(1.2, "已治理", date(y - 3, 12, 31))
        if g:
            plan.dig(g, ANCIENT, "loess12", green=(OLD, 0.7), pond=False)
            pit = blob(rng, g.centroid.x, g.centroid.y, g.area * 0.55) & g
            plan.tell("violation", "legacy_remined", "pit", pit, plan.dig(pit, plan.when(), plan.rock()), legacy_id=lid)
        for state, what, due in (("已治理", "restored", date(y - 2, 12, 31)), ("未治理", "regreened", date(y - 1, 10, 31))):
            g, lid = patch(0.8, state, due)
            if g:
                e = plan.dig(g, ANCIENT, "loess12", green=(OLD, 0.75), pond=False)
                plan.tell("explained", None, what, g, e, legacy_id=lid)


def explained(plan):
    """Approved building, and pits from before monitoring."""
    rng, y = plan.rng, plan.year
    for _ in range(count(plan, 1)):
        yard, _ = plan.place(lambda x, yy, s: (block(rng, x, yy, rng.uniform(1, 2.2) * 1e4 * s), None), "any")
        if yard:
            e = event(plan, yard, [(0, "subsoil", 1), (75, "concrete", 0.75)], plan.when(4), cloudy=0.3)
            site = yard.buffer(8, join_style="mitre")
            plan.approvals.append(
                (
                    site,
                    {
                        "id": f"JSYD{y}{len(plan.approvals) + 1:03d}",
                        "name": "农产品冷链物流园",
                        "valid_from": iso(date(y, 1, 1)),
                        "valid_to": iso(date(y + 2, 12, 31)),
                    },
                )
            )
            plan.tell("explained", "approved", "construction", yard, e)
        middle = (date(plan.years[0], 1, 1).toordinal() + date(y, 1, 1).toordinal()) // 2 - 20
        for start, ha in ((middle, 0.9), (date(y - 1, 9, 26).toordinal(), 0.5)):
            pit, _ = plan.place(lambda x, yy, s, ha=ha: (blob(rng, x, yy, ha * 1e4 * s), None))
            if pit:
                e = plan.dig(pit, (start, start + int(rng.integers(20, 36))), plan.rock())
                plan.tell("explained", "before_monitoring", "pit", pit, e)
    pit, _ = plan.place(lambda x, yy, s: (blob(rng, x, yy, 1.3e4 * s), None), "any")
    if pit:  # an old quarry nobody speaks of
        plan.dig(pit, ANCIENT, "limestone")


def event(plan, geom, phases, days, **more):
    """Something other than a pit on the ground."""
    e = Event(plan.ground, plan.rng, plan.x0, plan.y0, geom, phases, days, **more)
    plan.events.append(e)
    return e


def lookalikes(plan):
    """Lawful or natural changes that look like digging."""
    rng, y = plan.rng, plan.year

    def some(many, what, make, phases, weeks=3, near=None, days=None, **more):
        for i in range(count(plan, many)):
            spot = near(i) if near else None
            g, _ = plan.place(lambda x, yy, s, i=i: (make(x, yy, s, i), None), "any", spot, margin=45 if near else 60)
            if g:
                e = event(plan, g, phases, days(i) if days else plan.when(weeks), **more)
                plan.tell("lookalike", None, what, g, e)

    day = lambda m, d, yy=y: date(yy, m, d).toordinal()  # noqa: E731
    some(
        4,
        "greenhouse",
        lambda x, yy, s, i: affinity.rotate(
            box(x - 90 * s, yy - 35 * s, x + (90 if i else 260) * s, yy + (40 if i else 130) * s), rng.uniform(-8, 8)
        ),
        [(0, "subsoil", 0.9), (24, "greenhouse", 0.72), (150, "greenhouse", 0.62)],
        3,
        cloudy=0.2,
    )
    side = [(plan.x0 + c * 10, plan.y0 - r * 10, rad * 8) for r, c, rad in plan.ground.villages]
    some(
        3,
        "house",
        lambda x, yy, s, i: block(rng, x, yy, rng.uniform(0.12, 0.4) * 1e4, 2.0),
        [(0, "subsoil", 0.8), (45, "concrete", 0.55), (60, "tile", 0.35)],
        5,
        near=lambda i: side[i % len(side)],
    )

    def road(x, yy, s, i):
        n, a = 9, rng.uniform(0, 6.3)
        ts = np.linspace(0, rng.uniform(500, 850) * s * min(1, plan.k * 2), n)
        bend = np.cumsum(rng.normal(0, 18, n))
        return LineString(np.c_[x + ts * math.cos(a) - bend * math.sin(a), yy + ts * math.sin(a) + bend * math.cos(a)]).buffer(6.5, cap_style="flat")

    some(2, "road", road, [(0, "subsoil", 1), (60, "concrete", 0.85)], 8)
    some(1, "solar", lambda x, yy, s, i: block(rng, x, yy, 4.5e4 * s * min(1, plan.k * 2)), [(0, "subsoil", 0.6), (30, "panel", 0.5)], 6)
    late = lambda i: (day(10, 10, y - 1), day(11, 8, y - 1)) if i % 2 else (day(3, 5), day(4, 2))  # noqa: E731
    for i in range(count(plan, 3) + 1):
        g, _ = plan.place(lambda x, yy, s: (blob(rng, x, yy, rng.uniform(1.5, 4) * 1e4 * s, 0.2, 2.2), None), "any", margin=60)
        if g:
            span = late(i)
            green = (day(6, 5, y), 0.75) if i % 2 else (day(7, 15, y), 0.45)
            plan.tell("lookalike", None, "terrace", g, event(plan, g, [(0, "subsoil", 1), (200, "loess", 0.6)], span, green=green))
    some(1, "pond", lambda x, yy, s, i: blob(rng, x, yy, rng.uniform(0.3, 0.7) * 1e4, 0.1), [(0, "subsoil", 1), (25, "water", 0.8)], 3)

    def fire(i):
        start = day(10, 14 + i % 9) if plan.months > 10 and i % 2 else day(3, 8 + i % 9)
        return start, start + 1

    some(
        4, "burnt", lambda x, yy, s, i: blob(rng, x, yy, rng.uniform(0.3, 1.2) * 1e4 * s, 0.2, 2), [(0, "burnt", 0.75)], days=fire, over=True, fade=26
    )
    some(1, "landslide", lambda x, yy, s, i: blob(rng, x, yy, 0.45e4 * s, 0.15, 3), [(0, "subsoil", 0.85)], 0.4, green=(day(7, 1), 0.2))


def fields(plan):
    """Parcels that change their use: a first ploughing of grass, and bare fallows, told as lookalikes (many more fallows are not told)."""
    rng, g = plan.rng, plan.ground
    cells = np.bincount(g.parcel.ravel(), minlength=g.fixed.size)
    away = unary_union([t.buffer(40) for t in plan.taken])
    grid = from_origin(plan.x0, plan.y0, 10, 10)

    def pick(ok, many):
        found = []
        for p in rng.permutation(np.flatnonzero(ok & (cells > 30) & (cells < 160))):
            mask = (g.parcel == p) & ~g.is_built
            geoms = [shape(s) for s, v in shapes(mask.astype("u1"), transform=grid) if v]
            one = max(geoms, key=lambda s: s.area) if geoms else None
            if one is not None and one.area > 2500 and one.within(plan.aoi) and not one.intersects(away):
                found.append((int(p), one))
            if len(found) >= many:
                break
        return found

    now = plan.year - g.first
    sown = lambda c: (c != NAMES.index("fallow")) & (c < 7)  # noqa: E731
    for p, geom in pick(g.fixed == NAMES.index("grass"), count(plan, 3)):
        g.reuse(p, plan.year, str(rng.choice(["maize", "potato", "millet"])), rng)
        start = date(plan.year, 1, 1).toordinal() + int(g.tables[now]["till"][p])
        plan.tell("lookalike", None, "first_plough", geom, days=(start, start))
    for p, geom in pick((g.fixed < 0) & sown(g.code[now - 1]) & sown(g.code[now - 2]), count(plan, 12)):
        g.reuse(p, plan.year, "fallow", rng)
        start = date(plan.year, 1, 1).toordinal() + int(g.tables[now]["till"][p])
        plan.tell("lookalike", None, "fallow", geom, days=(start, start))
