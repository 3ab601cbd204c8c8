"""The county's layers as values: rights, legacy patches, zones, approvals, each with its dates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from shapely.geometry.base import BaseGeometry


class Standing(StrEnum):
    """What a mining right is worth on a given day."""

    VALID = "valid"
    NOT_YET = "not_yet"
    """It does not hold yet, or another entry of the register stood in its place."""
    EXPIRED = "expired"
    CLOSED = "closed"
    EXPLORATION = "exploration"


CLOSED_STATUS = frozenset({"注销", "吊销", "关闭"})
EXPIRED_STATUS = "过期"
EXPLORATION_STATUS = "探矿"
RIGHT_STATUS = CLOSED_STATUS | {"有效", EXPIRED_STATUS, EXPLORATION_STATUS}
BASIC_FARMLAND, ARABLE = "永久基本农田", "耕地"
UNDERGROUND, OPEN_PIT = ("地下", "井工", "井下", "硐采"), ("露天", "联合")
"""Words of `method` (开采方式)."""
LEGACY_STATES = frozenset({"未治理", "治理中", "已治理"})


class ZoneKind(StrEnum):
    REDLINE = "redline"
    FARMLAND = "farmland"
    ZONE = "zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a register said for a while. Only versions of a layer date it; one that was never imported has stood ever since."""

    stood_from: date | None = None
    """First day on which the register said so; None: from the beginning."""
    stood_until: date | None = None
    """Last day on which it did; None: to this day."""

    def stood(self, day: date) -> bool:
        """Whether this is what the register said on `day`."""
        return (self.stood_from is None or self.stood_from <= day) and (self.stood_until is None or day <= self.stood_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Right(Entry):
    """A mining (or exploration) right as registered. Geometry in the grid's CRS; `None` = not said or not limited."""

    id: str
    geometry: BaseGeometry
    name: str | None = None
    holder: str | None = None
    mineral: str | None = None
    method: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    status: str | None = None
    renewal_applied: date | None = None
    renewal_unread: str | None = None
    """What the register has in that place, where it is no date."""
    restore_by: date | None = None
    scale: float | None = None
    bottom: float | None = None
    top: float | None = None
    stopped: date | None = None
    """Day of an order to stop work (停产)."""
    resumed: date | None = None
    """Day from which work was allowed again (复工)."""
    layer: str = "mining_rights"
    """Name of the layer in the config."""
    exploration: bool = False
    """From the layer `exploration_rights`, or status 探矿."""
    accuracy_m: float = 5.0
    """How far the boundary may be off, 95 %."""

    @property
    def key(self) -> tuple[str, str]:
        """By which its entries are known for those of one right."""
        return self.layer, self.id

    @property
    def underground(self) -> bool:
        """Whether it permits mining underground and nothing else (register: B, 井工; C, 联合 permits both)."""
        said = (self.method or "").upper()
        return said == "B" or (any(word in said for word in UNDERGROUND) and not any(word in said for word in OPEN_PIT))

    def stopped_on(self, day: date) -> bool:
        """Whether an order to stop work was in force."""
        if self.stopped is None or day < self.stopped:
            return False
        return self.resumed is None or self.resumed < self.stopped or day < self.resumed

    def standing(self, day: date) -> Standing:
        """What the right was worth on `day` (contract section 3, default field names).

        An entry of the register that did not stand on `day` claims nothing then. `valid_to` is inclusive; a renewal applied for by
        then keeps the right alive; 过期 without a date has always ended, 注销/吊销/关闭 hold from the day after `valid_to`, without one
        always.
        """
        if not self.stood(day):
            return Standing.NOT_YET
        past = self.valid_to is not None and day > self.valid_to
        if self.status in CLOSED_STATUS and (past or self.valid_to is None):
            return Standing.CLOSED
        renewed = self.valid_to is not None and self.renewal_applied is not None and self.renewal_applied <= self.valid_to
        if (past and not renewed) or (self.status == EXPIRED_STATUS and self.valid_to is None):
            return Standing.EXPIRED
        if self.exploration:
            return Standing.EXPLORATION
        if self.valid_from is not None and day < self.valid_from:
            return Standing.NOT_YET
        return Standing.VALID


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyPatch(Entry):
    """A patch of the historic-legacy mine inventory (历史遗留矿山图斑)."""

    id: str
    geometry: BaseGeometry
    state: str | None = None
    deadline: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone(Entry):
    """Ground where mining is banned, or farmland."""

    id: str
    geometry: BaseGeometry
    kind: ZoneKind
    layer: str
    """Name of the layer in the config."""
    name: str | None = None
    type: str | None = None
    """Farmland: 永久基本农田 or 耕地."""

    @property
    def bans_mining(self) -> bool:
        return self.kind is not ZoneKind.FARMLAND or self.type == BASIC_FARMLAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Entry):
    """Ground lawfully changed (construction, reservoir, land levelling): explains a patch."""

    id: str
    geometry: BaseGeometry
    layer: str
    name: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether the register had it on `day`, and it held then."""
        return self.stood(day) and (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    id: str
    geometry: BaseGeometry
    name: str


class BlockUse(StrEnum):
    CONCENTRATED = "集中开采区"
    MINING = "开采区块"
    EXPLORATION = "勘查区块"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBlock:
    """Ground that the county's plan sets aside: a concentrated mining zone, or a block for one right."""

    id: str
    geometry: BaseGeometry
    name: str | None = None
    use: str | None = None
    """A `BlockUse`; None where the layer does not say."""
    mineral: str | None = None


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """Which content of a layer was used."""

    name: str
    version: str
    """First 12 hex digits of `sha256`."""
    sha256: str
    """Of the layer file's bytes (all parts of a Shapefile)."""
    features: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a layer. `fatal` ones stop a run."""

    id: str | None
    code: str
    message: str
    fix: str
    fatal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSet:
    """All layers of a county, in the grid's CRS."""

    area: BaseGeometry
    rights: tuple[Right, ...] = ()
    """As the registers stand now."""
    former: tuple[Right, ...] = ()
    """Entries of rights in earlier versions of the registers that stand no more."""
    past: tuple[LegacyPatch | Zone | Approval, ...] = ()
    """Entries of other layers that stand no more."""
    legacy: tuple[LegacyPatch, ...] = ()
    zones: tuple[Zone, ...] = ()
    approvals: tuple[Approval, ...] = ()
    towns: tuple[Town, ...] = ()
    blocks: tuple[PlanBlock, ...] = ()
    versions: tuple[LayerVersion, ...] = ()
    off: tuple[str, ...] = ()
    """Names of the standard layers that were not given: checks that need them are off."""
    problems: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    """Non-fatal problems by layer name."""

    @property
    def entries(self) -> tuple[Right, ...]:
        """Every entry of the registers, past ones too: which of them counts depends on the day."""
        return self.rights + self.former

    def rights_on(self, day: date) -> list[Right]:
        """Every right of the registers as they stand now, by id, each in the entry that stood on `day`; where none did, in the newest."""
        stood = {entry.key: entry for entry in self.former if entry.stood(day)}
        return [right if right.stood(day) else stood.get(right.key, right) for right in sorted(self.rights, key=lambda right: right.id)]

    def stood_on(self, day: date) -> list[Right]:
        """Every right as the registers said it on `day`, by id, those that are gone since too."""
        return sorted((entry for entry in self.entries if entry.stood(day)), key=lambda right: right.id)

    @property
    def version(self) -> str:
        """One content hash of all layers, for `layers_version`: 12 hex digits, the same for any order of the layers."""
        lines = sorted(f"{layer.name} {layer.sha256}\n" for layer in self.versions)
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]
