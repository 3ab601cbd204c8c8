"""Volumes that flights measured beyond a right's licensed scale, as findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shapely.geometry.base import BaseGeometry

from pipeline.config_findings import SeverityConfig
from pipeline.findings.facts import Place, right_fields
from pipeline.findings.finding import Code, Finding
from pipeline.findings.lookup import Lookup
from pipeline.findings.severity import Weighed, severity
from pipeline.layers.model import LayerSet


@dataclass(frozen=True, slots=True)
class Taken:
    """What a flight saw taken from a right, beyond its scale."""

    right_id: str
    geometry: BaseGeometry
    """Ground dug inside the right, in the grid's CRS."""
    flown: date
    flight: str
    m3: float
    low_m3: float
    limit_m3: float


def findings(taken: Iterable[Taken], layers: LayerSet, table: SeverityConfig) -> list[Finding]:
    """One finding for each right that was registered when it was flown over."""
    lookup = Lookup(layers)
    found = []
    for each in taken:
        right = next((right for right in layers.stood_on(each.flown) if right.id == each.right_id), None)
        if right is None:
            continue
        place = Place(each.geometry, lookup)
        weighed = Weighed(code=Code.OVER_EXTRACTION, area_m2=place.area_m2, banned=place.banned, farmland=place.farmland)
        found.append(
            Finding(
                patch=None,
                part=f"scale:{each.right_id}",
                code=Code.OVER_EXTRACTION,
                first_seen=each.flown,
                last_seen=each.flown,
                status="confirmed",
                also=(Code.PROHIBITED_ZONE.value,) if place.banned else (),
                severity=severity(weighed, table),
                severity_regrown=table.regrown,
                trace=(
                    f"over_extraction: yes, {each.m3:.0f} m³ in flight {each.flight} (at least {each.low_m3:.0f}, 95 %), "
                    f"the scale allows {each.limit_m3:.0f}",
                ),
                **place.fields(),
                **right_fields(right),
            )
        )
    return found
