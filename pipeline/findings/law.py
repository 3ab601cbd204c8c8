"""What each finding rests on in law; `docs/rules.md` is made from it.

Articles are given only where their text has been read. The Mineral Resources Law was revised as a whole on 2024-11-08; the revision is in
force from 2025-07-01, what was done before is judged by the text of 2009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.findings.finding import EXPLAINED, Code
from pipeline.findings.names import FINDINGS

LICENCE = (
    "矿产资源法 (2009), Art. 3: mining needs a right that was applied for, granted and registered; so does the revision of 2024 (article not cited)"
)
AS_UNLICENSED = (
    "法释〔2016〕25号: a licence that was cancelled or revoked, ground beyond the licensed area, and a "
    "mineral that is not licensed count as 'without a licence'"
)
EXPIRY = (
    "矿产资源开采登记管理办法 (State Council Order 241), Art. 7: renewal is applied for 30 days before the end; else the licence lapses by itself"
)
CHANGES = "矿产资源开采登记管理办法, Art. 15: another area, main mineral, method, name or holder has to be registered within the licence's term"
AREA = "矿产资源法 (2009), Art. 18: a mine's area is changed only with a new licence"
FARMLAND = "土地管理法: no digging of sand, stone, ore or earth on farmland without permission (Art. 36 of the text of 2004; renumbered in 2019)"
BASIC_FARMLAND = "基本农田保护条例: no digging of sand, stone, ore or earth in basic farmland (article not cited)"
REDLINE = "自然资发〔2022〕142号, on the ecological redline"
RESERVE = "自然保护区条例 (revised 2026), Art. 26: no human activity in a reserve's core (a reserve is given as a `zone`)"
WALL = "长城保护条例, for 长城建设控制地带 (article not cited; given as a `zone`)"
RECLAIM = "土地复垦条例 (State Council Order 592), Art. 3: who damages land restores it; historic damage is restored by the county and above"
ACCEPTED = "土地复垦条例, Art. 28: restoration ends with its acceptance (验收)"
EXEMPT = "矿产资源法 (2024), Art. 29: builders may dig common sand, stone and clay on the approved site while they build"
PLAN = "County's mineral resources plan 2021–2025: legacy patches, verified in the field, are restored (its paragraphs were not at hand)"
CHECKED = "自然资发〔2023〕258号: a satellite find is a lead, checked in the field before any penalty"


@dataclass(frozen=True, slots=True)
class Article:
    """A finding in words."""

    when: str
    basis: Sequence[str]


LAW: Mapping[Code, Article] = {
    Code.LEGACY_REMINED: Article(
        "Mining-like new ground on a patch of the legacy inventory, outside every right that was "
        "valid when it changed; most of a part's ground there "
        "makes the whole of it so.",
        (LICENCE, RECLAIM, PLAN),
    ),
    Code.CLOSED_MINE: Article(
        "Inside a right that was 注销, 吊销 or 关闭 on the day of the change: from the day after `valid_to`, without one always.",
        (AS_UNLICENSED, LICENCE),
    ),
    Code.EXPIRED_PERMIT: Article(
        "Inside a right that had ended. The last day still counts; a renewal applied for by then "
        "keeps it alive; 过期 without a date has always ended.",
        (
            EXPIRY,
            "A renewal that was applied for and accepted in time is legal; mining on an expired "
            "licence counts as unlicensed (practice; secondary sources)",
        ),
    ),
    Code.EXPLORATION_AS_MINING: Article(
        "Inside an exploration right: layer `exploration_rights`, or status 探矿.",
        (LICENCE, "An exploration right permits no mining (矿产资源勘查区块登记管理办法, State Council Order 240; article not cited)"),
    ),
    Code.CROSS_BOUNDARY: Article(
        "Dug on, within the tolerance (15 m), from ground in a valid right that is or was dug, "
        "with 400 m² and more farther out than the tolerance. The "
        "finding is the ground from the boundary on.",
        (AREA, AS_UNLICENSED),
    ),
    Code.PROHIBITED_ZONE: Article(
        "The digging of a valid right inside a redline, 永久基本农田 or another zone (400 m² or most of "
        "it). For every other finding it stands beside.",
        (REDLINE, BASIC_FARMLAND, RESERVE, WALL),
    ),
    Code.UNDERGROUND_AS_OPEN: Article(
        "New mining-like ground in a valid right whose method is 地下, 井工 or B. 联合 (C) permits both. "
        "A yard or a heap of an underground mine looks "
        "alike at 10 m.",
        (CHANGES,),
    ),
    Code.MINERAL_MISMATCH: Article(
        "The patch's spectrum contradicts the licensed mineral: grey or white ground where brick "
        "clay or loess is licensed (blue to red ≥ 0.72), or nothing "
        "but loess or clay after 180 days of digging where stone is. Other minerals are not judged.",
        (CHANGES, AS_UNLICENSED),
    ),
    Code.OVER_EXTRACTION: Article(
        "A drone's flight measured more taken from a right than its scale allows between the two surveys, with all of the 95 % interval; "
        "the latest flight that stands counts. A scale is read as 10⁴ m³ a year, the laxer reading (`docs/drone.md`).",
        ("The licence states the designed scale (article not cited)",),
    ),
    Code.UNLICENSED: Article("Mining-like new ground outside every right on the day of the change, and none of the above.", (LICENCE, AS_UNLICENSED)),
    Code.FARMLAND_CLAY: Article("Only beside another finding: clay-like digging on farmland of any kind.", (FARMLAND,)),
    Code.UNRESTORED: Article(
        "A legacy patch past its deadline, or a closed mine past `restore_by`, that is still bare "
        "against its surroundings in the latest June to September "
        "looks after it.",
        (RECLAIM, ACCEPTED, "矿产资源法 (2024), chapter 4 (矿区生态修复; article not cited)", PLAN),
    ),
    Code.RESTORATION_REGRESSED: Article(
        "Ground of a legacy patch or closed mine that had been restored and is bare again against its reference plots "
        "for 30 % or more, without signs of digging (docs/restoration.md). Provisional until September ends.",
        (RECLAIM, ACCEPTED),
    ),
    Code.PERMITTED: Article("Inside a right that was valid, or over its boundary by no more than the tolerance.", (LICENCE,)),
    Code.APPROVED: Article("Covered (80 % and more) by an approval that was in force on the day of the change.", (EXEMPT, FARMLAND)),
    Code.NOT_MINING: Article("Changed, but less likely mining than `findings.min_likelihood`; the cause is named.", ()),
    Code.BEFORE_MONITORING: Article("Changed inside the baseline's window, before monitoring began.", ()),
}
"""In the order in which they are tried."""

_HEAD = f"""# The rules

Made from `pipeline/findings/` by `make reference`; a test holds the two together.

Every finding is a lead, no judgement ({CHECKED}).

A patch is cut into parts by rights, approvals, zones and legacy patches, each cell on the likeliest day of its change; a right that held at
the last look before the change is presumed to have held. Every part gets the first of these that holds; the violations after it that hold
too go to `also`. Rights, zones, approvals and legacy patches are read as their layers stood on that day: the entries then, not today's.
Ground that is unlikely mining, approved, or older than monitoring is explained first.
"""

_TAIL = """## What is said of each: `rule_trace`

`patches.geojson` tells of every part why it has its code: the ground and its days, each test that was made, in order, as `code:
yes|no|also, numbers`, and the layers by name and version that were asked (`run.json` has their hashes).

## How far off

`position_error_m` is the 95 % error of an image against a boundary: the scene's place on the ground (`findings.geolocation_m`, Sentinel-2 8
m), scenes against each other (`findings.coregistration_m`, 5 m), the layer's boundaries (`layers.….accuracy_m`, 5 m), and how far the plate
has moved between the epoch of CGCS2000 (2000.0) and the image: the ITRF2014 plate model gives 2.9 cm a year in Gansu, 0.7 m by 2024. They
add in quadrature, 10.7 m in all; the plate's part is negligible beside a satellite's, and counts for a drone. How far each scene lies off
the county's own record of the season is measured (`shift_m` of `scenes[]` in run.json; null where it can't be told). Where the median of
the scenes since the ground changed lies farther off than `coregistration_m`, that counts in its place, never less; the trace says both.
`overshoot_certain_m2` is what lies farther out.

## Severity

From the config's table `findings.severity`, from its top: grown after a dismissal 3 · a finding with a level of its own (`mineral_mismatch`
1) · where mining is banned 3 · on farmland 3 · 1 ha and more 3 · provisional 1 · less than 400 m² beyond the position error 1 · else 2.

## Findings that became others: `changes.json`

The ground of last month's findings is held against this month's layers. `because` lists each record and field that the rules read otherwise
than then, with the layer's version before and after; empty: the layers say the same of that ground, it is the ground or its likelihood that
changed. A record that came or went is told by the square metres it covers. Told are cases that arose, went or became another, not what was
explained and still is. A month that is redone is held against what people had read of it, where the month before knew nothing of that
ground.

## Mines: `mines.json`

A line for each right as it is registered now. `activity`: *digging* where 400 m² and more were first seen dug in the month, `since` the
first day of the spell (a rest of up to 60 days belongs to it); *idle* where ground is open but no more was dug, `since` its last new
ground; *restored* where all that was dug since monitoring began looks as before, `since` it was last seen so; *never_dug*; *not_seen* where
half of the right and more had no clear look and nothing new shows. `since` is null where it lies before monitoring, or before the year's
baseline took the ground in. A patch counts from half of the likelihood that an accusation needs. `concerns`: *dug_after_end* and
*dug_after_stop_order* count ground that both looks around its change put after the end, or between `stopped` (停产) and `resumed` (复工).
"""


def render() -> str:
    """`docs/rules.md`."""
    lines = [_HEAD]
    for number, (code, article) in enumerate(LAW.items(), 1):
        kind = " (explains)" if code in EXPLAINED else ""
        lines.append(f"## {number} `{code}` {FINDINGS[code]}{kind}\n\n{article.when}\n")
        lines += [f"- {basis}" for basis in article.basis]
        lines += [""] if article.basis else []
    return "\n".join([*lines, _TAIL])
