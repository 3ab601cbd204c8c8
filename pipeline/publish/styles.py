"""How the layers of the GeoPackage look when QGIS opens them, and how their columns are named, filled in and guarded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline.layers.model import BASIC_FARMLAND, ZoneKind
from pipeline.publish.features import CASE_FIELDS
from pipeline.publish.words import REASONS, REVIEWS, TITLES

SEVERITY_COLOURS: Mapping[int, str] = {3: "#c8102e", 2: "#e8731a", 1: "#d9a400"}
SEVERITY_NAMES: Mapping[int, str] = {3: "3 严重", 2: "2 一般", 1: "1 待定"}

VERDICT_FIELDS = ("review", "review_reason", "review_note")
"""What people fill in; `review apply` reads no other answer."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A polygon symbol: a coloured line, and a fill that lets the imagery through."""

    line: str
    width_mm: float = 0.4
    fill: str | None = None
    opacity: float = 0.0
    dashed: bool = False


ZONE, FIELD = Outline("#2e7d32", 0.3, "#2e7d32", 0.12), Outline("#cdb268", 0.2, "#e4d3a0", 0.35)
"""Ground where mining is banned, and other farmland."""

STYLES: Mapping[str, Outline] = {
    "patches": Outline("#8c510a", 0.3),
    "coverage": Outline("#9aa0a6", 0.1, "#9aa0a6", 0.35),
    "former_rights": Outline("#1f5fbf", 0.3, dashed=True),
    "rights": Outline("#1f5fbf", 0.5),
    "former_legacy": Outline("#7b3fa0", 0.2, dashed=True),
    "former_zones": Outline("#2e7d32", 0.2, dashed=True),
    "former_approvals": Outline("#00838f", 0.2, dashed=True),
    "legacy": Outline("#7b3fa0", 0.4, dashed=True),
    "zones": ZONE,
    "approvals": Outline("#00838f", 0.3, "#00838f", 0.10),
    "towns": Outline("#b0b0b0", 0.2),
    "area": Outline("#303030", 0.6),
}

NAMES: Mapping[str, str] = {
    "cases": "线索",
    "patches": "变化图斑",
    "coverage": "未看清的地面",
    "former_rights": "矿权（以前的登记）",
    "rights": "矿权",
    "former_legacy": "历史遗留图斑（以前的）",
    "former_zones": "禁采区与耕地（以前的）",
    "former_approvals": "已批准用地（以前的）",
    "legacy": "历史遗留图斑",
    "zones": "禁采区与耕地",
    "approvals": "已批准用地",
    "towns": "乡镇",
    "area": "监测范围",
}
"""What the tables are called in a list of layers."""

_LABELS: Mapping[str, str] = {"cases": "id", "former_rights": "name", "rights": "name", "towns": "name"}


def _options(values: Mapping[str, str]) -> str:
    return "".join(f'<Option name={quoteattr(key)} type="QString" value={quoteattr(value)}/>' for key, value in values.items())


def _rgba(colour: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"


def _symbol(name: str, outline: Outline) -> str:
    options = {
        "color": _rgba(outline.fill or outline.line, outline.opacity),
        "style": "solid" if outline.fill else "no",
        "outline_color": _rgba(outline.line),
        "outline_style": "dash" if outline.dashed else "solid",
        "outline_width": f"{outline.width_mm:g}",
        "outline_width_unit": "MM",
    }
    layer = f'<layer class="SimpleFill" enabled="1" pass="0" locked="0"><Option type="Map">{_options(options)}</Option></layer>'
    return f'<symbol name="{name}" type="fill" alpha="1" force_rhr="0" clip_to_extent="1">{layer}</symbol>'


@dataclass(frozen=True, slots=True)
class Category:
    value: str
    label: str
    outline: Outline


_SEVERITIES = tuple(
    Category(str(severity), SEVERITY_NAMES[severity], Outline(colour, 0.8, colour, 0.15)) for severity, colour in SEVERITY_COLOURS.items()
)
_ZONES = (Category("1", "禁采区、永久基本农田", ZONE), Category("0", "耕地", FIELD))
_BANNED = f"CASE WHEN kind = '{ZoneKind.FARMLAND}' AND coalesce(type, '') <> '{BASIC_FARMLAND}' THEN 0 ELSE 1 END"
_CATEGORIES: Mapping[str, tuple[str, tuple[Category, ...]]] = {"cases": ("severity", _SEVERITIES), "zones": (_BANNED, _ZONES)}
"""What tells rows of a layer apart, and how each kind looks."""


def _renderer(layer: str) -> str:
    if layer not in _CATEGORIES:
        return f'<renderer-v2 type="singleSymbol"><symbols>{_symbol("0", STYLES[layer])}</symbols></renderer-v2>'
    told_by, found = _CATEGORIES[layer]
    rows = "".join(
        f'<category value={quoteattr(each.value)} type="integer" label={quoteattr(each.label)} symbol="{k}" render="true"/>'
        for k, each in enumerate(found)
    )
    symbols = "".join(_symbol(str(k), each.outline) for k, each in enumerate(found))
    body = f"<categories>{rows}</categories><symbols>{symbols}</symbols>"
    return f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(told_by)}>{body}</renderer-v2>'


def _labels(layer: str) -> str:
    field = _LABELS.get(layer)
    if field is None:
        return ""
    buffer = '<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="255,255,255,255"/>'
    text = f'<text-style fieldName="{field}" isExpression="0" fontSize="8" fontSizeUnit="Point" textColor="40,40,40,255">{buffer}</text-style>'
    return f'<labeling type="simple"><settings>{text}</settings></labeling>'


def _value_map(choices: Mapping[str, str]) -> str:
    """A list to choose from: what is shown, and what is written."""
    options = "".join(f'<Option type="Map">{_options({shown: value})}</Option>' for value, shown in choices.items())
    config = f'<config><Option type="Map"><Option name="map" type="List">{options}</Option></Option></config>'
    return f'<editWidget type="ValueMap">{config}</editWidget>'


_NULL = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
"""What QGIS writes null for."""
_MANY_LINES = '<Option name="IsMultiline" type="bool" value="true"/>'


def _form() -> str:
    """Columns of the cases: their Chinese names, lists for the verdict, and all but the verdict read-only."""
    widgets = {
        "review": _value_map(REVIEWS),
        "review_reason": _value_map({_NULL: "（无）"} | {reason: reason for reason in REASONS}),
        "review_note": f'<editWidget type="TextEdit"><config><Option type="Map">{_MANY_LINES}</Option></config></editWidget>',
    }
    fields = "".join(f'<field name="{name}" configurationFlags="None">{widget}</field>' for name, widget in widgets.items())
    aliases = "".join(f'<alias field="{name}" index="{k}" name={quoteattr(TITLES[name])}/>' for k, name in enumerate(CASE_FIELDS, 1))
    editable = "".join(f'<field name="{name}" editable="{int(name in VERDICT_FIELDS)}"/>' for name in ("fid", *CASE_FIELDS))
    return f"<fieldConfiguration>{fields}</fieldConfiguration><aliases>{aliases}</aliases><editable>{editable}</editable>"


_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"


def qml(layer: str) -> str:
    """The QGIS style of a layer."""
    labels, form = _labels(layer), _form() if layer == "cases" else ""
    head = f'<qgis version="3.22" styleCategories="AllStyleCategories" labelsEnabled="{int(bool(labels))}">'
    return f"{_DOCTYPE}{head}{form}{_renderer(layer)}{labels}<layerGeometryType>2</layerGeometryType></qgis>"


def styled(layers: Sequence[str]) -> list[tuple[str, str]]:
    """(layer, QML) of those layers that have a style."""
    return [(layer, qml(layer)) for layer in layers if layer == "cases" or layer in STYLES]
