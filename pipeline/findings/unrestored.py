"""Sites that should bear plants and do not, as findings: bare past their deadline, or bare again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from shapely.geometry.base import BaseGeometry

from pipeline.config_findings import SeverityConfig
from pipeline.findings.facts import Place, legacy_fields, right_fields
from pipeline.findings.finding import Code, Finding
from pipeline.findings.lookup import Lookup
from pipeline.findings.severity import Weighed, severity
from pipeline.layers.model import LegacyPatch, Right


class Overdue(Protocol):
    """A site judged bare, as `pipeline.restoration.bareness` and `pipeline.restored` give it."""

    @property
    def legacy(self) -> LegacyPatch | None: ...
    @property
    def right(self) -> Right | None: ...
    @property
    def deadline(self) -> date | None: ...
    @property
    def geometry(self) -> BaseGeometry: ...
    @property
    def first_look(self) -> date: ...
    @property
    def last_look(self) -> date: ...
    @property
    def cover(self) -> float: ...
    @property
    def reference(self) -> float: ...
    @property
    def trace(self) -> tuple[str, ...]: ...


def findings(
    sites: Iterable[Overdue], lookup: Lookup, table: SeverityConfig, code: Code = Code.UNRESTORED, *, provisional: bool = False
) -> list[Finding]:
    """One finding for each site; the caller passes only those judged so. provisional: the season that shows it is not over."""
    return [_finding(site, Place(site.geometry, lookup), table, code, provisional) for site in sites]


def _finding(site: Overdue, place: Place, table: SeverityConfig, code: Code, provisional: bool) -> Finding:
    weighed = Weighed(code=code, area_m2=place.area_m2, banned=place.banned, farmland=place.farmland, provisional=provisional)
    whose: dict[str, Any] = right_fields(site.right) | legacy_fields(site.legacy) | {"deadline": site.deadline}
    return Finding(
        patch=None,
        part=f"legacy:{site.legacy.id}" if site.legacy else f"right:{site.right.id}" if site.right else "open",
        code=code,
        first_seen=site.first_look,
        last_seen=site.last_look,
        status="provisional" if provisional else "confirmed",
        also=(Code.PROHIBITED_ZONE.value,) if place.banned else (),
        severity=severity(weighed, table),
        severity_regrown=table.regrown,
        cover=site.cover,
        reference_cover=site.reference,
        trace=site.trace,
        **place.fields(),
        **whose,
    )
