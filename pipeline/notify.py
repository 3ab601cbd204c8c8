"""Tells the office's own program how a run ended. Whatever it does, the run's result stays what it is."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

SECONDS = 60
"""How long the program may take."""
LOG = logging.getLogger("minewarden.notify")


def send(command: str, folder: Path, lines: Sequence[str], facts: Mapping[str, str]) -> str | None:
    """Run `command` in `folder` with `lines` on its standard input and `facts` in its environment; what went wrong, or None."""
    text = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    # Files, not pipes: what it starts in the background would hold those open.
    with TemporaryFile() as given, TemporaryFile() as told:
        given.write(text)
        given.seek(0)
        try:
            process = subprocess.Popen(
                shlex.split(command), cwd=folder, env=os.environ | dict(facts), start_new_session=True,
                stdin=given, stdout=told, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return f"can't be started ({getattr(error, 'strerror', None) or error})"
        with process:
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # and what it has started
                return f"took more than {SECONDS} s and was ended"
        told.seek(max(told.seek(0, os.SEEK_END) - 2000, 0))
        said = told.read()
    LOG.info("notify: exit %s: %s", process.returncode, said.decode("utf-8", "replace").strip())
    return f"ended with exit code {process.returncode}" if process.returncode else None
