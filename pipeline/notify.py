"""Tells the office's own program how a run ended. Whatever it does, the run's result stays what it is."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 60
"""How long the program may take."""
LOG = logging.getLogger("minewarden.notify")


def send(command: str, folder: Path, lines: Sequence[str], facts: Mapping[str, str]) -> str | None:
    """Run `command` in `folder` with `lines` on its standard input and `facts` in its environment; what went wrong, or None."""
    text = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    try:
        process = subprocess.Popen(
            shlex.split(command), cwd=folder, env=os.environ | dict(facts), start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return f"can't be started ({getattr(error, 'strerror', None) or error})"
    with process:
        try:
            said, _ = process.communicate(text, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            # It may have started others, which would hold the pipes open.
            os.killpg(process.pid, signal.SIGKILL)
            return f"took more than {SECONDS} s and was ended"
    LOG.info("notify: exit %s: %s", process.returncode, said[-2000:].decode("utf-8", "replace").strip())
    return f"ended with exit code {process.returncode}" if process.returncode else None
