"""The rules of contract section 7, in the order in which they are tried: one table that reads like the law (`law.py` has its articles)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.findings.facts import Facts, legacy_fields, right_fields
from pipeline.findings.finding import EXPLAINED, Code
from pipeline.findings.ground import at_least
from pipeline.findings.groups import LEAST_M2, MOST_SHARE, Ground
from pipeline.findings.names import FINDINGS
from pipeline.findings.says import (
    dug_on,
    farmland,
    in_right,
    legacy,
    method,
    mineral,
    not_mining,
    outside,
    overshoot,
    plainly,
    position,
    standing,
    zones,
)

Test = Callable[[Facts], bool]
Writes = Callable[[Facts], dict[str, Any]]
Says = Callable[[Facts], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the law."""

    code: Code
    when: Test
    """Makes the code a part's finding, where no rule before it does."""
    beside: Test
    """Lets the code stand in `also` of another finding."""
    writes: Writes
    """Fields of the Finding, by their names."""
    says: Says
    """The test with its numbers, where it holds."""
    lacks: Says
    """The same where it does not."""

    @property
    def name(self) -> str:
        """Chinese name."""
        return FINDINGS[self.code]


def lies(*grounds: Ground) -> Test:
    return lambda f: f.part.ground in grounds


def never(f: Facts) -> bool:
    return False


OUTSIDE = lies(Ground.CLOSED, Ground.EXPIRED, Ground.EXPLORATION, Ground.BEYOND, Ground.OPEN)
"""Outside every right that was valid when the ground changed."""
LICENSED = lies(Ground.VALID, Ground.BANNED)
"""Inside one, on ground where mining is banned or not."""


def on_legacy(f: Facts) -> bool:
    return f.part.legacy is not None or (OUTSIDE(f) and f.legacy_m2 >= MOST_SHARE * f.area_m2)


def touches_legacy(f: Facts) -> bool:
    return OUTSIDE(f) and f.holds(f.legacy_m2)


def touches_banned(f: Facts) -> bool:
    return f.banned


def from_above(f: Facts) -> bool:
    return LICENSED(f) and f.right is not None and f.right.underground


def other_mineral(f: Facts) -> bool:
    return LICENSED(f) and f.other_mineral is not None


def clay_on_farmland(f: Facts) -> bool:
    return f.patch.clay_like and f.farmland


def the_right(f: Facts) -> dict[str, Any]:
    return right_fields(f.right)


def the_legacy(f: Facts) -> dict[str, Any]:
    return legacy_fields(f.legacy)


def the_overshoot(f: Facts) -> dict[str, Any]:
    over = f.overshoot
    return the_right(f) | {
        "overshoot_m2": round(over.area_m2, 1),
        "overshoot_max_m": round(over.max_m, 1),
        "position_error_m": over.error_m,
        "overshoot_certain_m2": round(over.certain_m2, 1),
    }


def nothing(f: Facts) -> dict[str, Any]:
    return {}


CLOSED, EXPIRED, EXPLORED = lies(Ground.CLOSED), lies(Ground.EXPIRED), lies(Ground.EXPLORATION)
BEYOND, BANNED, OPEN, VALID = lies(Ground.BEYOND), lies(Ground.BANNED), lies(Ground.OPEN), lies(Ground.VALID)
APPROVED, OTHER, BEFORE = lies(Ground.APPROVED), lies(Ground.OTHER), lies(Ground.BEFORE)

# fmt: off
RULES = (
    #    code                        when           beside            writes         says                     lacks
    Rule(Code.LEGACY_REMINED,        on_legacy,     touches_legacy,   the_legacy,    legacy,                  legacy),
    Rule(Code.CLOSED_MINE,           CLOSED,        CLOSED,           the_right,     standing("closed"),      in_right),
    Rule(Code.EXPIRED_PERMIT,        EXPIRED,       EXPIRED,          the_right,     standing("expired"),     in_right),
    Rule(Code.EXPLORATION_AS_MINING, EXPLORED,      EXPLORED,         the_right,     standing("exploration"), in_right),
    Rule(Code.CROSS_BOUNDARY,        BEYOND,        BEYOND,           the_overshoot, overshoot,               dug_on),
    Rule(Code.PROHIBITED_ZONE,       BANNED,        touches_banned,   the_right,     zones,                   zones),
    Rule(Code.UNDERGROUND_AS_OPEN,   from_above,    from_above,       the_right,     method,                  method),
    Rule(Code.MINERAL_MISMATCH,      other_mineral, other_mineral,    the_right,     mineral,                 mineral),
    Rule(Code.UNLICENSED,            OPEN,          never,            nothing,       outside,                 in_right),
    Rule(Code.FARMLAND_CLAY,         never,         clay_on_farmland, nothing,       farmland,                farmland),
    Rule(Code.PERMITTED,             VALID,         never,            the_right,     standing("valid"),       in_right),
    Rule(Code.APPROVED,              APPROVED,      never,            the_right,     plainly("covered by an approval in force"), position),
    Rule(Code.NOT_MINING,            OTHER,         never,            nothing,       not_mining,              not_mining),
    Rule(Code.BEFORE_MONITORING,     BEFORE,        never,            nothing,       plainly("changed before monitoring began"), position),
)
# fmt: on
"""Every part is given the first rule that holds for it; of the violations after it those that hold go to `also`."""

UNJUDGED = frozenset({Ground.APPROVED, Ground.OTHER, Ground.BEFORE})
"""Ground that is explained before the law is asked."""


def applying(f: Facts) -> tuple[Rule, tuple[Rule, ...]]:
    """The rule that makes a part's finding, and those that hold beside it."""
    first = next(rule for rule in RULES if rule.when(f))
    if first.code in EXPLAINED:
        return first, ()
    return first, tuple(rule for rule in RULES if rule is not first and rule.code not in EXPLAINED and rule.beside(f))


def trace(f: Facts, first: Rule, beside: tuple[Rule, ...]) -> tuple[str, ...]:
    """Why this code and no other: the ground, each test that was made with its numbers, and the layers that were asked.

    A line of a test is `code: yes|no|also, numbers`.
    """
    before = () if f.part.ground in UNJUDGED else RULES[: RULES.index(first)]
    tested = [f"{rule.code}: no, {rule.lacks(f)}" for rule in before if rule not in beside and rule.code is not Code.FARMLAND_CLAY]
    layers = ", ".join(f"{layer.name} {layer.version}" for layer in f.lookup.versions)
    return (
        position(f),
        *tested,
        f"{first.code}: yes, {first.says(f)}",
        *(f"{rule.code}: also, {rule.says(f)}" for rule in beside),
        f"layers: {layers or 'none'}",
    )


def within_error(f: Facts, code: Code) -> bool:
    """Whether an overshoot may be an error of position."""
    return code is Code.CROSS_BOUNDARY and not at_least(f.overshoot.certain_m2, LEAST_M2)
