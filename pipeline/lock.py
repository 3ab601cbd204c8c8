"""One run at a time for each output folder."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import Exit, MinewardenError


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Hold `<output>/.lock`; MW-LOCKED (exit 4), naming who holds it, where another process does.

    The system releases the lock when its holder ends, however it ends: a lock file that is left behind blocks nobody. On a disk
    without such locks (some network shares) the file itself is the lock; one that a dead process of this computer left is then taken over.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output / ".lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        holder, elsewhere = _holder(output)
        fix = "Wait for it to finish, or end it there."
        if elsewhere:
            fix += f" If no run works there any more (a shared disk without locks can't tell), remove {output / '.lock'}."
        raise MinewardenError("MW-LOCKED", f"Another run works in {output} ({holder}).", fix, Exit.LOCKED) from error
    except OSError as error:
        raise MinewardenError(
            "MW-OUTPUT", f"The output folder {output} can't be written ({error.strerror}).", "Check 'output' in the config."
        ) from error
    sidecar = _sidecar(output)
    try:
        who = {"pid": os.getpid(), "host": platform.node(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        sidecar.write_text(json.dumps(who), "utf-8")
        yield
    finally:
        sidecar.unlink(missing_ok=True)
        lock.release()


def _sidecar(output: Path) -> Path:
    return output / ".lock.json"


def _holder(output: Path) -> tuple[str, bool]:
    """Who holds the lock, and whether on another computer."""
    try:
        who = json.loads(_sidecar(output).read_text("utf-8"))
        return f"process {who['pid']} on {who['host']} since {who['since']}", who["host"] != platform.node()
    except (OSError, ValueError, KeyError, TypeError):
        return "it has just begun", False
