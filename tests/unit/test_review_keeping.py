"""The ledger's own backup and restore, and the list of who saw and did what."""

from __future__ import annotations

import contextlib
import csv
import os
import sqlite3
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.ledger import Ledger, Review, audit, backup, database
from pipeline.ledger.judgements import Judgement
from pipeline.ledger.steps import Step
from pipeline.review import decide
from pipeline.review.known import SEEN
from tests.unit.test_ledger_identity import run, square
from tests.unit.test_review_lists import case, config  # noqa: F401
from tests.unit.test_review_rules import TODAY, say, write


@pytest.fixture
def path(config: Path) -> Path:  # noqa: F811
    return config.parent / "out" / "ledger.sqlite"


def backed_up(config: Path, folder: Path) -> Path:  # noqa: F811
    assert main(["review", "backup", str(config), str(folder)]) == 0
    (file,) = folder.glob("ledger-620422-*.sqlite")
    return file


def test_a_copy_comes_back_with_what_was_said_since(config: Path, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    with Ledger(path, "620422") as ledger:
        say(ledger, write("a", case=case(1)))
    copy = backed_up(config, tmp_path / "disk")
    with Ledger(path, "620422") as ledger:
        say(ledger, write("b", case=case(2)), Review.DISMISSED, "耕作")
    assert main(["review", "restore", str(config), str(copy)]) == 0
    assert "nothing to put back" in capsys.readouterr().out
    data = path.read_bytes()
    path.write_bytes(data.replace(case(3).encode(), case(9).encode(), 1))
    assert main(["review", "restore", str(config), str(copy)]) == 0
    assert "ledger.sqlite.damaged" in capsys.readouterr().out
    with Ledger(path, "620422") as ledger:
        assert (ledger.standings().keys(), ledger.verify_audit()) == ({case(1), case(2)}, [])
    path.unlink()
    assert main(["review", "restore", str(config), str(copy)]) == 0
    with Ledger(path, "620422") as ledger:
        assert ledger.standings().keys() == {case(1)}
    assert sorted(each.name for each in path.parent.glob("ledger*")) == ["ledger.sqlite", "ledger.sqlite.damaged"]


def test_a_copy_that_can_not_be_put_back_changes_nothing(config: Path, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    strange, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    strange.write_text("no ledger", "utf-8")
    with Ledger(other, "620421") as ledger:
        run(ledger, "2024-07", [square(0, 0)])
    whole = path.read_bytes()
    for file in (strange, other, tmp_path / "none.sqlite"):
        assert main(["review", "restore", str(config), str(file)]) in (2, 5)
        assert "MW-LEDGER-COPY" in capsys.readouterr().err
    assert main(["review", "backup", str(config), str(strange)]) == 2
    assert path.read_bytes() == whole
    assert [each.name for each in path.parent.glob("ledger*")] == ["ledger.sqlite"]


def test_a_copy_older_than_the_months_says_what_to_do(config: Path, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    copy = tmp_path / "early.sqlite"
    Ledger(copy, "620422").close()
    with Ledger(copy, "620422") as ledger:
        ledger.audit("minewarden", "note", {})
    path.unlink()
    assert main(["review", "restore", str(config), str(copy)]) == 3
    assert "minewarden repair" in capsys.readouterr().err


def test_a_copy_of_another_course_says_what_is_lost(config: Path, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    """An early copy was put back and worked on; then a later one of before turns up."""
    early, late = tmp_path / "early.sqlite", tmp_path / "late.sqlite"
    with Ledger(path, "620422") as ledger:
        ledger.copy_to(early)
        say(ledger, write("a", case=case(1)))
        ledger.copy_to(late)
    path.unlink()
    assert main(["review", "restore", str(config), str(early)]) == 0
    with Ledger(path, "620422") as ledger:
        say(ledger, write("b", case=case(2)))
    capsys.readouterr()
    assert main(["review", "restore", str(config), str(late)]) == 3
    assert "1 verdict(s) or step(s) in ledger.sqlite.damaged" in capsys.readouterr().err
    with Ledger(path, "620422") as ledger:
        assert ledger.standings().keys() == {case(1)}


def test_a_kill_while_a_copy_is_put_back_loses_nothing(config: Path, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    copy = backed_up(config, tmp_path / "disk")
    with Ledger(path, "620422") as ledger:
        say(ledger, write("a", case=case(1)))
    data = path.read_bytes()
    path.write_bytes(data.replace(case(3).encode(), case(9).encode(), 1))

    def until_the_last(source: Path, target: Path) -> None:
        if target == path:
            raise KeyboardInterrupt
        os.rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.ledger.backup.os.replace", until_the_last)
        with pytest.raises(KeyboardInterrupt):
            backup.put_back(path, copy)
    backup.put_back(path, copy)
    with Ledger(path, "620422") as ledger:
        assert (ledger.standings().keys(), ledger.verify_audit()) == ({case(1)}, [])


def test_a_journal_that_a_kill_left_is_not_played_into_the_copy(config: Path, path: Path, tmp_path: Path) -> None:  # noqa: F811
    copy = backed_up(config, tmp_path / "disk")
    with Ledger(path, "620422") as ledger:
        for number in range(200):
            ledger.audit("王核查", SEEN, {"reviewer": "王核查", "cases": [case(number)]})
    journal = database.journal_of(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as killed:
        killed.row_factory = sqlite3.Row
        killed.execute("PRAGMA cache_size = 1")
        killed.execute("BEGIN IMMEDIATE")
        for _ in range(200):
            audit.append(killed, "2024-10-01T00:00:00Z", "李复核", "note", {"said": "x" * 100})
        left = journal.read_bytes()
    for begin in (lambda: main(["review", "restore", str(config), str(copy)]), lambda: Ledger(path, "620422").close()):
        path.unlink()
        journal.write_bytes(left)
        begin()
        with Ledger(path, "620422") as ledger:
            assert ledger.verify_audit() == []


def test_who_saw_and_did_what(config: Path, path: Path) -> None:  # noqa: F811
    assert main(["review", "user", "add", str(config), "王核查", "--role", "reviewer"]) == 0
    with Ledger(path, "620422") as ledger:
        ledger.audit("minewarden", "flight", {"flight": "20240705-0a1b2c3d"})
        ledger.audit("王核查", SEEN, {"reviewer": "王核查", "cases": [case(1), case(2)]})
        say(ledger, write("a", case=case(1)), judgement=Judgement.UNLAWFUL)
        decide.audit(ledger, write("b", 2, "李复核", case(1)), False, "像耕地")
        decide.step(ledger, write("c", 2, case=case(1)), Step.FIELD_CHECKED, TODAY, "会自然资核〔2024〕7号", None, TODAY)
        decide.undo(ledger, write("d", 2, case=case(1)))

    def told(*options: str) -> list[tuple[str, str, str, str]]:
        assert main(["review", "log", str(config), *options]) == 0
        with (path.parent / "review" / "log.csv").open(encoding="utf-8-sig", newline="") as file:
            return [(row["人员"], row["事项"], row["图斑编号"], row["内容"]) for row in csv.DictReader(file)]

    assert told("--case", case(1)) == [
        ("王核查", "查看", case(1), ""),
        ("王核查", "核实", case(1), "已确认"),
        ("王核查", "判定", case(1), "违法"),
        ("李复核", "复核", case(1), "不同意 像耕地"),
        ("王核查", "处置", case(1), "实地核查 2024-09-30 会自然资核〔2024〕7号"),
        ("王核查", "核实", case(1), "待核实"),
        ("王核查", "判定", case(1), "撤销第 1 次核实"),
    ]
    assert told("--person", "李复核") == [("李复核", "复核", case(1), "不同意 像耕地")]
    (added,) = [row for row in told() if row[1] == "人员"]
    assert "王核查" in added[3]
    assert not any(what.isascii() for _, what, _, _ in told())
    assert len(told()) > len(told("--since", "2999-01-01")) == 0
    assert main(["review", "log", str(config), "--since", "2024-13"]) == 2
