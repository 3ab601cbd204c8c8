"""What people decide stays, and comes back when the ground says otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from pipeline.errors import Exit, MinewardenError
from pipeline.ledger import CaseRecord, Ledger, Review
from tests.unit.test_ledger_identity import case, records, square

CASE = "620422-2024-000001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger(path, "620422", clock=lambda: datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)) as opened:
        yield opened


def month(ledger: Ledger, name: str, ground: BaseGeometry) -> CaseRecord:
    (record,) = records(ledger, name, [ground])
    return record


def test_a_verdict_raises_the_version_and_is_shown(ledger: Ledger) -> None:
    assert month(ledger, "2024-01", square(0, 0)).version == 1
    assert ledger.record_verdict(CASE, "needs_field_check", version=1, reviewer="张三", reason="看不清", note="约下周") == 2
    (found,) = ledger.open_cases("2024-01")
    record = month(ledger, "2024-02", square(0, 0))
    for each in (found.record, record):
        assert (each.version, each.review, each.review_reason, each.review_note) == (2, Review.NEEDS_FIELD_CHECK, "看不清", "约下周")
        assert (each.reviewer, each.reviewed_at) == ("张三", "2024-02-03T04:05:06Z")


@pytest.mark.parametrize(
    ("case_id", "review", "version", "code"),
    [
        (CASE, "confirmed", 1, "MW-VERDICT-STALE"),
        (CASE, "maybe", 2, "MW-VERDICT-VALUE"),
        ("620422-2024-000009", "confirmed", 1, "MW-VERDICT-UNKNOWN"),
    ],
)
def test_a_verdict_that_can_not_hold_is_refused(ledger: Ledger, case_id: str, review: str, version: int, code: str) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "confirmed", version=1, reviewer="张三")
    with pytest.raises(MinewardenError) as refused:
        ledger.record_verdict(case_id, review, version=version, reviewer="李四")
    assert refused.value.code == code
    assert ledger.open_cases("2024-01")[0].record.version == 2


def test_a_dismissed_case_stays_away_until_it_grows_by_area_and_share(ledger: Ledger) -> None:
    month(ledger, "2024-01", box(0, 0, 100, 100))
    ledger.record_verdict(CASE, "dismissed", version=1, reviewer="张三", reason="伪变化")
    little = month(ledger, "2024-02", box(0, 0, 100, 109))
    assert (little.review, little.reopened, little.listed) == (Review.DISMISSED, False, False)
    grown = month(ledger, "2024-03", box(0, 0, 100, 110))
    assert (grown.review, grown.reopened, grown.listed, grown.version) == (Review.PENDING, True, True, 2)
    assert grown.review_reason == "伪变化"


def test_small_ground_needs_four_hundred_square_metres_more(ledger: Ledger) -> None:
    month(ledger, "2024-01", box(0, 0, 30, 30))
    ledger.record_verdict(CASE, "dismissed", version=1, reviewer="张三")
    assert not month(ledger, "2024-02", box(0, 0, 30, 43)).reopened
    assert month(ledger, "2024-03", box(0, 0, 30, 44)).reopened


def test_once_reopened_it_stays_so_until_it_is_dismissed_again(ledger: Ledger) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "dismissed", version=1, reviewer="张三")
    month(ledger, "2024-02", square(0, 0, 120))
    assert month(ledger, "2024-03", square(0, 0, 101)).review is Review.PENDING
    ledger.record_verdict(CASE, "confirmed", version=2, reviewer="李四")
    confirmed = month(ledger, "2024-04", square(0, 0, 101))
    assert (confirmed.review, confirmed.reopened) == (Review.CONFIRMED, True)
    ledger.record_verdict(CASE, "dismissed", version=3, reviewer="李四")
    dismissed = month(ledger, "2024-05", square(0, 0, 102))
    assert (dismissed.review, dismissed.reopened) == (Review.DISMISSED, False)


def test_ground_dug_again_after_more_than_a_year_is_not_covered_by_an_old_dismissal(ledger: Ledger) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "dismissed", version=1, reviewer="张三")
    records(ledger, "2024-02", [])
    again = month(ledger, "2025-03", square(0, 0, 60))
    assert (again.case_id, again.review, again.reopened) == (CASE, Review.PENDING, True)


def test_a_dismissal_does_not_hide_digging_elsewhere_in_the_same_part(ledger: Ledger) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "dismissed", version=1, reviewer="张三")
    with ledger.month("2024-02") as writer:
        (patch,) = writer.identify_patches([box(0, 0, 900, 100)], [90_000.0], ["confirmed"], [("2024-01-01", 0.0, 0.0)])
        (moved,) = writer.identify_cases([case(patch, square(800, 0, 50))])
        writer.finish({}, [])
    assert (moved.case_id, moved.reopened, moved.review) == (CASE, True, Review.PENDING)


@pytest.mark.parametrize(
    "statement", ["UPDATE verdicts SET review = 'pending'", "DELETE FROM verdicts", "UPDATE audit SET actor = 'x'", "DELETE FROM audit"]
)
def test_verdicts_and_audit_are_append_only(ledger: Ledger, path: Path, statement: str) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "confirmed", version=1, reviewer="张三")
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.IntegrityError, match="never"):
        other.execute(statement)


def test_the_audit_trail_is_whole_and_a_flipped_byte_is_found(ledger: Ledger, path: Path) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "confirmed", version=1, reviewer="wang")
    ledger.audit("wang", "export", {"file": "a.geojson"})
    assert ledger.verify_audit() == []
    data = path.read_bytes()
    place = data.index(b"a.geojson")
    path.write_bytes(data[:place] + b"b" + data[place + 1 :])
    with pytest.raises(MinewardenError, match=r"Entry 3 \(export") as refused:
        Ledger(path, "620422")
    assert refused.value.exit_code is Exit.DAMAGED


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("DROP TRIGGER audit_lasts; DELETE FROM audit WHERE seq = 2", "missing at the end"),
        ("DROP TRIGGER audit_lasts; DELETE FROM audit WHERE seq = 1", "Entry 1 is missing"),
        ("DROP TRIGGER verdicts_stay; UPDATE verdicts SET review = 'dismissed'", "is not in the audit trail"),
        ("DROP TRIGGER verdicts_last; DELETE FROM verdicts", "of the audit trail is missing"),
    ],
)
def test_tampering_behind_the_triggers_is_found(ledger: Ledger, path: Path, tampering: str, said: str) -> None:
    month(ledger, "2024-01", square(0, 0))
    ledger.record_verdict(CASE, "confirmed", version=1, reviewer="张三")
    with closing(sqlite3.connect(path)) as other:
        other.executescript(tampering)
    assert any(said in problem for problem in ledger.verify_audit())


def test_a_verdict_given_while_a_month_is_written_waits_or_is_told_so(ledger: Ledger, path: Path) -> None:
    month(ledger, "2024-01", square(0, 0))
    with Ledger(path, "620422", busy_seconds=0) as other, ledger.month("2024-02") as writer:
        writer.finish({}, [])
        assert other.open_cases("2024-01"), "reading goes on"
        with pytest.raises(MinewardenError) as busy:
            other.record_verdict(CASE, "confirmed", version=1, reviewer="张三")
    assert (busy.value.code, busy.value.exit_code) == ("MW-LEDGER-BUSY", Exit.LOCKED)
