"""Tells the office's own program how a run ended. Whatever it does, the run's result stays what it is."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

SECONDS = 60
"""How long the program may take."""
MOST_SAID = 50_000_000
"""Bytes of its output, which are held in memory."""
LOOK_S = 0.02
"""How often it is looked at."""
LOG = logging.getLogger("minewarden.notify")


def send(command: str, folder: Path, lines: Sequence[str], facts: Mapping[str, str]) -> str | None:
    """Run `command` in `folder` with `lines` on its standard input and `facts` in its environment; what went wrong, or None. Never raises."""
    text = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    # Files, not pipes: what it starts in the background would hold those open. In memory: the disk may be full, which is when it matters.
    try:
        with _memory() as given, _memory() as told:
            given.write(text)
            given.seek(0)
            process = subprocess.Popen(
                shlex.split(command), cwd=folder, env=os.environ | dict(facts), start_new_session=True,
                stdin=given, stdout=told, stderr=subprocess.STDOUT,
            )  # fmt: skip
            with process:
                if wrong := _watch(process, told):
                    return wrong
            told.seek(max(told.seek(0, os.SEEK_END) - 2000, 0))
            said = told.read()
    except (OSError, ValueError) as error:
        return f"can't be started ({getattr(error, 'strerror', None) or error})"
    LOG.info("notify: exit %s: %s", process.returncode, said.decode("utf-8", "replace").strip())
    return f"ended with exit code {process.returncode}" if process.returncode else None


def _memory() -> BinaryIO:
    return open(os.memfd_create("notify"), "w+b", buffering=0)


def _watch(process: subprocess.Popen[bytes], told: BinaryIO) -> str | None:
    """Wait for its end; why it was ended before, or None."""
    last = time.monotonic() + SECONDS
    while process.poll() is None:
        wrong = f"took more than {SECONDS} s" if time.monotonic() > last else ""
        if os.fstat(told.fileno()).st_size > MOST_SAID:
            wrong = f"wrote more than {MOST_SAID // 1_000_000} MB"
        if wrong:
            os.killpg(process.pid, signal.SIGKILL)  # and what it has started
            return f"{wrong} and was ended"
        time.sleep(LOOK_S)
    return None
