"""What a rule trace says, in Chinese: finished months hold it in English, whoever reads the page need not know any.

Each form of words that `findings.says`, `findings.overextraction`, `restoration.bareness` and `restored` have stands here once with its Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pipeline.findings.finding import Code
from pipeline.findings.groups import Ground
from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.publish.words import LAYERS

Say = Callable[[str], str | None]

_ANSWERS: Mapping[str, str] = {"yes": "成立", "no": "不成立", "also": "同时成立"}
_GROUNDS: Mapping[str, str] = {
    Ground.BEFORE: "监测开始前已变化",
    Ground.OTHER: "非采矿变化",
    Ground.APPROVED: "在批准用地内",
    Ground.VALID: "在有效矿权内",
    Ground.BANNED: "在有效矿权的禁采区内",
    Ground.CLOSED: "在已关闭的矿权内",
    Ground.EXPIRED: "在已过期的矿权内",
    Ground.EXPLORATION: "在探矿权内",
    Ground.BEYOND: "由有效矿权越出",
    Ground.OPEN: "在矿权以外",
}
_STANDINGS: Mapping[str, str] = {
    "valid": "有效", "closed": "已关闭", "expired": "已过期", "exploration": "为探矿权", "beyond": "有效", "open": "未生效",
}  # fmt: skip


_SHAPES: Mapping[str, str] = {"ground": "[a-z]+", "cause": "[a-z]+", "state": "[a-z]+", "when": "on .+", "entry": r"right .+? \(status .+?\)"}
"""How values look that have words of their own; others are whatever stands there."""


def _forms(*forms: tuple[str, str]) -> Say:
    """Text of one of these forms in its Chinese; None for any other. `{name}` is a value, or is said by its own words or forms."""

    def place(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_SHAPES.get(found[1], '.+?')})"

    known = [(re.compile(re.sub(r"\\\{(\w+)\\\}", place, re.escape(english)), re.DOTALL), chinese) for english, chinese in forms]

    def say(text: str) -> str | None:
        for pattern, chinese in known:
            if (found := pattern.fullmatch(text)) is None:
                continue
            values = {name: _PARTS[name](value) if name in _PARTS else value for name, value in found.groupdict().items()}
            if None not in values.values():
                return chinese.format(**values)
        return None

    return say


_PARTS: Mapping[str, Say] = {
    "ground": _GROUNDS.get,
    "cause": CAUSES.get,
    "state": _STANDINGS.get,
    "when": _forms(
        ("on {day}", "{day} "),
        ("on the likeliest day of change or at the last normal look before {day}", "在最可能的变化日或 {day} 前最后一次正常观测时"),
    ),
    "entry": _forms(
        (
            "right {id} (status {status}, valid {from} to {to}, renewal applied for on {asked}, which is no date, "
            "as the register stood {since} to {until})",
            "矿权 {id}（登记状态 {status}，有效期 {from} 至 {to}，延续申请登记为 {asked}，不是日期，登记簿 {since} 至 {until} 的记载）",
        ),
        (
            "right {id} (status {status}, valid {from} to {to}, renewal applied for on {asked}, which is no date)",
            "矿权 {id}（登记状态 {status}，有效期 {from} 至 {to}，延续申请登记为 {asked}，不是日期）",
        ),
        (
            "right {id} (status {status}, valid {from} to {to}, renewal applied for {asked}, as the register stood {since} to {until})",
            "矿权 {id}（登记状态 {status}，有效期 {from} 至 {to}，{asked} 申请延续，登记簿 {since} 至 {until} 的记载）",
        ),
        (
            "right {id} (status {status}, valid {from} to {to}, as the register stood {since} to {until})",
            "矿权 {id}（登记状态 {status}，有效期 {from} 至 {to}，登记簿 {since} 至 {until} 的记载）",
        ),
        (
            "right {id} (status {status}, valid {from} to {to}, renewal applied for {asked})",
            "矿权 {id}（登记状态 {status}，有效期 {from} 至 {to}，{asked} 申请延续）",
        ),
        ("right {id} (status {status}, valid {from} to {to})", "矿权 {id}（登记状态 {status}，有效期 {from} 至 {to}）"),
    ),
}

_GROUND = _forms(
    (
        "{area} m² of a patch of {whole} m², {ground}, first seen changed on {day}; most of the patch last looked as before on {before}",
        "变化图斑 {whole} m² 中的 {area} m²，{ground}；最早部分 {day} 已见变化，大部最后一次正常观测 {before}",
    ),
    (
        "{area} m² of a patch of {whole} m², {ground}, first seen changed on {day}",
        "变化图斑 {whole} m² 中的 {area} m²，{ground}；{day} 已见变化",
    ),
    # As months of older versions have it.
    (
        "{area} m² of a patch of {whole} m², {ground}, changed by {day}; most of the patch last looked as before on {before}",
        "变化图斑 {whole} m² 中的 {area} m²，{ground}；最早部分 {day} 已见变化，大部最后一次正常观测 {before}",
    ),
    ("{area} m² of a patch of {whole} m², {ground}, changed by {day}", "变化图斑 {whole} m² 中的 {area} m²，{ground}；{day} 已见变化"),
)
_CLAUSE = _forms(
    ("inside {entry}, {state} {when}", "位于{entry}内，{when}{state}"),
    ("in no right on {day}", "{day} 不在任何矿权内"),
    ("in no valid right", "不在有效矿权内"),
    ("beyond right {id}", "在矿权 {id} 以外"),
    ("right {id} was {state} {when}", "矿权 {id} {when}{state}"),
    *(
        (
            "{area} m² beyond {entry}, up to {far} m; {certain} m² of it beyond the position error of {error} m "
            f"(image {{image}}, between dates {{dates}}{english}, boundary {{line}}, plate motion since 2000 {{drift}})",
            "越出{entry} {area} m²，最远 {far} m；扣除位置误差 {error} m（影像 {image}、"
            f"时相之间 {{dates}}{chinese}、边界 {{line}}、2000 年以来板块移动 {{drift}}）后仍有 {{certain}} m²",
        )
        for english, chinese in (
            (" (measured {off} on {days} days)", "（{days} 天实测 {off}）"),
            (" (not measured)", "（未实测）"),
            ("", ""),
        )
    ),
    ("not dug on from ground in a valid right", "不是从有效矿权内的采场延伸出来的"),
    ("inside right {id} or its tolerance", "在矿权 {id} 内或其边界容差以内"),
    ("{area} m² ({share}) on legacy patches ({id})", "{area} m²（{share}）位于历史遗留图斑（{id}）"),
    ("{area} m² ({share}) on legacy patches", "{area} m²（{share}）位于历史遗留图斑"),
    ("{area} m² ({share}) where mining is banned", "{area} m²（{share}）位于禁采区"),
    ("open to the sky, right {id} permits any method", "露天开挖，矿权 {id} 未限定开采方式"),
    ("open to the sky, right {id} permits {method}", "露天开挖，矿权 {id} 许可的开采方式为{method}"),
    ("nothing contradicts a mineral that is not said", "未登记开采矿种，无从比较"),
    ("nothing contradicts {mineral}", "地表光谱与{mineral}没有矛盾"),
    ("blue to red {value} ≥ {limit}: rock or gravel, licensed for {mineral}", "蓝红波段比 {value} ≥ {limit}，为岩石或砂砾，而许可矿种为{mineral}"),
    (
        "blue to red {value}: loess or clay after {days} days of digging, licensed for {mineral}",
        "蓝红波段比 {value}，开挖 {days} 天后仍为黄土或粘土，而许可矿种为{mineral}",
    ),
    ("clay-like, {area} m² ({share}) on farmland", "光谱似粘土，{area} m²（{share}）位于耕地"),
    ("outside every right on {day}, {near} m from the nearest", "{day} 在所有矿权以外，距最近的 {near} m"),
    ("outside every right on {day}", "{day} 在所有矿权以外"),
    ("mining likelihood {value} < {limit}: {cause}", "采矿可能性 {value} < {limit}，原因：{cause}"),
    ("covered by an approval in force", "在当时有效的批准用地内"),
    ("changed before monitoring began", "监测开始前已经变化"),
    (
        "{taken} m³ in flight {flight} (at least {low}, 95 %), the scale allows {limit}",
        "航飞 {flight} 测得采出 {taken} m³（95 % 置信下限 {low}），设计规模允许 {limit}",
    ),
)
_RESTORATION = _forms(
    ("deadline {day}, looked at {since} to {until}", "治理期限 {day}，判断所用影像 {since} 至 {until}"),
    (
        "cover {cover} against {reference} around it, {bare} m² bare, {share} of the site seen",
        "植被覆盖度 {cover}，周边为 {reference}；裸露 {bare} m²，看清图斑的 {share}",
    ),
    ("green until {green}, bare again {since} to {until}", "{green} 以前已复绿，{since} 至 {until} 再次裸露"),
    ("cover {cover} against {reference} of its reference plots", "植被覆盖度 {cover}，参照样地为 {reference}"),
)


def in_chinese(line: str) -> str:
    """A line of a trace; as it is where its form of words is not known."""
    head, _, rest = line.partition(": ")
    if head == "ground":
        said = _GROUND(rest)
        return line if said is None else f"地块：{said}"
    if head == "layers":
        return "图层：" + ("无" if rest == "none" else "、".join(map(_layer, rest.split(", "))))
    if head in set(Code):
        answer, _, clause = rest.partition(", ")
        said = _CLAUSE(clause)
        return line if said is None or answer not in _ANSWERS else f"{FINDINGS[head]}：{_ANSWERS[answer]}，{said}"
    return _RESTORATION(line) or line


def all_in_chinese(lines: Iterable[str]) -> list[str]:
    return [in_chinese(str(line)) for line in lines]


def _layer(text: str) -> str:
    """A layer and its version. A name that the county gave it stays."""
    name, _, version = text.rpartition(" ")
    return f"{LAYERS.get(name, name)} {version}"
