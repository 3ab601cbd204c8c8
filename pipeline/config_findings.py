"""How findings are made and weighed: the config's section `findings`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from pipeline.yamlfile import Strict

VIOLATIONS = (
    "legacy_remined", "closed_mine", "expired_permit", "exploration_as_mining", "cross_boundary", "prohibited_zone", "underground_as_open",
    "mineral_mismatch", "over_extraction", "unlicensed", "unrestored", "restoration_regressed",
)  # fmt: skip
"""Codes that a case can have (contract section 7)."""


class SeverityConfig(Strict):
    """Levels by what is true of a case, in the order in which they are asked: the first that holds gives the severity."""

    regrown: int = Field(default=3, ge=1, le=3, description="It grew after somebody had dismissed it.")
    findings: Mapping[str, int] = Field(
        default={"mineral_mismatch": 1}, description="Findings with a level of their own, wherever they lie, e.g. {legacy_remined: 3}."
    )
    banned: int = Field(default=3, ge=1, le=3, description="It lies where mining is banned: redline, 永久基本农田, a zone.")
    farmland: int = Field(default=3, ge=1, le=3, description="It lies on farmland of any kind.")
    large: int = Field(default=3, ge=1, le=3, description="It is large_ha or larger.")
    large_ha: float = Field(default=1, gt=0, le=1_000_000, description="From so many hectares a case is large.")
    provisional: int = Field(default=1, ge=1, le=3, description="It has been seen only a few times.")
    within_error: int = Field(default=1, ge=1, le=3, description="Less than 400 m² of an overshoot remain beyond the position error.")
    otherwise: int = Field(default=2, ge=1, le=3, description="None of these holds.")

    @field_validator("findings")
    @classmethod
    def _known(cls, value: Mapping[str, int]) -> Mapping[str, int]:
        for code, level in value.items():
            if code not in VIOLATIONS:
                raise ValueError(f"{code} is no finding (they are {', '.join(VIOLATIONS)})")
            if level not in (1, 2, 3):
                raise ValueError(f"{code}: a level is 1, 2 or 3")
        return value


class FindingsConfig(Strict):
    min_cells: int = Field(default=4, ge=1, le=100_000, description="Smallest patch and case, in cells of the grid.")
    min_likelihood: float = Field(default=0.5, ge=0, le=1, description="Findings that claim mining need this likelihood.")
    tolerance_m: float = Field(default=15, ge=0, le=200, description="Boundaries are compared with this tolerance.")
    geolocation_m: float = Field(default=8, ge=0, le=200, description="How far a scene may lie off the ground, 95 %. Sentinel-2: 8.")
    coregistration_m: float = Field(
        default=5, ge=0, le=200, description="How far two scenes may lie off each other, 95 %; where more is measured, that counts. Sentinel-2: 5."
    )
    severity: SeverityConfig = SeverityConfig()
