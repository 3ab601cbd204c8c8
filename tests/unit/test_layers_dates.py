"""Every form of date that the contract lists."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from pipeline.layers.dates import parse

DAY = date(2024, 6, 30)


@pytest.mark.parametrize(
    "value",
    [
        "2024-06-30",
        " 2024-06-30 ",
        "20240630",
        20240630,
        20240630.0,
        "2024/6/30",
        "2024.6.30",
        "2024年6月30日",
        "2024 年 6 月 30 日",
        "２０２４年６月３０日",
        "2024-06-30T23:59:59",
        "2024-06-30 00:00",
        "2024-06-30T23:30:00+08:00",
        "2024-06-30T00:00:00.000Z",
        "2024/6/30 0:00:00",
        "20240630 120000",
        "20240630T120000Z",
        "20240630120000",
        "2024年6月30日 12时30分",
        DAY,
        datetime(2024, 6, 30, 23, 59, tzinfo=UTC),
        np.datetime64("2024-06-30"),
        np.datetime64("2024-06-30T12:00:00", "ms"),
        45473,
        45473.75,
        "45473",
        "20240630.0",
        "45473.0",
        np.int32(45473),
    ],
)
def test_date(value: Any) -> None:
    assert parse(value) == DAY


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), np.datetime64("NaT"), "NaT"])
def test_nothing_said(value: Any) -> None:
    assert parse(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "长期",
        "2024-13-01",
        "2023-02-29",
        "30.06.2024",
        "2024-06",
        "2024",
        2024,
        29999,
        60001,
        "123456",
        20241301,
        "2024-6/30",
        True,
        "2024-06-30 abc",
        "20240630.5",
        "20241301.0",
        "2024年6月",
    ],
)
def test_no_date(value: Any) -> None:
    with pytest.raises(ValueError, match=r"date|month|day"):
        parse(value)


def test_ends_of_the_range_of_spreadsheet_days() -> None:
    assert (parse(30000), parse(60000)) == (date(1982, 2, 18), date(2064, 4, 8))
