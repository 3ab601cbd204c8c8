"""What does a patch look like? Numbers that a person can check, from its cells alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import YEAR, noise_floor
from pipeline.detect.model import Model

Reflectance = NDArray[np.floating[Any]]
SEASON_BEGINS, SEASON_ENDS = 135, 273
"""Days of the year between which fields and grass are green."""
DARKEST = 30.0
"""Reflectance, 1e-4, below which a ratio of bands tells nothing."""
EVEN = 0.02
"""Spread of the logarithm of brightness that noise alone leaves."""
WINTER_OVER, WINTER_COMES = 60, 324
"""Days of the year between which neither snow nor low sun is to be reckoned with."""


def _ratio(a: float, b: float) -> float:
    return a / b if abs(b) > 1e-9 else 0.0


def _difference(a: float, b: float) -> float:
    return _ratio(a - b, a + b)


def _shape(rows: NDArray[np.int64], cols: NDArray[np.int64]) -> dict[str, float]:
    """Length, width (from second moments) and thickness of a patch, cells."""
    y, x = rows - rows.mean(), cols - cols.mean()
    spread = np.linalg.eigvalsh(np.array([[(y * y).mean(), (x * y).mean()], [(x * y).mean(), (x * x).mean()]]) + np.eye(2) / 12)
    length, width = 2 * np.sqrt(3 * spread[1]), 2 * np.sqrt(3 * spread[0])
    mask = np.zeros((int(rows.max() - rows.min()) + 3, int(cols.max() - cols.min()) + 3), bool)
    mask[rows - rows.min() + 1, cols - cols.min() + 1] = True
    edges = int((mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum())
    return {"length": float(length), "elongation": float(length / width), "thickness": 4 * rows.size / edges}


def _middle(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of each column of (n, k), n ≥ 1; numpy's own takes three times as long on so few."""
    order, half = np.sort(values, axis=0), len(values) // 2
    return np.asarray(order[half] if len(values) % 2 else (order[half - 1] + order[half]) / 2)


def _outward(rows: NDArray[np.int64], cols: NDArray[np.int64], days: NDArray[np.int64], early: float) -> float:
    """Correlation of each cell's first day with its distance from where the change began, −1 to 1: digging spreads from one spot.

    early: until when it had changed on a fifth of the cells.
    """
    if rows.size < 8 or np.ptp(days) < 5:
        return 0.0
    first = days <= early
    distance = np.hypot(rows - rows[first].mean(), cols - cols[first].mean())
    if distance.std() < 1e-6:
        return 0.0
    return float(((distance - distance.mean()) * (days - days.mean())).mean() / (distance.std() * days.std()))


def _hues(table: NDArray[np.void], blue: int, red: int) -> dict[str, float]:
    """How much colour differs from cell to cell: its spread against that of brightness, and the median step between side neighbours."""
    now = np.maximum(table["spectrum"][:, (blue, red)], DARKEST)
    hue, light = np.log(now[:, 0] / now[:, 1]), np.log(now[:, 1])
    top, left = table["row"].min(), table["col"].min()
    plane = np.full((table["row"].max() - top + 1, table["col"].max() - left + 1), np.nan, np.float32)
    plane[table["row"] - top, table["col"] - left] = hue
    steps = np.concatenate([np.diff(plane, axis=k).ravel() for k in (0, 1)])
    steps = np.abs(steps[~np.isnan(steps)])
    return {"hue_spread": float(hue.std() / max(light.std(), EVEN)), "hue_step": float(np.median(steps)) if steps.size else 0.0}


def _scaled(now: Reflectance, soil: Reflectance, floor: Reflectance) -> tuple[float, float]:
    """How bright `now` is against `soil`, and how unlike it is once scaled to it (root mean square, noise floors): brightness and colour apart."""
    weight = 1 / floor**2
    scale = float((now * soil * weight).sum() / max((soil * soil * weight).sum(), 1e-9))
    return scale, float(np.sqrt((((now - scale * soil) / floor) ** 2).mean()))


def _days_within(first: float, last: float, begins: int, ends: int) -> float:
    """Days between two (since 1970-01-01) that lie in a part of the year, days `begins` to `ends` of it."""
    days = (np.arange(int(first), int(last) + 1) % YEAR).astype(np.float64)
    return float(((days >= begins) & (days < ends)).sum())


def features(table: NDArray[np.void], share: NDArray[np.float64], model: Model) -> dict[str, float]:
    """Features of one patch by name.

    table: its cells (`evidence.dtype`); share: (n,) changed share of each. Reflectances are 0–1, areas cells, times days.
    """
    core = share >= min(0.85, float(np.quantile(share, 0.5)))
    cells = table[core]
    names = {band: k for k, band in enumerate(model.bands)}
    scalars = np.stack([cells[name].astype(np.float32) for name in ("score", "novelty", "greenest", "anomalous")], axis=1)
    score, novelty, greenest, looks = _middle(scalars)
    now, season, bare = (_middle(cells[name]) / 1e4 for name in ("spectrum", "expected", "barest"))
    first = table["first_day"].astype(np.int64)
    tenth, fifth, half, most = np.quantile(first, (0.1, 0.2, 0.5, 0.9))
    last, reds = float(table["last_day"].max()), cells["spectrum"][:, names["B04"]]
    soil = model.soil[1] / 1e4
    red, nir = names["B04"], names["B08"]
    out = {
        "cells": float(len(table)),
        "score": float(score),
        "novelty": float(novelty),
        "ndvi": _difference(now[nir], now[red]),
        "ndvi_season": _difference(season[nir], season[red]),
        "ndvi_bare": _difference(bare[nir], bare[red]),
        "greenest": float(greenest),
        "red_to_bare": _ratio(now[red], bare[red]),
        "red_to_soil": _ratio(now[red], soil[red]),
        "nir_to_red": _ratio(now[nir], now[red]),
        "texture": float(np.std(reds)) / max(float(np.mean(reds)), 1.0),
        "variety": float((np.std(table["spectrum"], axis=0) / np.maximum(np.mean(table["spectrum"], axis=0), 1.0)).mean()),
        "still": float(np.mean(table["last_day"] == table["last_clear"])),
        "days_of_growth": float(most - tenth),
        "age": last - float(tenth),
        "began": float(tenth) % YEAR,
        "looks": float(looks),
        "red": float(now[red]),
    }
    if "B02" in names:
        out["blue_to_red"] = _ratio(now[names["B02"]], now[red])
        out["blue_to_red_bare"] = _ratio(bare[names["B02"]], bare[red])
        out |= _hues(table, names["B02"], red)
    if "B03" in names:
        out["ndwi"] = _difference(now[names["B03"]], now[nir])
        out["green_to_red"] = _ratio(now[names["B03"]], now[red])
    if "B11" in names:
        out["swir_to_nir"] = _ratio(now[names["B11"]], now[nir])
        out["swir_to_nir_bare"] = _ratio(bare[names["B11"]], bare[nir])
        out["swir"] = float(now[names["B11"]])
        out["swir_to_red"] = _ratio(now[names["B11"]], now[red])
        out["swir_to_red_bare"] = _ratio(bare[names["B11"]], bare[red])
    if "B11" in names and "B12" in names:
        out["clay"] = _ratio(now[names["B12"]], now[names["B11"]])
        out["clay_bare"] = _ratio(bare[names["B12"]], bare[names["B11"]])
    floor = noise_floor(model.bands).astype(np.float64) / 1e4
    out["brightness"], out["colour"] = _scaled(now, bare, floor)
    out["growing_days"] = _days_within(float(half), last, SEASON_BEGINS, SEASON_ENDS)
    out["telling_days"] = _days_within(float(half), last, WINTER_OVER, WINTER_COMES)
    rows, cols = table["row"].astype(np.int64), table["col"].astype(np.int64)
    out["outward"] = _outward(rows, cols, first, float(fifth))
    out["contrast"] = out["ndvi_season"] - out["ndvi"]
    return {**out, **_shape(rows, cols)}
