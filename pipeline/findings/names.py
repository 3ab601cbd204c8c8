"""What findings and causes are called: one table for all that people read."""

from __future__ import annotations

from pipeline.findings.finding import Code

NAMES: dict[Code, tuple[str, str]] = {
    Code.LEGACY_REMINED: ("历史遗留图斑再开采", "New mining-like ground on a legacy patch, outside every valid right"),
    Code.CLOSED_MINE: ("疑似关闭矿山开采", "Inside a right that was cancelled, revoked or closed"),
    Code.EXPIRED_PERMIT: ("疑似许可过期开采", "Inside a right that had ended when the ground changed"),
    Code.EXPLORATION_AS_MINING: ("疑似以采代探", "Mining inside an exploration right"),
    Code.CROSS_BOUNDARY: ("疑似越界开采", "Digging of a valid right that goes beyond its boundary"),
    Code.PROHIBITED_ZONE: ("禁采区内开采", "Digging of a valid right inside a redline, basic farmland or another zone where mining is banned"),
    Code.UNLICENSED: ("疑似无证开采", "Mining-like new ground outside every right"),
    Code.FARMLAND_CLAY: ("疑似占用耕地采粘土", "Clay-like digging on farmland"),
    Code.UNRESTORED: ("逾期未修复", "Past its deadline and still bare against its surroundings"),
    Code.PERMITTED: ("许可范围内", "Digging inside a valid right"),
    Code.APPROVED: ("已批准用地", "Covered by an approval in force when the ground changed"),
    Code.NOT_MINING: ("非采矿变化", "The ground changed, but not by mining"),
    Code.BEFORE_MONITORING: ("监测前已变化", "Changed before monitoring began"),
}
"""Code: Chinese name, English description (contract section 7)."""

CAUSES = {
    "mining": "采矿",
    "construction": "建设施工",
    "road": "道路",
    "solar": "光伏",
    "greenhouse": "设施农业",
    "farmland": "农田耕作",
    "logging": "采伐",
    "water": "水体",
    "burn": "火烧",
    "landslide": "滑坡",
    "unknown": "不明",
}
"""Cause of a change: what people read."""


def chinese(code: str) -> str:
    """Chinese name of a finding."""
    return NAMES[Code(code)][0]


def english(code: str) -> str:
    """What a finding says, in English."""
    return NAMES[Code(code)][1]
