"""What people see of entries of a register that stand no more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.config_findings import SeverityConfig
from pipeline.findings.facts import Place
from pipeline.findings.lookup import Lookup
from pipeline.findings.overextraction import Taken, findings
from pipeline.month import _registered
from pipeline.publish import gpkg
from pipeline.publish.evidence.overlay import Surroundings
from pipeline.publish.wgs84 import Projector
from tests.county import GRID, box, farmland, found, layers, legacy, patch, redline, right, said

NOW = right("C1", box(300, 300, 450, 600), name="东矿", stood_from=date(2024, 6, 10))
BEFORE = replace(NOW, geometry=box(300, 300, 600, 600), stood_from=None, stood_until=date(2024, 6, 9))
GONE = redline("H1", box(0, 0, 100, 100), stood_until=date(2024, 6, 9))
GIVEN_ON = replace(NOW, holder="乙", stood_until=date(2024, 8, 31))


def test_a_picture_shows_the_boundary_that_stood_before_and_no_line_twice() -> None:
    found = [(each.kind, each.name, each.geometry.area) for each in Surroundings(layers(NOW, BEFORE, GIVEN_ON))._rows]
    assert found == [("right", "东矿（至2024-06-09）", 90000), ("right", "东矿", 45000)]


def test_a_picture_shows_a_zone_that_was_taken_back() -> None:
    gone, stays = redline("H1", box(0, 0, 100, 100), stood_until=date(2024, 6, 9)), redline("H2", box(200, 0, 300, 100))
    found = [(each.kind, each.name) for each in Surroundings(layers(stays, gone))._rows]
    assert found == [("zone", "H1（至2024-06-09）"), ("zone", "H2")]


def test_a_site_is_held_against_zones_as_they_are_now() -> None:
    """What lies bare today is asked of today's zones, and has no day of change."""
    ground, gone = box(0, 0, 100, 100), redline("H1", box(0, 0, 100, 100), stood_until=date(2024, 6, 9))
    now = redline("H2", box(50, 0, 300, 100), stood_from=date(2024, 6, 10))
    assert Place(ground, Lookup(layers(now, gone))).fields()["restriction"] == ("H2",)
    assert not Place(ground, Lookup(layers(gone))).banned


@pytest.mark.parametrize("record", [redline, legacy, farmland])
def test_ground_drawn_anew_between_two_looks_was_held_all_along(record: Any) -> None:
    """Dug between 31 May and 20 June; on 8 June the layer came with other corners."""
    dug = patch((box(300, 300, 400, 400), date(2024, 6, 20)))
    dug = replace(dug, changed_day=dug.first_day - 10)
    whole, half = box(0, 0, 700, 700), box(0, 0, 350, 700)

    def of(*records: Any) -> tuple[dict[str, float], list[float | None]]:
        judged = found(dug, *records)
        return said(judged), [each.restriction_m2 for each in judged]

    for former, now in ((whole, box(0, 0, 700, 701)), (half, whole), (whole, half)):
        entries = [record("A", former, stood_until=date(2024, 6, 7)), record("B", now, stood_from=date(2024, 6, 8))]
        assert of(*entries) == of(record("A", former.intersection(now)))


def test_a_flight_is_held_against_the_rights_of_its_own_day() -> None:
    given = layers(NOW, BEFORE, right("C2", box(700, 700, 800, 800), stood_until=date(2024, 5, 31)))
    june, may = date(2024, 6, 20), date(2024, 5, 20)
    assert [(entry.id, entry.geometry.area) for entry in given.stood_on(june)] == [("C1", 45000)]
    assert [(entry.id, entry.geometry.area) for entry in given.stood_on(may)] == [("C1", 90000), ("C2", 10000)]
    taken = [Taken(id, box(710, 710, 720, 720), day, "f", 9e4, 8e4, 5e4) for id in ("C1", "C2") for day in (may, june)]
    assert [(each.right_id, each.first_seen) for each in findings(taken, given, SeverityConfig())] == [("C1", may), ("C1", june), ("C2", may)]


def test_the_package_holds_them_in_a_layer_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "flagged.gpkg"
    gpkg.write(file, flagged=[], patches=[], coverage=[], layers=layers(NOW, BEFORE, GONE), projector=Projector(GRID.crs), month="2024-09")
    with closing(sqlite3.connect(file)) as package:
        assert package.execute("SELECT id, stood_until FROM former_rights").fetchall() == [("C1", "2024-06-09")]
        assert package.execute("SELECT id, stood_from, stood_until FROM rights").fetchall() == [("C1", "2024-06-10", None)]
        assert package.execute("SELECT id, stood_until FROM former_zones").fetchall() == [("H1", "2024-06-09")]
        assert "renewal_unread" not in {row[1] for row in package.execute("PRAGMA table_info(rights)")}
        styles = dict(package.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
    assert styles["former_rights"] != styles["rights"]


def test_ground_of_a_past_entry_is_registered_ground() -> None:
    """It is asked of the likelihood too: a legacy patch that was struck off since is ground where somebody dug."""
    struck_off = legacy("L1", box(0, 0, 100, 100), stood_until=date(2024, 6, 9))
    gone = redline("H1", box(500, 500, 600, 600), stood_until=date(2024, 6, 9))
    assert _registered(layers(struck_off, gone, BEFORE)).area == 10000 + 90000
