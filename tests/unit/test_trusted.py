"""Which delivery of a pass later months trust, and what is said of the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pipeline.inputs import Vetted, settled, trusted_scenes
from pipeline.sources.scene import Refused, Scene, same_pass

DAY = date(2024, 3, 4)


def scene(id: str, *others: str, day: str = "2024-03-04", hour: int = 3) -> Scene:
    when = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
    return Scene(id=id, acquired=when, bands={}, scl=None, baseline="", pass_key=id, instead=tuple(scene(o, day=day, hour=hour) for o in others))


def vetted(*months: tuple[str, Collection[str], Collection[str], Collection[str]]) -> Vetted:
    out = Vetted(())
    for month in months:
        out.learn(*month)
    return out


def trusted(found: Vetted, *scenes: Scene) -> list[str]:
    return [each.id for each in trusted_scenes(scenes, found)]


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ((), ["new"]),  # no month has looked
        ((("2024-03", ["old"], ["new"], ()),), ["old"]),
        ((("2024-03", ["old"], (), ()),), ["old"]),  # the new one came after the month was done, and may be anything
        ((("2024-03", (), ["new", "old"], ()),), []),
        ((("2024-03", (), (), ()),), []),  # all of it came later
        ((("2024-02", ["other"], (), ()),), ["new"]),
        ((("2025-01", (), ["new"], ["old"]),), ["old"]),  # the baseline was fitted on it
        ((("2025-01", (), (), ["other"]),), []),
        ((("2024-03", ["new"], ["old"], ()), ("2025-01", (), ["new"], ["old"])), ["old"]),  # what is said later counts
        ((("2024-03", ["new", "old"], (), ()),), ["new", "old"]),  # two halves
    ],
)
def test_what_months_used_is_trusted(months: tuple[tuple[str, Collection[str], Collection[str], Collection[str]], ...], expected: list[str]) -> None:
    assert trusted(vetted(*months), scene("new", "old")) == expected


def test_they_come_in_order_of_time_whichever_delivery_it_is() -> None:
    """As a month itself had them: the older delivery of one tile sorts before the other tile, the newer one after it."""
    tiles = scene("N0500_T48SVE"), scene("N0511_T48SWE", "N0400_T48SWE")
    assert trusted(vetted(("2024-03", ["N0500_T48SVE", "N0400_T48SWE"], ["N0511_T48SWE"], ())), *tiles) == ["N0400_T48SWE", "N0500_T48SVE"]


BAD = Refused("new", DAY, "Too dark.", code="MW-SCENE-SCALE")


@pytest.mark.parametrize(
    ("left_out", "used", "expected"),
    [
        (
            [BAD, same_pass("old", DAY, "new"), same_pass("older", DAY, "new")],
            {"old"},
            {"new": "Too dark. old, of the same pass, is used instead.", "older": "old"},
        ),
        ([same_pass("old", DAY, "new")], {"new"}, {"old": "new"}),
        ([BAD, replace(BAD, id="old"), same_pass("old", DAY, "new")], set(), {"new": "Too dark.", "old": "Too dark."}),
        ([BAD, same_pass("old", DAY, "new")], set(), {"new": "Too dark.", "old": "Another delivery of the pass of new, and of no use either."}),
        ([same_pass("old", DAY, "new"), same_pass("new", DAY, "old")], {"old"}, {"new": "old"}),
        ([same_pass("old", DAY, "beside the county")], set(), {"old": "beside the county"}),
    ],
)
def test_what_was_left_out_is_said_once_and_what_stands_for_it(left_out: list[Refused], used: set[str], expected: dict[str, str]) -> None:
    found = settled(left_out, used, [])
    assert {each.id: each.duplicate_of or each.reason for each in found} == expected
    assert len(found) == len(expected)


def test_a_scene_that_carries_others_tells_whom_they_stand_for() -> None:
    (found,) = settled([BAD], {"old~2"}, [scene("new", "old~2")])
    assert found.reason == "Too dark. old~2, of the same pass, is used instead."
