"""What a plan says, as a YAML that a person writes: see configs/huining-plan.yaml and docs/plan.md."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline import yamlfile
from pipeline.yamlfile import Strict

ScaleUnit = Literal["万立方米/年", "万吨/年"]
"""In which the register gives the design scale (设计生产规模) of a mineral."""
Measure = Literal["mines", "large_medium_share", "capacity", "new_water", "restored_ha", "legacy_rate", "reported"]
OF_MINES = ("mines", "large_medium_share", "capacity", "new_water")
"""Measures that are counted on the register's mines."""
SIZES = ("小型", "中型", "大型")


class Mineral(Strict):
    """A mineral of the register, and what its scale means."""

    name: str = Field(min_length=1, max_length=40)
    aliases: tuple[str, ...] = Field(default=(), description="Other names the register may use.")
    group: str = Field(min_length=1, max_length=40, description="Which minerals are counted together, e.g. 砂石粘土.")
    unit: ScaleUnit
    density: float = Field(gt=0.2, le=8, description="Tonnes a cubic metre, so that volumes and masses can be compared.")
    medium: float = Field(gt=0, description="Least scale of a medium mine, in `unit`.")
    large: float = Field(gt=0, description="Least scale of a large mine, in `unit`.")

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if self.large <= self.medium:
            raise ValueError(f"large ({self.large:g}) must be more than medium ({self.medium:g})")
        return self

    def tonnes(self, scale: float) -> float:
        """A scale in 万吨/年."""
        return scale * self.density if self.unit == "万立方米/年" else scale

    def size(self, scale: float) -> str:
        return SIZES[(scale >= self.medium) + (scale >= self.large)]


class Indicator(Strict):
    """A number that the plan asks for by its end."""

    id: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    name: str = Field(min_length=1, max_length=80)
    measure: Measure = Field(description="How it is measured; `reported`: only by the figures given here.")
    group: str | None = Field(default=None, description="Only mines of this group of minerals.")
    minerals: tuple[str, ...] = Field(default=(), description="Only mines of these minerals.")
    kinds: tuple[Literal["legacy", "closed", "working"], ...] = Field(default=(), description="restored_ha: only ground of these kinds.")
    target: float | None = Field(default=None, description="None where the plan gives no number.")
    base: float | None = Field(default=None, description="Value in the base year.")
    bound: Literal["at_most", "at_least"]
    binding: bool = Field(default=False, description="约束性; else 预期性.")
    unit: str = Field(min_length=1, max_length=20)
    last_period: float | None = Field(default=None, description="Value of the plan period before, for comparison.")
    reported: dict[int, float] = Field(
        default_factory=dict, description="Figures of the county's statistics by year; they come before what is measured."
    )

    @model_validator(mode="after")
    def _narrowed(self) -> Self:
        if self.kinds and self.measure != "restored_ha":
            raise ValueError(f"kinds narrows restored_ha alone, not {self.measure}")
        if (self.group is not None or self.minerals) and self.measure not in OF_MINES:
            raise ValueError(f"group and minerals narrow {', '.join(OF_MINES)}, not {self.measure}")
        return self


class NewMines(Strict):
    """What a mine must have that is newly set up in the plan period."""

    minerals: tuple[str, ...] = Field(min_length=1)
    town: str | None = Field(default=None, description="Only in this town.")
    least: float | None = Field(default=None, gt=0, description="Least scale, in the minerals' unit.")
    size: Literal["中型", "大型"] | None = Field(default=None, description="Least size.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.least is None) == (self.size is None):
            raise ValueError("give either least or size")
        return self


class Zone(Strict):
    """A concentrated mining zone (集中开采区)."""

    id: str = Field(min_length=1, max_length=40, description="Id of its ground in the layer plan_blocks, where that is given.")
    name: str = Field(min_length=1, max_length=80)
    town: str | None = None
    mineral: str
    area_km2: float = Field(gt=0)
    rights: int = Field(ge=0, description="Rights there when the plan was made.")
    planned: int = Field(ge=0, description="Rights to be set up.")
    least: float = Field(gt=0, description="Least scale of a mine, in the mineral's unit.")
    total: float = Field(gt=0, description="Scale of all its mines together, in the mineral's unit.")


class Blocks(Strict):
    """Blocks of one kind (开采规划区块, 勘查规划区块), each for one operator."""

    use: Literal["开采区块", "勘查区块"]
    mineral: str
    count: int = Field(ge=1, le=1000)


class Period(Strict):
    base: int = Field(ge=1990, le=2100)
    first: int = Field(ge=1990, le=2100)
    last: int = Field(ge=1990, le=2100)

    @model_validator(mode="after")
    def _order(self) -> Self:
        if not self.base < self.first <= self.last:
            raise ValueError("base must lie before first, and first not after last")
        return self


class Plan(Strict):
    """A county's plan."""

    name: str = Field(min_length=1, max_length=120)
    source: str = Field(default="", max_length=300, description="Where its numbers are from.")
    period: Period
    minerals: tuple[Mineral, ...] = Field(min_length=1)
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    new_mines: tuple[NewMines, ...] = ()
    zones: tuple[Zone, ...] = ()
    blocks: tuple[Blocks, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="What a reader of the assessment should know of the numbers above.")

    @model_validator(mode="after")
    def _names(self) -> Self:
        called = [name for each in self.minerals for name in (each.name, *each.aliases)]
        _unique(called, "mineral")
        _unique([each.id for each in self.indicators], "indicator")
        _unique([each.id for each in self.zones], "zone")
        known, groups = {each.name for each in self.minerals}, {each.group for each in self.minerals}
        asked = [name for each in self.indicators for name in each.minerals]
        asked += [name for each in self.new_mines for name in each.minerals]
        asked += [each.mineral for each in self.zones] + [each.mineral for each in self.blocks]
        for name in asked:
            if name not in known:
                raise ValueError(f"{name} is none of the minerals ({' '.join(sorted(known))})")
        for each in self.indicators:
            if each.group is not None and each.group not in groups:
                raise ValueError(f"indicator {each.id}: {each.group} is no group of the minerals ({' '.join(sorted(groups))})")
        return self

    def mineral(self, called: str | None) -> Mineral | None:
        """The mineral of a name in the register; None where the plan does not know it."""
        return next((each for each in self.minerals if called in (each.name, *each.aliases)), None) if called else None


def _unique(names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what} {name} is there twice")


def load(file: Path) -> tuple[Plan, str]:
    """A plan and the SHA-256 of its file.

    Raises MinewardenError (`MW-PLAN-…`) naming the field, its value and the fix.
    """
    about = yamlfile.About("PLAN", "Give the plan's path as `plan:` in the config; configs/huining-plan.yaml is one.", "configs/huining-plan.yaml")
    return yamlfile.read(file, Plan, about)
