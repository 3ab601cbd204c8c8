"""What to look at in the field, by what a case is suspected of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.ledger.judgements import Judgement

_DIGGING = "现场有无采挖、破碎、筛分、装运，新鲜坡面和车辙通向何处"
_WHO = "谁在采、采了什么、用在何处，能否出示采矿许可证或其他批准文件"
_EDGE = "用定位仪实测采坑边缘，特别是离许可边界最远处，并找界桩核对"
_PERMIT = "许可证原件、延续申请的受理凭证，各自的日期"
_ZONE = "采挖范围与红线、基本农田或禁采区界线的关系，现状地类，是否有标志牌"

CHECKS: Mapping[str, tuple[str, ...]] = {
    "legacy_remined": (_DIGGING, "是新的采挖还是治理施工：治理方案、施工单位、余料去向", _WHO),
    "closed_mine": (_DIGGING, "关闭或注销文件，井口与道路是否封闭，是否为批准的修复工程", _WHO),
    "expired_permit": (_DIGGING, _PERMIT, "期满以后的开采：设备、台账、销售与过磅记录"),
    "exploration_as_mining": (_DIGGING, "批准的勘查工程（槽探、坑探）与现场规模是否相符", "有无矿石外运：过磅与销售记录"),
    "cross_boundary": (_EDGE, _DIGGING, "界外部分是采坑、堆场还是道路，何时形成"),
    "prohibited_zone": (_ZONE, _DIGGING, _PERMIT),
    "underground_as_open": ("露天采坑还是工业场地、矿石或废石堆场", "许可证载明的开采方式与现场是否一致", _DIGGING),
    "mineral_mismatch": ("采出的是什么矿：取样、拍照，与许可矿种核对", _DIGGING, "产品去向与销售记录"),
    "over_extraction": ("采出量台账、过磅与销售记录，与设计规模核对（注意万吨与万立方米）", "两次航飞之间的其他土方（剥离、回填、外购）", _EDGE),
    "unlicensed": (_DIGGING, _WHO, "是否为已批准的建设、土地整治、水利或道路工程"),
    "farmland_clay": ("耕作层是否剥离，取土深度，土的去向（砖厂、填方）", _ZONE),
    "unrestored": ("是否已覆土、种草种树、整治边坡，成活情况", "治理责任人、方案、期限，有无延期批复", "有无边坡、水土流失等危险"),
    "restoration_regressed": ("植被为何退化：采挖、放牧、干旱还是滑塌", _DIGGING, "治理责任人与管护记录"),
}
"""Questions by finding, the first the most telling."""

JUDGEMENTS = tuple(Judgement)
"""Outcomes of the form: what the page asks for with a verdict."""

ALWAYS = ("开始时间、面积、最深处和坡度，占用地类", "全景与近景照片：打开手机定位和指南针，站在安全处，各方向都拍")


def checks(row: Mapping[str, Any]) -> Iterator[str]:
    """Of a case: by its finding, then by what else it touches, each question once."""
    codes = [row["finding"], *(row["also"] or "").split(";")]
    yield from dict.fromkeys([*(line for code in codes for line in CHECKS.get(code, ())), *ALWAYS])
