"""What people read in Chinese, by code; findings and causes are named in `pipeline.findings.names`."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.layers.model import Standing

REVIEWS: Mapping[str, str] = {"pending": "待核实", "confirmed": "已确认", "dismissed": "已排除", "needs_field_check": "需实地核查"}

STATUSES: Mapping[str, str] = {"provisional": "初步", "confirmed": "已证实", "ended": "已结束"}

STANDINGS: Mapping[Standing, str] = {
    Standing.VALID: "有效",
    Standing.NOT_YET: "未生效",
    Standing.EXPIRED: "已过期",
    Standing.CLOSED: "已关闭",
    Standing.EXPLORATION: "探矿",
}
"""What a right is worth."""

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
