"""Names under which registers and offices keep our fields."""

from __future__ import annotations

import re
import unicodedata

ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("采矿许可证号", "勘查许可证号", "许可证号", "采矿许可证编号", "许可证编号", "采矿权许可证号", "图斑编号", "地块编号"),
    "name": ("矿山名称", "采矿权名称", "探矿权名称", "项目名称", "矿区名称", "地块名称", "乡镇名称", "名称"),
    "holder": ("采矿权人", "探矿权人", "采矿权人名称", "探矿权人名称", "矿业权人", "申请人"),
    "mineral": ("开采主矿种", "主矿种", "开采矿种", "勘查矿种", "矿种"),
    "method": ("开采方式",),
    "valid_from": ("有效期起", "有效期始", "有效期限起", "有效期起始日期", "有效期开始", "起始日期"),
    "valid_to": ("有效期止", "有效期至", "有效期限止", "有效期终止日期", "有效期结束", "截止日期", "到期日期"),
    "status": ("许可证状态", "采矿权状态", "状态"),
    "renewal_applied": ("延续申请日期", "延续受理日期"),
    "restore_by": ("修复期限", "治理恢复期限"),
    "stopped": ("停产日期", "停产通知日期", "责令停产日期"),
    "resumed": ("复工日期", "复产日期"),
    "scale": ("设计生产规模", "生产规模", "设计规模"),
    "top": ("开采标高上限", "标高上限", "开采深度上限", "采深上限"),
    "bottom": ("开采标高下限", "标高下限", "开采深度下限", "采深下限"),
    "state": ("治理状态", "治理情况"),
    "deadline": ("治理期限", "完成期限", "整改期限"),
    "type": ("农田类型", "地类名称", "地类"),
}
AREA = ("矿区面积", "登记面积", "面积")
"""Columns that state an area; not a field of ours, but held against the geometry."""
_DBF_BYTES = 10
_NOTE = re.compile(r"[(\[【].*$")


def heading(text: str) -> str:
    """A column's heading without spaces, units in brackets, and differences of width."""
    return _NOTE.sub("", "".join(unicodedata.normalize("NFKC", text).split()))


def cut(name: str, encoding: str) -> str:
    """A name as a Shapefile keeps it."""
    return name.encode(encoding, "ignore")[:_DBF_BYTES].decode(encoding, "ignore")


def cut_from(column: str, field: str) -> bool:
    """Whether a Shapefile's column may be that of a field, cut: 许可证 may be 许可证号 as well as 许可证状态."""
    return any(heading(column) == cut(name, encoding) for name in ALIASES[field] for encoding in ("utf-8", "gbk"))


def _cuts() -> dict[str, str]:
    """Names cut to a Shapefile's ten bytes, in UTF-8 or GBK, and the field each stands for; without those that several fields share."""
    found: dict[str, set[str]] = {}
    for field, names in ALIASES.items():
        for name in names:
            for encoding in ("utf-8", "gbk"):
                found.setdefault(cut(name, encoding), set()).add(field)
    return {name: fields.pop() for name, fields in found.items() if len(fields) == 1}


_CUTS = _cuts()


def column_of(field: str, columns: list[str], shortened: bool) -> str | None:
    """The column that holds a field by one of its known names, in their order; of several alike none."""
    heads = {column: heading(column) for column in columns}
    for name in ALIASES.get(field, ()):
        alike = [column for column, head in heads.items() if head == name]
        if len(alike) == 1:
            return alike[0]
    alike = [column for column, head in heads.items() if shortened and _CUTS.get(head) == field]
    return alike[0] if len(alike) == 1 else None
