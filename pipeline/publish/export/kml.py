"""The cases as KML, for Google Earth and 奥维."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.publish.export.finished import Finished
from pipeline.publish.features import Feature
from pipeline.publish.plain import plain
from pipeline.publish.styles import SEVERITY_COLOURS, SEVERITY_NAMES, STYLES
from pipeline.publish.words import REVIEWS, STATUSES, TITLES

_SHOWN = """severity finding_zh also status first_seen last_seen before_date after_date area_mu growth_m2 confidence mining_likelihood cause town
    right_id right_name holder mineral valid_to distance_to_right_m overshoot_m2 overshoot_certain_m2 legacy_id legacy_state deadline restriction
    restriction_m2 review review_reason review_note"""
SHOWN = tuple(_SHOWN.split())
"""Properties that are shown, in this order, where they are known."""

AROUND_COLOUR = STYLES["rights"].line
_WORDS: Mapping[str, Mapping[Any, str]] = {"severity": SEVERITY_NAMES, "status": STATUSES, "cause": CAUSES, "review": REVIEWS}
_HARMLESS = str.maketrans({"<": "＜", ">": "＞", "&": "＆", "$": "＄"})
"""Viewers show a description as HTML even where it is escaped as XML asks, and fill in what stands after a dollar sign."""


def render(month: Finished, around: Sequence[tuple[str, BaseGeometry]] = ()) -> bytes:
    """around: names and outlines, WGS 84, of what lies about the cases and is to be seen with them."""
    kml = Element("kml", xmlns="http://www.opengis.net/kml/2.2")
    document = SubElement(kml, "Document")
    _text(document, "name", f"{harmless(month.county)} {month.month} 矿山监测疑似线索")
    _text(document, "description", "卫星遥感监测发现的疑似线索，不是违法认定，须经实地核查。")
    for severity, colour in SEVERITY_COLOURS.items():
        _style(document, f"severity-{severity}", colour, 0x40)
    _style(document, "around", AROUND_COLOUR, 0x00)
    for severity, name in SEVERITY_NAMES.items():
        cases = [each for each in month.cases if each.properties["severity"] == severity]
        if cases:
            folder = SubElement(document, "Folder")
            _text(folder, "name", f"{name}（{len(cases)}）")
            for case in cases:
                _placemark(folder, case)
    if around:
        folder = SubElement(document, "Folder")
        _text(folder, "name", "周边矿权与管控范围")
        for name, outline in around:
            _outline(folder, name, outline)
    ElementTree.indent(kml, " ")
    data: bytes = ElementTree.tostring(kml, "utf-8", xml_declaration=True)
    return data + b"\n"


def _style(document: Element, name: str, colour: str, filled: int) -> None:
    style = SubElement(document, "Style", id=name)
    for kind in ("IconStyle", "LabelStyle", "LineStyle", "PolyStyle"):
        part = SubElement(style, kind)
        _text(part, "color", _colour(colour, filled if kind == "PolyStyle" else 0xFF))
        if kind == "LineStyle":
            _text(part, "width", "2")


def _colour(colour: str, opacity: int) -> str:
    """KML has them as opacity, blue, green, red."""
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    return f"{opacity:02x}{blue}{green}{red}"


def _placemark(folder: Element, case: Feature) -> None:
    row = case.properties
    mark = SubElement(folder, "Placemark")
    _text(mark, "name", f"{row['id']} {harmless(row['finding_zh'])}")
    known = [(name, _said(name, row[name])) for name in SHOWN if row[name] is not None]
    _text(mark, "description", "\n".join(f"{TITLES[name]}：{said}" for name, said in known))
    _text(mark, "styleUrl", f"#severity-{row['severity']}")
    data = SubElement(mark, "ExtendedData")
    # The id stands in the name; here too for programs that read the file, ours among them.
    for name, said in [("id", str(row["id"])), *known]:
        each = SubElement(data, "Data", name=name)
        _text(each, "displayName", TITLES[name])
        _text(each, "value", said)
    shapes = SubElement(mark, "MultiGeometry")
    # A point is seen from a height from which the ground is not.
    _text(SubElement(shapes, "Point"), "coordinates", f"{case.written.lon},{case.written.lat}")
    for part in shapely.get_parts(case.written.geometry):
        _polygon(shapes, part)


def _outline(folder: Element, name: str, outline: BaseGeometry) -> None:
    mark = SubElement(folder, "Placemark")
    _text(mark, "name", harmless(name))
    _text(mark, "styleUrl", "#around")
    shapes = SubElement(mark, "MultiGeometry")
    for part in shapely.get_parts(outline):
        if part.geom_type == "Polygon":
            _polygon(shapes, part)


def _said(name: str, value: Any) -> str:
    if name == "also":
        return "、".join(FINDINGS.get(code, harmless(code)) for code in value.split(";"))
    if isinstance(value, float):
        return f"{value:,.1%}" if name in ("confidence", "mining_likelihood") else f"{value:,.2f}"
    return _WORDS.get(name, {}).get(value) or harmless(str(value))


def _polygon(shapes: Element, part: Polygon) -> None:
    polygon = SubElement(shapes, "Polygon")
    _text(polygon, "tessellate", "1")
    for kind, ring in _rings(part):
        line = SubElement(SubElement(polygon, kind), "LinearRing")
        _text(line, "coordinates", " ".join(f"{x},{y}" for x, y in ring.coords))


def _rings(part: Polygon) -> Iterator[tuple[str, Any]]:
    yield "outerBoundaryIs", part.exterior
    for hole in part.interiors:
        yield "innerBoundaryIs", hole


def harmless(text: str) -> str:
    """Text without what a viewer would run, fill in or turn into a link."""
    return plain(text).translate(_HARMLESS).replace("://", "：//")


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
