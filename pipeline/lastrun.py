"""How the last run ended, for `status` and `doctor`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.files import write_atomic

NAME = "last-run.json"


def note(logs: Path, *, month: str, began: datetime, exit_code: int, lines: Sequence[str]) -> None:
    """Keep it beside the log; a disk that has no room for it has been complained of already."""
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    document = {"month": month, "began": began.isoformat(timespec="seconds"), "ended": ended, "exit_code": exit_code, "lines": list(lines)}
    try:
        write_atomic(logs / NAME, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace"))
    except OSError:
        return


def read(logs: Path) -> dict[str, Any] | None:
    """The last run, None where there was none; a note that can't be read is none."""
    try:
        known = json.loads((logs / NAME).read_text("utf-8"))
        datetime.fromisoformat(known["ended"])
        return dict(known)
    except (OSError, ValueError, KeyError, TypeError):
        return None
