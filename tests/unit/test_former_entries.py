"""What people see of entries of a register that stand no more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline.publish import gpkg
from pipeline.publish.evidence.overlay import Surroundings
from pipeline.publish.wgs84 import Projector
from tests.county import GRID, box, layers, right

NOW = right("C1", box(300, 300, 450, 600), name="东矿", stood_from=date(2024, 6, 10))
BEFORE = replace(NOW, geometry=box(300, 300, 600, 600), stood_from=None, stood_until=date(2024, 6, 9))
GIVEN_ON = replace(NOW, holder="乙", stood_until=date(2024, 8, 31))


def test_a_picture_shows_the_boundary_that_stood_before_and_no_line_twice() -> None:
    found = [(each.kind, each.name, each.geometry.area) for each in Surroundings(layers(NOW, BEFORE, GIVEN_ON))._rows]
    assert found == [("right", "东矿（至2024-06-09）", 90000), ("right", "东矿", 45000)]


def test_the_package_holds_them_in_a_layer_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "flagged.gpkg"
    gpkg.write(file, flagged=[], patches=[], coverage=[], layers=layers(NOW, BEFORE), projector=Projector(GRID.crs), month="2024-09")
    with closing(sqlite3.connect(file)) as package:
        assert package.execute("SELECT id, stood_until FROM former_rights").fetchall() == [("C1", "2024-06-09")]
        assert package.execute("SELECT id, stood_from, stood_until FROM rights").fetchall() == [("C1", "2024-06-10", None)]
        styles = dict(package.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
    assert styles["former_rights"] != styles["rights"]
