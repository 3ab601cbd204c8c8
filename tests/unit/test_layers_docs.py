"""The examples of docs/layers.md are read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import shapely

from pipeline.config import LayerConfig
from pipeline.layers.opened import Setting, open_layer

PAGE = (Path(__file__).parents[2] / "docs" / "layers.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^```txt (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(EXAMPLES[name].encode("gbk"))
    county = shapely.box(499_000, 3_949_000, 503_000, 3_953_000)
    found = open_layer("mining_rights", file, file, LayerConfig(), Setting("EPSG:4544", county))
    assert [problem.code for problem in found.problems if problem.code != "MW-LAYER-DATUM-UNSAID"] == []
    (right,) = found.rights
    assert right.id == "C6200002010011120001234"
    assert right.geometry.centroid.distance(shapely.Point(501131, 3950868)) < 20
    assert len(EXAMPLES) == 5
