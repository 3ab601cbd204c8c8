"""Is the list worth a person's time? The made county's truth against what was flagged."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest

from tests.pipeline.conftest import ROOT, YEAR, County

FOUND, IOU = 0.8, 0.75
"""Least share of violations under the right code, and least mean overlap of theirs."""


@pytest.fixture(scope="module")
def result(county: County) -> Any:
    spec = importlib.util.spec_from_file_location("minewarden_score", ROOT / "bench" / "accuracy" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bench
    spec.loader.exec_module(bench)
    return bench.score(county.folder, YEAR[-1])


def test_violations_are_found_under_their_code(result: Any) -> None:
    all_of_them = len(result.found) + len(result.codes) + len(result.missed)
    assert all_of_them >= 10
    assert len(result.found) >= FOUND * all_of_them, (result.codes, result.missed)


def test_outlines_are_those_of_the_digging(result: Any) -> None:
    assert result.mean_iou >= IOU, result.found


def test_lawful_and_untouched_ground_is_not_flagged(result: Any) -> None:
    # The rim of a pit dug in the autumn before may be noticed in spring only, and bear that day: dug ground all the same.
    too_late = [each for each in result.wrong if each.startswith("before_monitoring: unlicensed")]
    assert [each for each in result.wrong if each not in too_late] == []
    assert len(too_late) <= 1, too_late
    assert result.false == []
    assert len(result.lookalikes) <= 0.2 * len(result.found), result.lookalikes
