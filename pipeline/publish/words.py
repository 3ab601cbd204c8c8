"""What people read in Chinese, by code."""

from __future__ import annotations

from collections.abc import Mapping

FINDINGS: Mapping[str, str] = {
    "legacy_remined": "历史遗留图斑再开采",
    "closed_mine": "疑似关闭矿山开采",
    "expired_permit": "疑似许可过期开采",
    "exploration_as_mining": "疑似以采代探",
    "cross_boundary": "疑似越界开采",
    "prohibited_zone": "禁采区内开采",
    "underground_as_open": "疑似擅自改变开采方式",
    "mineral_mismatch": "疑似开采矿种不符",
    "over_extraction": "疑似超量开采",
    "unlicensed": "疑似无证开采",
    "farmland_clay": "疑似占用耕地采粘土",
    "unrestored": "逾期未修复",
    "restoration_regressed": "修复退化",
    "permitted": "许可范围内开采",
    "approved": "已批准的用地变化",
    "not_mining": "非采矿变化",
    "before_monitoring": "监测开始前的变化",
}
"""Contract section 7, in its order."""

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

REVIEWS: Mapping[str, str] = {"pending": "待核实", "confirmed": "已确认", "dismissed": "已排除", "needs_field_check": "需实地核查"}

STATUSES: Mapping[str, str] = {"provisional": "初步", "confirmed": "已证实", "ended": "已结束"}

LAYERS: Mapping[str, str] = {
    "mining_rights": "采矿权",
    "exploration_rights": "探矿权",
    "legacy_patches": "历史遗留图斑",
    "redline": "生态保护红线",
    "farmland": "耕地与永久基本农田",
    "towns": "乡镇界线",
}

CHECKS_OFF: Mapping[str, str] = {
    "mining_rights": "未提供采矿权：不能区分合法开采与过期、越界、关闭矿山开采，图斑均按“界外”判断",
    "exploration_rights": "未提供探矿权：“以采代探”只按采矿权图层中的“探矿”状态判断",
    "legacy_patches": "未提供历史遗留图斑：不判断“再开采”和“逾期未修复”",
    "redline": "未提供生态保护红线：不判断红线内开采",
    "farmland": "未提供耕地与永久基本农田：不判断占用耕地",
    "towns": "未提供乡镇界线：不填写乡镇",
}
"""What can't be said when a layer was not given."""
