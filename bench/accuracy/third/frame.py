"""Where and when: the county's grid of cells and sub-cells, its calendar, and the random draws everything shares."""

from datetime import date, timedelta

import numpy as np
from rasterio.features import rasterize
from rasterio.transform import from_origin
from shapely.geometry import MultiPolygon, Polygon

Arr = np.ndarray
Place = tuple[float, float]  # metres east and north
Area = Polygon | MultiPolygon

CRS = "EPSG:32648"
EPOCH = date(1970, 1, 1)
K = 4  # a cell is K × K sub-cells, so that an edge is a mixed pixel and a pit can grow
SUB = 10 / K  # metres
SUB_AREA = SUB**2
NEVER = 10**6  # a day that does not come


def day_number(year: int, month: int = 1, day: int = 1) -> int:
    """Days since 1970."""
    return (date(year, month, day) - EPOCH).days


def iso(day: float) -> str:
    """A day number as ISO text."""
    return (EPOCH + timedelta(int(day))).isoformat()


def smooth(rng: np.random.Generator, shape: int | tuple[int, int], wave: float) -> Arr:
    """Gaussian noise of unit variance whose hills are about `wave` cells apart (periodic)."""
    s = (shape, shape) if isinstance(shape, int) else shape
    fy, fx = np.fft.fftfreq(s[0])[:, None], np.fft.rfftfreq(s[1])[None]
    f = np.fft.rfft2(rng.standard_normal(s, "f4")) * np.exp(-((fy**2 + fx**2) * (wave * 0.7) ** 2) * np.pi).astype("f4")
    out = np.fft.irfft2(f, s)
    return ((out - out.mean()) / (out.std() + 1e-12)).astype("f4")


def along(x: Arr, y: Arr, p: Place, angle: float) -> tuple[Arr, Arr]:
    """Metres along and across a direction, from a place."""
    return (x - p[0]) * np.cos(angle) + (y - p[1]) * np.sin(angle), -(x - p[0]) * np.sin(angle) + (y - p[1]) * np.cos(angle)


class Frame:
    """A square of cells and the days the archive covers; the last year is the one monitored."""

    def __init__(self, seed: int, size: int, years: list[int], months: int) -> None:
        self.rng = rng = np.random.default_rng([seed, 3])
        self.seed, self.n, self.fine_n = seed, size, size * K
        self.years, self.year = years, max(years)
        self.first_day = day_number(min(years))
        self.watch_day = day_number(self.year)
        self.last_day = (day_number(self.year, months + 1) if months < 12 else day_number(self.year + 1)) - 1
        self.x0, self.y0 = 540000 + 20 * int(rng.integers(0, 900)), 3945000 - 20 * int(rng.integers(0, 900))
        self.transform = from_origin(self.x0, self.y0, 10, 10)

    def cell(self, p: Place) -> tuple[int, int]:
        """Row and column of a place."""
        return int((self.y0 - p[1]) / 10), int((p[0] - self.x0) / 10)

    def mask(self, geom: Area, all_touched: bool = False) -> Arr:
        """The cells of a polygon."""
        return rasterize([geom], (self.n, self.n), transform=self.transform, all_touched=all_touched).astype(bool)

    def centres(self, flat: Arr) -> tuple[Arr, Arr]:
        """Coordinates of sub-cells given by flat index."""
        return self.x0 + (flat % self.fine_n + 0.5) * SUB, self.y0 - (flat // self.fine_n + 0.5) * SUB

    def window(self, p: Place, r: float) -> tuple[Arr, Arr, Arr]:
        """Coordinates and flat indices of the sub-cells round a place."""
        j0, j1 = (int(np.clip((v - self.x0) / 10 * K, 0, self.fine_n)) for v in (p[0] - r, p[0] + r))
        i0, i1 = (int(np.clip((self.y0 - v) / 10 * K, 0, self.fine_n)) for v in (p[1] + r, p[1] - r))
        ii, jj = np.mgrid[i0:i1, j0:j1]
        flat = ii * self.fine_n + jj
        return *self.centres(flat), flat
