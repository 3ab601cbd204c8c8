"""What a check of `doctor` is, and how one is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import Exit, MinewardenError, of_the_system


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    """False only for what stops a run or falsifies its results."""
    detail: str
    fix: str = ""
    """Said with `ok` too, where something could be better."""
    exit_code: Exit = Exit.BAD_INPUT


@dataclass(frozen=True, slots=True)
class Note:
    """A finding that stops nothing, and what to do about it."""

    detail: str
    fix: str


def guarded(name: str, look: Callable[[], str | Note], fix: str, exit_code: Exit = Exit.BAD_INPUT) -> Check:
    """A check that fails with what `look` raises, and else tells what it returns."""
    try:
        found = look()
    except MinewardenError as error:
        return Check(name, False, f"{error.code}: {error.message}", error.fix, max(error.exit_code, Exit.BAD_INPUT))
    except Exception as error:  # whatever a broken library throws is the finding here
        known = of_the_system(error)
        if known is not None:
            return Check(name, False, f"{known.code}: {known.message}", known.fix, exit_code)
        return Check(name, False, f"{type(error).__name__}: {error}", fix, exit_code)
    return Check(name, True, found.detail, found.fix) if isinstance(found, Note) else Check(name, True, found)
