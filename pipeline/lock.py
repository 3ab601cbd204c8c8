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

    The system releases the lock when its holder ends, however it ends: a lock file that is left behind blocks nobody.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output / ".lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        fix = "Wait for it to finish, or end it there."
        raise MinewardenError("MW-LOCKED", f"Another run works in {output} ({_holder(output)}).", fix, Exit.LOCKED) from error
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


def _holder(output: Path) -> str:
    try:
        who = json.loads(_sidecar(output).read_text("utf-8"))
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has just begun"
