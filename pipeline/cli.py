"""The program: its streams, the signals that stop it, and the exit code of a command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipeline import stopping
from pipeline.speech import open_closed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code (contract section 2)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with stopping.heeded():
        open_closed()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese must not stop a run
        try:
            from pipeline.commands import tree  # takes most of a second, in which a person may stop it too

            return tree.answer(given)
        except BaseException:
            if not stopping.asked():
                raise
            return _stopped(given)


def _stopped(given: Sequence[str]) -> int:
    """Say that it was stopped before any command had begun."""
    stopping.let_end()
    from pipeline.console import Console, stopped

    wrong = stopped()
    Console.of(given).error(wrong)
    return int(wrong.exit_code)
