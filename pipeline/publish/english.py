"""What people read, in English, by the Chinese text. Places for values, `{name}`, are those of the Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.publish.english_field import FIELD
from pipeline.publish.english_names import NAMES, SIGNS
from pipeline.publish.english_plan import PLAN, RESTORATION

_BASIS: Mapping[str, str] = {
    "同时涉及：{findings}": "also: {findings}",
    "距最近的矿权 {metres} m": "{metres} m from the nearest right",
    "许可有效期至 {day}": "permit valid to {day}",
    "历史遗留图斑 {id}（{state}）": "legacy patch {id} ({state})",
    "历史遗留图斑 {id}": "legacy patch {id}",
    "治理期限 {day}": "to be restored by {day}",
    "涉及禁采区或耕地 {ids}{area}": "touches banned zone or farmland {ids}{area}",
    "越界 {area} m²": "{area} m² beyond the boundary",
    "，最远 {metres} m": ", up to {metres} m",
    "；扣除位置误差 {error} m 后仍有 {area} m²": "; {area} m² remain after a position error of {error} m",
}

_COURSE: Mapping[str, str] = {
    "首次列出：{finding}，{area} 公顷": "first listed: {finding}, {area} ha",
    "再次列出，{area} 公顷": "listed again, {area} ha",
    "扩大 {by} 公顷，至 {area} 公顷": "grew by {by} ha to {area} ha",
    "改判为{finding}": "now {finding}",
    "变化得到证实": "change confirmed",
    "合并了 {id}": "took in {id}",
    "……（其间 {count} 次变动从略）": "… ({count} changes left out)",
    "{who}：重画范围，{area} 公顷": "{who}: outline drawn anew, {area} ha",
    "复核同意": "audit agrees",
    "复核不同意": "audit disagrees",
    "实地核查": "checked in the field",
    "立案": "case filed",
    "非立案处理": "handled without filing",
    "不处理": "no action",
    "整改": "rectified",
    "销号": "closed",
    "撤回上一步": "last step withdrawn",
    "已并入 {id}": "now part of {id}",
    "{who} 于 {day} 排除": "dismissed by {who} on {day}",
    "已恢复或证据不足": "ground recovered, or too little evidence",
}

_SUMMARY: Mapping[str, str] = {
    "{county} {month} 矿山监测月报": "{county}, {month}: mine monitoring",
    "{county}矿山开采与修复遥感监测月报": "{county}: monthly satellite monitoring of mining and restoration",
    "{month} · 行政区划代码 {code} · minewarden（矿卫）{version}": "{month} · division code {code} · minewarden (矿卫) {version}",
    "本月没有需要核查的线索。": "Nothing of this month needs checking.",
    "本月在册线索 {cases} 个，其中新增 {new} 个、面积扩大 {grown} 个，合计 {ha} 公顷（{mu} 亩）。": (
        "{cases} leads are open: {new} new, {grown} grown; {ha} ha ({mu} mu) in all."
    ),
    "查看影像 {scenes} 景，看清了监测范围的 {share}，记有地表变化 {patches} 处。": (
        "{scenes} scenes were looked at, {share} of the area was seen clearly, {patches} patches of ground are known to have changed."
    ),
    "这些变化都有解释，或已被核查排除，或像采矿的可能性不足，见“有解释的变化”。": "They are explained, dismissed, or too unlikely to be mining: see 'Explained change'.",
    "以下均为卫星影像线索，须经实地核查，不能直接作为处罚依据。": "All that follows are leads from satellite images: to be checked in the field, no ground for a penalty by themselves.",
    "本月看清的范围不足 {share}，结果不完整：": "Less than {share} of the area was seen clearly; the month is incomplete: ",
    "没有列出线索的地方可能只是没有看到。": "where nothing is listed the ground may just not have been seen.",
    "本月新增线索": "new leads",
    "线索总面积（{mu} 亩）": "of leads in all ({mu} mu)",
    "本月新增挖损": "of new digging this month",
    "看清的范围（未看清 {ha} 公顷）": "of the area seen clearly ({ha} ha not seen)",
    "公顷": "ha",
    "亩": "mu",
    "需要人处理的": "What needs a person",
    "待核实 {count} 个": "{count} leads wait for a verdict",
    "，其中严重 {count} 个": ", {count} of them grave",
    "，排除后又扩大 {count} 个": ", {count} grown after they were dismissed",
    "待实地核查 {count} 个": "{count} leads wait for a field check",
    "初步线索 {count} 个：再有几次清晰影像才能证实，可先排进核查路线": "{count} leads are provisional: a few more clear looks will tell",
    "本月看清的范围不足，下月须再看": "Too little was seen clearly: look again next month",
    "未能使用的影像 {count} 景：补齐后可重做本月": "{count} scenes could not be used: mend them and redo the month",
    "没有进行的检查 {count} 项：缺少图层": "{count} checks were off for want of a layer",
    "已确认而后续处置逾期 {count} 个，最早 {id} 应于 {due}": "{count} confirmed and overdue for the next step, {id} since {due}",
    "数据提示 {count} 条": "{count} notes on the data",
    "没有。": "Nothing.",
    "其余 {count} 个见线索清单": "{count} others: see the list",
}

_LIST: Mapping[str, str] = {
    "位置图": "Map",
    "{county}线索位置图": "Map of the leads in {county}",
    "北向上": "north is up",
    "线索：{severity}": "lead: {severity}",
    "采矿权、探矿权": "mining and exploration rights",
    "禁采区、永久基本农田": "banned zones, basic farmland",
    "耕地": "farmland",
    "圆点表示位置，大小与面积无关；数字与下表序号对应，点击圆点转到该线索": "Dots show places, not sizes; numbers are those of the list; a click on a dot goes there",
    "线索清单": "Leads",
    "本月没有在册线索。": "No leads this month.",
    "序号": "no.",
    "前时相 / 后时相": "before / after",
    "编号 / 坐落": "id / place",
    "疑似问题、依据与经过": "finding, basis and history",
    "疑似问题": "finding",
    "等级": "severity",
    "公顷 / 亩": "ha / mu",
    "本月扩大 m²": "grown m²",
    "矿权": "right",
    "首次 / 最近发现": "first / last seen",
    "采矿可能性": "likely mining",
    "核查": "review",
    "看图": "picture",
    "新增": "new",
    "扩大": "grown",
    "无。": "None.",
    "本月新增": "new this month",
    "面积扩大": "grown",
    "其余在册线索": "other open leads",
    "本月第一次列出的线索": "listed for the first time",
    "以前已列出、本月继续扩大的线索": "listed before and larger than last month",
    "以前已列出、本月没有明显扩大的线索": "listed before, not notably larger",
    "上月在册、本月不再列出（{count}）": "Listed last month and no more ({count})",
    "本月情况": "this month",
    "监测状态": "status",
    "乡镇": "town",
    "查找编号、矿名、地名……": "find an id, a mine, a place …",
    "显示 {n} / {all} 条，合计 {ha} 公顷": "{n} of {all}, {ha} ha",
    "恢复": "reset",
}

_NUMBERS: Mapping[str, str] = {
    "统计与对比": "Numbers",
    "按问题类型": "By finding",
    "类型": "finding",
    "按乡镇": "By town",
    "没有线索落在已知的乡镇内（未提供乡镇界线，或界线不覆盖）。": "No lead lies in a known town (no layer of towns was given, or it does not reach there).",
    "乡镇不明": "town not known",
    "按矿权": "By right",
    "矿山（许可证号）": "mine (permit)",
    "不在矿权内": "on nobody's right",
    "个数": "leads",
    "合计": "all",
    "其余 {count} 项": "{count} others",
    "与上月、去年同月对比": "Beside last month, and the same month last year",
    "上月": "last month",
    "去年同月": "last year",
    "在册线索（个）": "open leads",
    "本月新增（个）": "new",
    "面积扩大（个）": "grown",
    "线索总面积（公顷）": "area of leads, ha",
    "本月新增挖损（公顷）": "new digging of the month, ha",
    "看清的范围": "area seen clearly",
    "使用影像（景）": "scenes used",
    "{month} 的结果文件不可读，无法对比。": "The results of {month} can't be read: no comparison.",
    "没有 {month} 的结果（那时尚未监测，或结果不在本机），无法对比。": "There are no results of {month} (before monitoring, or not on this computer): no comparison.",
    "近 13 个月在册线索数": "Open leads of the last 13 months",
    "各月在册线索（个），下为看清的范围。看清的范围小的月份，线索少不等于没有。": (
        "Open leads by month; below, how much was seen clearly: where that is little, few leads do not mean that there were few."
    ),
    "有解释的变化": "Explained change",
    "不列为线索，见 patches.geojson": "no leads; see patches.geojson",
    "解释": "explanation",
    "像采矿的可能性低于 {share}，未列为线索": "less than {share} likely to be mining, no lead",
    "核实情况": "Verdicts",
    "本月在册": "of this month's",
    "历来": "ever",
    "核实准确率": "Precision as judged",
    "按首次列出的月份": "by the month that first listed the lead",
    "月份": "month",
    "已核实": "decided",
    "属实": "violations",
    "准确率（95 % 置信区间）": "precision (95 % interval)",
    "属实：确认且未判为合法。从未核实和需实地核查的不计，核实后又扩大的按最后一次核实计；只有列出的线索受过核实，漏掉的不在其中。": (
        "Violations: confirmed and not judged lawful. Leads never judged and field checks don't count, grown ones count as last judged; only what was listed was judged, not what was missed."
    ),
    "不属实的原因": "Why the others are none",
    "理由": "reason",
    "个": "leads",
    "占已核实的（95 % 置信区间）": "of those decided (95 % interval)",
    "有分歧 {count} 个：看过各方意见后再核实一次": "{count} disputed: look at what each said, and decide anew",
    "本县历来核实的 {count} 个线索中，{share} 被排除。": "Of the {count} leads ever decided in this county {share} were dismissed.",
}

_MINES: Mapping[str, str] = {
    "矿山动态": "Mines",
    "本月有新增挖损、有线索或有提示的矿山；挖损按影像测得，许可范围内的也在内": "where something was dug, with leads or to be looked into; all that is seen to be dug, permitted or not",
    "月末效力": "standing",
    "本月状况": "this month",
    "自 {day}": "since {day}",
    "现有挖损（公顷）": "dug, ha",
    "本月新增（公顷）": "new, ha",
    "期满或关闭后（公顷）": "after its end, ha",
    "停产期间（公顷）": "while stopped, ha",
    "提示": "note",
    "其余 {count} 个矿山见 ledger.xlsx 和 mines.json。": "{count} other mines: see ledger.xlsx and mines.json.",
    "期满、关闭后或停产期间有开采的矿山 {count} 个": "{count} mines were dug after their end or while stopped",
    "有效": "valid",
    "未生效": "not yet valid",
    "已过期": "expired",
    "已关闭": "closed",
    "探矿": "exploration",
    "开采中": "digging",
    "停采": "idle",
    "已恢复": "restored",
    "{kind}已恢复": "{kind}, restored",
    "从未开采": "never dug",
    "本月未看清": "not seen this month",
    "期满或关闭后开采": "dug after its end",
    "停产期间开采": "dug while stopped",
    "改判": "Findings that became others",
    "改判 {count} 处": "{count} findings became others",
    "同一地块，上月与本月的结论不同": "the same ground, last month and this",
    "编号": "id",
    "原结论": "before",
    "现结论": "now",
    "不再列出": "not listed any more",
    "是": "yes",
    "否": "no",
    "图层未变：地表或影像判断不同": "layers are the same: the ground, or what is seen of it, differs",
    "{layer} {record}：{field} {was} → {now}": "{layer} {record}: {field} {was} → {now}",
    "其余 {count} 处见 ledger.xlsx 和 changes.json。": "{count} others: see ledger.xlsx and changes.json.",
    "有效期起": "valid from",
    "有效期止": "valid to",
    "登记状态": "status",
    "延续申请": "renewal applied for",
    "开采方式": "method",
    "开采主矿种": "mineral",
    "治理期限": "deadline",
    "登记自": "registered from",
    "登记至": "registered until",
    "治理状态": "state",
    "覆盖面积（m²）": "area covered (m²)",
    "距离（m）": "distance (m)",
}

_DATA: Mapping[str, str] = {
    "没有看到的": "What was not seen",
    "本月有 {ha} 公顷（{share}）没有一次清晰观测，分 {count} 处，见 coverage.geojson。没有看到不等于没有变化。": (
        "{ha} ha ({share}) had no clear look this month, in {count} pieces; see coverage.geojson. Not seen does not mean not changed."
    ),
    "以下检查本月没有进行：": "Checks that were off this month:",
    "标准图层齐全，各项检查均已进行。": "All standard layers were given; no check was off.",
    "数据提示": "Notes on the data",
    "所用数据": "Data used",
    "影像": "Scenes",
    "波段 {bands}": "bands {bands}",
    "日期": "date",
    "清晰比例": "clear",
    "本月没有可用的影像。": "There was no usable scene.",
    "未使用的影像": "Scenes left out",
    "原因": "reason",
    "图层": "Layers",
    "要素数": "features",
    "与上月相比": "since last month",
    "本月加入": "added",
    "未变": "unchanged",
    "已更新": "updated",
    "运行 {id} · 配置 {config} · 程序 {version}。面积为椭球面积；1 亩 = 666.67 m²。编号终身不变，可在 flagged.geojson、flagged.gpkg、ledger.xlsx 中查到同一线索。": (
        "run {id} · config {config} · program {version}. Areas are ellipsoidal; 1 mu = 666.67 m². "
        "An id is kept for life; the same lead is found by it in flagged.geojson, flagged.gpkg and ledger.xlsx."
    ),
}

_METHOD: Mapping[str, str] = {
    "方法与误差": "Method and errors",
    "每个像元与它自己过去最多三年的季节规律比较；连续多次清晰观测都偏离时才认定为变化，再按光谱、形状和持续时间估计“像采矿”的可能性，"
    "最后与矿权（按变化发生之日的状态）、历史遗留图斑和禁采区逐一对照。可能性不低于 {share} 的列为线索。": (
        "Each cell is compared with its own seasons of up to three years; only where several clear looks differ it counts as changed. How likely the change is mining is "
        "estimated from spectrum, shape and lasting; then it is held against rights (as they stood on the day of the change), legacy patches and banned zones. "
        "What is at least {share} likely is a lead."
    ),
    "已知误差": "Known errors",
    "在合成县数据上测得（95 % 置信区间），真实县份可能不同，见 {source}": "measured on made counties (95 % intervals); real ones may differ; see {source}",
    "曾列为线索而实际不是违法开采的": "leads that were no unlawful mining",
    "{size} 公顷的开挖未被识别的": "digs of {size} ha that were not recognised",
    "局限": "Limits",
    "卫星发现的是线索，不是结论：合法与否须由人实地核查后认定。": "What a satellite finds is a lead, not a conclusion: people decide after a check in the field.",
    "位置误差（影像与界线合计）约十米量级；越界面积中只有扣除误差后仍存在的部分较为可靠。": (
        "Positions (image and boundary together) err by some ten metres; of an overshoot only what remains beyond that is fairly sure."
    ),
    "监测开始以前就已裸露的地面，其内部的继续开采仅凭颜色看不出来。": "Digging on inside ground that was bare before monitoring can't be seen from colour alone.",
    "小于最小图斑面积的开挖、地下开采、云雪长期覆盖处的变化看不到。": "Digs below the smallest patch, underground mining, and change under lasting cloud or snow are not seen.",
    "“采矿可能性”是模型估计；光伏、大棚、平整土地等与采矿相似，可能误报。": (
        "'Likely mining' is a model's estimate; solar farms, greenhouses and levelled land look alike and may be listed wrongly."
    ),
    "等级：3 为禁采区或耕地内、排除后又扩大、或一公顷以上；1 为仅初步发现、在位置误差以内或矿种存疑；其余为 2。": (
        "Severity: 3 in a banned zone, on farmland, grown after a dismissal, or a hectare and more; 1 only provisional, "
        "within the position error, or a doubtful mineral; else 2."
    ),
}

ENGLISH: Mapping[str, str] = {
    **NAMES,
    **SIGNS,
    **_BASIS,
    **_COURSE,
    **_SUMMARY,
    **_LIST,
    **_NUMBERS,
    **_MINES,
    **_DATA,
    **_METHOD,
    **RESTORATION,
    **PLAN,
    **FIELD,
}
