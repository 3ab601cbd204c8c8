"""English of what a team takes along to a case, and of flights, by the Chinese text."""

from __future__ import annotations

from collections.abc import Mapping

_SHEET: Mapping[str, str] = {
    "{county} {month} 实地核查资料": "{county} {month}: for the field",
    "{county}矿山线索实地核查图": "{county}: map sheet for a field check",
    "前后时相影像": "pictures before and after",
    "前时相 {before}（左）、后时相 {after}（右），真彩色，北在上；红线为线索范围。": "Before, {before} (left), and after, {after} (right), true colour, north up; the case in red.",
    "本月没有这一线索的影像图。": "There is no picture of this case in this month.",
    "航飞 {day}：{says}。": "Flight of {day}: {says}.",
    "线索类型": "finding",
    "坐落": "place",
    "观测": "seen",
    "{area} m²（{mu} 亩）": "{area} m² ({mu} mu)",
    "首次 {first}，最近 {last}": "first {first}, last {last}",
    "导航点": "go to",
    "核查状态": "review",
    "周边示意图": "drawing of the surroundings",
    "经纬网为 CGCS2000": "net: CGCS2000",
    "拐点坐标（CGCS2000，3°带第 {zone} 带，中央经线 {meridian}°E）": "Corners (CGCS2000, 3° zone {zone}, central meridian {meridian}°E)",
    "经度": "longitude",
    "纬度": "latitude",
    "X（北）": "X (north)",
    "Y（东）": "Y (east)",
    "拐点为简化后的最大一块；完整范围见 cases.kml、cases.gpx。": "Corners of the largest part, straightened; the whole outline is in cases.kml and cases.gpx.",
    "周边矿权与管控范围": "Rights and zones around",
    "重叠 {area} m²": "shares {area} m²",
    "相接": "touches",
    "距 {metres} m": "{metres} m away",
    "至 {day}": "until {day}",
    "另有 {count} 处，见图和 cases.kml。": "{count} more: see the drawing and cases.kml.",
    "图上范围内没有登记的矿权或管控范围。": "No right or zone is registered in the drawing.",
    "图层版本 {version}": "layers {version}",
    "卫星影像线索，不是违法认定。坐标为 CGCS2000，与手持机的 WGS 84 相差不到 1 m；卫星影像本身的位置误差约 10 m。高德、百度、腾讯等地图的坐标是偏移过的，直接输入会差几百米：请导入 cases.kml 或 cases.gpx。": (
        "A lead from satellite pictures, no proof. Coordinates are CGCS2000, less than 1 m from a receiver's WGS 84; the pictures themselves may be 10 m off. "
        "Amap, Baidu and Tencent shift their maps: typed in there, coordinates are off by hundreds of metres. Import cases.kml or cases.gpx."
    ),
    "线索范围": "case",
    "变化图斑": "changed ground",
    "批准用地": "approved ground",
}

_FORM: Mapping[str, str] = {
    "{county}矿山线索现场核查表": "{county}: form for a field check",
    "核查时间": "time of the check",
    "到达点经纬度": "position on arrival",
    "定位误差（m）、天气": "position error (m), weather",
    "核查人、证号": "inspector, badge",
    "现场当事人": "person met",
    "联系电话": "telephone",
    "查什么": "What to check",
    "内容": "what",
    "现场情况": "as found",
    "实测": "Measured",
    "采挖面积（m²）": "dug area (m²)",
    "最深（m）": "deepest (m)",
    "离许可边界最远（m）": "farthest beyond the boundary (m)",
    "设备（台）": "machines",
    "是否正在作业": "at work",
    "照片登记": "Photos",
    "照片编号": "number",
    "时间": "time",
    "拍摄点经纬度": "position",
    "方位角（°）": "azimuth (°)",
    "结论": "Outcome",
    "判定": "judged",
    "合法": "lawful",
    "违法": "unlawful",
    "伪变化": "no change",
    "待进一步核查": "to be checked again",
    "不是采矿的，是": "if not mining",
    "云影": "cloud or shadow",
    "耕作": "field work",
    "大棚": "greenhouse",
    "建设": "construction",
    "已批准": "approved",
    "自然": "natural",
    "其他": "other",
    "说明与现场处置": "notes, measures taken",
    "签字": "signatures",
    "核查人：": "inspectors:",
    "当事人：": "person met:",
    "见证人：": "witness:",
    "照片保留原文件（不经聊天软件转发，以免丢失位置和方位），回来后用 minewarden review photos 归入线索。核查表是核查记录，结论由执法人员作出。": (
        "Keep photos as the camera wrote them (chat programs remove position and direction); minewarden review photos brings them to their cases. "
        "This form records what was seen; the verdict is an officer's."
    ),
}

_CHECKS: Mapping[str, str] = {
    "现场有无采挖、破碎、筛分、装运，新鲜坡面和车辙通向何处": "digging, crushing, screening, loading? where do fresh slopes and tracks lead?",
    "谁在采、采了什么、用在何处，能否出示采矿许可证或其他批准文件": "who digs, what, for what use? a permit or another approval?",
    "用定位仪实测采坑边缘，特别是离许可边界最远处，并找界桩核对": "survey the pit's edge, above all farthest beyond the boundary; find boundary marks",
    "许可证原件、延续申请的受理凭证，各自的日期": "the permit itself, the receipt of a renewal applied for, and their dates",
    "采挖范围与红线、基本农田或禁采区界线的关系，现状地类，是否有标志牌": "how the digging lies to redline, farmland or zone; land use; signs on site",
    "是新的采挖还是治理施工：治理方案、施工单位、余料去向": "new digging, or restoration work? plan, contractor, where surplus goes",
    "关闭或注销文件，井口与道路是否封闭，是否为批准的修复工程": "closure documents; are adits and roads shut? approved restoration?",
    "期满以后的开采：设备、台账、销售与过磅记录": "digging after expiry: machines, books, sales and weighbridge",
    "批准的勘查工程（槽探、坑探）与现场规模是否相符": "do approved exploration works (trenches, adits) match what is there?",
    "有无矿石外运：过磅与销售记录": "is ore carried off? weighbridge and sales",
    "界外部分是采坑、堆场还是道路，何时形成": "beyond the boundary: pit, stockpile or road? since when?",
    "露天采坑还是工业场地、矿石或废石堆场": "open pit, or yard, ore or waste heap?",
    "许可证载明的开采方式与现场是否一致": "does the permitted method match what is done?",
    "采出的是什么矿：取样、拍照，与许可矿种核对": "what is dug: sample, photograph, compare with the licensed mineral",
    "产品去向与销售记录": "where the product goes; sales",
    "采出量台账、过磅与销售记录，与设计规模核对（注意万吨与万立方米）": "books, weighbridge and sales against the licensed scale (10⁴ t or 10⁴ m³?)",
    "两次航飞之间的其他土方（剥离、回填、外购）": "other earthworks between the flights (stripping, backfill, bought material)",
    "是否为已批准的建设、土地整治、水利或道路工程": "an approved building, land, water or road project?",
    "耕作层是否剥离，取土深度，土的去向（砖厂、填方）": "is topsoil stripped? depth dug, where the clay goes",
    "是否已覆土、种草种树、整治边坡，成活情况": "soil cover, planting, slopes; do plants live?",
    "治理责任人、方案、期限，有无延期批复": "who owes it, plan, deadline; was it extended?",
    "有无边坡、水土流失等危险": "unsafe slopes, erosion?",
    "植被为何退化：采挖、放牧、干旱还是滑塌": "why plants are gone: digging, grazing, drought, slides?",
    "治理责任人与管护记录": "who owes the upkeep, and its records",
    "开始时间、面积、最深处和坡度，占用地类": "since when, area, depth, slope, land use",
    "全景与近景照片：打开手机定位和指南针，站在安全处，各方向都拍": "photos, wide and near, with position and compass on, from a safe place, in all directions",
}

_FLIGHTS: Mapping[str, str] = {
    "支持": "confirms",
    "不支持": "contradicts",
    "不能判断": "can't tell",
}

FIELD: Mapping[str, str] = {**_SHEET, **_FORM, **_CHECKS, **_FLIGHTS}
