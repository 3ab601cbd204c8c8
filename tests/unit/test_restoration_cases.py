"""Relapses as cases, and the page and pictures of sites with hostile names."""

from __future__ import annotations

import base64
import re
from datetime import date
from typing import Any

import numpy as np
import pytest
from shapely.geometry import MultiPolygon

from pipeline.config_findings import FindingsConfig
from pipeline.findings.finding import Code
from pipeline.findings.lookup import Lookup
from pipeline.findings.unrestored import findings
from pipeline.layers.model import LayerSet
from pipeline.publish.restoration import page, strips
from pipeline.restoration.grounds import Ground, Kind
from pipeline.restored import Fallen, regressed
from tests.county import box, layers, legacy, redline

CONFIG = FindingsConfig()
PLOT = box(400, 400, 500, 500)
NOTHING = MultiPolygon()


def fallen(known: LayerSet, *, over: bool = True, ground: Any = PLOT) -> Fallen:
    (patch,) = known.legacy
    return Fallen(
        ground=Ground(kind=Kind.LEGACY, geometry=PLOT, legacy=patch), geometry=ground, first_look=date(2024, 6, 3), last_look=date(2024, 8, 30),
        last_green=date(2023, 9, 20), cover=0.1, reference=0.4, over=over,
    )  # fmt: skip


def test_a_relapse_is_a_case() -> None:
    known = layers(legacy("YL", PLOT, state="已治理"), redline("H", box(0, 0, 450, 1000)))
    (finding,) = regressed([fallen(known)], NOTHING, known, [], CONFIG, 100.0)
    assert (finding.code, finding.part, finding.patch, finding.status) == (Code.RESTORATION_REGRESSED, "legacy:YL", None, "confirmed")
    assert (finding.before_date, finding.first_seen, finding.last_seen) == (date(2023, 9, 20), date(2024, 6, 3), date(2024, 8, 30))
    assert (finding.severity, finding.also, finding.legacy_state) == (3, ("prohibited_zone",), "已治理")
    assert (finding.cover, finding.reference_cover) == (0.1, 0.4)


def test_until_the_season_is_over_it_is_provisional() -> None:
    known = layers(legacy("YL", PLOT))
    (finding,) = regressed([fallen(known, over=False, ground=box(400, 400, 500, 470))], NOTHING, known, [], CONFIG, 100.0)
    assert (finding.status, finding.severity) == ("provisional", 1)


@pytest.mark.parametrize(("dug", "cases"), [(box(400, 400, 500, 440), 1), (box(400, 400, 500, 460), 0), (PLOT, 0)])
def test_digging_is_no_relapse(dug: Any, cases: int) -> None:
    known = layers(legacy("YL", PLOT))
    found = regressed([fallen(known)], dug, known, [], CONFIG, 100.0)
    assert len(found) == cases
    assert all(finding.geometry.intersection(dug).area < 1 for finding in found)


def test_a_few_cells_are_no_case() -> None:
    known = layers(legacy("YL", PLOT))
    assert regressed([fallen(known, ground=box(400, 400, 430, 410))], NOTHING, known, [], CONFIG, 100.0) == []


def test_past_its_deadline_a_site_is_one_case() -> None:
    known = layers(legacy("YL", PLOT, deadline=date(2022, 1, 1)))
    overdue = findings([fallen(known)], Lookup(known), CONFIG.severity)
    (finding,) = regressed([fallen(known)], NOTHING, known, overdue, CONFIG, 100.0)
    assert (finding.code, finding.also) == (Code.UNRESTORED, ("restoration_regressed",))


class Drawn:
    """Two seasons of a small site, the second half unseen."""

    def __init__(self) -> None:
        self.inside = np.zeros((30, 40), bool)
        self.inside[10:20, 10:25] = True
        self.seasons = [Pictured(2023, np.full((3, 30, 40), 90, np.uint8)), Pictured(2024, np.full((3, 30, 40), 60, np.uint8))]
        self.seasons[1].colours[:, :, 20:] = 0


class Pictured:
    def __init__(self, year: int, colours: Any) -> None:
        self.year, self.colours = year, colours


def test_strip_has_a_picture_a_season() -> None:
    png = strips.draw(Drawn())  # type: ignore[arg-type]
    assert png is not None
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (2 * strips.SIDE + strips.GAP, strips.SIDE)
    assert strips.draw(Drawn()) == png  # type: ignore[arg-type]
    empty = Drawn()
    empty.inside[:] = False
    assert strips.draw(empty) is None  # type: ignore[arg-type]


def test_names_are_text_on_the_page() -> None:
    year = {"year": 2024, "cover": 0.1, "reference": 0.4, "low": 0.3, "high": 0.5}
    site = {
        "id": "<script>alert(1)</script>", "kind": "legacy", "name": "\u202e<img src=x onerror=alert(1)>", "holder": None,
        "claimed": None, "claim": None, "state": "未治理", "since": "2024-06-01", "confidence": 0.9, "trend": None, "lon": 105.0, "lat": 35.0,
        "area_ha": 1.0, "bare_ha": 1.0, "restored_ha": 0.0, "unseen_ha": 0.0, "deadline": None, "days_left": None, "overdue": False,
        "cover": 0.1, "reference_cover": 0.4, "reference_low": 0.3, "reference_high": 0.5, "reference_plots": 9, "reference_matched": False,
        "terrain": {"slope": 17.2, "aspect": 180.0, "reference_slope": 1.0, "reference_aspect": None, "alike": False},
        "years": [year], "picture": "restoration/0001.png", "pictured": [2024],
    }  # fmt: skip
    unseen = site | {
        "state": None,
        "since": None,
        "confidence": None,
        "years": [],
        "picture": None,
        "pictured": [],
        "cover": None,
        "bare_ha": None,
        "restored_ha": None,
    }
    account = {f"{kind}_{name}": 1.0 for kind in ("legacy", "closed", "working") for name in ("restored_ha", "disturbed_ha")}
    document = {
        "county": "会宁县", "month": "2024-09", "method": {"dem_sha256": "0" * 64}, "sites": [site, unseen], "mines": [],
        "states": [{"state": "未治理", "sites": 2, "area_ha": 2.0}],
        "county_years": [account | {"year": 2024, "restored_ha": 3.0, "disturbed_ha": 3.0, "owed_ha": 0.0}],
    }  # fmt: skip
    html = page.render(document, {"restoration/0001.png": b"\x89PNG"}, "620422")
    assert "<script" not in html
    assert "17° 南坡" in html
    assert "<img src=x" not in html
    assert "\u202e" not in html
    assert base64.b64encode(b"\x89PNG").decode() in html
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", html), "nothing is fetched"
    part = str(page.section(document))
    assert "<script" not in part
    assert "style=" not in part, "the report's policy allows no styles of elements"
