"""What commands say where neither the log nor a temporary file finds room."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipeline import console
from pipeline.cli import main
from tests.unit.conftest import Result, Run

FULL = Path("/dev/full")
"""Takes nothing, as a disk without room."""
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(config_text, "utf-8")
    return file


def no_room(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@needs_full
@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "No space left on device"), None])
def test_a_log_on_a_full_disk_adds_no_word(
    config: Path, job: Callable[[Run], None], capsys: pytest.CaptureFixture[str], raised: OSError | None
) -> None:
    logs = config.parent / "out" / "log"
    logs.mkdir(parents=True)
    (logs / "minewarden.log").symlink_to(FULL)

    def run(*_: Any) -> Result:
        console.LOGGER.info("a line that waits for room")
        if raised:
            raise raised
        return Result()

    job(run)
    assert main(["run", str(config), "--month", "2024-09", "--quiet"]) == (1 if raised else 0)
    err = capsys.readouterr().err
    assert err.startswith("MW-DISK-FULL: ") if raised else err == ""
    assert err.count("\n") == (1 if raised else 0)


def test_a_fault_that_no_place_takes_is_still_one_line(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tempfile, "mkstemp", no_room)
    monkeypatch.setattr("pipeline.commands.status.open_project", lambda *_: 1 / 0)
    assert main(["status", str(config)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("MW-FAULT: ")
    assert "No log could be written" in line


def test_the_office_is_told_where_no_temporary_file_can_be_made(
    config: Path, job: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('notify: sh -c "cat > told; echo done"\n')
    for name in ("gettempdir", "mkstemp", "_get_default_tempdir", "_candidate_tempdir_list"):
        monkeypatch.setattr(tempfile, name, no_room)
    monkeypatch.setattr(tempfile, "tempdir", None)
    job(no_room)
    assert main(["run", str(config), "--month", "2024-09"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("MW-DISK-FULL: ")
    assert (config.parent / "told").read_text("utf-8") == err
    assert "notify: exit 0: done" in (config.parent / "out" / "log" / "minewarden.log").read_text("utf-8")
