"""A register along time: which entry of a right counts on which day.

An edition is the register as somebody imported it, with the day from which it stood. Two kinds of facts are told apart. A licence's
term carries its own dates (valid_from, valid_to, renewal_applied, and a status that dates from valid_to): of those the newest edition
knows best, for the past too: a renewal that reaches the county in September has been in force since July. All else (the boundary, the
holder, mineral and method, a status without a date) is dated by nothing but the edition: it counts from that day on, what was said
before until the day before it.

edition      2023 ───────────── 2024-03 ─────────── 2024-09
valid_to     2024-06-30         2024-06-30          2029-06-30      → 2029-06-30 throughout: renewed
boundary     A                  B                   B               → A until 2024-02-29, B from 2024-03-01: shrunk or moved
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

from shapely import equals_exact, normalize

from pipeline.layers.model import Right

SAME_M = 0.01
"""Corners that lie no farther apart are the same: one register in two formats."""
DATED = ("valid_from", "valid_to", "renewal_applied", "status", "restore_by", "stopped", "resumed")
"""Facts of a right that carry their own dates."""
_OURS = ("stood_from", "stood_until")
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
    before: Right | None = None
    for number, (day, right) in enumerate(said):
        if right is None:
            if before is not None:
                entries.append(_Entry(None, day, True))
        elif before is None:
            # New to the register: its own term says from when; without one, or after an absence, the edition does.
            known = number == 0 or (not entries and right.valid_from is not None)
            entries.append(_Entry(right, None if known else day, True))
        elif _new_term(before, right):
            entries.append(_Entry(right, right.valid_from, True))
        elif _undated(before, right):
            entries.append(_Entry(right, day, _undated_status(before, right)))
        else:
            entries[-1].right = right
        before = right
    return _settled(entries)


def _settled(entries: Sequence[_Entry]) -> list[Right]:
    """Entries with what newer ones say of their term, each ending where the next begins."""
    out: list[Right] = []
    until: date | None = None
    newer: _Entry | None = None
    for entry in reversed(entries):
        if entry.right is not None:
            if newer is not None and newer.right is not None and not newer.own_term:
                entry.right = replace(entry.right, **{name: getattr(newer.right, name) for name in DATED})
            if entry.since is None or until is None or entry.since <= until:
                out.append(replace(entry.right, stood_from=entry.since, stood_until=until))
        if entry.since is not None:
            until = entry.since - _DAY if until is None else min(until, entry.since - _DAY)
        newer = entry
    return out[::-1]


def _new_term(old: Right, new: Right) -> bool:
    return old.valid_from is not None and new.valid_from is not None and new.valid_from > old.valid_from


def _undated(old: Right, new: Right) -> bool:
    """Whether anything differs that only the edition dates."""
    differ = {each.name for each in fields(Right) if each.name not in _OURS and getattr(old, each.name) != getattr(new, each.name)}
    if "geometry" in differ and equals_exact(normalize(old.geometry), normalize(new.geometry), SAME_M):
        differ.remove("geometry")
    return bool(differ - set(DATED)) or _undated_status(old, new)


def _undated_status(old: Right, new: Right) -> bool:
    return old.status != new.status and new.valid_to is None
