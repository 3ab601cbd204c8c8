"""A made month of a made county, published as the monthly job does it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from pipeline.findings.finding import Code, Finding
from pipeline.grid import Block, Grid
from pipeline.layers.model import LayerSet, LegacyPatch, Right, Zone, ZoneKind
from pipeline.ledger import CaseDraft, Ledger
from pipeline.patches.patch import Cause, Patch, Status
from pipeline.publish import cog, geojson, gpkg, report, runjson
from pipeline.publish.features import Judged, coverage_features, flagged_features, is_violation, patches_features
from pipeline.publish.report.earlier import Earlier
from pipeline.publish.report.history import Gone
from pipeline.publish.spreadsheet import book
from pipeline.publish.wgs84 import Projector

X, Y = 500_000.0, 3_950_000.0
HOSTILE = "<script>alert('x')</script>"
FORMULA = "=cmd|' /C calc'!A1"
GRID = Grid(GeoBox((700, 900), Affine(10, 0, X, 0, -10, Y), "EPSG:32648"), block=256)
PROJECTOR = Projector(GRID.crs)


def at(east: float, south: float) -> tuple[float, float]:
    """Metres from the county's north-west corner."""
    return X + east, Y - south


def pit(east: float, south: float, radius: float) -> BaseGeometry:
    return Point(*at(east, south)).buffer(radius, quad_segs=6)


def site(east: float, south: float, width: float, height: float) -> BaseGeometry:
    x, y = at(east, south)
    return box(x, y - height, x + width, y)


def layers() -> LayerSet:
    area = Polygon([at(*p) for p in ((300, 200), (5200, 500), (8700, 1400), (8500, 5200), (6000, 6800), (1500, 6300), (200, 3500))])
    return LayerSet(
        area=area,
        rights=(
            Right(
                id="C6204222009127120051234",
                geometry=site(1500, 1200, 900, 700),
                name="会宁县北山石灰岩矿",
                holder="甘肃北山矿业有限公司",
                mineral="石灰岩",
            ),
            Right(id=FORMULA, geometry=site(5200, 2100, 800, 800), name=HOSTILE, holder="<b>holder</b>", valid_to=date(2023, 6, 30)),
            Right(id="C6204222015047130060777", geometry=site(3200, 4300, 1100, 600), name="河畔镇砂石料场", mineral="建筑用砂"),
        ),
        legacy=(LegacyPatch(id="620422-LY-017", geometry=site(2400, 3300, 500, 300), state="未治理", deadline=date(2023, 12, 31)),),
        zones=(
            Zone(id="红线-3", geometry=site(6300, 4200, 1800, 1500), kind=ZoneKind.REDLINE, layer="redline"),
            Zone(id="基本农田-118", geometry=site(4000, 1000, 700, 900), kind=ZoneKind.FARMLAND, layer="farmland", type="永久基本农田"),
        ),
        off=("exploration_rights", "towns"),
    )


@dataclass(frozen=True)
class Made:
    """Ground of a patch, and what the rules say of it."""

    ground: BaseGeometry
    code: Code
    part: str = "open"
    cause: Cause = Cause.MINING
    likelihood: float = 0.9
    first_seen: date = date(2024, 5, 12)
    right: Right | None = None
    restriction: tuple[str, ...] = ()
    severity: int = 2
    status: Status = Status.CONFIRMED


def month_before() -> list[Made]:
    return [
        Made(pit(2430, 1500, 90), Code.CROSS_BOUNDARY, "right:" + layers().rights[0].id, right=layers().rights[0]),
        Made(pit(7000, 2500, 40), Code.UNLICENSED, likelihood=0.71),
    ]


def this_month() -> list[Made]:
    rights = layers().rights
    return [
        Made(pit(2440, 1500, 120), Code.CROSS_BOUNDARY, "right:" + rights[0].id, right=rights[0]),
        Made(pit(7000, 2500, 40), Code.UNLICENSED, likelihood=0.71),
        Made(pit(5500, 2500, 70), Code.EXPIRED_PERMIT, "right:" + FORMULA, right=rights[1], first_seen=date(2024, 7, 3)),
        Made(pit(7100, 4900, 110), Code.UNLICENSED, first_seen=date(2024, 7, 8), restriction=("红线-3",), severity=3),
        Made(pit(1100, 4400, 25), Code.UNLICENSED, likelihood=0.63, first_seen=date(2024, 7, 23), severity=1, status=Status.PROVISIONAL),
        Made(pit(2600, 3450, 45), Code.LEGACY_REMINED, "legacy:620422-LY-017", first_seen=date(2024, 7, 8)),
        Made(pit(3700, 4600, 130), Code.PERMITTED, "right:" + rights[2].id, right=rights[2]),
        Made(pit(4500, 5900, 60), Code.NOT_MINING, cause=Cause.GREENHOUSE, likelihood=0.08),
        Made(pit(4900, 5700, 50), Code.NOT_MINING, cause=Cause.FARMLAND, likelihood=0.04),
        Made(pit(5300, 5500, 50), Code.UNLICENSED, cause=Cause.MINING, likelihood=0.31),
    ]


def _finding(index: int, made: Made) -> Finding:
    over = made.code is Code.CROSS_BOUNDARY
    return Finding(
        patch=index,
        part=made.part,
        code=made.code,
        geometry=made.ground,
        first_seen=made.first_seen,
        last_seen=date(2024, 7, 28),
        status=made.status,
        severity=made.severity,
        also=("prohibited_zone",) if made.restriction else (),
        confidence=0.97,
        mining_likelihood=made.likelihood,
        cause=made.cause,
        before_date=date(2024, 4, 27),
        right_id=made.right.id if made.right else None,
        right_name=made.right.name if made.right else None,
        holder=made.right.holder if made.right else None,
        valid_to=made.right.valid_to if made.right else None,
        distance_to_right_m=None if made.right else 812.4,
        overshoot_m2=23_000.0 if over else None,
        overshoot_max_m=84.0 if over else None,
        position_error_m=9.4 if over else None,
        overshoot_certain_m2=18_500.0 if over else None,
        restriction=made.restriction,
        restriction_m2=made.ground.area if made.restriction else None,
        trace=(f"{made.code}: yes, outside every right on 2024-06-03",),
    )


def _patch(made: Made) -> Patch:
    none = np.zeros((0, 2), np.int32)
    return Patch(
        cells=none,
        first_day=none[:, 0],
        geometry=made.ground,
        status=made.status,
        first_seen=made.first_seen,
        last_seen=date(2024, 7, 28),
        before_date=date(2024, 4, 27),
        after_date=date(2024, 7, 28),
        looks_before=61,
        looks_after=5,
        confidence=0.97,
        mining_likelihood=made.likelihood,
        cause=made.cause,
        clay_like=False,
        before_monitoring=False,
        features={"novelty": 7.25, "brightness_end": 0.31},
    )


def identify(ledger: Ledger, month: str, made: Sequence[Made]) -> list[Judged]:
    """Names for a month's patches and cases."""
    patches = [_patch(each) for each in made]
    findings = [_finding(k, each) for k, each in enumerate(made)]
    written = [PROJECTOR.write(each.ground) for each in made]
    claimed = [k for k, finding in enumerate(findings) if is_violation(finding, 0.5)]
    with ledger.month(month) as writer:
        order = [(p.first_seen.isoformat(), -p.geometry.centroid.y, p.geometry.centroid.x) for p in patches]
        ids = writer.identify_patches([p.geometry for p in patches], [p.geometry.area for p in patches], [str(p.status) for p in patches], order)
        drafts = [
            CaseDraft(
                patch_id=ids[k],
                part=findings[k].part,
                code=findings[k].code,
                geometry=findings[k].geometry,
                area_m2=written[k].area_m2,
                first_seen=findings[k].first_seen.isoformat(),
                lon=written[k].lon,
                lat=written[k].lat,
                status=findings[k].status,
                severity=findings[k].severity,
                also=findings[k].also,
            )
            for k in claimed
        ]
        cases = dict(zip(claimed, writer.identify_cases(drafts), strict=True))
        writer.finish({}, [])
    return [Judged(finding=findings[k], written=written[k], patch_id=ids[k], case=cases.get(k), patch=patches[k]) for k in range(len(made))]


def blocks() -> Iterable[tuple[Block, NDArray[np.uint16]]]:
    for block in GRID.blocks():
        rows, cols = np.mgrid[block.top : block.top + block.height, block.left : block.left + block.width]
        yield block, np.stack([(rows // 50 + cols // 50) % 6, rows + cols, rows % 100, cols % 7]).astype(np.uint16)


def run_facts(**changes: object) -> runjson.RunFacts:
    digest = hashlib.sha256(b"made").hexdigest()
    values: dict[str, object] = {
        "run_id": "2024-07-a1b2c3",
        "month": "2024-07",
        "version": "0.1.0",
        "config_sha256": digest,
        "bands": ["B02", "B03", "B04", "B08", "B11", "B12"],
        "scenes": [
            runjson.SceneUse("S2A_T48SWE_20240703T034001", "2024-07-03", digest, True, None, 0.83),
            runjson.SceneUse("S2B_T48SWE_20240708T033959", "2024-07-08", digest, True, None, 0.412),
            runjson.SceneUse("S2A_T48SWE_20240713T034001", "2024-07-13", digest, False, "B08 is cut short: 3 of 120 blocks can't be read", None),
        ],
        "layers": [runjson.LayerUse("mining_rights", digest[:12], digest, 3), runjson.LayerUse("redline", digest[:12], digest, 1)],
        "observed_fraction": 0.9312,
        "unobserved_ha": 318.2,
        "counts": {"patches": 10, "flagged": 6},
        "timings": {"observe": 12.3456, "publish": 0.5},
        "warnings": ["mining_rights: C6204222015047130060777 overlaps another right"],
    }
    return runjson.RunFacts(**(values | changes))  # type: ignore[arg-type]


def publish(folder: Path, judged: Sequence[Judged], facts: runjson.RunFacts, gone: Sequence[str] = ()) -> report.ReportInput:
    """Every file of the month; what the report was made from."""
    folder.mkdir()
    flagged = flagged_features(judged, month=facts.month, layers_version="0123456789ab")
    patches = patches_features(judged)
    unseen: list[tuple[BaseGeometry, date | None]] = [(site(7600, 1500, 700, 900), date(2024, 6, 18)), (site(800, 5000, 300, 300), None)]
    coverage = coverage_features(unseen, PROJECTOR)
    for name, features in (("flagged", flagged), ("patches", patches), ("coverage", coverage)):
        geojson.write(folder / f"{name}.geojson", features)
    gpkg.write(folder / "flagged.gpkg", month=facts.month, flagged=flagged, patches=patches, coverage=coverage, layers=layers(), projector=PROJECTOR)
    cog.write(folder / "disturbance.tif", GRID, blocks)
    given = report.ReportInput(
        county="会宁县",
        code="620422",
        run=facts,
        flagged=flagged,
        patches=patches,
        coverage=coverage,
        layers=layers(),
        projector=PROJECTOR,
        folder=folder,
        last_month=Earlier("2024-06"),
        last_year=Earlier("2023-07"),
        gone=[Gone(id) for id in gone],
    )
    report.write(folder / "report.html", given)
    book.write(folder / book.NAME, given)
    runjson.write(folder, facts)
    return given


def two_months(folder: Path) -> list[Judged]:
    """July 2024 after a June, with verdicts given in between."""
    with Ledger(folder / "ledger.sqlite", "620422", clock=lambda: datetime(2024, 7, 9, tzinfo=UTC)) as ledger:
        before = identify(ledger, "2024-06", month_before())
        assert before[1].case is not None
        ledger.record_verdict(before[1].case.case_id, "needs_field_check", version=1, reviewer="王核查", reason="看不清", note=HOSTILE)
        return identify(ledger, "2024-07", this_month())
