"""Other monitors on the same observations: EWMA, CuSum, MoSum and IQR of `nrt`, COLD and S-CCD of `pyxccd`.

    pip install nrt==0.0.5 pyxccd           # of the bench alone; neither is in the lock file

Each gets the looks that our detector gets, in two forms: as delivered, with SCL as mask, and as we prepare them (each scene's shift
taken off, our own marks). Settings: those of its authors (class defaults, with `trend=False` as their example has it) and a few others.
A cell has changed where the monitor says so after any look of the year; patches are connected groups of four cells or more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any
from warnings import catch_warnings, simplefilter

import measures
import numpy as np
import truth as ground
from measures import Count
from numpy.typing import NDArray
from observations import Observed
from truth import Dig, Truth

from pipeline.detect.looks import NO_DATA

DELIVERED, PREPARED = "as delivered", "as prepared"
PACKAGES = ("nrt", "pyxccd")
OUTLINED = 0.3
"""IoU from which a dig counts as outlined."""
REPEATS = 2
"""The year is watched so often; the least of its seconds counts."""


def missing() -> list[str]:
    """Packages of peers that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


@dataclass(frozen=True, slots=True)
class Scene:
    """What all monitors are shown, and what they are held against."""

    truth: Truth
    digs: Sequence[Dig]
    observed: Observed


@dataclass(frozen=True, slots=True)
class Settings:
    """A monitor of `nrt` and how it is set."""

    monitor: str
    init: Mapping[str, Any]
    fit: Mapping[str, Any]
    authors: bool = False
    index: str = "NDVI"

    def named(self, form: str) -> str:
        own = ", ".join(f"{k.rstrip('_')} {v}" for k, v in {**self.init, **self.fit}.items() if k != "trend")
        return f"{self.monitor} ({'; '.join(filter(None, (own or 'defaults', self.index, form)))})"


OLS = {"method": "OLS"}
NRT = (
    Settings("IQR", {}, {}, authors=True),
    Settings("IQR", {"sensitivity": 3}, {}),
    Settings("IQR", {"sensitivity": 3, "boundary": 5}, {}),
    Settings("IQR", {"sensitivity": 3, "boundary": 5, "harmonic_order": 2}, {}),
    Settings("IQR", {"sensitivity": 3, "boundary": 5}, {}, index="red"),
    Settings("EWMA", {}, {}, authors=True),
    Settings("EWMA", {"threshold_outlier": 20}, {}),
    Settings("EWMA", {"threshold_outlier": 20, "sensitivity": 5}, {}),
    Settings("EWMA", {"threshold_outlier": 20, "sensitivity": 5}, {}, index="red"),
    Settings("MoSum", {}, {}, authors=True),
    Settings("MoSum", {"sensitivity": 0.01}, {}),
    Settings("MoSum", {"sensitivity": 0.01}, OLS),
    Settings("CuSum", {}, {}, authors=True),
    Settings("CuSum", {"sensitivity": 0.01}, {}),
    Settings("CuSum", {"sensitivity": 0.01}, OLS),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A monitor's year on one scene."""

    name: str
    family: str
    authors: bool
    recall: tuple[Count, ...]
    """By class of size."""
    outlined: Count
    """Digs whose patches have an IoU of `OUTLINED` or more: a monitor that calls half the county changed finds every pit."""
    iou: float
    """Mean over the digs that have any patch."""
    false: int
    """Patches on ground that did not change."""
    false_ha: float
    """Such ground that it says has changed, in patches true or false."""
    days: float
    """Median over dug cells that were found, from the day half of the cell was dug."""
    looks: float
    fit_s: float
    monitor_s: float
    """Processor seconds of the year's looks, from reflectance and mask on."""

    @property
    def found(self) -> int:
        return sum(c.hits for c in self.recall)


@dataclass(frozen=True, slots=True)
class Year:
    """The year's looks as a monitor had them."""

    clear: NDArray[np.bool_]
    """(n, h, w)"""
    days: NDArray[np.int64]
    """(n,): days since 1970-01-01."""


def score(name: str, family: str, day: NDArray[np.int64], scene: Scene, year: Year, seconds: tuple[float, float], authors: bool = False) -> Scored:
    """Score a map (h, w) of days of change, 0 = none. seconds: of fit and monitoring."""
    truth, digs = scene.truth, scene.digs
    patches = ground.groups((day > 0) & truth.inside)
    changed = measures.united(patches, day.shape)
    ious = [iou for dig in digs if (iou := measures.overlap(dig, patches)) is not None]
    late = _lateness(day, truth, digs, year)
    return Scored(
        name, family, authors, measures.by_size(digs, measures.found(digs, changed)), Count(sum(iou >= OUTLINED for iou in ious), len(digs)),
        float(np.mean(ious)) if ious else float("nan"),
        sum(measures.is_false(p, truth) for p in patches), float((changed & truth.stable).sum()) * ground.CELL_HA, *late, *seconds,
    )  # fmt: skip


def _lateness(day: NDArray[np.int64], truth: Truth, digs: Sequence[Dig], year: Year) -> tuple[float, float]:
    """Median days and clear looks from digging to detection, of dug cells that were detected after it."""
    cells = np.concatenate([dig.cells for dig in digs])
    cells = cells[day.flat[cells] >= truth.days.flat[cells]]
    if not len(cells):
        return float("nan"), float("nan")
    seen = year.clear.reshape(len(year.days), -1)[:, cells]
    between = (year.days[:, None] >= truth.days.flat[cells]) & (year.days[:, None] <= day.flat[cells])
    return float(np.median(day.flat[cells] - truth.days.flat[cells])), float(np.median((seen & between).sum(axis=0)))


def form_of(observed: Observed, form: str) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Reflectance (n, n_bands, h, w) and clear looks (n, h, w) of a form."""
    stack, clear = (observed.raw, observed.scl_clear) if form == DELIVERED else (observed.looks.planes()[0], observed.clear)
    return stack, clear & (stack[:, 0] != NO_DATA)


def year_of(observed: Observed, form: str) -> Year:
    return Year(form_of(observed, form)[1][observed.history :], observed.days[observed.history :])


def index_of(observed: Observed, form: str, name: str, part: slice) -> NDArray[np.float32]:
    """(n, h, w): NDVI or red reflectance of some of the looks, NaN where the look is not clear."""
    stack, clear = (array[part] for array in form_of(observed, form))
    red, nir = (stack[:, observed.bands.index(b)].astype(np.float32) * np.float32(1e-4) for b in ("B04", "B08"))
    values = red if name == "red" else (nir - red) / np.maximum(nir + red, np.float32(0.01))
    return np.where(clear, values, np.float32(np.nan))


def moment(day: int) -> datetime:
    """Midnight of a day since 1970-01-01, without a zone, as `nrt` wants it."""
    return datetime(1970, 1, 1) + timedelta(days=int(day))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and its processor seconds."""
    began = time.process_time()
    return work(), time.process_time() - began


def nrt(scene: Scene, say: Callable[[str], None]) -> Iterator[Scored]:
    """All settings of `nrt` on both forms; a fit that settings share is done once."""
    import xarray

    observed = scene.observed
    after = slice(observed.history, None)
    for form in (DELIVERED, PREPARED):
        year = year_of(observed, form)
        for index in ("NDVI", "red"):
            values, made_s = index_of(observed, form, index, slice(None)), timed(lambda f=form, i=index: index_of(observed, f, i, after))[1]
            places = {"y": np.arange(values.shape[1])[::-1], "x": np.arange(values.shape[2])}
            times = np.array([moment(d) for d in observed.days[: observed.history]], "datetime64[ns]")
            history = xarray.DataArray(values[: observed.history], dims=("time", "y", "x"), coords={"time": times, **places})
            fits: dict[tuple[Any, ...], tuple[Any, float]] = {}
            for settings in (s for s in NRT if s.index == index):
                with np.errstate(all="ignore"), catch_warnings():
                    simplefilter("ignore")
                    fitted, fit_s = _fitted(settings, history, scene.truth, fits)
                    runs = [_monitored(_again(fitted, settings), values[after], year.days) for _ in range(REPEATS)]
                scored = score(
                    settings.named(form), settings.monitor, runs[0][0], scene, year, (fit_s, made_s + min(s for _, s in runs)), settings.authors
                )
                say(f"{scored.name}: {scored.found} found, {scored.false} false")
                yield scored


def _fitted(settings: Settings, history: Any, truth: Truth, fits: dict[tuple[Any, ...], tuple[Any, float]]) -> tuple[Any, float]:
    """A monitor fitted on the history, and processor seconds of the fit. Sensitivity and boundary do not change a fit, but for EWMA."""
    from nrt.monitor.cusum import CuSum
    from nrt.monitor.ewma import EWMA
    from nrt.monitor.iqr import IQR
    from nrt.monitor.mosum import MoSum

    kind = {"CuSum": CuSum, "EWMA": EWMA, "IQR": IQR, "MoSum": MoSum}[settings.monitor]
    init = {k: v for k, v in settings.init.items() if k not in ("sensitivity", "boundary") or settings.monitor == "EWMA"}
    key = (settings.monitor, *sorted(init.items()), *sorted(settings.fit.items()))
    if key not in fits:
        # Numba compiles at the first call: that is no part of the fit.
        kind(trend=False, **init).fit(history[:, :4, :4], **settings.fit)
        model = kind(trend=False, mask=truth.inside.astype(np.uint8), **init)
        fits[key] = model, timed(lambda: model.fit(history, **settings.fit))[1]
    return fits[key]


def _again(model: Any, settings: Settings) -> Any:
    """A monitor as it was fitted, with these settings; its state is its own."""
    known = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in vars(model).items()}
    known.update(x_coords=known.pop("x"), y_coords=known.pop("y"), **settings.init)
    if settings.monitor == "EWMA":
        known["threshold_outlier"] = known.pop("threshold")
    return type(model)(**known)


def _monitored(model: Any, values: NDArray[np.float32], days: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
    """(h, w): day of change that a monitor gives after the looks, 0 where it sees none; and processor seconds."""

    def watch() -> None:
        for look, day in zip(values, days, strict=True):
            model.monitor(array=look, date=moment(day))

    _, seconds = timed(watch)
    return np.where(model.mask == 3, model.detection_date, 0).astype(np.int64), seconds


def best(scored: Sequence[Scored], family: str) -> Scored:
    """Of one monitor's settings, the one that outlines most digs, and of such the one that calls least unchanged ground changed."""
    return min((s for s in scored if s.family == family), key=lambda s: (-s.outlined.hits, s.false_ha))
