"""Crontab lines, units, and the program that is told how a run ended."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipeline import console, months, notify
from pipeline.cli import main
from pipeline.errors import Exit, MinewardenError
from pipeline.lock import locked
from tests.unit.conftest import Result, Run

POOR = {"HOME": "/nonexistent", "LOGNAME": "nobody", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
"""What cron gives a job: no locale, no virtual environment."""


def county(folder: Path, config_text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(config_text, "utf-8")
    return folder / "config.yaml"


def printed(config: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["schedule", str(config)]) == 0
    return capsys.readouterr().out


def crontab_line(text: str) -> str:
    (line,) = [line for line in text.splitlines() if re.match(r"\d", line)]
    return line


def command_of(line: str) -> str:
    """What cron hands to sh: the sixth field, up to the first bare %."""
    command = line.split(maxsplit=5)[5]
    return re.sub(r"\\%", "%", re.split(r"(?<!\\)%", command)[0])


@pytest.mark.parametrize("name", ["huining", "会宁 县", "100% \"mine\" 'x' $HOME `id` ; #"])
def test_the_line_runs_in_the_environment_of_cron(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str], name: str) -> None:
    config = county(tmp_path / name, config_text)
    line = crontab_line(printed(config, capsys))
    assert line.split(maxsplit=5)[:5] == ["30", "2", "3", "*", "*"]
    done = subprocess.run(["/bin/sh", "-c", command_of(line)], env=POOR, cwd="/", capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    said = done.stderr.decode("utf-8")
    assert said.startswith("MW-LAYER-FILE: Layer area: ")
    assert str(config.parent / "layers") in said
    assert said.count("\n") == 1


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = county(tmp_path / '会宁 100% "x" $y', config_text)
    files: dict[str, list[str]] = {}
    current: list[str] = []
    for line in printed(config, capsys).splitlines():
        if found := re.fullmatch(r"# /etc/systemd/system/(\S+)", line):
            current = files.setdefault(found[1], [])
        current.append(line)
    assert sorted(files) == ["minewarden-620422.service", "minewarden-620422.timer"]
    paths = [tmp_path / name for name in files]
    for path, lines in zip(paths, files.values(), strict=True):
        path.write_text("\n".join(lines) + "\n", "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert str(tmp_path) not in done.stderr, done.stderr


def test_a_path_that_no_crontab_can_hold(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", str(county(tmp_path / "a\nb", config_text))]) == 2
    assert "MW-SCHEDULE-PATH" in capsys.readouterr().err


@pytest.fixture
def told(tmp_path: Path, config_text: str) -> tuple[Path, Path]:
    """A config whose `notify` writes down what it is told, and that file."""
    script = "#!/bin/sh\n{ env | grep ^MINEWARDEN | sort; echo --; cat; } > told.txt\n"
    config = county(tmp_path / "county", config_text + "notify: ./tell.sh\n")
    (config.parent / "tell.sh").write_text(script, "utf-8")
    (config.parent / "tell.sh").chmod(0o755)
    return config, config.parent / "told.txt"


Put = Callable[[Run], None]


def test_the_office_is_told_of_a_run_that_went_well(told: tuple[Path, Path], job: Put) -> None:
    config, file = told
    job(lambda *_: Result(Exit.INCOMPLETE, ["2024-09: 3 flagged", "scene x was left out"]))
    assert main(["run", str(config), "--month", "2024-09", "--quiet"]) == 3
    assert file.read_text("utf-8").splitlines() == [
        "MINEWARDEN_COUNTY=会宁县", "MINEWARDEN_EXIT=3", "MINEWARDEN_MONTH=2024-09", f"MINEWARDEN_OUTPUT={config.parent / 'out'}",
        "--", "2024-09: 3 flagged", "scene x was left out",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), MinewardenError("MW-STATE-DAMAGED", "it is damaged.", "Repair.", Exit.DAMAGED), KeyboardInterrupt()]
)
def test_and_of_one_that_failed(told: tuple[Path, Path], job: Put, capsys: pytest.CaptureFixture[str], error: BaseException) -> None:
    config, file = told

    def fail(*_: object) -> Result:
        raise error

    job(fail)
    code = main(["run", str(config), "--month", "2024-09"])
    assert f"MINEWARDEN_EXIT={code}\n" in file.read_text("utf-8")
    assert file.read_text("utf-8").split("--\n")[1] == capsys.readouterr().err
    assert main(["status", str(config), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["last_run"]["exit_code"], status["last_run"]["month"]) == (code, "2024-09")
    assert any("failed: MW-" in need for need in status["needs_a_person"])


def test_and_of_a_lock(told: tuple[Path, Path]) -> None:
    config, file = told
    with locked(config.parent / "out"):
        assert main(["run", str(config), "--month", "2024-09"]) == 4
    assert "MINEWARDEN_EXIT=4\n" in file.read_text("utf-8")
    assert not (config.parent / "out" / "log" / "last-run.json").exists(), "that run did nothing"


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("./none.sh", "can't be started (No such file or directory)"),
        ("sh -c 'exit 7'", "ended with exit code 7"),
        ("sh -c 'sleep 1000 & sleep 1000'", "took more than"),
        ("sh -c 'sleep 2 & exit 0'", None),
        ("sh -c 'exec <&-; exit 0'", None),
        ("sh -c 'head -c 3000000 /dev/zero'", None),
        ("sh -c 'head -c 9000000 /dev/zero; sleep 1000'", "wrote more than 4 MB and was ended"),
    ],
)
def test_whatever_it_does_the_result_stands(
    tmp_path: Path,
    config_text: str,
    job: Put,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    wrong: str | None,
) -> None:
    monkeypatch.setattr(notify, "SECONDS", 0.3 if "head" not in command else 30)
    monkeypatch.setattr(notify, "MOST_SAID", 4_000_000)
    config = county(tmp_path / "c", config_text + f"notify: {json.dumps(command)}\n")
    job(lambda *_: Result(lines=["x" * 200_000]))
    assert main(["run", str(config), "--month", "2024-09", "--quiet"]) == 0
    err = capsys.readouterr().err
    assert (err.startswith("MW-NOTIFY") and wrong in err) if wrong else err == ""
    assert err.count("\n") == (1 if wrong else 0)


def test_a_clock_set_back_is_pointed_out(
    tmp_path: Path, config_text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = county(tmp_path / "c", config_text)
    month = config.parent / "out" / "2024-09"
    month.mkdir(parents=True)
    (month / "run.json").write_text('{"scenes": [], "coverage": {}, "outputs": []}', "utf-8")
    monkeypatch.setattr(months, "today", lambda: date(2024, 3, 3))
    assert main(["run", str(config)]) == 2
    said = capsys.readouterr().err
    assert "MW-CLOCK: The clock says 2024-03-03 (UTC), but 2024-09 is done already." in said
    assert f"remove 2024-09 from {month.parent} and run again" in said
    assert main(["doctor", str(config), "--json"]) != 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert not checks["last run"]["ok"]
    assert not checks["clock"]["ok"]


def test_logs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LOG_BYTES", 20_000)
    speaker = console.Console()
    speaker.use_log(tmp_path / "log" / "minewarden.log")
    for _ in range(11):
        console.LOGGER.error("x" * (console.LOG_BYTES // 2))
    speaker.close()
    files = list((tmp_path / "log").iterdir())
    assert len(files) == console.LOG_FILES
    assert sum(file.stat().st_size for file in files) <= console.LOG_FILES * console.LOG_BYTES


def test_the_line_names_the_program_absolutely(tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command_of(crontab_line(printed(county(tmp_path / "c", config_text), capsys))))
    assert Path(words[0]).is_absolute()
    assert os.access(words[0], os.X_OK)
