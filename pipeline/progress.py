"""What a long job tells while it works: a bar on a terminal, a plain line per stage elsewhere."""

from __future__ import annotations

import json
import time
from typing import TextIO

from pipeline.speech import say

_WIDTH = 30
_REDRAW_S = 0.1


class Progress:
    """Called with (stage, done, total); writes to one stream, never to standard output: what is printed there is for programs."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, as_json: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._json = as_json
        self._bar = stream.isatty() and not as_json and not quiet
        self._stage = ""
        self._reached = (0, 0)
        self._began = self._shown = 0.0
        self._drawn = 0
        """Characters of the bar that stands on the terminal's last line."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self.finish()
            self._stage, self._began = stage, now
        self._reached = done, total
        if done >= total:
            self.finish()
        elif self._bar and now - self._shown > _REDRAW_S:
            self._shown = now
            self._draw(now - self._began)

    def line(self, text: str) -> None:
        """A plain line, above the bar where there is one."""
        if self._quiet:
            return
        self._wipe()
        say(self._stream, (json.dumps({"level": "info", "message": text}, ensure_ascii=False) if self._json else text) + "\n")

    def finish(self) -> None:
        """End the stage that runs, and say how far it came and how long it took."""
        if self._stage:
            done, total = self._reached
            self.line(f"{self._stage}: {done} of {total}, {time.monotonic() - self._began:.1f} s")
        self._stage = ""
        self._wipe()

    def _draw(self, seconds: float) -> None:
        done, total = self._reached
        filled = _WIDTH * done // max(total, 1)
        left = f", {seconds / done * (total - done):.0f} s left" if done else ""
        text = f"{self._stage} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}{left}"
        say(self._stream, "\r" + text.ljust(self._drawn))
        self._drawn = len(text)

    def _wipe(self) -> None:
        if self._drawn:
            say(self._stream, "\r" + " " * self._drawn + "\r")
            self._drawn = 0
