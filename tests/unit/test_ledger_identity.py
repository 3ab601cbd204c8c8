"""Patches and cases keep their names through the months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from pipeline.ledger import CaseDraft, CaseRecord, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "620422") as opened:
        yield opened


def square(x: float, y: float, side: float = 100) -> BaseGeometry:
    return box(x, y, x + side, y + side)


def run(ledger: Ledger, month: str, grounds: Sequence[BaseGeometry], *, statuses: Sequence[str] | None = None, **draft: Any) -> list[str]:
    """A month of patches, each a case of its `open` part."""
    return [record.case_id for record in records(ledger, month, grounds, statuses=statuses, **draft)]


def records(ledger: Ledger, month: str, grounds: Sequence[BaseGeometry], *, statuses: Sequence[str] | None = None, **draft: Any) -> list[CaseRecord]:
    states = list(statuses or ["confirmed"] * len(grounds))
    with ledger.month(month) as writer:
        order = [(f"{month}-01", -g.centroid.y, g.centroid.x) for g in grounds]
        ids = writer.identify_patches(grounds, [g.area for g in grounds], states, order)
        found = writer.identify_cases([case(patch, g, first_seen=f"{month}-01", **draft) for patch, g in zip(ids, grounds, strict=True)])
        writer.finish({}, [])
    return found


def case(patch_id: str | None, ground: BaseGeometry, part: str = "open", code: str = "unlicensed", **other: Any) -> CaseDraft:
    values: dict[str, Any] = {"first_seen": "2024-01-01", "lon": ground.centroid.x, "lat": ground.centroid.y, "area_m2": ground.area} | other
    return CaseDraft(patch_id=patch_id, part=part, code=code, geometry=ground, **values)


def patches_of(ledger: Ledger, month: str, grounds: Sequence[BaseGeometry], statuses: Sequence[str] | None = None) -> list[str]:
    return [str(record.patch_id) for record in records(ledger, month, grounds, statuses=statuses)]


def test_new_ids_follow_first_seen_then_north_to_south_then_west_to_east(ledger: Ledger) -> None:
    grounds = [square(0, 0), square(500, 900), square(0, 900), square(900, 0)]
    with ledger.month("2024-01") as writer:
        seen = ["2024-01-20", "2024-01-20", "2024-01-20", "2024-01-05"]
        order = [(day, -g.centroid.y, g.centroid.x) for day, g in zip(seen, grounds, strict=True)]
        ids = writer.identify_patches(grounds, [1.0] * 4, ["confirmed"] * 4, order)
        found = writer.identify_cases([case(p, g, first_seen=day) for p, g, day in zip(ids, grounds, seen, strict=True)])
        writer.finish({}, [])
    assert ids == ["620422-P2024-00004", "620422-P2024-00003", "620422-P2024-00002", "620422-P2024-00001"]
    assert [record.case_id for record in found] == ["620422-2024-000004", "620422-2024-000003", "620422-2024-000002", "620422-2024-000001"]


def test_numbers_begin_anew_each_year_and_go_on_within_one(ledger: Ledger) -> None:
    assert run(ledger, "2024-11", [square(0, 0)]) == ["620422-2024-000001"]
    assert run(ledger, "2024-12", [square(0, 0), square(900, 0)]) == ["620422-2024-000001", "620422-2024-000002"]
    assert run(ledger, "2025-01", [square(0, 0), square(900, 900)]) == ["620422-2024-000001", "620422-2025-000001"]


def test_a_growing_case_keeps_its_id_and_says_by_how_much_it_grew(ledger: Ledger) -> None:
    (first,) = records(ledger, "2024-01", [square(0, 0)])
    (second,) = records(ledger, "2024-02", [square(0, 0, 120)])
    (third,) = records(ledger, "2024-03", [square(0, 0, 90)])
    assert first.case_id == second.case_id == third.case_id
    assert (first.new_this_month, first.growth_m2, first.previous_area_m2) == (True, 10_000, None)
    assert (second.new_this_month, second.growth_m2, second.previous_area_m2, second.first_month) == (False, 4_400, 10_000, "2024-01")
    assert third.growth_m2 == 0


def test_the_smallest_patch_moved_by_a_cell_is_still_itself_and_a_touching_neighbour_is_not(ledger: Ledger) -> None:
    before = patches_of(ledger, "2024-01", [square(0, 0, 20)])
    after = patches_of(ledger, "2024-02", [square(10, 10, 20), square(-20, -20, 21)])
    assert after == [before[0], "620422-P2024-00002"]


def test_of_merged_patches_the_older_name_stays_for_the_patch_and_its_case(ledger: Ledger) -> None:
    (old,) = records(ledger, "2024-01", [square(0, 0, 50)])
    records(ledger, "2024-02", [square(0, 0, 50), square(200, 0)])
    (merged,) = records(ledger, "2024-03", [box(0, 0, 310, 100)])
    assert (merged.patch_id, merged.case_id) == (old.patch_id, old.case_id)
    assert merged.previous_area_m2 == 2_500 + 10_000
    assert merged.growth_m2 == 31_000 - 12_500


def test_of_a_split_patch_the_larger_part_keeps_the_name(ledger: Ledger) -> None:
    (whole,) = records(ledger, "2024-01", [box(0, 0, 300, 100)])
    small, large = records(ledger, "2024-02", [box(0, 0, 80, 100), box(120, 0, 300, 100)])
    assert (large.patch_id, large.case_id) == (whole.patch_id, whole.case_id)
    assert (small.patch_id, small.case_id) == ("620422-P2024-00002", "620422-2024-000002")
    assert small.new_this_month
    assert small.growth_m2 == 8_000


def test_what_was_merged_and_parts_again_does_not_take_its_old_name_back(ledger: Ledger) -> None:
    records(ledger, "2024-01", [square(0, 0), square(200, 0, 50)])
    records(ledger, "2024-02", [box(0, 0, 250, 100)])
    large, small = records(ledger, "2024-03", [square(0, 0), square(200, 0, 50)])
    assert large.case_id == "620422-2024-000001"
    assert (small.patch_id, small.case_id) == ("620422-P2024-00003", "620422-2024-000003")


def test_a_case_that_vanishes_and_comes_back_keeps_its_id(ledger: Ledger) -> None:
    (before,) = run(ledger, "2024-01", [square(0, 0)])
    run(ledger, "2024-02", [])
    (back,) = records(ledger, "2024-03", [square(10, 0)])
    assert back.case_id == before
    assert not back.new_this_month


def test_ended_ground_is_the_same_patch_within_a_year_and_the_case_is_the_same_for_ever(ledger: Ledger) -> None:
    (before,) = records(ledger, "2022-01", [square(0, 0)], statuses=["ended"])
    (soon,) = records(ledger, "2023-01", [square(0, 0)], statuses=["ended"])
    (late,) = records(ledger, "2024-02", [square(0, 0)])
    assert before.patch_id == soon.patch_id == "620422-P2022-00001"
    assert late.patch_id == "620422-P2024-00001"
    assert before.case_id == soon.case_id == late.case_id


def test_a_case_stays_itself_when_its_code_changes(ledger: Ledger) -> None:
    assert run(ledger, "2024-01", [square(0, 0)], code="expired_permit") == run(ledger, "2024-02", [square(0, 0)], code="closed_mine")


def test_parts_of_one_patch_are_cases_of_their_own(ledger: Ledger) -> None:
    ground = [box(0, 0, 200, 100)]
    for month in ("2024-01", "2024-02"):
        with ledger.month(month) as writer:
            (patch,) = writer.identify_patches(ground, [20_000.0], ["confirmed"], [("2024-01-01", 0.0, 0.0)])
            drafts = [case(patch, square(0, 0), "right:A", lat=2.0), case(patch, square(100, 0), "open", lat=1.0)]
            found = writer.identify_cases(drafts if month == "2024-01" else drafts[::-1])
            writer.finish({}, [])
    assert [record.case_id for record in found] == ["620422-2024-000002", "620422-2024-000001"]


def test_a_site_is_known_by_its_part_and_never_becomes_digging(ledger: Ledger) -> None:
    for month in ("2024-07", "2024-08"):
        with ledger.month(month) as writer:
            (patch,) = writer.identify_patches([square(0, 0)], [10_000.0], ["confirmed"], [("2024-07-01", 0.0, 0.0)])
            site = case(None, square(0, 0, 300), "legacy:L1", "unrestored", first_seen="2024-06-01")
            dug = case(patch, square(0, 0), "legacy:L1", "legacy_remined", first_seen="2024-07-01")
            found = writer.identify_cases([site, dug] if month == "2024-07" else [dug])
            writer.finish({}, [])
    assert found[0].case_id == "620422-2024-000002"
    with ledger.month("2025-06") as writer:
        (again,) = writer.identify_cases([case(None, square(5000, 0), "legacy:L1", "restoration_regressed")])
        writer.finish({}, [])
    assert again.case_id == "620422-2024-000001"


def test_when_a_part_is_registered_anew_the_ground_tells_the_case(ledger: Ledger) -> None:
    assert run(ledger, "2024-01", [square(0, 0)], part="open") == run(ledger, "2024-02", [square(0, 0)], part="right:B")


def test_open_cases_gives_back_what_was_recorded(ledger: Ledger) -> None:
    (record,) = records(ledger, "2024-01", [square(0, 0)], also=("prohibited_zone",), severity=3, properties={"town": "河畔镇"})
    (found,) = ledger.open_cases("2024-01")
    assert found.record == record
    assert (found.draft.also, found.draft.severity, found.draft.properties) == (("prohibited_zone",), 3, {"town": "河畔镇"})
    assert found.draft.geometry.equals(square(0, 0))
