"""Names of findings, causes, states and layers in English, by the Chinese."""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    # Findings
    "历史遗留图斑再开采": "legacy patch mined again",
    "疑似关闭矿山开采": "suspected mining in a closed mine",
    "疑似许可过期开采": "suspected mining on an expired permit",
    "疑似以采代探": "suspected mining under an exploration right",
    "疑似越界开采": "suspected mining beyond the boundary",
    "禁采区内开采": "mining in a banned zone",
    "疑似擅自改变开采方式": "suspected open pit under an underground permit",
    "疑似开采矿种不符": "suspected mining of another mineral",
    "疑似超量开采": "suspected over-extraction",
    "疑似无证开采": "suspected unlicensed mining",
    "疑似占用耕地采粘土": "suspected clay digging on farmland",
    "逾期未修复": "overdue for restoration",
    "修复退化": "restored ground bare again",
    "许可范围内开采": "mining within a permit",
    "已批准的用地变化": "approved change of land use",
    "非采矿变化": "not mining",
    "监测开始前的变化": "change from before monitoring",
    # Causes
    "采矿": "mining",
    "建设施工": "construction",
    "道路": "road",
    "光伏": "solar panels",
    "设施农业": "greenhouses",
    "农田耕作": "field work",
    "采伐": "logging",
    "水体变化": "water",
    "火烧": "burn",
    "滑坡": "landslide",
    "原因不明": "cause unknown",
    # Why a lead is no violation
    "云影": "cloud, shadow",
    "耕作": "tillage",
    "大棚": "greenhouse",
    "建设": "building",
    "已批准": "approved",
    "自然": "natural",
    "其他": "other",
    "合法": "confirmed, but lawful",
    "未写理由": "no reason given",
    # Reviews, statuses, severities, states
    "待核实": "pending",
    "已确认": "confirmed",
    "已排除": "dismissed",
    "需实地核查": "needs a field check",
    "初步": "provisional",
    "已证实": "confirmed",
    "已结束": "ended",
    "3 严重": "3 grave",
    "2 一般": "2 ordinary",
    "1 待定": "1 unsure",
    "未治理": "not restored",
    "治理中": "being restored",
    "已治理": "restored",
    # Layers
    "监测范围": "area",
    "采矿权": "mining rights",
    "探矿权": "exploration rights",
    "历史遗留图斑": "legacy patches",
    "生态保护红线": "ecological redline",
    "耕地与永久基本农田": "farmland",
    "乡镇界线": "towns",
    "未提供采矿权：不能区分合法开采与过期、越界、关闭矿山开采，图斑均按“界外”判断": (
        "none given: lawful mining can't be told from mining on expired, closed or beyond rights; every patch counts as outside"
    ),
    "未提供探矿权：“以采代探”只按采矿权图层中的“探矿”状态判断": (
        "none given: only rights of status 探矿 in the layer of mining rights count as exploration"
    ),
    "未提供历史遗留图斑：不判断“再开采”和“逾期未修复”": "none given: neither mining on them nor overdue restoration is judged",
    "未提供生态保护红线：不判断红线内开采": "none given: mining inside it is not judged",
    "未提供耕地与永久基本农田：不判断占用耕地": "none given: use of farmland is not judged",
    "未提供乡镇界线：不填写乡镇": "none given: towns are not named",
    "依赖此图层的检查未进行": "checks that need it were not made",
}

SIGNS: Mapping[str, str] = {
    "、": ", ",
    "：": ": ",
    "；": "; ",
    "。": ".",
    "{finding}：{cause}": "{finding}: {cause}",
    "{who}：{verdict}": "{who}: {verdict}",
    "{verdict}（{why}）": "{verdict} ({why})",
    "{id}（{why}）": "{id} ({why})",
    "{name}（{id}）": "{name} ({id})",
    "{title}（{count}）": "{title} ({count})",
    "（{status}）": " ({status})",
}
