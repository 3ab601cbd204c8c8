"""The rules of contract section 7, in the order in which they are tried: one table that reads like the law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.findings.facts import POSITION_ERROR_M, Facts, legacy_fields, right_fields
from pipeline.findings.finding import EXPLAINED, Code
from pipeline.findings.ground import at_least
from pipeline.findings.groups import LEAST_M2, MOST_SHARE, Ground
from pipeline.findings.names import FINDINGS
from pipeline.patches.patch import Status

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
    """Line of the trace: the test with its numbers."""

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


def on_legacy(f: Facts) -> bool:
    return f.part.legacy is not None or (OUTSIDE(f) and f.legacy_m2 >= MOST_SHARE * f.area_m2)


def touches_legacy(f: Facts) -> bool:
    return OUTSIDE(f) and f.holds(f.legacy_m2)


def touches_banned(f: Facts) -> bool:
    return f.holds(f.banned_m2)


def clay_on_farmland(f: Facts) -> bool:
    return f.patch.clay_like and f.holds(f.farmland_m2)


def the_right(f: Facts) -> dict[str, Any]:
    return right_fields(f.right)


def the_legacy(f: Facts) -> dict[str, Any]:
    return legacy_fields(f.legacy)


def the_overshoot(f: Facts) -> dict[str, Any]:
    over = f.overshoot
    return the_right(f) | {
        "overshoot_m2": round(over.area_m2, 1),
        "overshoot_max_m": round(over.max_m, 1),
        "position_error_m": POSITION_ERROR_M,
        "overshoot_certain_m2": round(over.certain_m2, 1),
    }


def nothing(f: Facts) -> dict[str, Any]:
    return {}


def first_day(f: Facts) -> date:
    return f.part.cells.first(f.part.dated) or f.patch.first_seen


def standing(what: str) -> Says:
    def say(f: Facts) -> str:
        r = f.right
        assert r is not None
        return f"inside right {r.id}, {what} on {first_day(f)} (status {r.status or '–'}, valid_to {r.valid_to or '–'})"

    return say


def say_beyond(f: Facts) -> str:
    assert f.right is not None
    over = f.overshoot
    certain = f"{over.certain_m2:.0f} m² beyond the position error of {POSITION_ERROR_M} m"
    return f"{over.area_m2:.0f} m² beyond right {f.right.id}, up to {over.max_m:.0f} m; {certain}"


def say_legacy(f: Facts) -> str:
    assert f.legacy is not None
    return f"overlap with legacy {f.legacy.id} {f.share(f.legacy_m2):.0%}"


def say_banned(f: Facts) -> str:
    return f"{f.banned_m2:.0f} m² ({f.share(f.banned_m2):.0%}) where mining is banned"


def say_clay(f: Facts) -> str:
    return f"clay-like, {f.farmland_m2:.0f} m² ({f.share(f.farmland_m2):.0%}) on farmland"


def say_open(f: Facts) -> str:
    near = f.distance_to_right_m
    return f"outside every right on {first_day(f)}" + ("" if near is None else f", {near:.0f} m from the nearest")


def say_not_mining(f: Facts) -> str:
    return f"mining likelihood {f.patch.mining_likelihood:.2f}: {f.patch.cause.value}"


def say(text: str) -> Says:
    return lambda f: text


CLOSED, EXPIRED, EXPLORED = lies(Ground.CLOSED), lies(Ground.EXPIRED), lies(Ground.EXPLORATION)
BEYOND, BANNED, OPEN, VALID = lies(Ground.BEYOND), lies(Ground.BANNED), lies(Ground.OPEN), lies(Ground.VALID)
APPROVED, OTHER, BEFORE = lies(Ground.APPROVED), lies(Ground.OTHER), lies(Ground.BEFORE)

# fmt: off
RULES = (
    #    code                        when       beside             writes          says
    Rule(Code.LEGACY_REMINED,        on_legacy, touches_legacy,    the_legacy,     say_legacy),
    Rule(Code.CLOSED_MINE,           CLOSED,    CLOSED,            the_right,      standing("closed")),
    Rule(Code.EXPIRED_PERMIT,        EXPIRED,   EXPIRED,           the_right,      standing("expired")),
    Rule(Code.EXPLORATION_AS_MINING, EXPLORED,  EXPLORED,          the_right,      standing("for exploration only")),
    Rule(Code.CROSS_BOUNDARY,        BEYOND,    BEYOND,            the_overshoot,  say_beyond),
    Rule(Code.PROHIBITED_ZONE,       BANNED,    touches_banned,    the_right,      say_banned),
    Rule(Code.UNLICENSED,            OPEN,      never,             nothing,        say_open),
    Rule(Code.FARMLAND_CLAY,         never,     clay_on_farmland,  nothing,        say_clay),
    Rule(Code.PERMITTED,             VALID,     never,             the_right,      standing("valid")),
    Rule(Code.APPROVED,              APPROVED,  never,             the_right,      say("covered by an approval in force")),
    Rule(Code.NOT_MINING,            OTHER,     never,             nothing,        say_not_mining),
    Rule(Code.BEFORE_MONITORING,     BEFORE,    never,             nothing,        say("changed before monitoring began")),
)
# fmt: on
"""Every part is given the first rule that holds for it; of the violations after it those that hold go to `also`."""


def applying(f: Facts) -> tuple[Rule, tuple[Rule, ...]]:
    """The rule that makes a part's finding, and those that hold beside it."""
    first = next(rule for rule in RULES if rule.when(f))
    if first.code in EXPLAINED:
        return first, ()
    return first, tuple(rule for rule in RULES if rule is not first and rule.code not in EXPLAINED and rule.beside(f))


def severity(f: Facts, code: Code) -> int:
    """3 on ground that is protected or from 1 ha, 1 where it is not certain yet, else 2 (contract section 7)."""
    if f.severe:
        return 3
    within_error = code is Code.CROSS_BOUNDARY and not at_least(f.overshoot.certain_m2, LEAST_M2)
    return 1 if within_error or f.patch.status is Status.PROVISIONAL else 2
