"""The rules, case by case: a few polygons and a date each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.config_findings import VIOLATIONS
from pipeline.findings import law
from pipeline.findings.finding import EXPLAINED, Code
from pipeline.findings.law import LAW
from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.findings.rules import RULES
from pipeline.patches.patch import Cause, Patch, Status
from tests.county import JULY, MAY, SEPTEMBER, approval, box, farmland, found, layers, legacy, patch, redline, right, said, town

RULES_DOC = Path(__file__).parents[2] / "docs" / "rules.md"
PIT = box(400, 400, 500, 500)
"""One hectare."""
JUNE_END = date(2024, 6, 30)
AROUND = box(300, 300, 600, 600)
WEST_OF = box(200, 300, 450, 600)
"""A right that holds the west half of PIT: the east half lies up to 50 m beyond."""


def valid(ground: Any = AROUND, **more: Any) -> Any:
    return right("C1", ground, **{"status": "有效", "valid_from": date(2020, 1, 1), "valid_to": date(2030, 1, 1)} | more)


CASES: dict[str, tuple[Patch | list[Patch], list[Any], dict[str, float]]] = {
    "no layer at all": (patch((PIT, MAY)), [], {"unlicensed": 10000}),
    "far from a right": (patch((PIT, MAY)), [valid(box(0, 0, 100, 100))], {"unlicensed": 10000}),
    "in a valid right": (patch((PIT, MAY)), [valid()], {"permitted": 10000}),
    "in a right without any dates": (patch((PIT, MAY)), [right("C1", AROUND)], {"permitted": 10000}),
    "on its last day": (patch((PIT, JUNE_END)), [valid(valid_to=JUNE_END)], {"permitted": 10000}),
    "on the day after": (patch((PIT, date(2024, 7, 1))), [valid(valid_to=JUNE_END)], {"expired_permit": 10000}),
    "past its date, renewal applied for in time": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END, renewal_applied=JUNE_END)],
        {"permitted": 10000},
    ),
    "past its date, renewal applied for too late": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END, renewal_applied=date(2024, 7, 1))],
        {"expired_permit": 10000},
    ),
    "past its date, the day of its renewal can't be read": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END, renewal_unread="'2024年2月'")],
        {"expired_permit": 10000},
    ),
    "过期 without a date": (patch((PIT, MAY)), [right("C1", AROUND, status="过期")], {"expired_permit": 10000}),
    "过期 today, valid when it was dug": (patch((PIT, MAY)), [valid(status="过期", valid_to=JUNE_END)], {"permitted": 10000}),
    "not valid yet": (patch((PIT, MAY)), [valid(valid_from=JULY)], {"unlicensed": 10000}),
    "closed long ago": (patch((PIT, MAY)), [valid(status="注销", valid_to=date(2019, 1, 1))], {"closed_mine": 10000}),
    "closed without a date": (patch((PIT, MAY)), [right("C1", AROUND, status="关闭")], {"closed_mine": 10000}),
    "closed later": (patch((PIT, MAY)), [valid(status="吊销", valid_to=JUNE_END)], {"permitted": 10000}),
    "exploration": (patch((PIT, MAY)), [valid(status="探矿")], {"exploration_as_mining": 10000}),
    "exploration that has ended": (patch((PIT, JULY)), [valid(status="探矿", valid_to=JUNE_END)], {"expired_permit": 10000}),
    "a valid right over an expired one": (
        patch((PIT, MAY)),
        [valid(), right("C0", AROUND, status="过期")],
        {"permitted": 10000},
    ),
    "closed comes before expired": (
        patch((PIT, MAY)),
        [right("A", AROUND, status="过期"), right("B", AROUND, status="注销")],
        {"closed_mine": 10000},
    ),
    "across an expiry": (
        patch((box(400, 400, 450, 500), MAY), (box(450, 400, 500, 500), JULY)),
        [valid(valid_to=JUNE_END)],
        {"permitted": 5000, "expired_permit": 5000},
    ),
    "across an expiry, single late cells are noise": (
        patch((box(400, 400, 410, 410), JULY), (box(450, 450, 460, 480), JULY), (PIT, MAY)),
        [valid(valid_to=JUNE_END)],
        {"permitted": 10000},
    ),
    "across an expiry, a late corner of four cells counts": (
        patch((box(480, 480, 500, 500), JULY), (PIT, MAY)),
        [valid(valid_to=JUNE_END)],
        {"permitted": 9600, "expired_permit": 400},
    ),
    "across an expiry, three late cells in a square do not": (
        patch((box(480, 490, 500, 500), JULY), (box(490, 480, 500, 490), JULY), (PIT, MAY)),
        [valid(valid_to=JUNE_END)],
        {"permitted": 10000},
    ),
    "single early cells do not make an expired dig lawful": (
        patch((box(400, 400, 410, 410), MAY), (PIT, JULY)),
        [valid(valid_to=JUNE_END)],
        {"expired_permit": 10000},
    ),
    "across two rights": (
        patch((PIT, MAY)),
        [right("A", box(300, 300, 450, 600), status="过期"), valid(box(450, 300, 600, 600))],
        {"expired_permit": 5000, "permitted": 5000},
    ),
    "begun before a right began": (
        patch((box(400, 400, 450, 500), MAY), (box(450, 400, 500, 500), JULY)),
        [valid(box(300, 300, 800, 800), valid_from=date(2024, 6, 1))],
        {"unlicensed": 5000, "permitted": 5000},
    ),
    "over a boundary by 50 m": (patch((PIT, MAY)), [valid(WEST_OF)], {"cross_boundary": 5000, "permitted": 5000}),
    "over a boundary within the tolerance": (
        patch((PIT, MAY)),
        [valid(box(200, 300, 486, 600))],
        {"permitted": 10000},
    ),
    "over a boundary, too little beyond the tolerance": (
        patch((box(400, 400, 470, 430), MAY)),
        [valid(box(200, 300, 445, 600))],
        {"permitted": 2100},
    ),
    "over a boundary, just enough beyond the tolerance": (
        patch((box(400, 400, 470, 440), MAY)),
        [valid(box(200, 300, 445, 600))],
        {"cross_boundary": 1000, "permitted": 1800},
    ),
    "outside, going on from an old pit": (
        patch((box(450, 400, 500, 500), MAY)),
        [valid(WEST_OF)],
        {"unlicensed": 5000},
    ),
    "outside, touching another patch inside": (
        [patch((box(450, 400, 500, 500), JULY)), patch((box(390, 400, 440, 500), MAY))],
        [valid(WEST_OF)],
        {"cross_boundary": 5000, "permitted": 5000},
    ),
    "outside, 16 m from the patch inside": (
        [patch((box(460, 400, 500, 500), JULY)), patch((box(390, 400, 440, 500), MAY))],
        [valid(box(200, 300, 444, 600))],
        {"unlicensed": 4000, "permitted": 5000},
    ),
    "outside, touching something inside that is not mining": (
        [patch((box(450, 400, 500, 500), JULY)), patch((box(390, 400, 450, 500), MAY), mining_likelihood=0.1)],
        [valid(WEST_OF)],
        {"unlicensed": 5000, "not_mining": 6000},
    ),
    "one cell inside does not make a mine": (
        patch((box(450, 400, 500, 500), MAY), (box(440, 450, 450, 460), MAY)),
        [valid(WEST_OF)],
        {"unlicensed": 5100},
    ),
    "over the boundary of an expired right": (
        patch((PIT, MAY)),
        [right("C1", WEST_OF, status="过期")],
        {"expired_permit": 5000, "unlicensed": 5000},
    ),
    "over the boundary of an expired right, within the tolerance": (
        patch((PIT, MAY)),
        [right("C1", box(200, 300, 490, 600), status="过期")],
        {"expired_permit": 10000},
    ),
    "a corner of an expired right": (
        patch((PIT, MAY)),
        [right("C1", box(300, 300, 415, 415), status="过期")],
        {"unlicensed": 10000},
    ),
    "over a boundary that ended before": (
        patch((box(450, 400, 500, 500), JULY), (box(400, 400, 450, 500), MAY)),
        [valid(WEST_OF, valid_to=JUNE_END)],
        {"permitted": 5000, "unlicensed": 5000},
    ),
    "between two valid rights": (
        patch((PIT, MAY)),
        [right("A", box(300, 300, 440, 600)), right("B", box(460, 300, 600, 600))],
        {"permitted": 10000},
    ),
    "in a valid right in the redline": (patch((PIT, MAY)), [valid(), redline("H", AROUND)], {"prohibited_zone": 10000}),
    "in a valid right, half in the redline": (
        patch((PIT, MAY)),
        [valid(), redline("H", box(450, 300, 600, 600))],
        {"prohibited_zone": 5000, "permitted": 5000},
    ),
    "in a valid right, touching the redline": (
        patch((PIT, MAY)),
        [valid(), redline("H", box(497, 300, 600, 600))],
        {"permitted": 10000},
    ),
    "in a valid right on basic farmland": (
        patch((PIT, MAY)),
        [valid(), farmland("F", AROUND, "永久基本农田")],
        {"prohibited_zone": 10000},
    ),
    "in a valid right on ordinary farmland": (patch((PIT, MAY)), [valid(), farmland("F", AROUND)], {"permitted": 10000}),
    "unlicensed in the redline": (patch((PIT, MAY)), [redline("H", AROUND)], {"unlicensed+prohibited_zone": 10000}),
    "expired in the redline": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END), redline("H", AROUND)],
        {"expired_permit+prohibited_zone": 10000},
    ),
    "clay on ordinary farmland": (
        patch((PIT, MAY), clay_like=True),
        [farmland("F", AROUND)],
        {"unlicensed+farmland_clay": 10000},
    ),
    "clay on basic farmland": (
        patch((PIT, MAY), clay_like=True),
        [farmland("F", AROUND, "永久基本农田")],
        {"unlicensed+prohibited_zone+farmland_clay": 10000},
    ),
    "rock on farmland is no clay": (patch((PIT, MAY)), [farmland("F", AROUND)], {"unlicensed": 10000}),
    "clay in a valid right on basic farmland": (
        patch((PIT, MAY), clay_like=True),
        [valid(), farmland("F", AROUND, "永久基本农田")],
        {"prohibited_zone+farmland_clay": 10000},
    ),
    "on a legacy patch": (patch((PIT, MAY)), [legacy("YL", AROUND)], {"legacy_remined": 10000}),
    "half on a legacy patch": (patch((PIT, MAY)), [legacy("YL", box(300, 300, 450, 600))], {"legacy_remined": 10000}),
    "partly on a legacy patch": (
        patch((PIT, MAY)),
        [legacy("YL", box(300, 300, 430, 600))],
        {"legacy_remined": 3000, "unlicensed": 7000},
    ),
    "touching a legacy patch": (patch((PIT, MAY)), [legacy("YL", box(300, 300, 403, 600))], {"unlicensed": 10000}),
    "legacy in a valid right": (patch((PIT, MAY)), [valid(), legacy("YL", AROUND)], {"permitted": 10000}),
    "legacy in an expired right": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END), legacy("YL", AROUND)],
        {"legacy_remined+expired_permit": 10000},
    ),
    "legacy in a closed mine, in the redline, clay on farmland": (
        patch((PIT, MAY), clay_like=True),
        [right("C1", AROUND, status="注销"), legacy("YL", AROUND), redline("H", AROUND), farmland("F", AROUND)],
        {"legacy_remined+closed_mine+prohibited_zone+farmland_clay": 10000},
    ),
    "a third on a legacy patch in an expired right": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END), legacy("YL", box(300, 300, 430, 600))],
        {"expired_permit+legacy_remined": 10000},
    ),
    "legacy beyond a boundary": (
        patch((PIT, MAY)),
        [valid(WEST_OF), legacy("YL", box(450, 300, 600, 600))],
        {"legacy_remined+cross_boundary": 5000, "permitted": 5000},
    ),
    "approved": (patch((PIT, MAY)), [approval("S", AROUND)], {"approved": 10000}),
    "approved nearly all": (patch((PIT, MAY)), [approval("S", box(300, 300, 481, 600))], {"approved": 10000}),
    "approved in part": (
        patch((PIT, MAY)),
        [approval("S", box(300, 300, 450, 600))],
        {"approved": 5000, "unlicensed": 5000},
    ),
    "approval not in force yet": (patch((PIT, MAY)), [approval("S", AROUND, valid_from=JULY)], {"unlicensed": 10000}),
    "approval run out": (patch((PIT, SEPTEMBER)), [approval("S", AROUND, valid_to=JULY)], {"unlicensed": 10000}),
    "approval run out midway": (
        patch((box(400, 400, 450, 500), MAY), (PIT, SEPTEMBER)),
        [approval("S", AROUND, valid_to=JULY)],
        {"approved": 5000, "unlicensed": 5000},
    ),
    "beside approved ground in an expired right": (
        patch((box(400, 400, 450, 500), JULY), (box(450, 400, 460, 500), JULY)),
        [right("C1", WEST_OF, status="过期"), approval("S", WEST_OF)],
        {"approved": 5000, "unlicensed": 1000},
    ),
    "approved in an expired right": (
        patch((PIT, JULY)),
        [valid(valid_to=JUNE_END), approval("S", AROUND)],
        {"approved": 10000},
    ),
    "a building on approved ground": (
        patch((PIT, MAY), mining_likelihood=0.1, cause=Cause.CONSTRUCTION),
        [approval("S", AROUND)],
        {"approved": 10000},
    ),
    "not mining": (patch((PIT, MAY), mining_likelihood=0.49), [], {"not_mining": 10000}),
    "as likely as it must be": (patch((PIT, MAY), mining_likelihood=0.5), [], {"unlicensed": 10000}),
    "not mining, in a closed mine": (
        patch((PIT, MAY), mining_likelihood=0.1),
        [right("C1", AROUND, status="注销")],
        {"not_mining": 10000},
    ),
    "before monitoring": (
        patch((PIT, MAY), before_monitoring=True),
        [right("C1", AROUND, status="注销"), approval("S", AROUND)],
        {"before_monitoring": 10000},
    ),
    "four cells": (patch((box(400, 400, 420, 420), MAY)), [], {"unlicensed": 400}),
    "four cells, three of them in an expired right": (
        patch((box(400, 400, 420, 420), MAY)),
        [right("C1", box(300, 300, 415, 600), status="过期")],
        {"expired_permit": 400},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rule(case: str) -> None:
    patches, records, expected = CASES[case]
    assert said(found(patches, *records)) == expected


def test_old_pit_in_the_right_makes_it_a_crossing() -> None:
    """What was bare before monitoring was dug too: `dug` tells of it."""
    outer = patch((box(450, 400, 500, 500), MAY))
    assert said(found(outer, valid(WEST_OF), dug=box(400, 400, 450, 500))) == {"cross_boundary": 5000}


def test_a_violation_takes_in_no_lawful_sliver() -> None:
    """300 m² of the patch lie in the right beside its old pit: less than a case, but the crossing begins at the boundary."""
    outer = patch((box(440, 400, 500, 430), MAY))
    assert said(found(outer, valid(WEST_OF), dug=box(400, 400, 440, 430))) == {"cross_boundary": 1500}


def test_old_pit_elsewhere_in_the_right_does_not() -> None:
    outer = patch((box(450, 400, 500, 500), MAY))
    assert said(found(outer, valid(WEST_OF), dug=box(210, 310, 300, 390))) == {"unlicensed": 5000}


def test_slivers_along_the_edge_stay_only_where_they_hang_on_to_ground_beyond() -> None:
    tongue = patch((box(400, 400, 450, 600), MAY), (box(450, 400, 500, 440), MAY), (box(450, 500, 460, 600), MAY))
    findings = found(tongue, valid(box(200, 300, 450, 700)))
    assert said(findings) == {"cross_boundary": 2000, "permitted": 11000}


def test_overshoot_in_numbers() -> None:
    finding = next(
        f for f in found(patch((PIT, MAY)), valid(WEST_OF, name="东矿", holder="甲", mineral="砖瓦用粘土")) if f.code is Code.CROSS_BOUNDARY
    )
    assert (finding.right_id, finding.right_name, finding.holder, finding.mineral) == ("C1", "东矿", "甲", "砖瓦用粘土")
    assert finding.valid_to == date(2030, 1, 1)
    assert finding.overshoot_m2 == pytest.approx(5000)
    assert finding.overshoot_max_m == pytest.approx(50)
    assert finding.position_error_m == 10.7
    assert finding.overshoot_certain_m2 == pytest.approx((50 - 10.7) * 100)
    assert finding.distance_to_right_m == 0


def test_crossing_follows_the_boundary_not_the_cells() -> None:
    """The right ends 3.4 m into a column of cells."""
    findings = {f.code: f.geometry for f in found(patch((PIT, MAY)), valid(box(200, 300, 443.4, 600)))}
    assert findings[Code.CROSS_BOUNDARY].area == pytest.approx(5660)
    assert findings[Code.CROSS_BOUNDARY].union(findings[Code.PERMITTED]).area == pytest.approx(10000)


@pytest.mark.parametrize(
    ("east", "records", "status", "expected"),
    [
        (460, [], Status.CONFIRMED, 2),
        (460, [], Status.PROVISIONAL, 1),
        (500, [], Status.CONFIRMED, 3),
        (500, [], Status.PROVISIONAL, 3),
        (460, [redline("H", AROUND)], Status.PROVISIONAL, 3),
        (460, [farmland("F", AROUND)], Status.CONFIRMED, 3),
        (460, [farmland("F", box(400, 400, 403, 500))], Status.CONFIRMED, 2),
        (460, [valid(box(200, 300, 430, 600))], Status.CONFIRMED, 2),
        (452, [valid(box(200, 300, 430, 600))], Status.CONFIRMED, 2),
    ],
)
def test_severity(east: float, records: list[Any], status: Status, expected: int) -> None:
    findings = found(patch((box(400, 400, east, 500), MAY), status=status), *records)
    assert max(f.severity for f in findings) == expected


def test_crossing_within_the_position_error_is_slight() -> None:
    """With a tolerance of 3 m what lies 10 m over the line is found, but image and boundary may be off by as much."""
    findings = found(patch((box(400, 400, 440, 500), MAY)), valid(box(200, 300, 428, 600)), tolerance_m=3)
    crossing = next(f for f in findings if f.code is Code.CROSS_BOUNDARY)
    assert (crossing.overshoot_m2, crossing.severity) == (1200, 1)
    assert crossing.overshoot_certain_m2 == pytest.approx(130)


def test_a_part_has_its_own_first_day() -> None:
    dig = patch((box(400, 400, 450, 500), MAY), (box(450, 400, 500, 500), JULY))
    seen = {f.code: f.first_seen for f in found(dig, valid(valid_to=JUNE_END))}
    assert seen == {Code.PERMITTED: MAY, Code.EXPIRED_PERMIT: JULY}


def test_noise_taken_in_does_not_date_an_expired_dig_before_its_expiry() -> None:
    (finding,) = found(patch((box(400, 400, 410, 410), MAY), (PIT, JULY)), valid(valid_to=JUNE_END))
    assert finding.first_seen == JULY


def test_parts_of_a_patch_have_names_of_their_own() -> None:
    dig = patch((box(400, 400, 430, 500), MAY), (PIT, JULY))
    records = [right("C1", box(200, 300, 460, 600), valid_to=JUNE_END), redline("H", box(300, 300, 420, 600)), legacy("YL", box(490, 0, 900, 900))]
    findings = found(dig, *records)
    assert sorted(f.part for f in findings) == ["legacy:YL", "open", "right:C1", "right:C1:banned", "right:C1:expired"]


def test_what_is_written_of_the_place() -> None:
    records = [
        right("C1", box(0, 0, 100, 460)),
        redline("H2", box(480, 300, 600, 600)),
        farmland("F1", box(300, 300, 405, 600)),
        town("甲镇", box(0, 0, 430, 1000)),
        town("乙镇", box(430, 0, 1000, 1000)),
    ]
    (finding,) = found(patch((PIT, MAY)), *records)
    assert finding.restriction == ("F1", "H2")
    assert finding.restriction_m2 == pytest.approx(2500)
    assert finding.town == "乙镇"
    assert finding.distance_to_right_m == 300
    assert finding.right_id is None


def test_overlapping_zones_count_once() -> None:
    (finding,) = found(patch((PIT, MAY)), redline("H", AROUND), farmland("F", AROUND))
    assert (finding.restriction, finding.restriction_m2) == (("F", "H"), 10000)


def test_no_rights_no_distance() -> None:
    (finding,) = found(patch((PIT, MAY)))
    assert finding.distance_to_right_m is None
    assert (finding.restriction, finding.restriction_m2) == ((), None)


def test_legacy_fields() -> None:
    overlap = [legacy("A", box(300, 300, 440, 600), state="已治理"), legacy("B", box(440, 300, 600, 600), state="未治理", deadline=JUNE_END)]
    (finding,) = found(patch((PIT, MAY)), *overlap)
    assert (finding.legacy_id, finding.legacy_state, finding.deadline) == ("B", "未治理", JUNE_END)
    assert "legacy_remined: yes, 10000 m² (100%) on legacy patches (B)" in finding.trace


def test_trace_says_why() -> None:
    (finding,) = found(patch((PIT, MAY), clay_like=True), farmland("F", AROUND), right("C1", box(0, 400, 300, 500)))
    assert finding.trace == (
        "ground: 10000 m² of a patch of 10000 m², open, first seen changed on 2024-05-14; most of the patch last looked as before on 2024-04-01",
        "legacy_remined: no, 0 m² (0%) on legacy patches",
        "closed_mine: no, in no right on 2024-05-14",
        "expired_permit: no, in no right on 2024-05-14",
        "exploration_as_mining: no, in no right on 2024-05-14",
        "cross_boundary: no, not dug on from ground in a valid right",
        "prohibited_zone: no, 0 m² (0%) where mining is banned",
        "underground_as_open: no, in no valid right",
        "mineral_mismatch: no, in no valid right",
        "unlicensed: yes, outside every right on 2024-05-14, 100 m from the nearest",
        "farmland_clay: also, clay-like, 10000 m² (100%) on farmland",
        "layers: none",
    )


def test_trace_of_a_crossing_has_the_parts_of_the_position_error() -> None:
    (crossing,) = [f for f in found(patch((PIT, MAY)), valid(WEST_OF)) if f.code is Code.CROSS_BOUNDARY]
    assert crossing.trace[5] == (
        "cross_boundary: yes, 5000 m² beyond right C1 (status 有效, valid 2020-01-01 to 2030-01-01), up to 50 m; 3930 m² of it beyond the "
        "position error of 10.7 m (image 8, between dates 5 (not measured), boundary 5, plate motion since 2000 0.7)"
    )


def test_the_patch_is_carried_over() -> None:
    (finding,) = found(patch((PIT, MAY), status=Status.ENDED, cause=Cause.ROAD, mining_likelihood=0.2))
    assert (finding.patch, finding.status, finding.cause, finding.mining_likelihood) == (0, "ended", "road", 0.2)
    assert (finding.before_date, finding.confidence) == (date(2024, 4, 1), 0.97)


def test_smallest_case_is_of_the_config() -> None:
    corner = patch((box(470, 470, 500, 500), JULY), (PIT, MAY))
    assert said(found(corner, valid(valid_to=JUNE_END), min_cells=10)) == {"permitted": 10000}


def test_no_patches_no_findings() -> None:
    assert found([], valid()) == []


def test_every_code_has_its_names_and_every_cause() -> None:
    assert list(FINDINGS) == list(Code)
    assert set(CAUSES) == {c.value for c in Cause}
    assert FINDINGS["cross_boundary"] == "疑似越界开采"


def test_rules_stand_in_the_order_of_the_contract() -> None:
    order = [rule.code for rule in RULES]
    assert order == [code for code in Code if code not in (Code.UNRESTORED, Code.RESTORATION_REGRESSED, Code.OVER_EXTRACTION)]
    assert {code.value for code in Code} - {c.value for c in EXPLAINED} - {"farmland_clay"} <= set(VIOLATIONS)


def test_every_code_has_its_law_and_the_document_says_so() -> None:
    assert list(LAW) == list(Code)
    assert RULES_DOC.read_text("utf-8") == law.render(), "run 'make reference'"


def test_layers_may_be_empty() -> None:
    assert layers().version == layers().version


@pytest.mark.parametrize(("last_normal", "code"), [(date(2024, 6, 28), "permitted"), (date(2024, 7, 2), "expired_permit")])
def test_a_right_that_held_at_the_last_look_before_the_change_is_presumed_to_have_held(last_normal: date, code: str) -> None:
    seen = date(2024, 7, 20)
    dug = patch((PIT, seen))
    middle = dug.first_day - (seen - last_normal).days // 2
    (one,) = found(replace(dug, changed_day=middle.astype(dug.first_day.dtype)), valid(valid_to=JUNE_END))
    assert one.code.value == code
