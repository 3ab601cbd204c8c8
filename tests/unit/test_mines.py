"""What a month shows of each right."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from shapely.geometry import MultiPolygon

from pipeline.config_findings import FindingsConfig
from pipeline.findings.mines import Activity, Mine, mines
from pipeline.patches.patch import Patch, Status
from pipeline.publish import lists
from pipeline.publish.mines import ACTIVITIES, CONCERNS, rows
from tests.county import GRID, JULY, MAY, SEPTEMBER, box, layers, patch, right

AROUND, PIT = box(300, 300, 600, 600), box(400, 400, 500, 500)
END = date(2024, 9, 30)
NOTHING = MultiPolygon()


def month(patches: list[Patch], *records: Any, bare: Any = NOTHING, unseen: Any = NOTHING, end: date = END) -> list[Mine]:
    return mines(patches, layers(*records), GRID, bare, [unseen], end, FindingsConfig())


def one(*patches: Patch, bare: Any = NOTHING, unseen: Any = NOTHING, **said: Any) -> Mine:
    (mine,) = month(list(patches), right("C1", AROUND, **said), bare=bare, unseen=unseen)
    return mine


def test_digging_since_when_and_how_much() -> None:
    """Dug in April, again in July, and from August into September: the last two hang together."""
    strips = [(box(400 + 20 * k, 400, 420 + 20 * k, 500), day) for k, day in enumerate([date(2024, 4, 1), JULY, date(2024, 8, 20), SEPTEMBER])]
    mine = one(patch(*strips))
    assert (mine.activity, mine.since, mine.new_m2, mine.dug_m2) == (Activity.DIGGING, JULY, 2000, 8000)


def test_three_cells_are_no_digging() -> None:
    mine = one(patch((box(400, 400, 430, 410), SEPTEMBER), (PIT, MAY)))
    assert (mine.activity, mine.since, mine.new_m2) == (Activity.IDLE, SEPTEMBER, 300)


def test_idle_since_the_last_new_ground() -> None:
    mine = one(patch((PIT, MAY)))
    assert (mine.activity, mine.since, mine.dug_m2, mine.bare_before_m2) == (Activity.IDLE, MAY, 10000, 0)


def test_an_old_pit_has_been_idle_longer_than_is_known() -> None:
    mine = one(bare=box(400, 400, 450, 500))
    assert (mine.activity, mine.since, mine.dug_m2, mine.bare_before_m2) == (Activity.IDLE, None, 5000, 5000)


def test_specks_of_bare_ground_are_no_pit() -> None:
    mine = one(bare=box(400, 400, 410, 430))
    assert (mine.activity, mine.dug_m2, mine.never_dug) == (Activity.NEVER_DUG, 0, True)


def test_restored_since_it_was_last_seen_so() -> None:
    mine = one(replace(patch((PIT, MAY)), status=Status.ENDED, after_date=date(2024, 8, 30)))
    assert (mine.activity, mine.since, mine.restored_m2, mine.dug_m2) == (Activity.RESTORED, date(2024, 8, 30), 10000, 0)


def test_what_was_not_seen_is_not_called_idle_or_never_dug() -> None:
    assert one(unseen=box(300, 300, 460, 600)).activity is Activity.NOT_SEEN
    assert one(patch((PIT, MAY)), unseen=AROUND).activity is Activity.NOT_SEEN
    assert one(patch((PIT, MAY)), unseen=box(300, 300, 440, 600)).activity is Activity.IDLE


@pytest.mark.parametrize(("likelihood", "dug"), [(0.3, 10000), (0.2, 0)])
def test_it_takes_half_as_much_to_believe_that_a_mine_was_dug(likelihood: float, dug: float) -> None:
    assert one(patch((PIT, MAY), mining_likelihood=likelihood)).dug_m2 == dug


def test_dug_after_its_end() -> None:
    mine = one(patch((box(400, 400, 450, 500), MAY), (box(450, 400, 500, 500), JULY)), valid_to=date(2024, 6, 30))
    assert (mine.after_end_m2, mine.after_end_since, mine.standing) == (5000, JULY, "expired")
    renewed = one(patch((PIT, JULY)), valid_to=date(2024, 6, 30), renewal_applied=date(2024, 5, 1))
    assert (renewed.after_end_m2, renewed.after_end_since) == (0, None)


def test_between_two_looks_nobody_knows_the_day() -> None:
    """First seen dug on 10 July, last seen whole in June, closed in between."""
    dug = patch((PIT, JULY))
    held = replace(dug, changed_day=dug.first_day - 12)
    assert one(held, status="关闭", valid_to=date(2024, 6, 20)).after_end_m2 == 0
    assert one(held, status="关闭", valid_to=date(2024, 6, 10)).after_end_m2 == 10000


@pytest.mark.parametrize(
    ("stopped", "resumed", "dug"),
    [
        (None, None, 0),
        (date(2024, 6, 1), None, 10000),
        (date(2024, 8, 1), None, 0),
        (date(2024, 6, 1), date(2024, 7, 1), 0),
        (date(2024, 6, 1), date(2024, 7, 10), 0),
        (date(2024, 6, 1), date(2024, 7, 11), 10000),
        (date(2024, 6, 1), date(2023, 1, 1), 10000),
        (date(2024, 7, 10), date(2024, 9, 1), 10000),
    ],
)
def test_at_work_while_it_had_to_stop(stopped: date | None, resumed: date | None, dug: float) -> None:
    mine = one(patch((PIT, JULY)), stopped=stopped, resumed=resumed)
    assert (mine.after_stop_m2, mine.after_stop_since) == (dug, JULY if dug else None)


def test_an_entry_of_before_speaks_for_its_days() -> None:
    """The register of July says 注销; in May the mine was valid."""
    before = right("C1", AROUND, status="有效", stood_until=date(2024, 6, 30))
    now = right("C1", AROUND, status="注销", stood_from=date(2024, 7, 1))
    (mine,) = month([patch((PIT, MAY))], now, before)
    assert (mine.after_end_m2, mine.standing) == (0, "closed")
    (mine,) = month([patch((PIT, JULY))], now, before)
    assert mine.after_end_m2 == 10000


def test_the_entry_of_the_month_s_end_is_the_mine_of_the_month() -> None:
    """The register of October made the mine smaller: in September it was valid, in its old boundary. One that came in October did not hold yet."""
    before = right("C1", AROUND, holder="甲", stood_until=date(2024, 10, 7))
    now = right("C1", box(300, 300, 450, 600), holder="乙", stood_from=date(2024, 10, 8))
    other = right("C1", AROUND, layer="exploration_rights", exploration=True, stood_until=date(2024, 10, 7))
    new = right("C2", box(600, 300, 700, 600), stood_from=date(2024, 10, 8))
    dug = patch((PIT, MAY))
    assert [(mine.right.holder, mine.standing, mine.dug_m2) for mine in month([dug], new, now, before, other)] == [
        ("甲", "valid", 10000),
        (None, "not_yet", 0),
    ]
    assert [(mine.right.holder, mine.standing, mine.dug_m2) for mine in month([dug], now, before, end=date(2024, 10, 31))] == [("乙", "valid", 5000)]


def test_rights_in_order_each_with_its_own_ground() -> None:
    found = month([patch((PIT, MAY))], right("C2", box(450, 300, 600, 600)), right("C1", box(300, 300, 450, 600)), right("C3", box(0, 0, 100, 100)))
    assert [(mine.right.id, mine.dug_m2, mine.activity.value) for mine in found] == [
        ("C1", 5000, "idle"),
        ("C2", 5000, "idle"),
        ("C3", 0, "never_dug"),
    ]


def test_no_rights() -> None:
    assert month([patch((PIT, MAY))]) == []


def test_lines_as_they_are_published(tmp_path: Any) -> None:
    named = right("C1", AROUND, name="东矿", holder="甲", valid_to=date(2024, 6, 30), stopped=date(2024, 7, 1), status="有效")
    (row,) = rows(month([patch((PIT, JULY))], named), [])
    lists.write(tmp_path, lists.MINES, "2024-09", [row])
    assert lists.read(tmp_path, lists.MINES) == [row]
    assert (row["activity_zh"], row["dug_ha"], row["dug_after_end_ha"], row["dug_after_stop_ha"]) == ("停采", 1.0, 1.0, 1.0)
    assert (row["concerns"], row["dug_after_end_since"], row["standing"]) == (["dug_after_end", "dug_after_stop_order"], "2024-07-10", "expired")
    assert set(row["concerns"]) <= set(CONCERNS)
    assert list(ACTIVITIES) == [each.value for each in Activity]
    assert lists.read(tmp_path, lists.CHANGES) == []
