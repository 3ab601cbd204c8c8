"""Sites of every state are added to a made county without a stir of anything else in it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def counties() -> tuple[Any, Any]:
    """The plan of a county without and with them."""
    spec = importlib.util.spec_from_file_location("minewarden_samples_sites", ROOT / "data" / "samples" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)
    plain, more = (samples.plan_county(7, 200, (2023, 2024), 9, given_back) for given_back in (False, True))
    return plain, more


def test_all_else_stays_as_it_is(counties: tuple[Any, Any]) -> None:
    plain, more = counties
    assert [right.values for right in more.rights] == [right.values for right in plain.rights]
    assert [patch.values for patch in more.legacy[: len(plain.legacy)]] == [patch.values for patch in plain.legacy]
    for one, other in zip(plain.items, more.items, strict=False):
        assert np.array_equal(one.days, other.days)
        assert np.array_equal(one.look.at(19_900)[0], other.look.at(19_900)[0])
    assert plain.rng.random() == more.rng.random(), "the layers are drawn by the same stream"


def test_what_is_added(counties: tuple[Any, Any]) -> None:
    plain, more = counties
    added = [patch.values["state"] for patch in more.legacy[len(plain.legacy) :]]
    assert added == ["已治理", "治理中", "未治理", "已治理", "已治理"]
    assert [part.what for item in more.items[len(plain.items) :] for part in item.parts] == ["given_back"] * 5
