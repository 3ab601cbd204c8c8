"""Words for a person, on a stream that may have lost its reader: a pipe that was closed, a terminal that is gone, a full disk."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def say(stream: TextIO, text: str) -> OSError | None:
    """Write and flush; why nobody can read it, or None. A stream that failed leads nowhere from then on, so that Python's end finds it in order."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _mute(stream)
        return error
    return None


def open_closed() -> None:
    """Lead standard streams that the caller closed nowhere: else the next file opened gets their number, and what a library prints lands in it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def _mute(stream: TextIO) -> None:
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
