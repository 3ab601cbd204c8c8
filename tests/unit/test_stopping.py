"""Runs that are told to stop, by the keyboard, the system or a terminal that is closed: said, noted, told, and begun again without harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import stopping
from pipeline.cli import main
from pipeline.lock import locked

ROOT = Path(__file__).parents[2]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(config_text + "notify: ./tell.sh\n", "utf-8")
    (tmp_path / "tell.sh").write_text("#!/bin/sh\necho exit $MINEWARDEN_EXIT > told; sleep 0.5; cat >> told\n", "utf-8")
    (tmp_path / "tell.sh").chmod(0o755)
    return file


def started(config: Path, *before: str, work_s: float = 60) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-m", "tests.stand_in", "run", str(config), "--month", "2024-09", "--quiet"]
    environment = os.environ | {"WORK_S": str(work_s)}
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def wait_for(file: Path) -> None:
    end = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < end, f"{file} never came"
        time.sleep(0.02)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_that_is_stopped_says_notes_and_tells_it(config: Path, number: signal.Signals) -> None:
    out = config.parent / "out"
    (out / "log").mkdir(parents=True)
    process = started(config)
    wait_for(out / "working")
    process.send_signal(number)
    wait_for(config.parent / "told")
    process.send_signal(number)  # while the office is told
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert said == f"MW-STOPPED: {stopping.WHY[number]} Fix: Give the command again; what was finished is kept.\n"
    last = json.loads((out / "log" / "last-run.json").read_text("utf-8"))
    assert (last["exit_code"], last["lines"]) == (1, [said.rstrip("\n")])
    assert (config.parent / "told").read_text("utf-8") == f"exit 1\n{said}"
    assert not (out / ".lock.json").exists()
    with locked(out):
        pass


def test_a_run_under_nohup_outlives_its_terminal(config: Path) -> None:
    process = started(config, "nohup", work_s=1)
    wait_for(config.parent / "out" / "working")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_stop_before_any_command_has_begun(number: signal.Signals) -> None:
    code = """
import os, signal, sys
class Import:
    def find_spec(self, name, *_):
        if name == "yaml":
            try:
                os.kill(os.getpid(), int(sys.argv[1]))
            except KeyboardInterrupt:
                sys.excepthook(*sys.exc_info())
                raise ImportError("as modules in C print it and turn it into")
sys.meta_path.insert(0, Import())
from pipeline.cli import main
sys.exit(main(["status", "config.yaml"]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(int(number))], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("MW-STOPPED: ")
    assert done.stderr.count("\n") == 1


def test_a_stop_that_a_library_turned_into_something_else(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def load(*_: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt:
            raise ImportError("numpy failed to import") from None

    monkeypatch.setattr("pipeline.layers.load", load)
    assert main(["run", str(config), "--month", "2024-09"]) == 1
    assert capsys.readouterr().err.startswith("MW-STOPPED: ")


def test_handlers_are_lent(config: Path) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    assert main(["status", str(config)]) == 0
    assert [signal.getsignal(number) for number in SIGNALS] == before
