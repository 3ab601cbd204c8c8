"""The law as a table: what lies there, when ground was dug, and what the law says. Grounds are drawn below; the pit is a hectare.

    200  300  400  450  500  600  700  900 (metres)
600       ┌─────────────────────┐                    around: 300–600 east, 300–600 north
500       │    ┌────┬────┐      │                    west and east: either side of 450, 300–600 north
400       │    └────┴────┘ pit  │                    edge: from 497 on, rim: up to 486; far: 0–100
300       └─────────────────────┘                    strip: the pit's west 30 m
"""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import Any

import pytest

from pipeline.findings.finding import EXPLAINED, Code
from pipeline.patches.patch import Patch, Status
from tests.county import approval, box, farmland, found, legacy, patch, redline, right, said

GROUNDS = {
    "around": box(300, 300, 600, 600), "west": box(200, 300, 450, 600), "east": box(450, 300, 700, 600), "edge": box(497, 300, 700, 600),
    "rim": box(200, 300, 486, 600), "far": box(0, 0, 100, 100), "strip": box(200, 300, 430, 600), "most": box(300, 300, 481, 600),
}  # fmt: skip
PLAIN: dict[str, Any] = {
    "redline": redline, "basic": partial(farmland, type="永久基本农田"), "arable": farmland, "legacy": legacy, "approval": approval,
}  # fmt: skip
STATUS = {"有效", "过期", "注销", "吊销", "关闭", "探矿"}
METHODS = {"露天", "地下", "井工", "联合", "露天/地下", "B", "C"}
PERIOD = re.compile(r"(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?")

# What lies there                                                        | dug                        | the law says
TABLE = """
nothing                                                                  | 2024-05-14                 | unlicensed
right far 有效                                                           | 2024-05-14                 | unlicensed
right around 有效 2020-01-01..2024-06-30                                 | 2024-05-14                 | permitted
right around 有效 2020-01-01..2024-06-30                                 | 2024-06-30                 | permitted
right around 有效 2020-01-01..2024-06-30                                 | 2024-07-01                 | expired_permit
right around 有效 2024-07-01..                                           | 2024-06-30                 | unlicensed
right around 有效 2024-07-01..                                           | 2024-07-01                 | permitted
right around 过期                                                        | 2024-05-14                 | expired_permit
right around 过期 ..2024-06-30                                           | 2024-05-14                 | permitted
right around 过期 ..2024-06-30 renewal=2024-06-30                        | 2024-08-01                 | permitted
right around 过期 ..2024-06-30 renewal=2024-07-01                        | 2024-08-01                 | expired_permit
right around 注销                                                        | 2024-05-14                 | closed_mine
right around 吊销 ..2024-06-30                                           | 2024-05-14                 | permitted
right around 关闭 ..2024-06-30                                           | 2024-07-01                 | closed_mine
right around 探矿 2023-01-01..2025-01-01                                 | 2024-05-14                 | exploration_as_mining
right around 探矿 2023-01-01..2024-04-30                                 | 2024-05-14                 | expired_permit
right west 有效                                                          | 2024-05-14                 | cross_boundary 5000, permitted 5000
right rim 有效                                                           | 2024-05-14                 | permitted
right west 过期                                                          | 2024-05-14                 | expired_permit 5000, unlicensed 5000
right west 有效 ; right east 过期                                        | 2024-05-14                 | permitted 5000, expired_permit 5000
right around 有效 ; redline around                                       | 2024-05-14                 | prohibited_zone
right around 有效 ; redline east                                         | 2024-05-14                 | prohibited_zone 5000, permitted 5000
right around 有效 ; redline edge                                         | 2024-05-14                 | permitted
right around 有效 ; basic around                                         | 2024-05-14                 | prohibited_zone
right around 有效 ; arable around                                        | 2024-05-14                 | permitted
right around 过期 ; redline around                                       | 2024-05-14                 | expired_permit+prohibited_zone
redline around                                                           | 2024-05-14                 | unlicensed+prohibited_zone
arable around                                                            | 2024-05-14 clay            | unlicensed+farmland_clay
basic around                                                             | 2024-05-14 clay            | unlicensed+prohibited_zone+farmland_clay
legacy around                                                            | 2024-05-14                 | legacy_remined
legacy strip                                                             | 2024-05-14                 | legacy_remined 3000, unlicensed 7000
legacy around ; right around 有效                                        | 2024-05-14                 | permitted
legacy around ; right around 注销                                        | 2024-05-14                 | legacy_remined+closed_mine
right around 有效 地下                                                   | 2024-05-14                 | underground_as_open
right around 有效 井工                                                   | 2024-05-14                 | underground_as_open
right around 有效 B                                                      | 2024-05-14                 | underground_as_open
right around 有效 联合                                                   | 2024-05-14                 | permitted
right around 有效 露天/地下                                              | 2024-05-14                 | permitted
right around 过期 地下                                                   | 2024-05-14                 | expired_permit
right west 有效 地下                                                     | 2024-05-14                 | cross_boundary 5000, underground_as_open 5000
right around 有效 地下 ; redline around                                  | 2024-05-14                 | prohibited_zone+underground_as_open
right around 有效 mineral=砖瓦用粘土                                     | 2024-05-14 grey            | mineral_mismatch
right around 有效 mineral=砖瓦用粘土                                     | 2024-05-14 clay            | permitted
right around 有效 mineral=建筑用花岗岩                                   | 2024-05-14 grey            | permitted
right around 有效 mineral=建筑用花岗岩                                   | 2024-02-01 clay            | mineral_mismatch
right around 有效 mineral=建筑用花岗岩                                   | 2024-05-14 clay            | permitted
right around 有效 mineral=建筑用砂                                       | 2024-02-01 clay            | permitted
right around 有效 mineral=砖瓦用粘土、建筑用砂                           | 2024-05-14 grey            | permitted
right around 有效 地下 mineral=砖瓦用粘土                                | 2024-05-14 grey            | underground_as_open+mineral_mismatch
right around 过期 mineral=砖瓦用粘土                                     | 2024-05-14 grey            | expired_permit
approval around                                                          | 2024-05-14                 | approved
approval around ..2024-04-30                                             | 2024-05-14                 | unlicensed
approval most                                                            | 2024-05-14                 | approved
approval west ; right around 过期                                        | 2024-05-14                 | approved 5000, expired_permit 5000
right around 有效 seen=..2024-05-31 ; right west 有效 seen=2024-06-01..  | 2024-05-14                 | permitted
right around 有效 seen=..2024-05-31 ; right west 有效 seen=2024-06-01..  | 2024-06-14                 | cross_boundary 5000, permitted 5000
right around 有效 seen=..2024-05-31                                      | 2024-06-14                 | unlicensed
right around 有效 seen=..2024-05-31 ; right around 注销 seen=2024-06-01.. | 2024-05-31                | permitted
right around 有效 seen=..2024-05-31 ; right around 注销 seen=2024-06-01.. | 2024-06-01                | closed_mine
right around 有效 ; redline around seen=2024-06-01..                     | 2024-05-31                 | permitted
right around 有效 ; redline around seen=2024-06-01..                     | 2024-06-01                 | prohibited_zone
right around 有效 ; redline around seen=..2024-05-31                     | 2024-05-31                 | prohibited_zone
right around 有效 ; redline around seen=..2024-05-31                     | 2024-06-01                 | permitted
right around 有效 ; arable around seen=..2024-05-31 ; basic around seen=2024-06-01.. | 2024-05-14     | permitted
right around 有效 ; arable around seen=..2024-05-31 ; basic around seen=2024-06-01.. | 2024-06-14     | prohibited_zone
redline around seen=2024-06-01..                                         | 2024-05-14                 | unlicensed
redline around seen=..2024-05-31                                         | 2024-05-14                 | unlicensed+prohibited_zone
arable around seen=2024-06-01..                                          | 2024-05-14 clay            | unlicensed
approval around seen=2024-06-01..                                        | 2024-05-14                 | unlicensed
approval around seen=2024-06-01..                                        | 2024-06-14                 | approved
approval around seen=..2024-05-31                                        | 2024-05-14                 | approved
approval around seen=..2024-05-31                                        | 2024-06-14                 | unlicensed
legacy around seen=2024-06-01..                                          | 2024-05-14                 | unlicensed
legacy around seen=..2024-05-31                                          | 2024-05-14                 | legacy_remined
legacy around seen=..2024-05-31                                          | 2024-06-14                 | unlicensed
nothing                                                                  | 2024-05-14 unlikely        | not_mining
right around 注销                                                        | 2024-05-14 unlikely        | not_mining
right around 注销                                                        | 2023-05-14 before          | before_monitoring
"""


def period(text: str) -> tuple[date | None, date | None]:
    first, last = PERIOD.fullmatch(text).groups()  # type: ignore[union-attr]
    return first and date.fromisoformat(first), last and date.fromisoformat(last)


def record(text: str, number: int) -> Any:
    kind, where, *words = text.split()
    ground, id = GROUNDS[where], f"{kind[0].upper()}{number}"
    said: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if word in STATUS:
            said["status"] = word
        elif word in METHODS:
            said["method"] = word
        elif name == "seen":
            said["stood_from"], said["stood_until"] = period(value)
        elif name == "renewal":
            said["renewal_applied"] = date.fromisoformat(value)
        elif name == "mineral":
            said["mineral"] = value
        else:
            said["valid_from"], said["valid_to"] = period(word)
    if kind in PLAIN:
        return PLAIN[kind](id, ground, **said)
    return right("C1" if "stood_from" in said else id, ground, **said)


def dug(text: str) -> Patch:
    day, *looks = text.split()
    more: dict[str, Any] = {"features": {"blue_to_red": 0.55, "nir_to_red": 1.3, "red": 0.22, "cells": 100.0}}
    if "grey" in looks:
        more["features"] |= {"blue_to_red": 0.8}
    if "unlikely" in looks:
        more["mining_likelihood"] = 0.2
    return patch((box(400, 400, 500, 500), date.fromisoformat(day)), clay_like="clay" in looks, before_monitoring="before" in looks, **more)


ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[" / ".join(row) for row in ROWS])
def test_the_law(row: list[str]) -> None:
    there, when, says = row
    records = [] if there == "nothing" else [record(text.strip(), k) for k, text in enumerate(there.split(";"))]
    expected = {code: float(area or 10000) for code, _, area in (each.strip().partition(" ") for each in says.split(","))}
    assert said(found(dug(when), *records)) == expected


def test_every_rule_has_its_lines() -> None:
    named = {code for row in ROWS for each in row[2].split(",") for code in each.strip().partition(" ")[0].split("+")}
    assert len(ROWS) >= 40
    assert named == {code.value for code in Code} - {"unrestored", "restoration_regressed", "over_extraction"}


@pytest.mark.parametrize(
    ("table", "row", "status", "level"),
    [
        ({}, "nothing", Status.CONFIRMED, 3),
        ({"large_ha": 2}, "nothing", Status.CONFIRMED, 2),
        ({"large_ha": 2}, "nothing", Status.PROVISIONAL, 1),
        ({"large_ha": 2, "provisional": 2}, "nothing", Status.PROVISIONAL, 2),
        ({"large_ha": 2, "findings": {"unlicensed": 3}}, "nothing", Status.PROVISIONAL, 3),
        ({"large_ha": 2, "banned": 1}, "redline around", Status.CONFIRMED, 1),
        ({}, "right around 有效 mineral=砖瓦用粘土", Status.CONFIRMED, 1),
        ({"findings": {}}, "right around 有效 mineral=砖瓦用粘土", Status.CONFIRMED, 3),
        ({"large_ha": 2, "otherwise": 3}, "nothing", Status.CONFIRMED, 3),
    ],
)
def test_severity_is_the_configs_table(table: dict[str, Any], row: str, status: Status, level: int) -> None:
    ground = dug("2024-05-14 grey")
    changed = patch((box(400, 400, 500, 500), date(2024, 5, 14)), status=status, features=ground.features)
    (finding,) = found(changed, *([] if row == "nothing" else [record(row, 0)]), severity=table)
    assert finding.code not in EXPLAINED
    assert (finding.severity, finding.severity_regrown) == (level, 3)


GREY = {"blue_to_red": 0.8, "nir_to_red": 1.2, "red": 0.2, "cells": 100.0}


@pytest.mark.parametrize("seen", [{}, {"blue_to_red": 0.8}, GREY | {"nir_to_red": 1.9}, GREY | {"cells": 8.0}, GREY | {"red": 0.05}])
def test_a_mineral_is_not_contradicted_by_what_cannot_be_told(seen: dict[str, float]) -> None:
    """No such bands, plants on the ground, too few cells, shadow or water."""
    ground = patch((box(400, 400, 500, 500), date(2024, 5, 14)), features=seen)
    (finding,) = found(ground, record("right around 有效 mineral=砖瓦用粘土", 0))
    assert finding.code is Code.PERMITTED


def test_part_of_a_patch_does_not_speak_for_the_whole() -> None:
    """Only a fifth of the grey ground lies in the clay pit's right: its spectrum is that of the rest."""
    ground = dug("2024-05-14 grey")
    small = right("C1", box(200, 300, 420, 600), status="有效", mineral="砖瓦用粘土")
    assert said(found(ground, small, right("C2", box(420, 300, 700, 600), status="有效"))) == {"permitted": 10000}


def test_a_boundary_known_worse_leaves_less_for_certain() -> None:
    def certain(accuracy: float, **config: Any) -> tuple[float | None, float | None]:
        one = right("C1", GROUNDS["west"], status="有效", accuracy_m=accuracy)
        (crossing,) = [f for f in found(dug("2024-05-14"), one, **config) if f.code is Code.CROSS_BOUNDARY]
        return crossing.position_error_m, crossing.overshoot_certain_m2

    assert certain(5) == (10.7, 3930)
    assert certain(20) == (22.1, 2790)
    assert certain(0, geolocation_m=0, coregistration_m=0) == (0.7, 4930)
