"""XML that came from elsewhere: read without anything that a document can make a parser do."""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_BYTES = 5_000_000
"""Metadata of a product has 50 to 300 kilobytes. Whoever reads larger documents says how large."""
MAX_DEPTH = 50


class BadXML(ValueError):
    """The document can't be used; the text says why."""


def parse(raw: bytes, most: int = MAX_BYTES) -> Element:
    """The root of a document, names without their namespaces. BadXML where it is broken, or has a DOCTYPE: entities that grow are declared there."""
    if len(raw) > most:
        raise BadXML(f"has {len(raw)} bytes")
    builder, depth = TreeBuilder(), 0
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise BadXML(f"is nested more than {MAX_DEPTH} deep")
        builder.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition(":")[2])

    def doctype(*_: object) -> NoReturn:
        raise BadXML("has a DOCTYPE, which is not needed")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, BadXML):
            raise
        raise BadXML("is not valid XML") from error
    return builder.close()


def text(root: Element, *names: str) -> str:
    """Text of the first element of one of these names; empty where there is none."""
    for name in names:
        found = next(root.iter(name), None)
        if found is not None:
            return (found.text or "").strip()
    return ""
