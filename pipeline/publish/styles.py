"""How the layers of the GeoPackage look when QGIS opens them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

SEVERITY_COLOURS: Mapping[int, str] = {3: "#c8102e", 2: "#e8731a", 1: "#d9a400"}
SEVERITY_NAMES: Mapping[int, str] = {3: "3 严重", 2: "2 一般", 1: "1 待定"}


@dataclass(frozen=True, slots=True)
class Outline:
    """A polygon symbol: a coloured line, and a fill that lets the imagery through."""

    line: str
    width_mm: float = 0.4
    fill: str | None = None
    opacity: float = 0.0
    dashed: bool = False


STYLES: Mapping[str, Outline] = {
    "patches": Outline("#8c510a", 0.3),
    "coverage": Outline("#9aa0a6", 0.1, "#9aa0a6", 0.35),
    "rights": Outline("#1f5fbf", 0.5),
    "legacy": Outline("#7b3fa0", 0.4, dashed=True),
    "zones": Outline("#2e7d32", 0.3, "#2e7d32", 0.12),
    "approvals": Outline("#00838f", 0.3, "#00838f", 0.10),
    "towns": Outline("#b0b0b0", 0.2),
    "area": Outline("#303030", 0.6),
}

_LABELS: Mapping[str, str] = {"cases": "id", "rights": "name", "towns": "name"}


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
    rows = "".join(f'<Option name={quoteattr(key)} type="QString" value={quoteattr(value)}/>' for key, value in options.items())
    return f'<symbol name="{name}" type="fill" alpha="1"><layer class="SimpleFill" enabled="1"><Option type="Map">{rows}</Option></layer></symbol>'


def _renderer(layer: str) -> str:
    if layer != "cases":
        return f'<renderer-v2 type="singleSymbol"><symbols>{_symbol("0", STYLES[layer])}</symbols></renderer-v2>'
    categories, symbols = "", ""
    for k, (severity, colour) in enumerate(SEVERITY_COLOURS.items()):
        categories += f'<category value="{severity}" type="integer" label={quoteattr(SEVERITY_NAMES[severity])} symbol="{k}" render="true"/>'
        symbols += _symbol(str(k), Outline(colour, 0.7))
    body = f"<categories>{categories}</categories><symbols>{symbols}</symbols>"
    return f'<renderer-v2 type="categorizedSymbol" attr="severity">{body}</renderer-v2>'


def _labels(layer: str) -> str:
    field = _LABELS.get(layer)
    if field is None:
        return ""
    buffer = '<text-buffer bufferDraw="1" bufferSize="0.8" bufferColor="255,255,255,255"/>'
    text = f'<text-style fieldName="{field}" fontSize="8" textColor="40,40,40,255">{buffer}</text-style>'
    return f'<labeling type="simple"><settings>{text}</settings></labeling>'


def qml(layer: str) -> str:
    """The QGIS style of a layer."""
    labels = _labels(layer)
    head = f'<qgis version="3.28" labelsEnabled="{int(bool(labels))}">'
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>{head}{_renderer(layer)}{labels}</qgis>"


def styled(layers: Sequence[str]) -> list[tuple[str, str]]:
    """(layer, QML) of those layers that have a style."""
    return [(layer, qml(layer)) for layer in layers if layer == "cases" or layer in STYLES]
