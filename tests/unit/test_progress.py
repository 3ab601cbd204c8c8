"""A bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import json

import pytest

from pipeline import progress as module
from pipeline.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(progress: Progress) -> None:
    for done in range(4):
        progress("observe", done, 3)
    progress("publish", 1, 2)
    progress.finish()
    progress.line("done")


def test_plain_lines_for_cron() -> None:
    stream = io.StringIO()
    work(Progress(stream))
    observe, publish, last = stream.getvalue().splitlines()
    assert observe.startswith("observe: 3 of 3, ")
    assert publish.startswith("publish: 1 of 2, ")
    assert last == "done"


def test_a_bar_is_wiped_before_the_next_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REDRAW_S", -1)
    stream = Terminal()
    work(Progress(stream))
    assert "observe [##########....................] 1/3" in stream.getvalue()
    assert stream.getvalue().splitlines()[-1] == "done"


def test_quiet_and_json() -> None:
    silent, lines = Terminal(), Terminal()
    work(Progress(silent, quiet=True))
    work(Progress(lines, as_json=True))
    assert silent.getvalue() == ""
    assert {json.loads(line)["level"] for line in lines.getvalue().splitlines()} == {"info"}
