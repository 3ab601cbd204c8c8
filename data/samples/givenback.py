"""Sites on their way back to green, one of every state, and a small plan: added to a finished county, of which nothing else changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import Polygon

from crops import GRASS, cover, date_of
from items import OLD, Canvas, Part
from layers import save
from planner import NoRoom, Planner, Record
from shapes import blob

Array = np.ndarray
LATEST, BEFORE, FIRST = 0, 1, 2
"""Years before the monitored one."""
PLAN = Path(__file__).resolve().parents[2] / "configs" / "huining-plan.yaml"


class RegrownLook:
    """Old bare ground that bears grass again: of each year the share of what pasture bears, and the share of dead stalks."""

    def __init__(self, canvas: Canvas, shares: Mapping[int, Array | float], dead: Mapping[int, float]):
        self.soil, self.palette = canvas.soil(), canvas.ground.palette
        self.shares, self.dead = shares, dead

    def at(self, day: int) -> tuple[Array, float, float]:
        date = date_of(day)
        # Before the first of them as in the first: the history begins with a winter.
        year = max(date.year, min(self.shares))
        green = float(cover(GRASS, date.timetuple().tm_yday, 0.5, 30.0, 0.1, 500.0)[0]) * np.asarray(self.shares[year], "f4")
        dry = self.dead.get(year, 0.05)
        bare = np.clip(1 - green - dry, 0, 1)
        plants = self.palette["grass"][:, None, None] * green + self.palette["straw"][:, None, None] * dry
        return (plants + self.soil * 1.04 * bare).astype("f4"), float(np.mean(bare)), 1.0


def add_given_back(p: Planner, seeds: list[int]) -> None:
    """Make all of them with a random stream of their own; one for which there is no room is left out."""
    stream, p.rng = p.rng, np.random.default_rng([*seeds, 9])
    try:
        for maker in (planted, strips, bushes, relapse, claimed_in_vain):
            maker(p)
    except NoRoom:
        pass
    finally:
        p.rng = stream


def _site(p: Planner, state: str, deadline: int | None, shares: Callable[[Canvas, Polygon], Mapping[int, Array | float]], dead: float = 0.05) -> None:
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, float(p.rng.uniform(0.7, 1.3)) * 1e4 * p.shrink)], "any", keep=60)
    number = p.patch(shape_, state, deadline)
    canvas = Canvas(p.ground, shape_)
    canvas.fill(shape_, OLD)
    look = RegrownLook(canvas, shares(canvas, shape_), {p.year: dead})
    name = str(p.legacy[-1].values["name"])
    p.items.append(canvas.item(look, [Part("explained", None, "given_back", shape_, name=name, legacy_id=number)]))


def _years(p: Planner, *shares: Array | float) -> Mapping[int, Array | float]:
    """Shares of the monitored year and those before it, the latest first; of earlier years that of the last."""
    return {year: shares[min(p.year - year, len(shares) - 1)] for year in p.years}


def planted(p: Planner) -> None:
    """Bare, then planted, and held: 已治理."""
    _site(p, "已治理", p.day(12, 31, p.year - 1), lambda canvas, shape_: _years(p, 1.0, 0.92, 0.06))


def strips(p: Planner) -> None:
    """Every second strip has been planted this year: 治理中."""

    def shares(canvas: Canvas, shape_: Polygon) -> Mapping[int, Array | float]:
        rows = np.arange(canvas.height)[:, None] + np.zeros((canvas.height, canvas.width))
        return _years(p, np.where(rows // 3 % 2 == 0, 1.0, 0.05), 0.05)

    _site(p, "治理中", p.day(12, 31, p.year + 1), shares)


def bushes(p: Planner) -> None:
    """Grows back by itself, year by year: 自然恢复."""
    _site(p, "未治理", p.day(6, 30, p.year + 2), lambda canvas, shape_: _years(p, 0.62, 0.47, 0.32))


def relapse(p: Planner) -> None:
    """Accepted, and dead this year: 退化."""
    _site(p, "已治理", None, lambda canvas, shape_: _years(p, 0.12, 1.0, 0.97), dead=0.2)


def claimed_in_vain(p: Planner) -> None:
    """The register says restored, the ground is bare: 未治理."""
    _site(p, "已治理", p.day(12, 31, p.year - 1), lambda canvas, shape_: _years(p, 0.05))


def save_plan(out: Path, p: Planner) -> str:
    """The plan, blocks drawn round some rights so that each check has something to say, and the config's lines for them."""
    shutil.copyfile(PLAN, out / "plan.yaml")
    standing = [right for right in p.rights if right.values["status"] == "有效"]
    # One as it should be, one planned for another mineral, and one that two operators share.
    grounds = [right.geometry.buffer(40).simplify(5) for right in standing[:2]]
    grounds.append(shapely.unary_union([right.geometry for right in standing[2:4]]).convex_hull.buffer(20))
    minerals = [standing[0].values["mineral"], "建筑用凝灰岩", standing[2].values["mineral"]]
    blocks = [
        Record(ground, {"id": f"KQ-{k:02d}", "name": f"开采区块{k}", "use": "开采区块", "mineral": mineral})
        for k, (ground, mineral) in enumerate(zip(grounds, minerals, strict=True), 1)
    ]
    save(out / "layers" / "plan_blocks.geojson", blocks)
    return "plan: plan.yaml\n"
