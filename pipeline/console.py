"""How commands speak to people and programs, and what becomes of an error."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pipeline import stopping
from pipeline.errors import Exit, MinewardenError, disk_full, of_the_system
from pipeline.progress import Progress
from pipeline.scrub import scrub_text
from pipeline.speech import say
from pipeline.unseen import HIDDEN

LOGGER = logging.getLogger("minewarden")
_SOURCES = (LOGGER, logging.getLogger("py.warnings"))
for _logger in _SOURCES:
    _logger.addHandler(logging.NullHandler())  # without a log file, messages go nowhere rather than between the lines of the answer
LOG_BYTES, LOG_FILES = 2_000_000, 4
LITTLE_ROOM = 64_000_000
"""A disk with less left than this, once the half-written file is gone, was full."""
_UNSEEN = re.compile(f"[{HIDDEN}]")


def visible(text: str) -> str:
    """Text that can't move a terminal's cursor, colour it, or turn what follows: names in files and folders may hold anything."""
    return _UNSEEN.sub("�", text)


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """A log that can't be written must not fill the terminal with complaints of its own."""

    def close(self) -> None:
        """What a full disk did not take is tried once more here, and given up."""
        with suppress(OSError):
            super().close()


class _Scrubbing(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return scrub_text(super().format(record))


def stopped() -> MinewardenError:
    """For a command that was told to stop."""
    return MinewardenError("MW-STOPPED", stopping.why(), "Give the command again; what was finished is kept.", Exit.FAULT)


def _fault(error: BaseException, log: Path | None) -> MinewardenError:
    fix = f"The log {log} says where; please send it to us." if log else "No log could be written: free some space, run again and send us the log."
    return MinewardenError("MW-FAULT", f"Internal error ({type(error).__name__}): this is a bug in minewarden.", fix, Exit.FAULT)


class Console:
    """Results on standard output, progress and errors on standard error, everything else in the log file."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.log_file: Path | None = None
        self.config = "CONFIG"
        """The config's path as it is typed, for commands that a message gives as a fix."""
        self.said: list[str] = []
        """What a person was told, for whoever is told of the end too."""
        self.at_end: Callable[[int], None] = lambda code: None
        """Called with the exit code once everything has been said; must not raise."""
        self.goes_on = False
        """Whether the command's result lies in files: it is good even where nobody could be told."""
        self._lost: OSError | None = None
        """Why the answer did not reach whoever asked."""
        self._handler: logging.Handler | None = None
        self.progress = Progress(sys.stderr, quiet=quiet, as_json=as_json)

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Console:
        """For a command line that could not be parsed, or not yet."""
        after = {value for key, value in pairwise(arguments) if key == "--log-format"}
        return cls(as_json="json" in after or "--log-format=json" in arguments)

    def use_log(self, file: Path) -> None:
        """Log to `file` from now on; where it can't be written, errors go to a temporary file as before."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handler = _LogFile(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8")
        except OSError:
            return
        handler.setFormatter(_Scrubbing("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self.close()
        self._handler = handler
        for logger in _SOURCES:
            logger.addHandler(handler)
            logger.propagate = False
        LOGGER.setLevel(logging.INFO)
        self.log_file = file

    def close(self) -> None:
        if self._handler is not None:
            for logger in _SOURCES:
                logger.removeHandler(self._handler)
            self._handler.close()
            self._handler = None

    def result(self, line: str) -> None:
        """A line of the answer; left out where `--quiet` was asked for."""
        line = visible(line)
        self.said.append(line)
        if not self.quiet:
            self.answer(line)

    def answer(self, text: str) -> None:
        """What was asked for, as it is."""
        self._lost = say(sys.stdout, text + "\n") or self._lost

    def object(self, value: dict[str, Any]) -> None:
        """The one JSON object of `--json`."""
        self.answer(json.dumps(value, ensure_ascii=False, indent=1))

    def notice(self, line: str) -> None:
        """What a person must hear even where `--quiet` was asked for."""
        line = visible(line)
        self.said.append(line)
        say(sys.stderr, (json.dumps({"level": "warning", "message": line}, ensure_ascii=False) if self.as_json else line) + "\n")

    def error(self, error: MinewardenError) -> None:
        """One line that says what is wrong and how to put it right."""
        parts = {"code": error.code, "message": error.message, "fix": self.as_typed(error.fix)}
        parts = {key: visible(scrub_text(" ".join(text.split()))) for key, text in parts.items()}
        LOGGER.error("%s: %s", error.code, parts["message"])
        line = f"{parts['code']}: {parts['message']} Fix: {parts['fix']}"
        self.said.append(line)
        if self.as_json:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            line = json.dumps({"time": when, "level": "error", **parts}, ensure_ascii=False)
        say(sys.stderr, line + "\n")

    def as_typed(self, fix: str) -> str:
        """A fix with the config's own path in it: what raises an error seldom knows whose files it reads."""
        return re.sub(r"\bCONFIG\b", lambda _: self.config, fix)

    def guard(self, body: Callable[[], Exit | None]) -> int:
        """Run a command; whatever happens ends as an exit code and at most one message."""
        logging.captureWarnings(True)
        try:
            code = self._code_of(body)
            self.at_end(code)
            return code
        finally:
            logging.captureWarnings(False)
            self.close()

    def _code_of(self, body: Callable[[], Exit | None]) -> int:
        try:
            code = int(body() or Exit.DONE)
            stopping.let_end()
            if self._lost is not None and not self.goes_on:
                return self._unheard(self._lost)
            return code
        except (Exception, KeyboardInterrupt) as error:
            stopping.let_end()
            known = self._known(error)
            self.error(known)
            return int(known.exit_code)

    def _known(self, error: BaseException) -> MinewardenError:
        """What a person is told of it."""
        if isinstance(error, KeyboardInterrupt) or stopping.asked():
            LOGGER.info("stopped", exc_info=error)
            return stopped()
        if isinstance(error, MinewardenError):
            return error
        log = self._write_traceback()
        return of_the_system(error) or self._no_room(error) or _fault(error, log)

    def _unheard(self, lost: OSError) -> int:
        """An answer that is lost is a failure, and none to tell where its reader has gone (… | head)."""
        if not isinstance(lost, BrokenPipeError):
            self.error(of_the_system(lost) or _fault(lost, self.log_file))
        return int(Exit.FAULT)

    def _no_room(self, error: BaseException) -> MinewardenError | None:
        """GDAL seldom says that the disk is full, only that it could not write."""
        if type(error).__module__.split(".")[0] not in ("pyogrio", "rasterio") or self.log_file is None:
            return None
        free = shutil.disk_usage(self.log_file.parent).free
        return disk_full(f"{free / 1e6:.1f} MB are left beside {self.log_file.parent.parent}") if free < LITTLE_ROOM else None

    def _write_traceback(self) -> Path | None:
        """The file that holds it; None where no place takes one."""
        if self.log_file is not None:
            LOGGER.exception("unexpected")
            return self.log_file
        try:
            handle, name = tempfile.mkstemp(prefix="minewarden-", suffix=".log")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(scrub_text(traceback.format_exc()))
        except OSError:
            return None
        return Path(name)
