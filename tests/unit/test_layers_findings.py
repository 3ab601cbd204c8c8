"""The same register in every format and coordinate system yields the same findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely

from pipeline.config import LayerConfig
from pipeline.findings.finding import Finding
from pipeline.layers.ground import DEGREES, move
from pipeline.layers.opened import Setting, open_layer
from tests.county import MAY, box, found, patch
from tests.registers import FORMATS, IN_DEGREES_ONLY, SYSTEMS, Entry

UTM = "EPSG:32648"
OVER = patch((box(400, 400, 500, 500), MAY))
"""A pit that lies half in the first right and half beyond it."""
INSIDE = patch((box(700, 700, 760, 760), MAY))
BOUNDARIES = {"C6200002010011120001234": box(200, 300, 450, 600), "C6200002012117130123456": box(650, 650, 850, 850)}
REGISTER = [Entry(identity, "矿", move(ground, UTM, DEGREES)) for identity, ground in BOUNDARIES.items()]


def told(findings: list[Finding]) -> list[tuple[Any, ...]]:
    """What a person reads of each, areas to a tenth of a square metre."""
    return sorted(
        (f.code.value, f.also, f.severity, f.right_id, round(f.geometry.area, 1), f.overshoot_m2 and round(f.overshoot_m2), f.overshoot_max_m)
        for f in findings
    )


@pytest.mark.parametrize("name", FORMATS)
def test_findings_do_not_depend_on_the_format(name: str, tmp_path: Path) -> None:
    suffix, write = FORMATS[name]
    setting = Setting(UTM, box(0, 0, 1000, 1000))
    meant = {identity: shapely.area(ground) for identity, ground in BOUNDARIES.items()}
    answers = []
    for crs in (DEGREES,) if name in IN_DEGREES_ONLY else SYSTEMS:
        file = write(tmp_path / f"{crs[5:]}{suffix}", REGISTER, crs)
        opened = open_layer("mining_rights", file, file, LayerConfig(), setting)
        assert {right.id: right.geometry.area for right in opened.rights} == pytest.approx(meant, abs=0.5)
        answers.append(told(found([OVER, INSIDE], *opened.rights)))
    expected = told(found([OVER, INSIDE], *open_layer("mining_rights", *_plain(tmp_path), LayerConfig(), setting).rights))
    assert [code for code, *_ in expected] == ["cross_boundary", "permitted", "permitted"]
    assert answers == [expected] * len(answers)


def _plain(folder: Path) -> tuple[Path, Path]:
    file = FORMATS["GeoJSON"][1](folder / "plain.geojson", REGISTER, DEGREES)
    return file, file
