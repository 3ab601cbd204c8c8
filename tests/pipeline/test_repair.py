"""`minewarden repair`: what was damaged is as it was, finished months untouched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import memory, models, months
from pipeline.cli import main
from pipeline.config import load
from pipeline.ledger import Ledger
from pipeline.patches import likelihood
from pipeline.rebuild import plan
from tests.pipeline.conftest import MONTHS, NEXT, County


def flip(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 4
    file.write_bytes(raw)


def state_of(county: County) -> dict[str, bytes]:
    """Files of the state, but for what is read again when it is wanted: hashes, and the seasons of sites."""
    state = county.out / "state"
    kept = [f for f in state.rglob("*") if f.is_file() and f.name not in ("hashes.json", ".lock") and f.parent.name != "restoration"]
    return {str(f.relative_to(state)): f.read_bytes() for f in kept}


def repair(county: County) -> int:
    return main(["repair", str(county.config), "--quiet"])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a block of the last month": lambda state: flip(state / MONTHS[-1] / "r000c000.alert"),
    "a kept January": lambda state: flip(state / MONTHS[0] / "r000c000.alert"),
    "a baseline": lambda state: flip(state / "2024" / "r000c000.base"),
    "the first alerts of a year": lambda state: (state / "2024" / "start" / "r000c000.alert").unlink(),
    "the year's model": lambda state: (state / "2024" / "model").write_bytes(b""),
    "built-up ground, as state of an older version has none": lambda state: (state / "2024" / "built").unlink(),
    "the county's memory": lambda state: flip(state / "county.json"),
    "all of it": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_state_is_made_again_byte_by_byte(again: County, thin: County, late: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    results = again.everything()
    shutil.copytree(late, again.folder / "scenes" / late.name)  # arrived since: no part of what was made
    DAMAGE[damage](again.out / "state")
    assert repair(again) == 0
    assert {name: data for name, data in again.everything().items() if name != "ledger.sqlite"} == {
        name: data for name, data in results.items() if name != "ledger.sqlite"
    }
    assert state_of(again) == state_of(thin)
    assert repair(again) == 0


@pytest.mark.parametrize("lost", [["county.json"], ["county.json", "2024-01"], ["2024-01"]])
def test_the_first_month_is_missed_though_all_that_began_with_it_is_lost(again: County, capsys: pytest.CaptureFixture[str], lost: list[str]) -> None:
    text = again.config.read_text("utf-8")
    again.config.write_text(text.replace("monitor_from: 2024-01\n", ""), "utf-8")
    shutil.rmtree(again.out / MONTHS[0])
    for name in lost:
        file = again.out / "state" / name
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    assert repair(again) == 3
    assert f"{MONTHS[0]}: not done, or its folder is gone" in capsys.readouterr().err
    assert memory.read(again.out / "state" / "county.json").monitor_from == MONTHS[0]
    assert again.run(NEXT, "--quiet") == 2
    said = capsys.readouterr().err
    assert f"MW-MONTH-GAP: {MONTHS[0]} is not done" in said
    assert f"--replay --month {MONTHS[0]}" in said


def test_nothing_to_repair(again: County, fresh: County, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", str(again.config)]) == 0
    assert "Nothing was damaged." in capsys.readouterr().out
    assert main(["repair", str(fresh.config)]) == 0
    assert "No month is finished" in capsys.readouterr().out


def test_the_countys_memory_without_the_last_months_raster(again: County, thin: County, capsys: pytest.CaptureFixture[str]) -> None:
    """An earlier month's serves, for all have the same grid; one that is not as the run wrote it does not."""
    (again.out / "state" / "county.json").unlink()
    (again.out / MONTHS[-1] / "disturbance.tif").unlink()
    flip(again.out / MONTHS[-2] / "disturbance.tif")
    assert repair(again) == 3
    said = capsys.readouterr().err
    assert f"Made again from the results of {MONTHS[-3]}" in said
    assert f"{MONTHS[-1]}: not as the run wrote it: disturbance.tif" in said
    assert state_of(again) == state_of(thin)


def test_the_countys_memory_without_any_raster(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    (again.out / "state" / "county.json").unlink()
    for month in MONTHS:
        (again.out / month / "disturbance.tif").unlink()
    before = again.everything()
    assert repair(again) == 5
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"MW-REPAIR-MEMORY: {again.out / 'state' / 'county.json'} is gone or damaged")
    assert again.everything() == before


def _verdict(county: County, case: str, version: int) -> None:
    with Ledger(county.out / "ledger.sqlite", "620422") as ledger:
        ledger.record_verdict(case, "confirmed", version=version, reviewer="王核查")


def _standing(county: County) -> dict[str, tuple[str, str | None]]:
    with Ledger(county.out / "ledger.sqlite", "620422") as ledger:
        assert ledger.verify_audit() == []
        return {each.record.case_id: (str(each.record.review), each.record.reviewer) for each in ledger.open_cases(MONTHS[-1])}


@pytest.mark.parametrize("damage", ["an outline", "cut off", "gone", "empty"])
def test_a_damaged_ledger_is_put_back_with_what_people_said(again: County, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    before, published = _standing(again), again.bytes(MONTHS)
    first, second = sorted(before)[:2]
    _verdict(again, first, 1)
    assert again.run(MONTHS[-1], "--quiet") == 0
    _verdict(again, second, 1)
    file = again.out / "ledger.sqlite"
    match damage:
        case "an outline":
            with Ledger(file, "620422") as ledger:
                outline = max((each.draft.geometry.wkb for each in ledger.open_cases(MONTHS[-1])), key=len)
            raw = bytearray(file.read_bytes())
            raw[raw.rindex(outline[20:60]) + 30] ^= 1
            file.write_bytes(raw)
        case "cut off":
            file.write_bytes(file.read_bytes()[:5000])
        case "gone":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
    if damage != "gone":
        assert again.run(NEXT) == 5
        assert "minewarden repair" in capsys.readouterr().err
    assert main(["repair", str(again.config)]) == 3
    said = capsys.readouterr().err
    assert f"ledger-{MONTHS[-1]}.sqlite" in said
    assert "lost" in said
    saved = 1 if damage == "an outline" else 0
    assert f"taken over from the damaged file: {saved}" in said
    after = _standing(again)
    assert set(after) == set(before)
    assert after[first] == ("confirmed", "王核查")
    assert after[second][0] == ("confirmed" if saved else "pending")
    assert again.bytes(MONTHS) == published
    assert again.run(NEXT, "--quiet") == 0


def test_months_that_the_copy_does_not_know_are_made_again(again: County, thin: County, capsys: pytest.CaptureFixture[str]) -> None:
    (again.out / "ledger.sqlite").write_bytes(b"")
    for month in MONTHS[-2:]:
        (again.out / "backup" / f"ledger-{month}.sqlite").unlink()
    # Fitted since: those months are judged by what judged them then.
    models.put(load(again.config), replace(likelihood.load(), bias=-30.0))
    assert main(["repair", str(again.config)]) == 3
    assert f"Months made again, since the ledger's copy did not know them: {', '.join(MONTHS[-2:])}" in capsys.readouterr().err
    assert again.bytes(MONTHS) == thin.bytes(MONTHS)
    assert state_of(again) == state_of(thin)
    assert again.run(NEXT, "--quiet") == 0


def test_no_copy_of_the_ledger(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    before = again.bytes(MONTHS)
    (again.out / "ledger.sqlite").write_bytes(b"")
    for copy in (again.out / "backup").iterdir():
        flip(copy)
        copy.write_bytes(copy.read_bytes()[:3000])
    assert repair(again) == 5
    assert "MW-LEDGER-NO-COPY" in capsys.readouterr().err
    assert again.bytes(MONTHS) == before


def test_a_run_without_the_ledger_and_its_copies_hides_from_repair_nothing_that_is_lost(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    before = again.bytes(MONTHS)
    (again.out / "ledger.sqlite").unlink()
    shutil.rmtree(again.out / "backup")
    assert again.run(NEXT, "--quiet") == 5
    assert "MW-LEDGER-MONTH" in capsys.readouterr().err
    assert not (again.out / "ledger.sqlite").exists()
    assert repair(again) == 5
    assert "MW-LEDGER-NO-COPY" in capsys.readouterr().err
    assert again.bytes(MONTHS) == before


def test_scenes_that_changed_since_are_named(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    run = json.loads((again.out / MONTHS[-1] / "run.json").read_text("utf-8"))
    used = next(scene["id"] for scene in run["scenes"] if scene["used"])
    shutil.rmtree(again.folder / "scenes" / used)
    flip(again.out / "state" / MONTHS[-1] / "r000c000.alert")
    assert repair(again) == 3
    assert f"Scene {used}, which {MONTHS[-1]} was made from, is gone or has changed." in capsys.readouterr().err


def test_results_that_are_not_as_written_are_named(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    flip(again.out / MONTHS[1] / "disturbance.tif")
    (again.out / MONTHS[2] / "run.json").write_text("{", "utf-8")
    assert repair(again) == 3
    said = capsys.readouterr().err
    assert f"{MONTHS[1]}: not as the run wrote it: disturbance.tif" in said
    assert f"{MONTHS[2]}: not as the run wrote it: run.json" in said


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"coverage": {}, "scenes": []}'])
def test_a_finished_month_whose_run_json_is_damaged_is_named_by_whoever_reads_it(
    again: County, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = again.out / MONTHS[-1] / "run.json"
    file.write_bytes(content)
    for command in (["run", str(again.config), "--month", MONTHS[-1]], ["run", str(again.config), "--month", NEXT], ["status", str(again.config)]):
        code = main([*command])
        said = capsys.readouterr()
        if command[0] == "run" or content != b'{"coverage": {}, "scenes": []}':
            assert (code, f"MW-RESULT-DAMAGED: {file}" in said.err) == (5, True), command
    assert main(["repair", str(again.config)]) == 3
    said = capsys.readouterr()
    assert "Nothing was damaged" not in said.out + said.err
    assert f"{MONTHS[-1]}: not as the run wrote it: run.json" in said.out + said.err
    assert again.run(MONTHS[-1], "--replay", "--quiet") == 0, "as the message advises"


def test_what_has_to_be_made_in_which_order() -> None:
    every = {"2023", "2024", "2025", *months.span("2023-01", "2025-03")}

    def steps(missing: set[str], *wanted: str) -> list[str]:
        return plan(wanted, lambda item: item in every - missing, "2023-01")

    assert steps(set(), "2025-03", "2025") == []
    assert steps({"2025-02", "2025-03"}, "2025-03") == ["2025-02", "2025-03"]
    assert steps({"2025", "2024-12", "2024-11"}, "2025") == ["2024-11", "2024-12", "2025"]
    gone = {"2024", *months.span("2023-10", "2024-12")}
    assert steps(gone, "2024-02") == [*months.span("2023-10", "2023-12"), "2024", "2024-01", "2024-02"]
