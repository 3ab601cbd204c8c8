"""One run at a time, and nobody blocked by those that died."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import Exit, MinewardenError
from pipeline.lock import locked

ROOT = Path(__file__).parents[2]
HOLDER = "import sys; from pathlib import Path; from pipeline.lock import locked\nwith locked(Path(sys.argv[1])): print('held', flush=True); input()"


def held(output: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(output)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def refused(output: Path) -> MinewardenError:
    with pytest.raises(MinewardenError) as caught, locked(output):
        pass
    assert (caught.value.code, caught.value.exit_code) == ("MW-LOCKED", Exit.LOCKED)
    return caught.value


def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    process = held(tmp_path)
    error = refused(tmp_path)
    assert f"process {process.pid} on {platform.node()}" in error.message
    process.kill()
    process.communicate()
    assert (tmp_path / ".lock").exists()
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("host", [platform.node(), "another-computer"])
def test_what_a_dead_run_left_blocks_nobody(tmp_path: Path, host: str) -> None:
    (tmp_path / ".lock").touch()
    (tmp_path / ".lock.json").write_text(json.dumps({"pid": 2**22 - 1, "host": host, "since": "2024-09-03T02:30:00+00:00"}), "utf-8")
    with locked(tmp_path):
        assert json.loads((tmp_path / ".lock.json").read_text("utf-8"))["pid"] == os.getpid()
    assert not (tmp_path / ".lock.json").exists()


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without locks."""

    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)


@pytest.mark.usefixtures("share")
@pytest.mark.filterwarnings("ignore:flock not supported")
def test_on_a_disk_without_locks_a_dead_process_blocks_nobody_either(tmp_path: Path) -> None:
    with locked(tmp_path):
        refused(tmp_path)
        left = (tmp_path / ".lock").read_text("ascii")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / ".lock").write_text(left.replace(str(os.getpid()), str(ended.pid), 1), "ascii")
    with locked(tmp_path):
        pass


@pytest.mark.usefixtures("share")
@pytest.mark.filterwarnings("ignore:flock not supported")
def test_on_a_disk_without_locks_another_computer_has_to_be_asked(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("4711\nanother-computer\n1\n", "ascii")
    (tmp_path / ".lock.json").write_text(json.dumps({"pid": 4711, "host": "another-computer", "since": "2024-09-03T02:30:00+00:00"}), "utf-8")
    error = refused(tmp_path)
    assert "process 4711 on another-computer" in error.message
    assert f"remove {tmp_path / '.lock'}" in error.fix
