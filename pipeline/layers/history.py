"""A register along time: which entry of a right counts on which day.

An edition is the register as somebody imported it, with the day from which it stood. Two kinds of facts are told apart. A licence's
term carries its own dates (valid_from, valid_to, renewal_applied, and a status that dates from valid_to): of those the newest edition
knows best, for the past too: a renewal that reaches the county in September has been in force since July. All else (the boundary, the
holder, mineral and method, a status without a date) is dated by nothing but the edition: it counts from that day on, what was said
before until the day before it.

edition      2023 ───────────── 2024-03 ─────────── 2024-09
valid_to     2024-06-30         2024-06-30          2029-06-30      → 2029-06-30 throughout: renewed
status       注销               有效                有效            → 注销 until 2024-02-29, whatever valid_to comes with 有效
boundary     A                  B                   B               → A until 2024-02-29, B from 2024-03-01: shrunk or moved
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import TypeVar

from shapely import equals_exact, normalize
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import CLOSED_STATUS, Approval, LegacyPatch, Right, Zone

SAME_M = 0.01
"""Corners that lie no farther apart are the same: one register in two formats."""
DATED = ("valid_from", "valid_to", "renewal_applied", "renewal_unread", "status", "restore_by", "stopped", "resumed")
"""Facts of a right that carry their own dates."""
_OURS = ("stood_from", "stood_until")
Plain = LegacyPatch | Zone | Approval
"""Records of layers that are no registers of rights."""
P = TypeVar("P", bound=Plain)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Edition:
    """A register as it stood from a day on."""

    since: date
    rights: Sequence[Right]


def along_time(editions: Iterable[Edition]) -> tuple[tuple[Right, ...], tuple[Right, ...]]:
    """Entries that stand now, in the order of the newest edition, and those that stand no more, by id and day.

    What the first edition says has stood from the beginning. Of editions of one day the last counts.
    """
    by_day = {edition.since: {right.id: right for right in edition.rights} for edition in editions}
    days = sorted(by_day)
    if not days:
        return (), ()
    names = dict.fromkeys(name for day in reversed(days) for name in by_day[day])
    lives = [entry for name in names for entry in _life([(day, by_day[day].get(name)) for day in days])]
    former = sorted((entry for entry in lives if entry.stood_until is not None), key=lambda entry: (entry.id, entry.stood_until))
    return tuple(entry for entry in lives if entry.stood_until is None), tuple(former)


@dataclass(slots=True)
class _Entry:
    right: Right | None
    """None: it was not in the register."""
    since: date | None
    """None: from the beginning."""
    own_term: bool
    """What newer entries say of the term is not said of older ones."""


def _life(said: Sequence[tuple[date, Right | None]]) -> list[Right]:
    """Entries of one right, the oldest first, none overlapping another."""
    entries: list[_Entry] = []
    before, told = None, date.min
    for number, (day, right) in enumerate(said):
        if right is None:
            if before is not None:
                entries.append(_Entry(None, day, True))
        elif before is None:
            # New to the register: its own term says from when; without one, or after an absence, the edition does.
            known = number == 0 or (not entries and right.valid_from is not None)
            entries.append(_Entry(right, None if known else day, True))
        elif _new_term(before, told, right):
            entries[-1].right = _applied(before, right)
            entries.append(_Entry(right, right.valid_from, True))
        elif _undated(before, right):
            entries.append(_Entry(right, day, _undated_status(before, right)))
        elif before.valid_from is None and _begins_after(right, entries[-1].since):
            entries.append(_Entry(right, right.valid_from, False))
        else:
            entries[-1].right = right
        before, told = right, day
    return _settled(entries)


def _settled(entries: Sequence[_Entry]) -> list[Right]:
    """Entries with what newer ones say of their term, each ending where the next begins."""
    out: list[Right] = []
    until: date | None = None
    term: Right | None = None
    for entry in reversed(entries):
        if entry.right is not None:
            term = term or entry.right
            if entry.since is None or until is None or entry.since <= until:
                out.append(replace(_of_one_term(entry.right, term), stood_from=entry.since, stood_until=until))
        if entry.since is not None:
            until = entry.since - _DAY if until is None else min(until, entry.since - _DAY)
        term = None if entry.own_term else term
    return out[::-1]


def _of_one_term(old: Right, new: Right) -> Right:
    """What was said before, with the term as it was said later. A term without a beginning has held ever since: no later word shortens it."""
    return replace(old, **{name: getattr(new, name) for name in DATED if name != "valid_from" or old.valid_from is not None})


def _new_term(old: Right, told: date, new: Right) -> bool:
    """Whether a licence follows another: it begins after it, or where that says no beginning, after its end or after the day it was told."""
    if new.valid_from is None:
        return False
    if old.valid_from is not None:
        return new.valid_from > old.valid_from
    return new.valid_from > told or (old.valid_to is not None and new.valid_from > old.valid_to)


def _begins_after(right: Right, day: date | None) -> bool:
    return right.valid_from is not None and (day is None or right.valid_from > day)


def _applied(old: Right, new: Right) -> Right:
    """The old licence; where the new one was applied for before its end, it lives until the new one begins (contract section 3)."""
    in_time = old.valid_to is not None and new.renewal_applied is not None and new.renewal_applied <= old.valid_to
    return replace(old, renewal_applied=new.renewal_applied) if in_time else old


def _undated(old: Right, new: Right) -> bool:
    """Whether anything differs that only the edition dates."""
    differ = {each.name for each in fields(Right) if each.name not in _OURS and getattr(old, each.name) != getattr(new, each.name)}
    if "geometry" in differ and _same_outline(old.geometry, new.geometry):
        differ.remove("geometry")
    return bool(differ - set(DATED)) or _undated_status(old, new)


def plain_along_time(editions: Iterable[tuple[date, Sequence[P]]]) -> tuple[tuple[P, ...], tuple[P, ...]]:
    """Entries of a zone, an approval or a legacy patch that stand now, in the order of the newest edition, and those that stand no more.

    What only the edition dates is the ground, and of farmland its type: they count from that day on. All else (names, an approval's own
    term, a legacy patch's state and deadline) the newest edition knows best. What the first edition says has stood from the beginning, as has
    what comes later with a day of its own.
    """
    by_day = {day: {record.id: record for record in records} for day, records in editions}
    days = sorted(by_day)
    if not days:
        return (), ()
    names = dict.fromkeys(name for day in reversed(days) for name in by_day[day])
    lives = [entry for name in names for entry in _plain_life([(day, by_day[day].get(name)) for day in days])]
    past = sorted((entry for entry in lives if entry.stood_until is not None), key=lambda entry: (entry.id, entry.stood_until or date.min))
    return tuple(entry for entry in lives if entry.stood_until is None), tuple(past)


def _plain_life(said: Sequence[tuple[date, P | None]]) -> list[P]:
    """Entries of one record, the oldest first, none overlapping another."""
    done: list[P] = []
    life: list[P] = []
    """Entries without a gap between them."""
    for number, (day, record) in enumerate(said):
        if record is None:
            done, life = [*done, *life[:-1], *(replace(last, stood_until=day - _DAY) for last in life[-1:])], []
        elif not life:
            known = number == 0 or (not done and getattr(record, "valid_from", None) is not None)
            life = [replace(record, stood_from=None if known else day)]
        else:
            moved = not _same_ground(life[-1], record)
            life = [replace(record, **{name: getattr(entry, name) for name in (*_GROUND, *_OURS) if hasattr(entry, name)}) for entry in life]
            if moved:
                life = [*life[:-1], replace(life[-1], stood_until=day - _DAY), replace(record, stood_from=day)]
    return done + life


_GROUND = ("geometry", "type")
"""What an edition alone dates."""


def _same_ground(old: Plain, new: Plain) -> bool:
    return getattr(old, "type", None) == getattr(new, "type", None) and _same_outline(old.geometry, new.geometry)


def _same_outline(old: BaseGeometry, new: BaseGeometry) -> bool:
    return bool(equals_exact(normalize(old), normalize(new), SAME_M))


def _undated_status(old: Right, new: Right) -> bool:
    """Whether a status came, or one of a closed mine went, that no date belongs to."""
    reopened = old.status in CLOSED_STATUS and old.valid_to is None and new.status not in CLOSED_STATUS
    return reopened or (old.status != new.status and new.valid_to is None)
