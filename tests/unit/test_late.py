"""What finished months lack: scenes new, replaced or mended since, their own and those of the baseline window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.late import late_scenes
from pipeline.sources.scene import Refused, Scene, UnreadableError


def scene(day: str) -> Scene:
    when = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    return Scene(id=day, acquired=when, bands={}, scl=None, baseline="", pass_key=day)


def used(day: str, sha256: str | None = "as it is", use: bool = True) -> dict[str, Any]:
    return {"id": day, "sha256": sha256, "used": use}


RUNS: dict[str, dict[str, Any]] = {
    "2024-01": {"scenes": [used("2024-01-03"), used("2022-05-05", use=False)], "window": [used("2021-07-01"), used("2023-07-01", "other")]},
    "2024-02": {"scenes": [used("2024-02-03", "other"), used("2024-02-08", use=False), used("2024-02-13", None, use=False)], "window": []},
}


def late(*days: str, runs: dict[str, dict[str, Any]] = RUNS) -> dict[str, tuple[str, str]]:
    found = late_scenes([scene(day) for day in days], runs, runs.__getitem__, lambda _: "as it is")
    return {each.id: (each.month, each.why) for each in found}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-01-03", None),
        ("2024-01-20", ("2024-01", "new")),
        ("2024-02-03", ("2024-02", "replaced")),
        ("2024-02-08", None),  # left out then, and still as it was
        ("2024-02-13", ("2024-02", "mended")),
        ("2024-03-01", None),  # of a month that is not done
        ("2021-07-01", None),
        ("2023-07-01", ("2024-01", "replaced")),
        ("2022-05-05", None),
        ("2022-06-01", ("2024-01", "new")),
        ("2020-12-31", None),  # before the window
    ],
)
def test_where_a_scene_is_lacking(day: str, expected: tuple[str, str] | None) -> None:
    assert late(day).get(day) == expected


def test_a_january_that_does_not_say_its_window_tells_nothing_of_it() -> None:
    assert late("2022-06-01", runs={"2024-01": {"scenes": []}}) == {}


def test_a_scene_that_can_not_be_read_is_not_news() -> None:
    def unreadable(each: Scene) -> str:
        raise UnreadableError(Refused(each.id, each.day, "B04.tif can't be read"))

    assert late_scenes([scene("2024-01-03")], RUNS, RUNS.__getitem__, unreadable) == []


@pytest.mark.parametrize(
    ("best", "other", "expected"),
    [
        ("2024-02-08", "2024-02-09", {"2024-02-09": ("2024-02", "new")}),  # the best was of no use, and another delivery has come
        ("2024-02-08", "2024-02-03", {"2024-02-03": ("2024-02", "replaced")}),  # the other stood for it, and is not what it was
        ("2024-01-03", "2024-01-04", {}),  # the best was used: a worse one is no news
        ("2024-01-05", "2024-01-03", {"2024-01-05": ("2024-01", "new")}),  # a better one than was used
        ("2024-02-08", "2024-02-13", {"2024-02-13": ("2024-02", "mended")}),  # both were left out, and one is readable now
    ],
)
def test_of_a_pass_delivered_twice_what_a_replay_would_use_is_told(best: str, other: str, expected: dict[str, tuple[str, str]]) -> None:
    found = late_scenes([replace(scene(best), instead=(scene(other),))], RUNS, RUNS.__getitem__, lambda _: "as it is")
    assert {each.id: (each.month, each.why) for each in found} == expected


def test_of_three_deliveries_those_before_the_one_that_was_used_are_asked() -> None:
    best, mended, standing, spare = (scene(f"2024-02-{day}") for day in ("08", "13", "03", "20"))
    found = late_scenes([replace(best, instead=(mended, standing, spare))], RUNS, RUNS.__getitem__, lambda _: "as it is")
    assert [(each.id, each.why) for each in found] == [(mended.id, "mended"), (standing.id, "replaced")]
