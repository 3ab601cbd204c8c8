"""Errors a user can cause: one message each, with a stable code and the fix."""

from __future__ import annotations

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


def disk_full(where: object) -> MinewardenError:
    """A write that found no room."""
    fix = "Free some space and run again: finished months are whole, and the run goes on where it stopped."
    return MinewardenError("MW-DISK-FULL", f"The disk is full ({where}).", fix, Exit.FAULT)
