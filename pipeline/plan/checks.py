"""Rights against the plan: each breach a line that says which right, what is wrong with it, and by how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.layers.model import CLOSED_STATUS, PlanBlock, Standing
from pipeline.plan.model import SIZES, NewMines, Plan, Zone
from pipeline.plan.register import Mine, is_new, single, stands

INSIDE = 0.95
"""Share of a right that must lie in planned ground."""


@dataclass(frozen=True, slots=True)
class Check:
    right_id: str
    code: str
    message: str


CODES = {
    "too_small": "低于最低开采规模",
    "size_unknown": "规模未登记",
    "mineral_unknown": "矿种不在规划名录",
    "outside_blocks": "不在规划区块内",
    "two_blocks": "跨越两个区块",
    "two_operators": "一个区块多个主体",
    "mineral_not_planned": "矿种与区块不符",
    "zone_rights": "集中开采区矿权数超规划",
    "zone_scale": "集中开采区规模超规划",
    "expired_not_cleared": "过期未注销",
}
"""What a check finds, in Chinese."""

Rule = Callable[[Mine, Plan, date], Iterator[tuple[str, str]]]


def _expired(mine: Mine, day: date, dug_ha: float) -> Iterator[Check]:
    """dug_ha: ground that pixels show dug after its end."""
    right = mine.right
    if right.standing(day) is Standing.EXPIRED and right.status not in CLOSED_STATUS:
        since = f"{right.valid_to} 到期" if right.valid_to else "已过期（日期未登记）"
        dug = f"；影像显示期满后挖损 {dug_ha:.2f} 公顷" if dug_ha else ""
        yield Check(right.id, "expired_not_cleared", f"{since}，登记状态仍为{right.status or '空'}，未延续也未注销{dug}")


def _scale(mine: Mine, plan: Plan, day: date) -> Iterator[tuple[str, str]]:
    if not stands(mine.right, day):
        return
    if mine.mineral is None:
        yield "mineral_unknown", f"矿种“{mine.right.mineral or '未登记'}”不在规划的矿种中，规模与布局未核对"
    elif mine.right.scale is None:
        yield "size_unknown", "设计生产规模未登记，大中小型与最低规模未核对"


def _new(mine: Mine, plan: Plan, day: date) -> Iterator[tuple[str, str]]:
    if not stands(mine.right, day) or not is_new(mine, plan) or mine.mineral is None or mine.right.scale is None:
        return
    for rule in plan.new_mines:
        if mine.mineral.name in rule.minerals and _applies(rule, mine):
            yield from _against(rule, mine)


def _applies(rule: NewMines, mine: Mine) -> bool:
    """A rule for one town holds where the town is known, or named in the mine's own name."""
    return rule.town is None or rule.town == mine.town or (mine.town is None and rule.town in (mine.right.name or ""))


def _against(rule: NewMines, mine: Mine) -> Iterator[tuple[str, str]]:
    assert mine.mineral is not None
    assert mine.right.scale is not None
    scale, unit = mine.right.scale, mine.mineral.unit
    where = f"{rule.town}新建" if rule.town else "新建"
    if rule.least is not None and scale < rule.least:
        yield "too_small", f"{where}{mine.mineral.name}矿山不得低于 {rule.least:g} {unit}，设计规模 {scale:g} {unit}"
    size = mine.size
    if rule.size is not None and size is not None and SIZES.index(size) < SIZES.index(rule.size):
        yield "too_small", f"{where}{mine.mineral.name}矿山须达到{rule.size}，设计规模 {scale:g} {unit} 为{size}"


def _place(mine: Mine, plan: Plan, day: date) -> Iterator[tuple[str, str]]:
    if mine.inside is None or not (stands(mine.right, day) or mine.right.standing(day) is Standing.EXPLORATION):
        return
    if is_new(mine, plan) and mine.inside < INSIDE:
        yield "outside_blocks", f"规划期内设立，{1 - mine.inside:.0%} 的面积不在规划区块内"
    blocks = [block for block in mine.blocks if single(block)]
    if len(blocks) > 1:
        yield "two_blocks", f"跨越区块 {'、'.join(block.id for block in blocks)}"
    for block in mine.blocks:
        planned = plan.mineral(block.mineral)
        if planned is not None and mine.mineral is not None and planned.name != mine.mineral.name:
            yield "mineral_not_planned", f"区块 {block.id} 规划矿种为{planned.name}，登记为{mine.right.mineral}"


RULES: tuple[Rule, ...] = (_scale, _new, _place)


def checks(plan: Plan, found: Sequence[Mine], day: date, blocks: Sequence[PlanBlock], dug_after_end: Mapping[str, float]) -> list[Check]:
    """Every breach on a day, by right. blocks: planned ground; dug_after_end: hectares by right."""
    out = [check for mine in found for check in _expired(mine, day, dug_after_end.get(mine.right.id, 0.0))]
    out += [Check(mine.right.id, code, message) for mine in found for rule in RULES for code, message in rule(mine, plan, day)]
    out += _operators(found, day)
    for zone in plan.zones:
        out += _zone(zone, within(zone, found, day, blocks))
    return sorted(out, key=lambda check: (check.right_id, list(CODES).index(check.code), check.message))


def _operators(found: Sequence[Mine], day: date) -> Iterator[Check]:
    """One operator a block."""
    by_block: dict[str, tuple[PlanBlock, list[Mine]]] = {}
    for mine in found:
        for block in mine.blocks:
            if single(block) and mine.right.standing(day) in (Standing.VALID, Standing.EXPLORATION):
                by_block.setdefault(block.id, (block, []))[1].append(mine)
    for block, held in by_block.values():
        holders: dict[str, list[str]] = defaultdict(list)
        for mine in held:
            holders[mine.right.holder or f"（{mine.right.id}）"].append(mine.right.id)
        if len(holders) > 1:
            names = "、".join(sorted(holders))
            yield from (Check(mine.right.id, "two_operators", f"区块 {block.id} 有 {len(holders)} 个主体：{names}") for mine in held)


def within(zone: Zone, found: Sequence[Mine], day: date, blocks: Sequence[PlanBlock]) -> list[Mine]:
    """Mines of a zone that stand on a day: by its ground where the layer (blocks) holds it, else by town and mineral."""
    standing = [mine for mine in found if stands(mine.right, day)]
    if any(is_ground(zone, block) for block in blocks):
        return [mine for mine in standing if any(is_ground(zone, block) for block in mine.blocks)]
    return [mine for mine in standing if zone.town and mine.town == zone.town and mine.mineral is not None and mine.mineral.name == zone.mineral]


def is_ground(zone: Zone, block: PlanBlock) -> bool:
    """Whether ground of the layer is a zone's."""
    return zone.id in (block.id, block.name) or zone.name == block.name


def _zone(zone: Zone, held: Sequence[Mine]) -> Iterator[Check]:
    most = zone.rights + zone.planned
    if len(held) > most:
        for mine in held:
            yield Check(mine.right.id, "zone_rights", f"{zone.name}规划 {zone.rights}+{zone.planned} 个矿权，现有 {len(held)} 个")
    total = sum(mine.right.scale or 0.0 for mine in held)
    unit = next((mine.mineral.unit for mine in held if mine.mineral), "")
    if total > zone.total:
        for mine in held:
            yield Check(mine.right.id, "zone_scale", f"{zone.name}规划总规模 {zone.total:g} {unit}，登记合计 {total:g} {unit}")
    for mine in held:
        if mine.right.scale is not None and mine.right.scale < zone.least:
            yield Check(mine.right.id, "too_small", f"{zone.name}单个矿山不得低于 {zone.least:g} {unit}，设计规模 {mine.right.scale:g} {unit}")
