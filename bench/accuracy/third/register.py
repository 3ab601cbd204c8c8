"""The county's registers: mining rights and the inventory of old damage, as their clerks would write them."""

import numpy as np
from shapely.geometry import Polygon

from third.county import County
from third.frame import Area, Place

MINERAL = {
    "loess": "砖瓦用粘土",
    "red_clay": "陶粒用粘土",
    "granite": "建筑用花岗岩",
    "limestone": "建筑石料用灰岩",
    "gravel": "建筑用砂",
    "dark_rock": "建筑用玄武岩",
}
TOWNS = ["李店镇", "威戎镇", "仁大镇", "治平镇", "雷大镇", "余湾乡", "古城镇", "曹务镇"]
HILLS = ["红土梁", "阳洼", "石咀", "大湾", "北岔", "柳沟", "上川", "高家岔", "梁马", "寺坪"]


def parcel(c: County, p: Place, r: float, corners: int | None = None) -> Polygon:
    """A licence area: a few corners, like those on paper."""
    rng = c.rng
    k = corners or int(rng.integers(5, 8))
    a = np.sort(np.arange(k) / k * 2 * np.pi + rng.uniform(-0.22, 0.22, k)) + rng.uniform(0, 6)
    xy = np.c_[p[0] + r * rng.uniform(0.92, 1.15, k) * np.cos(a), p[1] + r * rng.uniform(0.92, 1.15, k) * np.sin(a)]
    return Polygon(np.round(xy, 1))


def add_right(c: County, geom: Polygon, mat: str, status: str, start: str, end: str, **more: str) -> str:
    """Register a mining right; returns its number."""
    rng, k = c.rng, len(c.layers["mining_rights"]) + 1
    town, hill = rng.choice(TOWNS), rng.choice(HILLS)
    exploring = status == "探矿"
    number = ("T" if exploring else "C") + f"620826{start[:4]}{int(rng.integers(1, 13)):02d}7130{int(rng.integers(100000, 999999))}"
    number = number.ljust(23, str(k % 10))
    c.layers["mining_rights"].append(
        {
            "geom": geom,
            "id": number,
            "name": f"静宁县{town}{hill}{MINERAL[mat]}{'勘查' if exploring else '矿'}",
            "holder": f"静宁县{hill}{rng.choice(['建材', '砖瓦', '石料', '矿业'])}有限公司",
            "mineral": MINERAL[mat],
            "method": "露天",
            "valid_from": start,
            "valid_to": end,
            "status": status,
            **more,
        }
    )
    c.reserve(geom.buffer(15))
    return number


def add_legacy(c: County, geom: Area, state: str, deadline: str) -> str:
    """Register a patch of old damage; returns its number."""
    number = f"620826LS{len(c.layers['legacy_patches']) + 1:04d}"
    c.layers["legacy_patches"].append({"geom": geom, "id": number, "state": state, "deadline": deadline})
    c.reserve(geom.buffer(25))
    return number
