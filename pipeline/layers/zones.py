"""The coordinate systems of Chinese surveys in the EPSG register: datums, and their Gauss–Krüger zones of 3 and 6 degrees."""

from __future__ import annotations

from dataclasses import dataclass

CGCS2000 = "CGCS2000"


@dataclass(frozen=True, slots=True)
class Datum:
    """Codes of a datum in the EPSG register; zones and meridians follow each other in them."""

    degrees: int
    zone3: int
    """Plus the number of a 3-degree zone: its number stands before the easting."""
    meridian3: int
    """Plus the number of a 3-degree zone: easting without it."""
    zone6: int
    meridian6: int


DATUMS = {
    CGCS2000: Datum(4490, 4488, 4509, 4478, 4489),
    "Xian 1980": Datum(4610, 2324, 2345, 2314, 2325),
    "Beijing 1954": Datum(4214, 2376, 2397, 21400, 21440),
}
ZONES3, ZONES6 = range(25, 46), range(13, 24)
"""Zones that China lies in: a number before the easting tells their width too."""
