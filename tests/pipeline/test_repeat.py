"""The same inputs give the same bytes: for any block, any number of threads, month by month, after any interruption."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.ledger import Ledger
from tests.contract import shortcomings
from tests.pipeline.conftest import MONTHS, NEXT, ROOT, County


@pytest.mark.parametrize(("block", "workers", "at_once"), [(64, 1, False), (128, 2, True)])
def test_neither_blocks_nor_workers_nor_the_number_of_runs_matter(fresh: County, thin: County, block: int, workers: int, at_once: bool) -> None:
    fresh.add(f"compute: {{block: {block}, memory_mb: 100}}\n")
    for month in MONTHS[-1:] if at_once else MONTHS:
        assert fresh.run(month, "--workers", str(workers), "--quiet") in (0, 3)
    assert fresh.bytes(MONTHS) == thin.bytes(MONTHS)
    assert [fresh.scenes(month) for month in MONTHS] == [thin.scenes(month) for month in MONTHS]


def _start(county: County) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]
    return subprocess.Popen(
        [*command, "run", str(county.config), "--month", MONTHS[-1], "--quiet"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.002)


def test_killed_runs_leave_no_trace(fresh: County, thin: County, capsys: pytest.CaptureFixture[str]) -> None:
    fresh.add("compute: {block: 128}\n")
    chance = random.Random(os.environ.get("MINEWARDEN_SEED", "1"))
    reached: list[Callable[[], bool]] = [
        lambda: any((fresh.out / "state" / "2024").glob("*.base")),
        lambda: (fresh.out / MONTHS[0]).exists(),
        lambda: (fresh.out / f"{MONTHS[2]}.partial").exists() or (fresh.out / MONTHS[2]).exists(),
    ]
    for number, condition in enumerate(reached):
        process = _start(fresh)
        try:
            _wait(condition, process)
            if number == 0:
                assert fresh.run(MONTHS[-1]) == 4
                assert "MW-LOCKED" in capsys.readouterr().err
            time.sleep(chance.uniform(0, 0.3))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for month in MONTHS:
            if (fresh.out / month).exists():
                assert shortcomings(fresh.out / month) == []
    assert fresh.run(MONTHS[-1], "--quiet") == 0
    assert fresh.bytes(MONTHS) == thin.bytes(MONTHS)
    assert not list(fresh.out.glob("*.partial"))


def test_a_replay_without_news_changes_nothing(again: County, thin: County) -> None:
    assert again.run(MONTHS[3], "--replay", "--quiet") == 0
    assert again.bytes(MONTHS) == thin.bytes(MONTHS)
    assert list(again.bytes([f"{MONTHS[-1]}.replaced"]).values()) == list(thin.bytes(MONTHS[-1:]).values())


def test_a_replay_uses_late_scenes_and_keeps_ids_and_verdicts(again: County, late: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.cli import main

    before = {row["id"]: row for row in again.rows(MONTHS[-1])}
    sure = {each for each, row in before.items() if row["mining_likelihood"] is None or row["mining_likelihood"] >= 0.7}
    case = before[max(sure, key=lambda each: before[each]["area_m2"])]
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        ledger.record_verdict(case["id"], "confirmed", version=case["version"], reviewer="王核查", reason="现场核实")
    name = late.name
    shutil.copytree(late, again.folder / "scenes" / name)
    assert again.run(MONTHS[-1], "--quiet") == 0, "a finished month is never changed silently"
    assert main(["status", str(again.config), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert [scene["id"] for scene in status["late_scenes"]] == [name]
    month = MONTHS[-1]
    assert any(f"--replay --month {month}" in need for need in status["needs_a_person"])

    assert again.run(month, "--replay", "--quiet") == 0
    run = json.loads((again.out / month / "run.json").read_text("utf-8"))
    assert name in [scene["id"] for scene in run["scenes"] if scene["used"]]
    after = {row["id"]: row for row in again.rows(month)}
    # What is open to doubt may go where one more look speaks against it; its number is never given to other ground.
    assert len(sure) >= 5
    assert sure <= set(after)
    assert all(before[each]["patch_id"] == after[each]["patch_id"] for each in set(before) & set(after))
    assert min(set(after) - set(before), default="~") > max(before)
    assert (after[case["id"]]["review"], after[case["id"]]["reviewer"]) == ("confirmed", "王核查")
    other = [each for each in sure if (before[each]["finding"], before[each]["right_id"]) != (after[each]["finding"], after[each]["right_id"])]
    assert len(other) <= 1
    assert (again.out / f"{month}.replaced" / "flagged.geojson").is_file()
    assert main(["status", str(again.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["late_scenes"] == []


@pytest.mark.parametrize(
    "file", [f"state/{MONTHS[-1]}/r000c000.alert", "state/2024/r000c000.base", "state/2024/model", "state/county.json", "ledger.sqlite"]
)
@pytest.mark.parametrize("where", [0.1, 0.6])
def test_a_flipped_byte_stops_the_run_and_is_named(again: County, capsys: pytest.CaptureFixture[str], file: str, where: float) -> None:
    before = again.bytes(MONTHS)
    path = again.out / file
    raw = bytearray(path.read_bytes())
    at = int(len(raw) * where)
    if file == "ledger.sqlite":
        with Ledger(path, "620422") as ledger:
            outline = max((each.draft.geometry.wkb for each in ledger.open_cases(MONTHS[-1])), key=len)
        at = raw.rindex(outline[20:60]) + 30
    raw[at] ^= 0x10
    path.write_bytes(raw)
    assert again.run(NEXT) == 5
    said = capsys.readouterr().err
    assert str(path) in said
    assert "DAMAGED" in said
    assert f"minewarden repair {again.config}'" in said
    assert not (again.out / NEXT).exists()
    assert again.bytes(MONTHS) == before


@pytest.mark.parametrize(("file", "last"), [(f"state/{MONTHS[-1]}/r000c000.alert", MONTHS[-1]), ("state/2024/r000c000.base", MONTHS[0])])
def test_damaged_state_is_made_again_by_a_replay(again: County, thin: County, file: str, last: str) -> None:
    for month in MONTHS[MONTHS.index(last) + 1 :]:
        shutil.rmtree(again.out / month)
    path = again.out / file
    path.write_bytes(path.read_bytes()[:-1])
    assert again.run(last, "--replay", "--quiet") == 0
    assert again.bytes([last]) == thin.bytes([last])


def test_a_cut_off_cache_of_hashes_costs_nothing_but_time(again: County) -> None:
    (again.out / "state" / "hashes.json").write_text("{", "utf-8")
    assert again.run(NEXT, "--quiet") == 0


def test_a_ledger_that_lags_behind_is_not_built_upon(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        ledger.forget_from(MONTHS[-1], keep_ids=True)
    assert again.run(NEXT) == 5
    said = capsys.readouterr().err
    assert MONTHS[-1] in said
    assert f"minewarden repair {again.config}'" in said
    assert again.run(MONTHS[-1], "--replay", "--quiet") == 0
    assert again.run(NEXT, "--quiet") == 0


def test_a_hole_in_the_months_is_pointed_out(again: County, thin: County, capsys: pytest.CaptureFixture[str]) -> None:
    (again.out / MONTHS[3]).rename(again.out / "elsewhere")
    assert again.run(NEXT) == 2
    assert f"--replay --month {MONTHS[3]}" in capsys.readouterr().err
    assert again.run(MONTHS[-1], "--replay", "--quiet") == 0
    assert again.bytes(MONTHS) == thin.bytes(MONTHS)
