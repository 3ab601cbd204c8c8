"""Entries of a register along time, against painting a calendar edition by edition; and what the rules make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from pipeline.layers.history import DATED, Edition, along_time, plain_along_time
from pipeline.layers.model import Approval, Right, Standing, Zone
from tests.county import SOUTH, WEST, approval, box, farmland, found, patch, right

DAYS = [date(2024, 1, 1) + timedelta(days=20 * k) for k in range(10)]
FIRST, LAST = date(2023, 12, 1), date(2024, 9, 1)
GROUNDS = (box(300, 300, 600, 600), box(300, 300, 450, 600))
Said = list[tuple[date, Right | None]]


@st.composite
def records(draw: st.DrawFn) -> Right | None:
    """A right as an edition has it; None where it is not there."""
    if draw(st.integers(0, 5)) == 0:
        return None
    return right(
        "C1",
        draw(st.sampled_from(GROUNDS)),
        holder=draw(st.sampled_from(["甲", "乙"])),
        valid_from=draw(st.sampled_from([None, DAYS[0], DAYS[3], DAYS[6]])),
        valid_to=draw(st.sampled_from([None, DAYS[2], DAYS[5], DAYS[9]])),
        status=draw(st.sampled_from(["有效", "注销", "过期"])),
        renewal_applied=draw(st.sampled_from([None, None, DAYS[1], DAYS[4]])),
    )


@st.composite
def registers(draw: st.DrawFn) -> Said:
    since = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True))
    return [(day, draw(records())) for day in sorted(since)]


def painted(said: Said) -> dict[date, Right | None]:
    """A calendar: each edition paints from the day on which its word begins to the end; what is said of a term later is said of all of it."""
    calendar: dict[date, tuple[Right, int] | None] = {FIRST + timedelta(days=k): None for k in range((LAST - FIRST).days)}
    terms: dict[int, Right] = {}
    old: Right | None = None
    last, told = FIRST, FIRST
    for number, (since, new) in enumerate(said):
        if new is None:
            begins, what = since, None
        else:
            known = any(entry for _, entry in said[:number])
            ended = old.valid_to if old is not None else None
            after = (old.valid_from or min(told, ended or told)) if old is not None else None
            dates_itself = after is not None and new.valid_from and new.valid_from > after
            reopened = old is not None and old.status == "注销" and not ended
            undated_status = old is not None and old.status != new.status and (not new.valid_to or reopened)
            begun = old is not None and not old.valid_from and new.valid_from
            moved = old is not None and (old.geometry, old.holder) != (new.geometry, new.holder)
            if old is None:
                begins = FIRST if number == 0 or (not known and new.valid_from) else since
            elif dates_itself:
                begins = new.valid_from or FIRST
            else:
                begins = since if moved or undated_status else FIRST
            term = number if old is None or dates_itself or undated_status else max(terms)
            if dates_itself and old is not None and ended and new.renewal_applied and new.renewal_applied <= ended:
                terms[max(terms)] = replace(old, renewal_applied=new.renewal_applied)
            terms[term] = new
            what = new, term
            if old is not None and not dates_itself and not moved and not undated_status:
                begins = max(last, new.valid_from or FIRST) if begun else last
        old, told, last = new, since, begins
        calendar |= {day: what for day in calendar if day >= begins}
    return {day: here and _told(here[0], terms[here[1]]) for day, here in calendar.items()}


def _told(entry: Right, term: Right) -> Right:
    """What was said without a beginning goes on without one."""
    return replace(entry, **{name: getattr(term, name) for name in DATED if name != "valid_from" or entry.valid_from})


@settings(max_examples=300, deadline=None)
@given(registers())
def test_each_day_has_the_entry_that_stood(said: Said) -> None:
    now, former = along_time([Edition(since, [entry] if entry else []) for since, entry in said])
    for day, expected in painted(said).items():
        standing = [entry for entry in (*now, *former) if entry.stood(day)]
        assert len(standing) <= 1
        got = replace(standing[0], stood_from=None, stood_until=None) if standing else None
        assert got == expected, day


DIG, MARGIN = box(300, 300, 500, 500), 12.0
"""Ground that is judged point by point. Nearer to a boundary pieces may be too small for a finding of their own."""
ORDER = {
    Standing.VALID: "permitted",
    Standing.CLOSED: "closed_mine",
    Standing.EXPIRED: "expired_permit",
    Standing.EXPLORATION: "exploration_as_mining",
}
"""Which right claims ground that several hold, and what it makes of it."""


@st.composite
def polygons(draw: st.DrawFn) -> BaseGeometry:
    corners = draw(st.lists(st.tuples(st.integers(20, 60), st.integers(20, 60)), min_size=3, max_size=6, unique=True))
    return shapely.MultiPoint([(WEST + 10 * x + 3, SOUTH + 10 * y - 2) for x, y in corners]).convex_hull.buffer(5, join_style="mitre")


@st.composite
def counties(draw: st.DrawFn) -> list[tuple[str, Said]]:
    """Registers of up to three rights, each with a boundary of its own in every edition."""
    out: list[tuple[str, Said]] = []
    for k in range(draw(st.integers(1, 3))):
        said = [(day, entry and replace(entry, id=f"C{k}", geometry=draw(polygons()))) for day, entry in draw(registers())]
        out.append((f"C{k}", said))
    return out


@settings(max_examples=60, deadline=None)
@given(counties(), st.integers(0, 250))
def test_every_point_is_judged_by_what_stood_on_its_day(county: list[tuple[str, Said]], offset: int) -> None:
    """Random boundaries, terms and editions; a dig of one day. Each point goes to the rule that a calendar and a ruler ask for."""
    day = FIRST + timedelta(days=offset)
    entries = [each for _, said in county for part in along_time([Edition(since, [e] if e else []) for since, e in said]) for each in part]
    findings = found(patch((DIG, day)), *entries, tolerance_m=0)
    standing = [entry for _, said in county if (entry := painted(said)[day])]
    lines = shapely.union_all([DIG.boundary, *(each.geometry.boundary for each in entries)])
    for x, y in ((x, y) for x in range(307, 500, 14) for y in range(307, 500, 14)):
        point = shapely.Point(WEST + x, SOUTH + y)
        if lines.distance(point) < MARGIN:
            continue
        claims = [entry.standing(day) for entry in standing if entry.geometry.contains(point)]
        expected = next((code for worth, code in ORDER.items() if worth in claims), None)
        (code,) = {finding.code.value for finding in findings if finding.geometry.contains(point)}
        assert code == expected or (expected is None and code in ("unlicensed", "cross_boundary"))


Told = list[tuple[date, Zone | Approval | None]]


@st.composite
def zones(draw: st.DrawFn, kind: str) -> Told:
    """What editions say of a piece of farmland or of an approval: there or not, on one of two grounds, of one type or with one term."""
    out: Told = []
    for day in sorted(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True))):
        ground, name = draw(st.sampled_from(GROUNDS)), draw(st.sampled_from(["甲", "乙"]))
        if draw(st.integers(0, 4)) == 0:
            out.append((day, None))
        elif kind == "farmland":
            out.append((day, farmland("F1", ground, draw(st.sampled_from(["耕地", "永久基本农田"])), name=name)))
        else:
            begins = draw(st.sampled_from([None, DAYS[0], DAYS[4]]))
            out.append((day, approval("F1", ground, name=name, valid_from=begins, valid_to=draw(st.sampled_from([None, DAYS[7]])))))
    return out


def coloured(told: Told) -> dict[date, Zone | Approval | None]:
    """A calendar: each edition colours all days from its own on, the first (and a first one with a day of its own) all there are. Then, from
    the last day back, what is no ground is taken from the day after as long as something stands."""
    calendar: dict[date, Zone | Approval | None] = {FIRST + timedelta(days=k): None for k in range((LAST - FIRST).days)}
    for number, (since, record) in enumerate(told):
        earlier = any(each for _, each in told[:number])
        dated = isinstance(record, Approval) and record.valid_from is not None
        everywhere = number == 0 or (record is not None and dated and not earlier)
        calendar |= {day: record for day in calendar if everywhere or day >= since}
    later: Zone | Approval | None = None
    for day in reversed(calendar):
        here = calendar[day]
        if here is not None and later is not None:
            own = {"geometry": here.geometry} | ({"type": here.type} if isinstance(here, Zone) else {})
            calendar[day] = replace(later, **own)  # type: ignore[arg-type]
        later = calendar[day]
    return calendar


@pytest.mark.parametrize("kind", ["farmland", "approval"])
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_zones_and_approvals_stood_as_their_editions_say(kind: str, data: st.DataObject) -> None:
    told = data.draw(zones(kind))
    now, past = plain_along_time([(since, [record] if record else []) for since, record in told])
    assert all(entry.stood_until is None for entry in now)
    for day, expected in coloured(told).items():
        standing = [entry for entry in (*now, *past) if entry.stood(day)]
        assert len(standing) <= 1
        assert (replace(standing[0], stood_from=None, stood_until=None) if standing else None) == expected, day


@settings(max_examples=25, deadline=None)
@given(st.lists(zones("farmland"), min_size=1, max_size=3), polygons(), st.integers(0, 250))
def test_every_point_of_a_valid_right_is_banned_as_zones_stood_on_its_day(county: list[Told], away: BaseGeometry, offset: int) -> None:
    day = FIRST + timedelta(days=offset)
    moved = [
        [(since, z and replace(z, id=f"F{k}", geometry=away if z.name == "乙" else z.geometry)) for since, z in told] for k, told in enumerate(county)
    ]
    entries = [each for told in moved for part in plain_along_time([(since, [z] if z else []) for since, z in told]) for each in part]
    findings = found(patch((DIG, day)), right("C1", box(0, 0, 900, 900), status="有效"), *entries)
    standing = [zone for told in moved if isinstance(zone := coloured(told)[day], Zone) and zone.bans_mining]
    banned = shapely.union_all([zone.geometry for zone in standing]).intersection(DIG)
    lines = shapely.union_all([DIG.boundary, *(each.geometry.boundary for each in entries)])
    for x, y in ((x, y) for x in range(307, 500, 14) for y in range(307, 500, 14)):
        point = shapely.Point(WEST + x, SOUTH + y)
        if lines.distance(point) < MARGIN or 0 < banned.area < 800 or 0 < DIG.area - banned.area < 800:
            continue
        (code,) = {finding.code.value for finding in findings if finding.geometry.contains(point)}
        assert code == ("prohibited_zone" if banned.contains(point) else "permitted")


def test_a_story() -> None:
    """Granted in 2020, made smaller in March, renewed in September, given to another in November, gone the year after."""
    first = right("C1", GROUNDS[0], holder="甲", valid_from=date(2020, 1, 1), valid_to=date(2024, 6, 30))
    smaller = replace(first, geometry=GROUNDS[1])
    renewed = replace(smaller, valid_to=date(2029, 6, 30))
    given_on = replace(renewed, holder="乙")
    editions = [(2023, 1, first), (2024, 3, smaller), (2024, 9, renewed), (2024, 11, given_on), (2025, 2, None)]
    now, former = along_time([Edition(date(year, month, 1), [entry] if entry else []) for year, month, entry in editions])
    assert now == ()
    assert [(e.stood_from, e.stood_until, e.holder, e.geometry.area, e.valid_to) for e in former] == [
        (None, date(2024, 2, 29), "甲", 90000, date(2029, 6, 30)),
        (date(2024, 3, 1), date(2024, 10, 31), "甲", 45000, date(2029, 6, 30)),
        (date(2024, 11, 1), date(2025, 1, 31), "乙", 45000, date(2029, 6, 30)),
    ]


def test_a_new_licence_dates_itself() -> None:
    """The renewal that came in September is a licence of its own, from July: in between the old one had run out."""
    old = right("C1", GROUNDS[0], valid_from=date(2019, 7, 1), valid_to=date(2024, 5, 31))
    new = replace(old, valid_from=date(2024, 7, 1), valid_to=date(2029, 6, 30), geometry=GROUNDS[1])
    now, former = along_time([Edition(date(2024, 1, 1), [old]), Edition(date(2024, 9, 1), [new])])
    dug = {
        day: found(patch((box(400, 400, 440, 440), day)), *now, *former)[0].code for day in (date(2024, 5, 20), date(2024, 6, 10), date(2024, 7, 10))
    }
    assert list(dug.values()) == ["permitted", "expired_permit", "permitted"]


def worth(*said: tuple[date, Right]) -> dict[str, str]:
    """What becomes of ground dug in the old boundary, by month of 2024."""
    now, former = along_time([Edition(day, [entry]) for day, entry in said])
    days = [date(2024, month, 15) for month in (2, 5, 7, 9)]
    return {f"{day:%m}": found(patch((box(400, 400, 440, 440), day)), *now, *former)[0].code.value for day in days}


@pytest.mark.parametrize("status", ["注销", "吊销", "关闭"])
@pytest.mark.parametrize("begins", [None, date(2015, 1, 1)])
def test_a_mine_opened_again_was_closed_before(status: str, begins: date | None) -> None:
    """Closed without a day; the register of June says 有效 to 2029, with or without a beginning long past: nobody was licensed in May."""
    closed = right("C1", GROUNDS[0], status=status)
    opened = replace(closed, status="有效", valid_from=begins, valid_to=date(2029, 6, 30))
    expected = {"02": "closed_mine", "05": "closed_mine", "07": "permitted", "09": "permitted"}
    assert worth((date(2024, 1, 1), closed), (date(2024, 6, 1), opened)) == expected
    assert worth((date(2024, 1, 1), replace(closed, valid_from=begins)), (date(2024, 6, 1), opened)) == expected


def test_a_closed_mine_whose_last_day_is_told_later_was_valid_until_then() -> None:
    closed = right("C1", GROUNDS[0], status="关闭")
    dated = replace(closed, status="注销", valid_to=date(2024, 3, 31))
    assert worth((date(2024, 1, 1), closed), (date(2024, 6, 1), dated)) == {
        "02": "permitted", "05": "closed_mine", "07": "closed_mine", "09": "closed_mine",
    }  # fmt: skip


@pytest.mark.parametrize("begins", [date(2024, 3, 1), date(2024, 7, 1)])
@pytest.mark.parametrize("moved", [False, True])
def test_a_beginning_told_later_takes_nothing_back(begins: date, moved: bool) -> None:
    """The register of April gave no beginning: what was dug under it was licensed, whatever beginning that of September gives."""
    plain = right("C1", GROUNDS[0], status="有效", valid_to=date(2024, 6, 30))
    begun = replace(plain, valid_from=begins, valid_to=date(2029, 6, 30), geometry=GROUNDS[1] if moved else GROUNDS[0])
    assert set(worth((date(2024, 4, 1), plain), (date(2024, 9, 1), begun)).values()) == {"permitted"}


@pytest.mark.parametrize(("applied", "july"), [(None, "expired_permit"), (date(2024, 5, 31), "permitted"), (date(2024, 6, 1), "expired_permit")])
@pytest.mark.parametrize("status", ["有效", "过期"])
def test_a_renewal_applied_for_in_time_bridges_the_gap_to_the_new_licence(applied: date | None, july: str, status: str) -> None:
    """The old licence ended on 31 May, the new one begins in August: also where a smaller boundary came in between."""
    first = right("C1", GROUNDS[0], valid_from=date(2019, 6, 1), valid_to=date(2024, 5, 31), status=status)
    smaller = replace(first, geometry=GROUNDS[1])
    new = replace(smaller, valid_from=date(2024, 8, 1), valid_to=date(2029, 7, 31), status="有效", renewal_applied=applied)
    expected = {"02": "permitted", "05": "permitted", "07": july, "09": "permitted"}
    assert worth((date(2024, 1, 1), first), (date(2024, 9, 1), new)) == expected
    assert worth((date(2024, 1, 1), first), (date(2024, 4, 1), smaller), (date(2024, 9, 1), new)) == expected


def test_a_renewal_whose_day_is_mended_counts_for_the_past_too() -> None:
    unread = right("C1", GROUNDS[0], valid_to=date(2024, 6, 30), renewal_unread="'2024年2月'")
    mended = replace(unread, renewal_applied=date(2024, 2, 1), renewal_unread=None)
    now, former = along_time([Edition(date(2024, 1, 1), [unread]), Edition(date(2024, 8, 1), [mended])])
    assert ([entry.renewal_applied for entry in now], former) == ([date(2024, 2, 1)], ())


def test_the_same_register_in_other_numbers_is_no_change() -> None:
    one = right("C1", GROUNDS[0])
    turned = replace(one, geometry=shapely.transform(GROUNDS[0].reverse(), lambda xy: np.round(xy + 0.001, 3)))
    now, former = along_time([Edition(date(2024, 1, 1), [one]), Edition(date(2024, 3, 1), [turned])])
    assert (len(now), former) == (1, ())


def test_no_editions() -> None:
    assert along_time([]) == ((), ())
