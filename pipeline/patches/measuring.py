"""What is measured of pieces of changed ground: what they look like, and how they lie among others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.detect.builtup import share_around
from pipeline.detect.looks import noise_floor
from pipeline.detect.model import Model
from pipeline.grid import Grid
from pipeline.patches.features import features
from pipeline.patches.likelihood import count_similar, size_of_works
from pipeline.patches.pieces import Piece
from pipeline.patches.ramps import Features
from pipeline.patches.surroundings import alerted, changed_around

NEAR_M = 60.0
"""Ground this near to a right or a legacy patch is near works that were there before."""
VILLAGE = 16
"""Cells round a patch in which built-up ground is counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the ground that patches lie on."""

    grid: Grid
    registered: BaseGeometry
    """Ground of rights and legacy patches, in the grid's CRS: where digging is likelier than elsewhere."""
    built: NDArray[np.int64]
    """Tiles of built-up ground (`builtup.tiles`): where building is."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A piece, and what of it does not depend on others."""

    table: NDArray[np.void]
    features: Features
    spectrum: NDArray[np.float64]
    """(n_bands,), in noise floors."""
    day: float
    place: tuple[float, float]


class Measurer:
    """Measures pieces of one month. What depends on a piece alone is measured once: most pieces are asked about again and again."""

    def __init__(self, model: Model, place: Place, cells: NDArray[np.void]) -> None:
        """cells: all cells in alert (`evidence.dtype`)."""
        self._model = model
        self._place = place
        self._near = place.registered.buffer(NEAR_M)
        shapely.prepare([place.registered, self._near])
        self._alerts = alerted(cells)
        self._known: dict[int, _Seen] = {}

    def __call__(self, pieces: Sequence[Piece]) -> list[Features]:
        """Features of every piece, among the others: how many around did the same, and how large the works are that it is a part of."""
        seen = [self._alone(piece) for piece in pieces]
        spectra = np.array([each.spectrum for each in seen]).reshape(len(seen), len(self._model.bands))
        places = np.array([each.place for each in seen]).reshape(len(seen), 2)
        days, greenest = np.array([each.day for each in seen]), np.array([each.features["greenest"] for each in seen])
        similar = count_similar(spectra, places, days, greenest)
        works = size_of_works(spectra, places, np.array([len(each.table) for each in seen]))
        return [{**each.features, "similar": float(s), "works": float(w)} for each, s, w in zip(seen, similar, works, strict=True)]

    def _alone(self, piece: Piece) -> _Seen:
        table, _ = piece
        # The table is kept with what was measured, so that its identity is not given to another.
        if (known := self._known.get(id(table))) is None:
            known = self._known[id(table)] = self._measured(piece)
        return known

    def _measured(self, piece: Piece) -> _Seen:
        table, share = piece
        rows, cols = table["row"].astype(np.int64), table["col"].astype(np.int64)
        x, y = self._place.grid.centres(table["row"], table["col"])
        around = rows.min() - VILLAGE, cols.min() - VILLAGE, rows.max() + VILLAGE, cols.max() + VILLAGE
        return _Seen(
            table,
            {
                **features(table, share, self._model),
                "registered": float(shapely.contains_xy(self._place.registered, x, y).mean()),
                "near_registered": float(shapely.contains_xy(self._near, x, y).mean()),
                "changed_around": changed_around(rows, cols, self._alerts),
                "built_around": share_around(self._place.built, *around),
            },
            np.median(table["spectrum"], axis=0) / noise_floor(self._model.bands),
            float(np.quantile(table["first_day"], 0.1)),
            (float(rows.mean()), float(cols.mean())),
        )
