"""Compiles every kernel, on a few made cells, with the types that a run gives them; and tells whether that was needed."""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import MultiPolygon

from pipeline.detect.block import Looks, begin_year, watch
from pipeline.detect.builtup import built_up, tiles
from pipeline.detect.evidence import bare_all_year, changed_before, changed_cells
from pipeline.detect.looks import correct, season_terms
from pipeline.detect.mask import HALO, bad_classes, marks
from pipeline.detect.shift import Model, fit_model, shared
from pipeline.grid import Grid
from pipeline.patches.find import Place, find_patches
from pipeline.sources.reader import Plane, as_kernel_takes

_BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
_SIDE = 16
_FIELD = np.array([1700, 2000, 2200, 3600, 3300, 2900], np.uint16)
_PIT = np.array([2900, 3400, 4000, 4300, 5200, 4900], np.uint16)
_DAY = date(2022, 1, 5).toordinal() - date(1970, 1, 1).toordinal()
_JANUARY = 19723


def warm() -> int:
    """Fill the caches of compiled code; how many kernels had to be compiled."""
    window = _looks(np.arange(_DAY, _JANUARY, 18), pit=False)
    dug = _looks(np.arange(_JANUARY + 40, _JANUARY + 200, 12), pit=True)
    model = _model(window)
    baseline, alert = begin_year(window, model, _JANUARY, None)
    watch(dug, model, baseline, alert)
    begin_year(dug, model, _JANUARY + 730, (baseline, alert), np.zeros((_SIDE, _SIDE), bool))
    bare_all_year(baseline, model)
    cells, before = changed_cells(baseline, alert, model, 0, 0), changed_before(baseline, alert, _JANUARY, 0, 0)
    grid = Grid(GeoBox((_SIDE, _SIDE), Affine(10, 0, 500_000, 0, -10, 3_950_000), "EPSG:32648"))
    find_patches(cells, before, model, Place(grid, MultiPolygon(), tiles(built_up(baseline, model), 0, 0)), _JANUARY, 4)
    return sum(_compiled(name) for name in list(sys.modules) if name.startswith("pipeline."))


def _looks(days: NDArray[np.int64], *, pit: bool) -> Looks:
    """Looks at a field, with a pit in its middle; every cell a little different."""
    chance = np.random.default_rng(1)
    stack = np.empty((len(days), len(_BANDS), _SIDE, _SIDE), np.int16)
    marked = np.empty((len(days), _SIDE, _SIDE), np.uint8)
    scl = np.full((_SIDE + 2 * HALO, _SIDE + 2 * HALO), 5, np.uint8)
    scl[:3, :3] = 9
    for look, mark in zip(stack, marked, strict=True):
        dn = np.broadcast_to(_FIELD[:, None, None], look.shape) + chance.integers(0, 120, look.shape).astype(np.uint16)
        if pit:
            dn[:, 4:10, 4:10] = _PIT[:, None, None]
        _correct(dn.astype(np.uint16), look)
        marks(scl, 1, 0, 0, HALO, bad_classes(), mark)
    return Looks(days, stack, marked, np.ones((len(days), len(_BANDS)), np.float32))


def _correct(dn: NDArray[np.uint16], out: NDArray[np.int16]) -> None:
    """As a run does it, for all bands and (kernels are compiled for each number of them) without B12 and without SWIR."""
    for count in (4, 5, len(_BANDS)):
        planes = as_kernel_takes([Plane(np.ascontiguousarray(plane), 1, 0, 0) for plane in dn[:count]])
        scale, shift = np.ones(count, np.float32), np.zeros((2, count), np.float32)
        correct(*planes, scale, np.full(count, -1000, np.float32), shift, 2, 3, out[:count])


def _model(looks: Looks) -> Model:
    sample = looks.stack.reshape(len(looks.days), len(_BANDS), 1, -1)
    mark = looks.marks.reshape(len(looks.days), 1, -1)
    model, _ = fit_model(_BANDS, sample, mark, looks.days)
    shared(sample[0], mark[0], model, season_terms(int(looks.days[0])))
    return model


def _compiled(module: str) -> int:
    """Kernels of a module that were not in the cache."""
    kernels = {id(k): k for k in vars(sys.modules[module]).values() if hasattr(k, "py_func") and k.__module__ == module}
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels.values())
