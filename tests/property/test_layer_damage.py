"""Files that were damaged on their way: whatever is in them, they are read or refused with a message."""

from __future__ import annotations

import tempfile
from pathlib import Path

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from pipeline.config import LayerConfig
from pipeline.layers import canonical
from pipeline.layers.mending import mend
from pipeline.layers.opened import Setting, open_layer
from tests.registers import FORMATS, Entry

REGISTER = [
    Entry("C6200002010011120001234", "东矿", Polygon([(105.01, 35.685), (105.015, 35.685), (105.016, 35.69), (105.01, 35.689)])),
    Entry(
        "C6200002012117130123456",
        "西矿",
        Polygon([(105.016, 35.69), (105.02, 35.69), (105.02, 35.695)], [[(105.018, 35.691), (105.019, 35.691), (105.019, 35.692)]]),
    ),
]
HERE = Setting("EPSG:32648", shapely.box(499_000, 3_949_000, 503_000, 3_953_000))
SIGNS = [
    b",",
    b"\n",
    b"J1",
    b"XY001=",
    b"105",
    b"-",
    b".",
    b"@",
    b"nan",
    b"\t",
    "扣除".encode(),
    "°".encode(),
    b"9" * 30,
    b"[",
    b'"',
    b"<",
    b"1e400",
    b"\xff",
    b"",
]
damages = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(SIGNS)), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from([name for name in FORMATS if name not in ("GeoPackage", "Shapefile in GBK", "GeoJSON")]), damage=damages)
def test_a_damaged_file_is_read_or_refused(name: str, damage: list[tuple[float, int, bytes]]) -> None:
    """damage: where in the file, how much of it is cut out, and what stands there instead."""
    suffix, write = FORMATS[name]
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / f"register{suffix}", REGISTER, "EPSG:4490")
        content = file.read_bytes()
        for place, cut, instead in damage:
            at = int(place * len(content))
            content = content[:at] + instead + content[at + cut :]
        file.write_bytes(content)
        found = open_layer("mining_rights", file, file, LayerConfig(), HERE)
        assert all(problem.fix and problem.code.startswith("MW-LAYER-") for problem in found.problems)
        if found.table is None:
            assert found.fatal
        else:
            assert found.rows is not None
            canonical.render(found.table.geometry, found.table.crs, found.table.columns, found.rows.columns)
            mend(found, HERE)
