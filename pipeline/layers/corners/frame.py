"""In which system, zone and order a file's numbers are coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError, ProjError

from pipeline.layers.corners.draft import Pair, Said
from pipeline.layers.ground import crs_of, degrees_of
from pipeline.layers.table import Answers, County, Order, Refuse
from pipeline.layers.zones import CGCS2000, DATUMS, ZONES3, ZONES6, Datum
from pipeline.projection import between

_DATUM_WORDS = (
    (CGCS2000, re.compile(r"CGCS\s*2000|2000\s*国家|国家(?:大地)?\s*2000|2000\s*(?:大地)?坐标|^2000$", re.IGNORECASE)),
    (
        "Xian 1980",
        re.compile(
            r"西安\s*(?:19)?80|80\s*年?\s*西安|西安(?:大地)?坐标|(?<!\d)(?:19)?80\s*(?:国家)?(?:大地)?坐标|xi'?an[ _]*(?:19)?80", re.IGNORECASE
        ),
    ),
    (
        "Beijing 1954",
        re.compile(
            r"北京\s*(?:19)?54|54\s*年?\s*北京|北京(?:大地)?坐标|(?<!\d)(?:19)?54\s*(?:国家)?(?:大地)?坐标|beijing[ _]*(?:19)?54", re.IGNORECASE
        ),
    ),
)
_DECIMAL = "Say --degrees decimal, or correct the numbers."
_ZONE_M = 1_000_000
_IN_COUNTY = 0.05
"""Degrees about the county's box that still count as in it."""


@dataclass(frozen=True, slots=True)
class Frame:
    crs: str
    order: Order
    packed: bool = False
    """Degrees are ddd.mmss."""

    @property
    def words(self) -> str:
        crs = crs_of(self.crs)
        names = ("latitude", "longitude") if crs.is_geographic else ("northing", "easting")
        first, second = names if self.order == "north_east" else names[::-1]
        return f"{crs.name} ({self.crs}), {first} before {second}{', degrees, minutes and seconds in one number (ddd.mmss)' if self.packed else ''}"

    def plain(self, numbers: ArrayLike) -> NDArray[np.float64]:
        """Written numbers as degrees or metres."""
        written = np.asarray(numbers, float)
        return unpacked(written) if self.packed else written


def unpacked(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees of numbers written as ddd.mmss, with parts of seconds after that."""
    degrees, minutes, seconds = _parts(numbers)
    return degrees + minutes / 60 + seconds / 3600


def _parts(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    # To a millionth of a second: 105.2515 is stored as 105.251499999….
    whole = np.round(numbers * 1e4, 6)
    return whole // 1e4, whole % 1e4 // 100, whole % 100


def may_be_packed(numbers: NDArray[np.float64]) -> bool:
    """Whether no minutes and no seconds would reach 60."""
    _, minutes, seconds = _parts(numbers)
    return bool(((minutes < 60) & (seconds < 60)).all())


def datum_in(text: str) -> str | None:
    """The datum that a text names; None where it names none or several."""
    found = [name for name, words in _DATUM_WORDS if words.search(text)]
    return found[0] if len(found) == 1 else None


def choose(points: Sequence[Pair], said: Said, county: County | None, answers: Answers, refuse: Refuse) -> tuple[Frame, str]:
    """The reading of a parcel's or file's numbers, and why.

    What the file says goes first. What it leaves open the county's position decides. Where two readings put the points in the county it is
    asked (`MW-LAYER-ASK`); where none does, the reading that the file says stays, and the features are reported as lying outside.
    """
    place = np.median(np.asarray(points, float), axis=0)
    packed = not said.spelled and may_be_packed(np.asarray(points, float))
    if answers.degrees == "packed" and not packed:
        shown = f"{place[0]:.4f}, {place[1]:.4f}"
        raise refuse(
            "MW-LAYER-LINE", f"is no ddd.mmss throughout: minutes or seconds reach 60, or are written apart (numbers such as {shown})", _DECIMAL
        )
    readings = [written for frame in _readings(place, said, county, answers) for written in _written(frame, place, packed, answers)]
    if said.binding and answers.order is None and not _best(place, readings, county):
        _refuse_swapped(place, said, county, answers, refuse)
    if not readings:
        fix = "Say the system: --crs EPSG:4544 (CGCS2000, meridian 105°), EPSG:4523 with the zone (35) before the easting; docs/layers.md has all."
        raise refuse("MW-LAYER-ZONE", f"holds numbers such as {place[0]:.3f}, {place[1]:.3f}, which fit no zone of China", fix)
    fitting = _best(place, readings, county)
    if not fitting and answers.crs is None:
        _refuse_otherwise(place, said, county, answers, refuse)
    if len(fitting) > 1:
        shown = "; ".join(frame.words for frame in fitting)
        if len({frame.packed for frame in fitting}) > 1:
            fix = "Look into the licence: is 0.30 half a degree (--degrees decimal) or 30 minutes (--degrees packed)? In the config: degrees."
        else:
            options = " or ".join(f"--crs {frame.crs} --order {frame.order}" for frame in fitting)
            fix = f"Say which: {options} (in the config: crs, order)."
        raise refuse("MW-LAYER-ASK", f"can be read in {len(fitting)} ways that all lie in the county: {shown}", fix)
    if fitting:
        alone = len(readings) == 1
        return fitting[0], "the file says so" if alone else "of the readings that are left open only this one lies by the county"
    return readings[0], "it is what the file says, though it does not lie by the county" if county else "by the size of its numbers"


def _refuse_otherwise(place: np.ndarray, said: Said, county: County | None, answers: Answers, refuse: Refuse) -> None:
    """Say so where numbers fit the county just when they are written otherwise: kilometres, or degrees without a point."""
    kilometres = place * 1000
    if _best(kilometres, list(_readings(kilometres, said, county, answers)), county):
        raise refuse("MW-LAYER-ZONE", f"holds kilometres ({place[0]:.3f}, {place[1]:.3f})", "Write the coordinates in metres, e.g. 3950590.56.")
    compact = place / 1e4
    degrees = DATUMS[said.datum or CGCS2000].degrees
    if _best(compact, [Frame(f"EPSG:{degrees}", order, True) for order in _orders(compact, said, answers)], county):
        what = f"holds degrees, minutes and seconds without a sign between them ({place[0]:.0f}, {place[1]:.0f})"
        raise refuse("MW-LAYER-LINE", what, "Write them apart (105°00′36″), or with a point after the degrees (105.0036).")


def _refuse_swapped(place: np.ndarray, said: Said, county: County | None, answers: Answers, refuse: Refuse) -> None:
    """Say so where the numbers fit the county in the order that the format does not have."""
    other: Order = "east_north" if said.order == "north_east" else "north_east"
    fitting = _best(place, list(_readings(place, replace(said, order=other), county, answers)), county)
    if fitting:
        shown = f"{place[0]:.3f}, {place[1]:.3f}"
        what = f"holds numbers such as {shown}, which lie in the county only as {fitting[0].words}: that is not the order of this format"
        fix = f"Is it meant so? Then say --order {other} (in the config: order: {other}); else correct the file."
        raise refuse("MW-LAYER-AXES", what, fix)


def _best(place: np.ndarray, readings: Sequence[Frame], county: County | None) -> list[Frame]:
    """Readings that lie in the county, else by it; those that mean the same place once."""
    if county is None:
        return []
    located = [(frame, at) for frame in readings if (at := locate(place, frame)) is not None]
    inside = [(frame, at) for frame, at in located if county.holds(*at, _IN_COUNTY)] or [(f, at) for f, at in located if county.near(*at)]
    out: list[tuple[Frame, tuple[float, float]]] = []
    for frame, at in inside:
        if all(max(abs(at[0] - other[0]), abs(at[1] - other[1])) > 1e-8 for _, other in out):
            out.append((frame, at))
    return [frame for frame, _ in out]


def locate(place: Sequence[float] | np.ndarray, frame: Frame) -> tuple[float, float] | None:
    """Longitude and latitude of two written numbers; None where the frame gives them no place."""
    place = frame.plain(place)
    north, east = place if frame.order == "north_east" else (place[1], place[0])
    try:
        geographic = degrees_of(frame.crs)
        lon, lat = between(frame.crs, geographic).transform(east, north) if geographic else (np.nan, np.nan)
    except (CRSError, ProjError):
        return None
    return (float(lon), float(lat)) if np.isfinite([lon, lat]).all() else None


def _readings(place: np.ndarray, said: Said, county: County | None, answers: Answers) -> Iterator[Frame]:
    """Readings that the file and the person leave open, the likeliest first."""
    for order in _orders(place, said, answers):
        if answers.crs:
            yield Frame(answers.crs, order)
            continue
        east = float(place[1] if order == "north_east" else place[0])
        for code in _codes(east, float(np.abs(place).max()), DATUMS[said.datum or CGCS2000], said, county):
            yield Frame(f"EPSG:{code}", order)


def _written(frame: Frame, place: np.ndarray, packed: bool, answers: Answers) -> Iterator[Frame]:
    """The ways in which a reading's numbers can be written."""
    if not packed or np.abs(place).max() > 180 or answers.degrees != "packed":
        yield frame
    if packed and np.abs(place).max() <= 180 and answers.degrees != "decimal":
        yield replace(frame, packed=True)


def _orders(place: np.ndarray, said: Said, answers: Answers) -> list[Order]:
    given = answers.order or (said.order if said.binding else None)
    if given:
        return [given]
    # China's longitudes are larger than its latitudes; of metres without a zone's number the northing is the larger.
    first_larger = place[0] > place[1]
    degrees_or_prefixed = np.abs(place).max() <= 180 or np.abs(place).max() > 10 * _ZONE_M
    by_size: Order = "east_north" if first_larger == degrees_or_prefixed else "north_east"
    likely = said.order or by_size
    return [likely, "east_north" if likely == "north_east" else "north_east"]


def _codes(east: float, largest: float, datum: Datum, said: Said, county: County | None) -> Iterator[int]:
    """Codes of the systems in which a number can be an easting."""
    if largest <= 180:
        yield datum.degrees
        return
    prefix = int(east // _ZONE_M)
    if prefix in ZONES3:
        yield datum.zone3 + prefix
    elif prefix in ZONES6:
        yield datum.zone6 + prefix
    elif prefix == 0:
        yield from _without_prefix(datum, said, county)


def _without_prefix(datum: Datum, said: Said, county: County | None) -> Iterator[int]:
    zone, meridian = said.zone, said.meridian
    if zone is not None and zone in ZONES3 and said.width != 6:
        yield datum.meridian3 + zone
    elif zone is not None and zone in ZONES6 and said.width != 3:
        yield datum.meridian6 + zone
    elif meridian is not None:
        yield from (datum.meridian3 + number for number in ZONES3 if 3 * number == meridian)
    elif county is not None:
        middle = (county.west + county.east) / 2
        if said.width != 6:
            yield from (datum.meridian3 + number for number in sorted(ZONES3, key=lambda number: abs(3 * number - middle))[:3])
        if said.width != 3:
            yield from (datum.meridian6 + number for number in sorted(ZONES6, key=lambda number: abs(6 * number - 3 - middle))[:2])
