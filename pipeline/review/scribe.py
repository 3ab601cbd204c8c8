"""The one thread of the server that speaks to the ledger, whatever file lies there by now."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pipeline.errors import Exit, MinewardenError
from pipeline.ledger import Ledger

BUSY_SECONDS = 1.0
"""A write that meets a month being written is sent again by the page, which says so meanwhile."""

T = TypeVar("T")


class Scribe:
    """Works one job after the other. A ledger that `repair` has put in the place of another is noticed."""

    def __init__(self, path: Path, county: str) -> None:
        self._path, self._county = path, county
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._ledger: Ledger | None = None
        self._file: tuple[int, int] | None = None

    async def do(self, job: Callable[[Ledger], T]) -> T:
        """What a job makes of the ledger.

        Raises MinewardenError: of the job, or `MW-LEDGER-…` where the ledger can't be used.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._work, job)

    def _work(self, job: Callable[[Ledger], T]) -> T:
        while True:
            ledger = self._open()
            done = job(ledger)
            # What was written to a file that was put aside meanwhile is written again; its key tells where it is known already.
            if self._found() == self._file:
                return done

    def _open(self) -> Ledger:
        found = self._found()
        if self._ledger is None or found != self._file:
            self._close()
            if found is None:
                raise MinewardenError(
                    "MW-LEDGER-MONTH", f"The ledger {self._path} is gone.", "Put it back, or run 'minewarden repair'.", Exit.DAMAGED
                )
            self._ledger, self._file = Ledger(self._path, self._county, busy_seconds=BUSY_SECONDS), found
        return self._ledger

    def _found(self) -> tuple[int, int] | None:
        with contextlib.suppress(FileNotFoundError):
            stat = os.stat(self._path)
            return stat.st_dev, stat.st_ino
        return None

    def _close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = None

    def close(self) -> None:
        """Wait for the job at hand and let go of the ledger."""
        self._pool.submit(self._close).result()
        self._pool.shutdown()
