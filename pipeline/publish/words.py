"""What people read in Chinese, by code; findings and causes are named in `pipeline.findings.names`."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.layers.model import Standing

REVIEWS: Mapping[str, str] = {"pending": "待核实", "confirmed": "已确认", "dismissed": "已排除", "needs_field_check": "需实地核查"}

REASONS = ("云影", "耕作", "大棚", "建设", "道路", "光伏", "已批准", "自然", "其他")
"""Why a case is dismissed, best said in one of these; `train` learns from most of them."""

STEPS: Mapping[str, str] = {
    "field_checked": "实地核查",
    "filed": "立案",
    "handled": "非立案处理",
    "no_action": "不处理",
    "rectified": "整改",
    "closed": "销号",
    "withdrawn": "撤回上一步",
}
"""What an office does about a confirmed case."""

TITLES: Mapping[str, str] = {
    "id": "图斑编号",
    "patch_id": "变化图斑编号",
    "month": "监测月份",
    "new_this_month": "本月新增",
    "finding": "线索代码",
    "finding_zh": "线索类型",
    "also": "同时涉及",
    "severity": "严重程度",
    "status": "监测状态",
    "first_seen": "首次发现",
    "last_seen": "最近发现",
    "before_date": "前时相",
    "after_date": "后时相",
    "area_m2": "监测面积（m²）",
    "area_mu": "监测面积（亩）",
    "growth_m2": "本月扩大（m²）",
    "confidence": "变化置信度",
    "mining_likelihood": "采矿可能性",
    "cause": "变化原因",
    "right_id": "采矿许可证号",
    "right_name": "矿山名称",
    "holder": "采矿权人",
    "mineral": "开采主矿种",
    "valid_to": "有效期止",
    "distance_to_right_m": "距最近矿权（m）",
    "overshoot_m2": "越界面积（m²）",
    "overshoot_max_m": "最远越界（m）",
    "position_error_m": "位置误差（m）",
    "overshoot_certain_m2": "扣除误差后越界（m²）",
    "legacy_id": "历史遗留图斑编号",
    "legacy_state": "治理状态",
    "deadline": "治理期限",
    "restriction": "涉及耕地、禁采区编号",
    "restriction_m2": "占用耕地与禁采区面积（m²）",
    "town": "坐落",
    "lon": "经度",
    "lat": "纬度",
    "evidence": "证据图",
    "scenes_before": "前时相影像",
    "scenes_after": "后时相影像",
    "layers_version": "图层版本",
    "review": "核实举证结果",
    "review_reason": "核实理由",
    "review_note": "核实说明",
    "reviewer": "核实人",
    "reviewed_at": "核实时间",
    "version": "版本",
}
"""What the properties of a case are called, in their order."""

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
    "area": "监测范围",
    "mining_rights": "采矿权",
    "exploration_rights": "探矿权",
    "legacy_patches": "历史遗留图斑",
    "redline": "生态保护红线",
    "farmland": "耕地与永久基本农田",
    "towns": "乡镇界线",
}

LAYER_FIELDS: Mapping[str, str] = {
    "valid_from": "有效期起", "valid_to": "有效期止", "status": "登记状态", "renewal_applied": "延续申请", "method": "开采方式",
    "mineral": "开采主矿种", "restore_by": "治理期限", "exploration": "探矿", "stood_from": "登记自", "stood_until": "登记至",
    "state": "治理状态", "deadline": "治理期限", "type": "类型", "covers_m2": "覆盖面积（m²）", "away_m": "距离（m）",
}  # fmt: skip
"""What the rules read of a layer's record."""

CHECKS_OFF: Mapping[str, str] = {
    "mining_rights": "未提供采矿权：不能区分合法开采与过期、越界、关闭矿山开采，图斑均按“界外”判断",
    "exploration_rights": "未提供探矿权：“以采代探”只按采矿权图层中的“探矿”状态判断",
    "legacy_patches": "未提供历史遗留图斑：不判断“再开采”和“逾期未修复”",
    "redline": "未提供生态保护红线：不判断红线内开采",
    "farmland": "未提供耕地与永久基本农田：不判断占用耕地",
    "towns": "未提供乡镇界线：不填写乡镇",
}
"""What can't be said when a layer was not given."""
