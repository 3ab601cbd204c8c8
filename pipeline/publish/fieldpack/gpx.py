"""Cases as GPX 1.1, for handheld receivers and outdoor programs: a waypoint to go to, and the outline as a track."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import shapely

from pipeline.publish.export.kml import harmless
from pipeline.publish.features import Feature
from pipeline.publish.say import Say


def render(cases: Sequence[Feature], county: str, say: Say) -> bytes:
    """In WGS 84, as GPX asks. Waypoints come before tracks, as its schema asks."""
    gpx = Element("gpx", version="1.1", creator="minewarden", xmlns="http://www.topografix.com/GPX/1/1")
    meta = SubElement(gpx, "metadata")
    _text(meta, "name", harmless(county))
    for case in cases:
        point = SubElement(gpx, "wpt", lat=f"{case.written.lat:.7f}", lon=f"{case.written.lon:.7f}")
        _text(point, "name", _short(case))
        _text(point, "desc", f"{case.properties['id']} {say(case.properties['finding_zh'])} {case.properties['area_m2']:,.0f} m²")
        _text(point, "sym", "Flag, Red")
    for case in cases:
        track = SubElement(gpx, "trk")
        _text(track, "name", _short(case))
        for part in shapely.get_parts(case.written.geometry):
            for ring in (part.exterior, *part.interiors):
                segment = SubElement(track, "trkseg")
                for lon, lat in ring.coords:
                    SubElement(segment, "trkpt", lat=f"{lat:.7f}", lon=f"{lon:.7f}")
    ElementTree.indent(gpx, " ")
    data: bytes = ElementTree.tostring(gpx, "utf-8", xml_declaration=True)
    return data + b"\n"


def _short(case: Feature) -> str:
    """What a small screen shows: year and number of the id."""
    return str(case.properties["id"]).partition("-")[2]


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
