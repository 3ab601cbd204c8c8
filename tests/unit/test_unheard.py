"""Runs whose words nobody reads: a pipe that was closed, streams that the caller closed, a full disk behind them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAND_IN = f"{sys.executable} -m tests.stand_in"
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(config_text, "utf-8")
    return file


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "WORK_S": "0.5"})


@pytest.mark.parametrize(
    "streams",
    [
        "2>&1 | head -1; exit ${PIPESTATUS[0]}",
        "| true; exit ${PIPESTATUS[0]}",
        "2>&-",
        ">&-",
        "<&- >&- 2>&-",
        pytest.param(">/dev/full 2>&1", marks=full),
    ],
)
def test_a_run_goes_on_to_its_end(config: Path, streams: str) -> None:
    done = shell(f"{STAND_IN} run {config} --month 2024-09 {streams}")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    out = config.parent / "out"
    assert (out / "finished").exists()
    last = json.loads((out / "log" / "last-run.json").read_text("utf-8"))
    assert (last["exit_code"], last["lines"]) == (0, ["2024-09: 3 new cases"])


def test_the_next_file_is_not_taken_for_standard_error(config: Path) -> None:
    words = "import os, sys; from pipeline.cli import main; main(['--help']); print(open(sys.argv[1], 'w').fileno()); os.write(2, b'warning')"
    done = shell(f'{sys.executable} -c "{words}" {config.parent / "result"} 2>&-')
    assert int(done.stdout.split()[-1]) > 2
    assert (config.parent / "result").read_bytes() == b""


@full
def test_an_answer_that_is_lost_is_no_success(config: Path) -> None:
    for command in ("status", "status --json"):
        done = shell(f"{STAND_IN} {command} {config} >/dev/full")
        assert done.returncode == 1
        assert done.stderr.startswith("MW-DISK-FULL: ")
        assert done.stderr.count("\n") == 1


def test_an_answer_without_a_reader_ends_without_a_word(config: Path) -> None:
    done = shell(f"{STAND_IN} status {config} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (1, "")
