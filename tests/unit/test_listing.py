"""Lists of a catalogue, kept month by month."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import months
from pipeline.sources.listing import Listing

BOUNDS = (104.9, 35.6, 105.1, 35.8)
ITEM: dict[str, Any] = {"id": "a", "properties": {"datetime": "2024-07-03T03:40:01Z"}, "assets": {}, "self": ""}


def test_a_run_and_a_fetch_may_list_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 7, 20))

    def listed(_: int) -> int:
        return len(Listing(tmp_path).items(date(2024, 1, 1), months.today(), BOUNDS, lambda *_: [ITEM]))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(listed, range(40))) == {1}
