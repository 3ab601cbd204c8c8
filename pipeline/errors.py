"""Errors a user can cause: one message each, with a stable code and the fix."""

from __future__ import annotations

import errno
import os
import re
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (contract section 2)."""

    DONE = 0
    FAULT = 1
    BAD_INPUT = 2
    INCOMPLETE = 3
    LOCKED = 4
    DAMAGED = 5


class MinewardenError(Exception):
    """Something a person can put right.

    `code` is stable (`MW-…`), `message` says what is wrong with which file, scene, field or value,
    `fix` says what to do about it.
    """

    def __init__(self, code: str, message: str, fix: str, exit_code: Exit = Exit.BAD_INPUT) -> None:
        super().__init__(f"{code}: {message} Fix: {fix}")
        self.code = code
        self.message = message
        self.fix = fix
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[type[MinewardenError], tuple[str, str, str, Exit]]:
        """As Dask's workers send it."""
        return type(self), (self.code, self.message, self.fix, self.exit_code)


def disk_full(where: object) -> MinewardenError:
    """A write that found no room."""
    fix = "Free some space and run again: finished months are whole, and the run goes on where it stopped."
    return MinewardenError("MW-DISK-FULL", f"The disk is full ({where}).", fix, Exit.FAULT)


_FULL = re.compile(r"No space left|disk is full|quota exceeded|File too large", re.IGNORECASE)


def of_the_system(error: BaseException) -> MinewardenError | None:
    """What a person can put right where the system refused a read or a write; None where it did not.

    Libraries wrap the system's answer in exceptions of their own, or only quote it.
    """
    link: BaseException | None = error
    while link is not None:
        # Other exceptions have an `errno` too, of another meaning.
        number, where = (link.errno, link.filename) if isinstance(link, OSError) else (None, None)
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or _FULL.search(str(link)):
            return disk_full(where or "while writing")
        if number in (errno.EACCES, errno.EPERM, errno.EROFS):
            return MinewardenError(
                "MW-PERMISSION", f"{where or 'A file'} can't be used ({os.strerror(number)}).", "Check its permissions and its disk."
            )
        link = link.__cause__ or link.__context__
    if isinstance(error, MemoryError):
        return MinewardenError("MW-MEMORY", "There is not enough memory.", "Lower compute.memory_mb, or give --workers 1.", Exit.FAULT)
    return None
