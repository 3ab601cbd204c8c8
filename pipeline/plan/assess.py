"""The plan against registers and pixels on a day, as one document: what `--json`, page, sheet and assessment are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import shapely

from pipeline.layers.model import LayerSet, Standing
from pipeline.plan.checks import CODES, Check, checks, is_ground, within
from pipeline.plan.indicators import Restoration, Sources, standings
from pipeline.plan.indicators import Standing as Stand
from pipeline.plan.model import Blocks, Plan, Zone
from pipeline.plan.register import Mine, mines, stands

ALIKE = 0.95
"""So near must the ground of a zone in the layer be to the plan's area."""


Worked = Mapping[str, Mapping[str, Any]]
"""Lines of mines.json by right."""


def assess(
    plan: Plan, sha256: str, layers: LayerSet, restoration: Restoration, worked: Sequence[Mapping[str, Any]], day: date, county: str
) -> dict[str, Any]:
    """The document. restoration, worked (lines of mines.json): of the month that ends on `day`."""
    found = mines(plan, layers)
    of_right = {row["right_id"]: row for row in worked}
    broken = checks(plan, found, day, layers.blocks, {id: row["dug_after_end_ha"] for id, row in of_right.items()})
    told = standings(Sources(plan, found, restoration, day))
    return {
        "county": county,
        "plan": plan.name,
        "plan_source": plan.source,
        "plan_sha256": sha256,
        "period": {"base": plan.period.base, "first": plan.period.first, "last": plan.period.last},
        "day": day.isoformat(),
        "indicators": [_indicator(each) for each in told],
        "checks": [{"right_id": each.right_id, "code": each.code, "message": each.message} for each in broken],
        "check_counts": {code: sum(each.code == code for each in broken) for code in CODES},
        "zones": [_zone(zone, within(zone, found, day, layers.blocks), layers, plan, of_right) for zone in plan.zones],
        "blocks": [_blocks(each, found, layers, plan, day) for each in plan.blocks],
        "new_mines": [
            {"minerals": list(rule.minerals), "town": rule.town, "least": rule.least, "size": rule.size, "unit": _unit(plan, rule.minerals[0])}
            for rule in plan.new_mines
        ],
        "mines": [
            _mine(mine, day, broken, of_right.get(mine.right.id)) for mine in found if mine.right.standing(day) in (Standing.VALID, Standing.EXPIRED)
        ],
        "minerals": [each.model_dump(mode="json") for each in plan.minerals],
        "off": [*_off(layers, restoration), *_other_ground(plan, layers)],
        "notes": list(plan.notes),
        "layers": [{"name": each.name, "version": each.version, "features": each.features} for each in layers.versions],
        "restoration_month": restoration["month"] if restoration else None,
    }


def _unit(plan: Plan, name: str) -> str:
    mineral = plan.mineral(name)
    return mineral.unit if mineral else ""


def _indicator(told: Stand) -> dict[str, Any]:
    each = told.indicator
    return {
        "id": each.id,
        "name": each.name,
        "target": each.target,
        "value": told.value,
        "unit": each.unit,
        "met": told.met,
        "bound": each.bound,
        "binding": each.binding,
        "base": each.base,
        "last_period": each.last_period,
        "series": [{"at": at, "value": value} for at, value in told.series],
        "trend": told.trend,
        "projected": told.projected,
        "projected_met": told.projected_met,
        "basis": told.basis,
    }


def _zone(zone: Zone, held: Sequence[Mine], layers: LayerSet, plan: Plan, worked: Worked) -> dict[str, Any]:
    """A zone with the rights in it, and what is dug of them by the pixels."""
    dug = [worked[mine.right.id] for mine in held if mine.right.id in worked]
    return zone.model_dump(mode="json") | {
        "drawn_km2": _drawn(zone, layers),
        "digging_now": sum(row["activity"] == "digging" for row in dug) if worked else None,
        "dug_ha": round(sum(row["dug_ha"] for row in dug), 4) if worked else None,
        "unit": _unit(plan, zone.mineral),
        "rights_now": len(held),
        "scale_now": round(sum(mine.right.scale or 0.0 for mine in held), 2),
        "right_ids": [mine.right.id for mine in held],
    }


def _blocks(blocks: Blocks, found: Sequence[Mine], layers: LayerSet, plan: Plan, day: date) -> dict[str, Any]:
    """Blocks of a kind: how many the layer holds, and how many of those are in use."""
    mine_of = plan.mineral(blocks.mineral)
    drawn = [block for block in layers.blocks if block.use == blocks.use and plan.mineral(block.mineral) == mine_of]
    ids = {block.id for block in drawn}
    live = [mine for mine in found if stands(mine.right, day) or mine.right.standing(day) is Standing.EXPLORATION]
    used = {block.id for mine in live for block in mine.blocks if block.id in ids}
    held = sorted({mine.right.id for mine in live if ids & {block.id for block in mine.blocks}})
    known = {"drawn": len(drawn), "used": len(used)} if layers.blocks else {"drawn": None, "used": None}
    return blocks.model_dump(mode="json") | known | {"right_ids": held}


def _drawn(zone: Zone, layers: LayerSet) -> float | None:
    """Area of a zone's ground in the layer."""
    ground = [block.geometry for block in layers.blocks if is_ground(zone, block)]
    return round(float(shapely.union_all(ground).area) / 1e6, 4) if ground else None


def _other_ground(plan: Plan, layers: LayerSet) -> list[str]:
    """Where the layer holds other ground than the plan names."""
    if not layers.blocks:
        return []
    said = []
    for zone in plan.zones:
        drawn = _drawn(zone, layers)
        if drawn is None:
            said.append(f"{zone.name}：规划区块图层中没有其范围，按乡镇和矿种对照")
        elif not ALIKE * zone.area_km2 <= drawn <= zone.area_km2 / ALIKE:
            said.append(f"{zone.name}：规划面积 {zone.area_km2:g} km²，图层中 {drawn:g} km²，请核对图层")
    for each in plan.blocks:
        mineral = plan.mineral(each.mineral)
        drawn_blocks = sum(block.use == each.use and plan.mineral(block.mineral) == mineral for block in layers.blocks)
        if drawn_blocks != each.count:
            said.append(f"{each.use}（{each.mineral}）：规划 {each.count} 个，图层中 {drawn_blocks} 个，未绘入的区块未核对")
    return said


def _mine(mine: Mine, day: date, broken: Sequence[Check], worked: Mapping[str, Any] | None) -> dict[str, Any]:
    right = mine.right
    return {
        "id": right.id,
        "name": right.name,
        "holder": right.holder,
        "mineral": right.mineral,
        "scale": right.scale,
        "unit": mine.mineral.unit if mine.mineral else None,
        "tonnes": None if mine.tonnes is None else round(mine.tonnes, 2),
        "size": mine.size,
        "town": mine.town,
        "valid_from": right.valid_from.isoformat() if right.valid_from else None,
        "valid_to": right.valid_to.isoformat() if right.valid_to else None,
        "stands": stands(right, day),
        "blocks": [block.id for block in mine.blocks],
        "activity": worked["activity"] if worked else None,
        "dug_ha": worked["dug_ha"] if worked else None,
        "codes": sorted({each.code for each in broken if each.right_id == right.id}),
    }


def _off(layers: LayerSet, restoration: Restoration) -> list[str]:
    """What could not be compared, and why."""
    said = []
    if "mining_rights" in layers.off:
        said.append("未提供采矿权：矿山数量、规模和布局均未核对")
    if not layers.blocks:
        said.append("未提供规划区块图层（plan_blocks）：矿权是否在区块内、一个区块一个主体、区块矿种未核对；集中开采区按乡镇和矿种对照")
    if not layers.towns:
        said.append("未提供乡镇界线：乡镇限定的要求按矿山名称判断")
    if restoration is None:
        said.append("没有修复监测结果：修复类指标没有数值")
    return said
