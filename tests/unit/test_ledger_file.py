"""The ledger's file: whole months, replays, damage and versions."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from shapely.geometry import box

from pipeline.errors import Exit, MinewardenError
from pipeline.ledger import Kind, Ledger, database, migrations
from tests.unit.test_ledger_identity import records, run, square


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def refusal(path: Path) -> MinewardenError:
    with pytest.raises(MinewardenError) as refused:
        Ledger(path, "620422")
    return refused.value


def test_months_and_facts_are_remembered(path: Path) -> None:
    with Ledger(path, "620422") as ledger:
        assert (ledger.months(), ledger.last_month(), ledger.facts("2024-01")) == ([], None, None)
        with ledger.month("2024-01") as writer:
            writer.finish({"observed_fraction": 0.9}, [{"id": "S2A", "sha256": "ab"}])
    with Ledger(path, "620422") as ledger:
        facts = ledger.facts("2024-01")
        assert facts is not None
        assert (facts.facts, facts.scenes) == ({"observed_fraction": 0.9}, ({"id": "S2A", "sha256": "ab"},))
        assert ledger.last_month() == "2024-01"


def test_a_month_that_fails_leaves_nothing(path: Path) -> None:
    def fail(ledger: Ledger) -> None:
        with ledger.month("2024-01") as writer:
            writer.identify_patches([square(0, 0)], [1.0], ["confirmed"], [("", 0.0, 0.0)])
            raise OSError("disk")

    with Ledger(path, "620422") as ledger:
        with pytest.raises(OSError, match="disk"):
            fail(ledger)
        with pytest.raises(RuntimeError, match="not finished"), ledger.month("2024-01"):
            pass
        assert ledger.months() == []
        assert run(ledger, "2024-01", [square(0, 0)]) == ["620422-2024-000001"]


def test_a_month_made_again_from_the_same_input_is_the_same(path: Path) -> None:
    grounds = {"2024-01": [square(0, 0), square(500, 0)], "2024-02": [box(0, 0, 620, 100), square(0, 900)], "2024-03": [square(0, 900, 130)]}
    with Ledger(path, "620422") as ledger:
        first = {month: records(ledger, month, ground) for month, ground in grounds.items()}
        for keep_ids in (False, True, False):
            assert ledger.forget_from("2024-02", keep_ids=keep_ids) == 2
            assert ledger.forget_from("2024-02") == 0
            assert ledger.months() == ["2024-01"]
            assert {month: records(ledger, month, grounds[month]) for month in grounds if month > "2024-01"} == {
                m: first[m] for m in grounds if m > "2024-01"
            }
        again = {month: records(ledger, month, ground) for month, ground in grounds.items()}
        assert again == first
        assert ledger.verify_audit() == []


def test_forgotten_numbers_start_over_but_for_those_with_a_verdict(path: Path) -> None:
    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [square(0, 900), square(0, 600), square(0, 300)])
        ledger.record_verdict("620422-2024-000002", "confirmed", version=1, reviewer="张三")
        ledger.forget_from("2024-01")
        assert run(ledger, "2024-01", [square(500, 300), square(0, 600, 110), square(500, 0)]) == [
            "620422-2024-000001",
            "620422-2024-000002",
            "620422-2024-000003",
        ]
        ledger.forget_from("2024-01")
        assert run(ledger, "2024-01", [square(500, 900), square(500, 300)]) == ["620422-2024-000001", "620422-2024-000003"]
        (back,) = records(ledger, "2024-02", [square(0, 600)])
        assert (back.case_id, back.version) == ("620422-2024-000002", 2)


def test_a_replay_keeps_every_id_and_gives_new_ground_a_new_one(path: Path) -> None:
    with Ledger(path, "620422") as ledger:
        first = records(ledger, "2024-01", [square(0, 600), square(0, 300)])
        later = records(ledger, "2024-02", [square(0, 600), square(0, 300), square(0, 0)])
        ledger.forget_from("2024-01", keep_ids=True)
        # A late scene shows ground further north, and the third case a month earlier.
        again = records(ledger, "2024-01", [square(0, 900), square(0, 600), square(0, 300), square(0, 0)])
        assert [each.case_id for each in again[1:]] == [each.case_id for each in later]
        assert [each.patch_id for each in again[1:]] == [each.patch_id for each in later]
        assert [each.case_id for each in again[1:3]] == [each.case_id for each in first]
        assert (again[0].case_id, again[0].patch_id) == ("620422-2024-000004", "620422-P2024-00004")


def test_a_merge_is_undone_when_its_month_is_forgotten(path: Path) -> None:
    with Ledger(path, "620422") as ledger:
        apart = run(ledger, "2024-01", [square(0, 0), square(200, 0)])
        run(ledger, "2024-02", [box(0, 0, 300, 100)])
        ledger.forget_from("2024-02")
        assert run(ledger, "2024-02", [square(0, 0), square(200, 0)]) == apart


def test_a_newer_ledger_is_refused(path: Path) -> None:
    Ledger(path, "620422").close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    error = refusal(path)
    assert (error.code, error.exit_code) == ("MW-LEDGER-VERSION", Exit.DAMAGED)


def test_an_older_ledger_is_brought_up_to_date_and_a_failing_step_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [square(0, 0)])
    monkeypatch.setattr(database, "MIGRATIONS", (*migrations.MIGRATIONS, "CREATE TABLE a (x); CREATE TABLE a (x);"))
    with pytest.raises(sqlite3.OperationalError):
        Ledger(path, "620422")
    monkeypatch.setattr(database, "MIGRATIONS", (*migrations.MIGRATIONS, "ALTER TABLE case_months ADD COLUMN photo TEXT;"))
    with Ledger(path, "620422") as ledger:
        assert ledger.months() == ["2024-01"]
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS) + 1,)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 300, b"SQLite format 3\x00" + bytes(3000)])
def test_a_file_that_is_no_ledger_is_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    error = refusal(path)
    assert (error.code, error.exit_code) == ("MW-LEDGER-DAMAGED", Exit.DAMAGED)
    assert str(path) in error.message


def test_another_sqlite_file_is_not_taken_for_a_ledger(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE a (x)")
    assert refusal(path).code == "MW-LEDGER-DAMAGED"


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_truncated_ledger_is_refused(path: Path, share: float) -> None:
    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [square(300 * k, 0) for k in range(40)])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path).exit_code is Exit.DAMAGED


def test_a_flipped_bit_in_an_outline_is_found_on_opening(path: Path) -> None:
    ground = square(123.25, 0)
    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [ground])
    data = bytearray(path.read_bytes())
    data[data.index(bytes(ground.wkb)) + 30] ^= 1
    path.write_bytes(data)
    error = refusal(path)
    assert error.code == "MW-LEDGER-DAMAGED"
    assert "2024-01" in error.message


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "none" / "ledger.sqlite")
    assert (error.code, error.exit_code) == ("MW-LEDGER-FILE", Exit.BAD_INPUT)
    assert not (tmp_path / "none").exists()


def test_the_file_suits_network_drives(path: Path) -> None:
    with Ledger(path, "620422") as ledger:
        (journal,) = ledger._connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = ledger._connection.execute("PRAGMA synchronous").fetchone()
    assert (journal, synchronous) == ("delete", 2)
    assert [each.name for each in path.parent.iterdir()] == ["ledger.sqlite"]


def _content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as other:
        return list(other.iterdump())


def test_a_flipped_byte_anywhere_is_found_or_changes_nothing(path: Path) -> None:
    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [square(300 * k, 0) for k in range(3)])
        run(ledger, "2024-02", [box(0, 0, 400, 100)])
        ledger.record_verdict("620422-2024-000001", "confirmed", version=1, reviewer="张三", note="现场核实")
    whole, content = path.read_bytes(), _content(path)
    chance, noticed, wrong = random.Random(1), 0, []
    places = [*range(100), *(chance.randrange(len(whole)) for _ in range(200))]
    for name in (b"620422-2024-000002", b"verdicts_stay", "现场".encode(), b"MULTIPOLYGON"):
        places += [whole.find(name) + k for k in range(len(name)) if name in whole]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ chance.choice((1, 2, 16, 128, 255))]) + whole[place + 1 :])
        try:
            Ledger(path, "620422").close()
            assert _content(path) == content, place
        except MinewardenError as error:
            said = error.exit_code, str(path) in error.message, place
            noticed += 1
            wrong += [] if said[:2] == (Exit.DAMAGED, True) else [said]
    assert wrong == []
    assert noticed > 100


def test_an_older_ledger_is_sealed_when_it_is_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(database, "MIGRATIONS", migrations.MIGRATIONS[:1])
        with Ledger(path, "620422") as ledger:
            run(ledger, "2024-01", [square(0, 0)])
    with Ledger(path, "620422") as ledger:
        assert ledger.months() == ["2024-01"]
    data = path.read_bytes()
    path.write_bytes(data.replace(b"620422-2024-000001", b"620422-2024-000007"))
    assert refusal(path).code == "MW-LEDGER-DAMAGED"


def test_a_ledger_of_the_version_before_is_checked_by_its_own_seal_and_then_sealed_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(database, "MIGRATIONS", migrations.MIGRATIONS[:4])
        with Ledger(path, "620422") as ledger:
            run(ledger, "2024-01", [square(0, 0)])
            ledger.record_verdict("620422-2024-000001", "confirmed", version=1, reviewer="张三")
    whole = path.read_bytes()
    path.write_bytes(whole.replace("张三".encode(), "李四".encode(), 1))
    assert refusal(path).code == "MW-LEDGER-DAMAGED"
    path.write_bytes(whole)
    with Ledger(path, "620422") as ledger:
        ledger.record_verdict("620422-2024-000001", "dismissed", version=2, reviewer="张三")
    with Ledger(path, "620422") as ledger:
        assert (ledger.verify_audit(), len(ledger.standings()["620422-2024-000001"].verdicts)) == ([], 2)


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE verdicts SET review = 'dismissed'",
        "INSERT INTO verdicts VALUES ('620422-2024-000001', 2, 'dismissed', NULL, NULL, '张三', '2024-10-01T00:00:00Z', 1.0)",
        "DELETE FROM verdicts",
        'UPDATE events SET detail = \'{"judgement":"合法"}\'',
        "DELETE FROM events",
        "UPDATE audit SET actor = '李四' WHERE action = 'event'",
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
        "UPDATE cases SET first_month = '2023-12'",
        "UPDATE patches SET first_month = '2023-12'",
        "INSERT INTO merges VALUES ('case', '620422-2024-000001', '620422-2024-000009', '2024-01')",
        "DELETE FROM case_months",
        "UPDATE settings SET value = value || '0' WHERE key = 'content'",
        "UPDATE months SET facts = '{\"a\":1}'",
    ],
)
def test_what_somebody_alters_by_hand_is_found_on_opening(path: Path, forgery: str) -> None:
    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [square(0, 0)])
        ledger.record_verdict("620422-2024-000001", "confirmed", version=1, reviewer="张三")
        ledger.record_event("620422-2024-000001", Kind.VERDICT, key="k", version=2, actor="张三", detail={"judgement": "违法"})
    with closing(sqlite3.connect(path)) as other:
        guards = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
        for name, _ in guards:
            other.execute(f"DROP TRIGGER {name}")
        if forgery.startswith("DROP"):
            guards = guards[1:]
        else:
            other.execute(forgery)
        for _, sql in guards:
            other.execute(sql)
        other.commit()
    assert refusal(path).code == "MW-LEDGER-DAMAGED"


def test_a_verdict_costs_as_much_after_a_thousand_others_as_after_ten(path: Path) -> None:
    """Counted in steps of SQLite's machine, in thousands."""

    def steps(ledger: Ledger, case_id: str) -> int:
        counted = []
        ledger._connection.set_progress_handler(lambda: counted.append(1), 1000)
        ledger.record_verdict(case_id, "confirmed", version=1, reviewer="张三")
        ledger._connection.set_progress_handler(None, 0)
        return len(counted)

    with Ledger(path, "620422") as ledger:
        run(ledger, "2024-01", [square(300 * k, 0) for k in range(1002)])
        ids = sorted(ledger.case_ids())
        with ledger.transaction():
            for case_id in ids[:10]:
                ledger.record_verdict(case_id, "confirmed", version=1, reviewer="张三")
        few = steps(ledger, ids[-1])
        with ledger.transaction():
            for case_id in ids[10:1000]:
                ledger.record_verdict(case_id, "confirmed", version=1, reviewer="张三")
        assert steps(ledger, ids[-2]) <= few + 1
