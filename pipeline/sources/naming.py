"""What a folder's or a file's name says: day, time, satellite, tile, baseline, band."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
"""Bands that are used, in the order in which they are always given."""
NEEDED = ("B04", "B08")

_BAND = re.compile(r"(B02|B03|B04|B08|B11|B12|SCL)(?:_(\d{1,3})m)?\.tiff?$", re.IGNORECASE)
_TOKEN = re.compile(r"(?<!\d)(\d{8})(?:[Tt](\d{6}))?(?!\d)")
_PRODUCT = re.compile(r"^S2[A-D]_MSIL[12][ABC]_([^_]*)", re.IGNORECASE)
_STRIP = re.compile(r"(?:_DS_.*_S|L2A_T\w{5}_A\d{6}_)(\d{8}T\d{6})")
_BASELINE = re.compile(r"_N(\d{4})(?![0-9])", re.IGNORECASE)
_SATELLITE = re.compile(r"(?<![A-Za-z0-9])(S2[A-D]|GF[1-7][A-D]?|L[COTE]0[4-9])(?![0-9])", re.IGNORECASE)
_TILE = re.compile(r"(?<![A-Za-z0-9])T?(\d{2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])(?![A-Za-z0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment written in a name."""

    moment: datetime
    """UTC; midnight where only the day is written."""
    timed: bool


def legible(name: str) -> str:
    """A file's name as it can be written: bytes that are no UTF-8, as in names out of a GBK zip, as `\\xbb`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def band_of(file_name: str) -> tuple[str, int] | None:
    """Band and the resolution in its name (0 where none is said) of a file such as `…_B02_10m.tif`."""
    found = _BAND.search(file_name)
    return (found[1].upper(), int(found[2] or 0)) if found else None


def stamps(name: str) -> list[Stamp]:
    """Days and date-times in a name, in order; numbers that are no date are passed over."""
    found = []
    for day, time in _TOKEN.findall(name):
        for text, form in ((day + time, "%Y%m%d%H%M%S"), (day, "%Y%m%d")):
            try:
                moment = datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
            if 1970 <= moment.year < 2100:
                found.append(Stamp(moment, timed=form != "%Y%m%d"))
                break
    return found


def sensed(name: str, told: datetime | None) -> tuple[Stamp | None, tuple[date, ...]]:
    """When the scene in folder `name` was acquired, and the days it could be.

    A Sentinel-2 product name gives the sensing time first and the processing time later. In any other name two
    different days are ambiguous (no stamp is returned) unless `told`, the time in its metadata, is on one of them.
    """
    product = _PRODUCT.match(name)
    found = stamps(product[1] if product else name)
    days = tuple(sorted({s.moment.date() for s in found}))
    if told is not None and told.date() in days:
        days = (told.date(),)
    if len(days) != 1:
        return None, days
    times = sorted({s.moment for s in found if s.timed and s.moment.date() == days[0]})
    if times:
        return Stamp(times[0], timed=True), days
    if told is not None and told.date() == days[0]:
        return Stamp(told, timed=True), days
    return Stamp(datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC), timed=False), days


def datastrip(text: str) -> datetime | None:
    """Start of a datastrip, from its id (`…_S20240703T034212_N05.10`) or the name of a granule (`L2A_T48SWE_A047162_20240703T034212`)."""
    found = _STRIP.search(text)
    times = stamps(found[1]) if found else []
    return times[0].moment if times else None


def produced(name: str) -> str:
    """Processing time in a Sentinel-2 product name, which tells two deliveries of one baseline apart."""
    found = stamps(name) if _PRODUCT.match(name) else []
    return found[-1].moment.isoformat() if len(found) > 1 else ""


def baseline(name: str) -> str:
    """Processing baseline in a product name, as `0510`; empty where there is none."""
    found = _BASELINE.search(name)
    return found[1] if found else ""


def satellite(text: str) -> str:
    """Satellite named in `text`, as `S2A`; empty where there is none."""
    found = _SATELLITE.search(text.upper().replace("SENTINEL-2", "S2").replace("SENTINEL 2", "S2"))
    return found[1] if found else ""


def tile(text: str) -> str:
    """MGRS tile named in `text`, as `T48SWE`; empty where there is none."""
    found = _TILE.search(text)
    return f"T{found[1].upper()}" if found else ""
