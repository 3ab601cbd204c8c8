"""The national register's coordinate string (区域坐标): rings, points, elevations, descriptions and flags in one line."""

from __future__ import annotations

import re

from pipeline.layers.corners import rings
from pipeline.layers.corners.draft import Draft, Parcel, Ring, Said
from pipeline.layers.corners.facts import licence_in
from pipeline.layers.corners.figures import number, plain
from pipeline.layers.table import Refuse

_BEGINS = re.compile(r"\d{1,3}\s*,\s*\d{1,4}\s*,\s*[^,]{1,10}\s*,\s*\d{1,8}(?:\.\d+)?\s*,\s*\d{1,8}(?:\.\d+)?\s*,")
_LABEL = re.compile(r"[\s:=|,]+$")


class Broken(ValueError):
    """The string ends or goes on otherwise than its counts say; the text says where."""


def is_string(value: object) -> bool:
    """Whether a text begins as a coordinate string does."""
    return _BEGINS.match(plain(str(value if value is not None else "")).strip()) is not None


def fits(text: str) -> bool:
    return any(_BEGINS.search(plain(line)) for line in text.splitlines())


def parse(value: str, line: int) -> Parcel:
    """The rings of a string. Raises Broken."""
    tokens = [token.strip() for token in plain(value).strip().rstrip(";").split(",")]
    while tokens and not tokens[-1]:
        tokens.pop()
    parcel, position = Parcel([]), 1
    found: list[tuple[Ring, str, str]] = []
    count = _count(tokens, 0, "the number of rings")
    for k in range(1, count + 1):
        points = _count(tokens, position, f"the number of points of ring {k}")
        ring = Ring([_pair(tokens, position + 1 + 3 * n, k, n + 1) for n in range(points)], line)
        position += 1 + 3 * points
        top, bottom, described, flag = (tokens[position : position + 4] + [""] * 4)[:4]
        position += 4
        rings.settle(ring, described, flag)
        found.append((ring, top, bottom))
        parcel.rings.append(ring)
    if position < len(tokens):
        raise Broken(f"says {count} ring(s), but goes on after them: {','.join(tokens[position : position + 4])[:60]}…")
    rings.elevations(parcel, found)
    return parcel


def _count(tokens: list[str], at: int, what: str) -> int:
    if at >= len(tokens) or not tokens[at].isdigit() or not 0 < int(tokens[at]) < 10_000:
        raise Broken(f"has {tokens[at]!r} where {what} belongs" if at < len(tokens) else f"ends where {what} belongs")
    return int(tokens[at])


def _pair(tokens: list[str], at: int, ring: int, point: int) -> tuple[float, float]:
    where = f"point {point} of ring {ring}"
    if at + 2 >= len(tokens):
        raise Broken(f"ends before {where}")
    try:
        north, east = number(tokens[at + 1]), number(tokens[at + 2])
    except ValueError as error:
        raise Broken(f"{where}: {error}") from error
    if north is None or east is None:
        raise Broken(f"has {','.join(tokens[at : at + 3])[:60]!r} where {where} belongs")
    return north, east


def draft() -> Draft:
    return Draft([], Said(order="north_east", binding=True))


def read(text: str, refuse: Refuse) -> Draft:
    """A string a line, each after its licence number (a space, tab, colon or comma between them); or one string over several lines."""
    out = draft()
    lines = [(k, content) for k, content in enumerate(text.splitlines(), 1) if content.strip()]
    begun = [(k, content, match) for k, content in lines if (match := _BEGINS.search(plain(content)))]
    if len(begun) == 1 and len(lines) > 1:
        first = begun[0][0]
        joined = "".join(content for k, content in lines if k >= first)
        begun = [(first, joined, match) for match in [_BEGINS.search(plain(joined))] if match]
    for line, content, match in begun:
        spelled = plain(content)
        try:
            parcel = parse(spelled[match.start() :], line)
        except Broken as error:
            raise refuse("MW-LAYER-LINE", f"line {line}: the coordinate string {error}", FIX) from error
        label = _LABEL.sub("", spelled[: match.start()]).strip()
        number = licence_in(label)
        if number:
            parcel.values["id"] = number
            parcel.values["name"] = _LABEL.sub("", label.replace(number, "")).strip() or None
        elif label:
            parcel.values["id"] = label.split()[-1]
        out.parcels.append(parcel)
    return out


FIX = (
    "Copy the whole string from the register again: rings, then for each its points (no., north, east), upper and lower elevation, description, flag."
)
