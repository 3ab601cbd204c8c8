"""What findings and causes are called in Chinese: one table for all that people read."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.findings.finding import Code

FINDINGS: Mapping[str, str] = {
    Code.LEGACY_REMINED: "历史遗留图斑再开采",
    Code.CLOSED_MINE: "疑似关闭矿山开采",
    Code.EXPIRED_PERMIT: "疑似许可过期开采",
    Code.EXPLORATION_AS_MINING: "疑似以采代探",
    Code.CROSS_BOUNDARY: "疑似越界开采",
    Code.PROHIBITED_ZONE: "禁采区内开采",
    Code.UNDERGROUND_AS_OPEN: "疑似擅自改变开采方式",
    Code.MINERAL_MISMATCH: "疑似开采矿种不符",
    Code.OVER_EXTRACTION: "疑似超量开采",
    Code.UNLICENSED: "疑似无证开采",
    Code.FARMLAND_CLAY: "疑似占用耕地采粘土",
    Code.UNRESTORED: "逾期未修复",
    Code.RESTORATION_REGRESSED: "修复退化",
    Code.PERMITTED: "许可范围内开采",
    Code.APPROVED: "已批准的用地变化",
    Code.NOT_MINING: "非采矿变化",
    Code.BEFORE_MONITORING: "监测开始前的变化",
}
"""By code, in the order of contract section 7."""

CAUSES: Mapping[str, str] = {
    "mining": "采矿",
    "construction": "建设施工",
    "road": "道路",
    "solar": "光伏",
    "greenhouse": "设施农业",
    "farmland": "农田耕作",
    "logging": "采伐",
    "water": "水体变化",
    "burn": "火烧",
    "landslide": "滑坡",
    "unknown": "原因不明",
}
"""Cause of a change."""
