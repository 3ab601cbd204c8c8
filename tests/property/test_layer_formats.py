"""The same register in every format and coordinate system is the same register, within a millimetre."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from pipeline.layers.columns import rows
from pipeline.layers.ground import move
from pipeline.layers.read import read
from pipeline.layers.table import County
from tests.registers import DEGREES, FORMATS, IN_DEGREES_ONLY, SYSTEMS, Entry

HERE = County(105.0, 35.68, 105.03, 35.7)
LOCAL = "EPSG:32648"


@st.composite
def outlines(draw: st.DrawFn, k: int) -> Polygon:
    """Any outline round a centre of its own, with a hole or without, in degrees to nine decimals."""
    corners = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(0.0008, 0.0022), min_size=corners, max_size=corners))
    turn, x, y = draw(st.floats(0, 6)), 105.004 + 0.005 * k, draw(st.floats(35.684, 35.696))

    def ring(scale: float) -> list[tuple[float, float]]:
        angles = [turn + 2 * math.pi * n / corners for n in range(corners)]
        return [(round(x + scale * r * math.cos(a), 9), round(y + scale * r * math.sin(a), 9)) for r, a in zip(radii, angles, strict=True)]

    return Polygon(ring(1), [ring(0.3)] if draw(st.booleans()) else [])


@st.composite
def registers(draw: st.DrawFn) -> list[Entry]:
    count = draw(st.integers(1, 4))
    return [Entry(f"C62000020100111200012{k:02d}", f"{k + 1}号矿", draw(outlines(k))) for k in range(count)]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries=registers(), crs=st.sampled_from(SYSTEMS))
def test_what_is_written_is_read(name: str, entries: list[Entry], crs: str) -> None:
    crs = DEGREES if name in IN_DEGREES_ONLY else crs
    suffix, write = FORMATS[name]
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / f"register{suffix}", entries, crs)
        table = read("mining_rights", file, file, county=HERE)
    of = rows(str(file), table.columns, {}, ("id", "name"), len(table.geometry), suffix == ".shp")
    assert [of.text(k, "id") for k in range(of.count)] == [entry.id for entry in entries]
    if name != "register text":  # has no names
        assert [of.text(k, "name") for k in range(of.count)] == [entry.name for entry in entries]
    for found, entry in zip(table.geometry, entries, strict=True):
        here, there = move(found, table.crs, LOCAL), move(entry.polygon, DEGREES, LOCAL)
        assert shapely.get_num_coordinates(here) == shapely.get_num_coordinates(there)
        assert shapely.hausdorff_distance(here.boundary, there.boundary) < 0.001
    assert not [remark for remark in table.remarks if remark.code != "MW-LAYER-DATUM-UNSAID"]
