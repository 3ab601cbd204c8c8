"""Spectra of the ground's parts, the calendars of crops, and who grows what in which year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
EPOCH = dt.date(1970, 1, 1)

# Reflectance in B02 B03 B04 B08 B11 B12. Loess as measured in the brief; others typical of Sentinel-2 L2A.
SPECTRA: dict[str, Array] = {
    name: np.array(values, "f4")
    for name, values in {
        "loess": (0.11, 0.15, 0.20, 0.28, 0.35, 0.30),
        "crop": (0.030, 0.062, 0.037, 0.45, 0.20, 0.098),
        "grass": (0.045, 0.080, 0.065, 0.33, 0.25, 0.150),
        "forest": (0.025, 0.045, 0.030, 0.33, 0.16, 0.075),
        "straw": (0.095, 0.135, 0.185, 0.285, 0.34, 0.25),
        "film": (0.235, 0.265, 0.295, 0.375, 0.39, 0.33),
        "granite": (0.215, 0.240, 0.255, 0.270, 0.295, 0.280),
        "gravel": (0.170, 0.195, 0.220, 0.255, 0.300, 0.275),
        "limestone": (0.315, 0.355, 0.380, 0.400, 0.415, 0.350),
        "plastic": (0.270, 0.275, 0.275, 0.370, 0.330, 0.270),
        "blue_roof": (0.230, 0.215, 0.165, 0.230, 0.260, 0.240),
        "red_roof": (0.085, 0.105, 0.190, 0.250, 0.300, 0.280),
        "grey_roof": (0.180, 0.195, 0.210, 0.230, 0.260, 0.250),
        "asphalt": (0.105, 0.120, 0.135, 0.160, 0.190, 0.180),
        "panel": (0.075, 0.070, 0.065, 0.105, 0.140, 0.115),
        "water": (0.060, 0.065, 0.050, 0.030, 0.018, 0.012),
        "char": (0.045, 0.052, 0.062, 0.085, 0.170, 0.190),
        "snow": (0.82, 0.82, 0.81, 0.76, 0.13, 0.10),
        "cloud": (0.60, 0.60, 0.61, 0.64, 0.43, 0.33),
    }.items()
}

CROPS = ("wheat", "maize", "potato", "flax", "millet", "alfalfa", "fallow")
WHEAT, MAIZE, POTATO, FLAX, MILLET, ALFALFA, FALLOW = range(7)
GRASS, FOREST, ORCHARD = 7, 8, 9  # not sown; same code space as the crops
# green-up (day of year), its pace, ripening, its pace, harvest, highest green cover
CALENDAR = {
    WHEAT: (106, 9, 173, 6, 189, 0.72),
    MAIZE: (164, 8, 264, 8, 279, 0.85),
    POTATO: (170, 8, 249, 8, 266, 0.70),
    FLAX: (140, 8, 206, 7, 225, 0.62),
    MILLET: (186, 8, 252, 8, 272, 0.60),
    ALFALFA: (110, 10, 298, 9, 400, 0.68),
    FALLOW: (152, 16, 285, 10, 400, 1.0),
    GRASS: (142, 13, 276, 12, 400, 1.0),
    FOREST: (127, 8, 292, 8, 400, 1.0),
    ORCHARD: (118, 8, 300, 8, 400, 1.0),
}


def vary(rng: np.random.Generator, name: str, share: float = 0.05) -> Array:
    """A spectrum with its brightness and each band changed by a few per cent."""
    return SPECTRA[name] * (rng.normal(1, share) * rng.normal(1, share / 2, 6)).astype("f4")


def palette(rng: np.random.Generator) -> dict[str, Array]:
    """This county's plants, straw and film: nobody's textbook spectra."""
    return {name: vary(rng, name, 0.04) for name in ("crop", "grass", "forest", "straw", "film", "loess")}


def day_of(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - EPOCH).days


def date_of(day: int) -> dt.date:
    """The date of a count of days since 1970-01-01."""
    return EPOCH + dt.timedelta(days=int(day))


def rise(day: Array | float, middle: Array | float, pace: float) -> Array:
    """Logistic curve from 0 to 1."""
    return 1 / (1 + np.exp(-np.clip((day - middle) / pace, -30, 30)))


@dataclass(frozen=True)
class Season:
    """One year's weather for plants: days late, and how strongly they grow."""

    late: float
    vigour: float


def seasons(rng: np.random.Generator, years: tuple[int, ...]) -> dict[int, Season]:
    """Every year's season; one of them is dry (later and weaker)."""
    dry = int(rng.choice(years))
    made = {}
    for year in range(years[0] - 1, years[-1] + 2):
        late, vigour = rng.normal(0, 4), rng.normal(1, 0.06)
        made[year] = Season(late + 12, vigour * 0.72) if year == dry else Season(late, vigour)
    return made


@dataclass
class Farming:
    """What every unit of ground grows each year, and its own habits (arrays over units, or years × units)."""

    first: int  # the year of row 0
    crop: Array
    shift: Array  # days earlier or later than the calendar
    peak: Array  # times the crop's highest green cover
    plough: Array  # days between harvest and ploughing
    autumn_film: Array  # maize film laid in the autumn before
    weeds: Array
    tillage: Array  # day of year a fallow field is worked, killing its weeds
    tint: Array  # plants darker or lighter than the kind's mean (units)
    seasons: dict[int, Season]

    def state(self, day: int) -> tuple[Array, Array, Array, Array]:
        """Green, dry and film cover and soil brightness of every unit on a day."""
        date = date_of(day)
        row, doy = date.year - self.first, float(date.timetuple().tm_yday)
        season = self.seasons[date.year]
        parts = [
            cover(
                code,
                doy - self.shift[row] - season.late,
                self.peak[row] * season.vigour,
                self.plough[row],
                self.weeds[row],
                self.tillage[row],
            )
            for code in range(10)
        ]
        green, dry, film, soil = (np.choose(self.crop[row], [p[i] for p in parts]) for i in range(4))
        early_film = (self.crop[row] == MAIZE) & self.autumn_film[row] & (doy < 120)
        film = np.where(early_film, 0.5, film)
        return self._autumn(row, doy, green, dry, film, soil)

    def _autumn(self, row: int, doy: float, green: Array, dry: Array, film: Array, soil: Array) -> tuple[Array, Array, Array, Array]:
        """What the next year's crop already does this autumn: wheat emerges, film is laid."""
        after = self.crop[row + 1]
        sown = (after == WHEAT) & (self.crop[row] < GRASS)
        emerged = 0.17 * rise(doy - self.shift[row], 289, 6)
        worked = sown & (doy > 262)
        green = np.where(sown, np.maximum(green * (doy < 262), emerged), green)
        dry = np.where(worked, 0.03, dry)
        laid = (after == MAIZE) & self.autumn_film[row + 1] & (doy > 296) & (self.crop[row] < GRASS)
        return green, np.where(laid, 0.05, dry), np.where(laid, 0.5, film), np.where(worked | laid, 0.95, soil)


def cover(
    code: int, doy: Array | float, peak: Array | float, plough: Array | float, weeds: Array | float, tillage: Array | float
) -> tuple[Array, Array, Array, Array]:
    """Green, dry, film cover and soil brightness of one kind of plant at a (shifted) day of year."""
    start, pace, ripe, fall, harvest, top = CALENDAR[code]
    doy = np.asarray(doy, dtype=float)
    up, down = rise(doy, start, pace), rise(doy, ripe, fall)
    high = np.clip(top * np.asarray(peak, dtype=float), 0, 0.93)
    green, dry = high * up * (1 - down), 0.85 * high * up * down
    film, soil = np.zeros_like(green), np.ones_like(green)
    if code >= GRASS:
        # litter of the year before shows until it is overgrown
        litter = {GRASS: 0.28, FOREST: 0.35, ORCHARD: 0.15}[code]
        return green, litter * (1 - up * (1 - down)), film, soil
    if code == ALFALFA:
        for cut in (156.0, 214.0):
            green = green * (1 - 0.75 * np.where(doy > cut, np.exp(-np.clip(doy - cut, 0, 300) / 14), 0))
        return green, 0.12 * (1 - up * (1 - down)), film, soil
    if code == FALLOW:
        since = np.clip(doy - tillage, 0, 300)
        weed = np.asarray(weeds) * up * (1 - down) * np.where(doy > tillage, 0.1 + 0.9 * (1 - np.exp(-since / 45)), 1)
        soil = np.where(doy > tillage, 1 - 0.07 * np.exp(-since / 40), soil)
        return weed, 0.10 * (1 - up) + 0.12 * np.asarray(weeds) * down, film, soil
    return _sown(code, doy, green, dry, film, harvest, plough, weeds)


def _sown(
    code: int,
    doy: Array,
    green: Array,
    dry: Array,
    film: Array,
    harvest: float,
    plough: Array | float,
    weeds: Array | float,
) -> tuple[Array, Array, Array, Array]:
    """Harvest, stubble, ploughing and film of a yearly crop."""
    reaped = doy > harvest
    turned = doy > harvest + np.asarray(plough) * (0.2 if code == POTATO else 1)
    stubble = np.where(turned, 0.03, {POTATO: 0.05, MAIZE: 0.32}.get(code, 0.40))
    regrown = 0.5 * np.asarray(weeds) * rise(doy, harvest + 25, 8) * (1 - rise(doy, 290, 8)) * ~turned
    winter = 0.10 * (1 - rise(doy, 100, 6)) if code != WHEAT else 0.0
    green = np.where(reaped, regrown, green)
    if code == WHEAT:
        green = np.maximum(green, 0.14 * (doy < 110))
    dry = np.where(reaped, stubble, dry + winter)
    if code == MAIZE:
        spread = 0.55 * (doy > 108) * (1 - 0.35 * rise(doy, 200, 25))
        film = np.where(doy > 300, 0.04, spread * np.clip(1 - 1.15 * green - 0.5 * dry, 0, 1))
    since = np.clip(doy - harvest - np.asarray(plough), 0, 300)
    soil = np.where(turned, 1 - 0.07 * np.exp(-since / 40), 1.0)
    return green, dry, film, soil


def rotate_crops(rng: np.random.Generator, kind: Array, years: tuple[int, ...], made: dict[int, Season]) -> Farming:
    """Draw every unit's crops from the year before the first to the year after the last.

    `kind` is 0 for fields and GRASS, FOREST or ORCHARD for ground that is not sown.
    """
    first, count, units = years[0] - 1, len(years) + 2, len(kind)
    share = np.array([0.24, 0.29, 0.155, 0.085, 0.08, 0.0, 0.155])
    crop = np.empty((count, units), dtype="i1")
    lucerne = rng.random(units) < 0.07
    for row in range(count):
        drawn = rng.choice(7, units, p=share / share.sum()).astype("i1")
        again = rng.choice(6, units, p=np.array([0.5, 0.2, 0.2, 0.05, 0.05, 0.0])).astype("i1")
        if row:
            drawn = np.where((drawn == FALLOW) & (crop[row - 1] == FALLOW), again, drawn)
        crop[row] = np.where(lucerne, ALFALFA, drawn)
        lucerne &= rng.random(units) > 0.12
    crop = np.where(kind == 0, crop, kind).astype("i1")
    size = (count, units)
    own = rng.normal(0, 4, units)  # an early field is early every year
    peak = np.clip(rng.normal(1, 0.07, units) * rng.normal(1, 0.10, size), 0.5, 1.25)
    base = {GRASS: (0.24, 0.60), FOREST: (0.65, 0.88), ORCHARD: (0.40, 0.65)}
    for code, (low, high) in base.items():
        peak = np.where(kind == code, rng.uniform(low, high, units) * rng.normal(1, 0.05, size), peak)
    return Farming(
        first,
        crop,
        own + rng.normal(0, 5, size),
        peak,
        rng.uniform(10, 75, size),
        rng.random(size) < 0.35,
        rng.uniform(0.0, 0.27, size),
        np.where(rng.random(size) < 0.6, rng.uniform(150, 250, size), 500.0),
        rng.normal(1, 0.04, units),
        made,
    )
