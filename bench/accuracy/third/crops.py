"""What grows on the fields: each crop's calendar, and which crop a field carries in which year."""

import numpy as np

from third.frame import Arr, Frame

# Day of year -> share of green, of dry stalks, of plastic film, and roughness. A crop's calendar rules from its `first` day;
# before that the field looks as the last crop left it.
CROPS: dict[str, dict] = {
    "wheat": {
        "first": 1,
        "gv": [(1, 0.12), (70, 0.13), (95, 0.30), (120, 0.62), (140, 0.82), (158, 0.80), (172, 0.45), (184, 0.08), (190, 0)],
        "npv": [(1, 0.08), (140, 0.05), (165, 0.25), (184, 0.6), (205, 0.5), (212, 0.12), (366, 0.08)],
        "rough": [(1, 0.2), (205, 0.2), (212, 0.9), (366, 0.4)],
    },
    "maize": {
        "first": 88,
        "gv": [(128, 0), (150, 0.12), (175, 0.5), (195, 0.82), (225, 0.9), (250, 0.72), (268, 0.35), (282, 0.04), (290, 0)],
        "npv": [(88, 0.03), (250, 0.1), (275, 0.5), (290, 0.4), (366, 0.3)],
        "film": [(88, 0), (102, 0.7), (135, 0.68), (165, 0.45), (190, 0.2), (285, 0.2), (366, 0.1)],
        "rough": [(88, 0.8), (366, 0.4)],
    },
    "potato": {
        "first": 100,
        "gv": [(150, 0), (170, 0.25), (195, 0.7), (220, 0.8), (245, 0.6), (262, 0.2), (272, 0)],
        "npv": [(100, 0.03), (245, 0.05), (265, 0.25), (280, 0.08), (366, 0.06)],
        "rough": [(100, 0.8), (260, 0.5), (275, 1), (366, 0.6)],
    },
    "flax": {
        "first": 85,
        "gv": [(112, 0), (130, 0.15), (155, 0.6), (175, 0.72), (195, 0.5), (215, 0.15), (225, 0)],
        "npv": [(85, 0.03), (195, 0.15), (215, 0.5), (225, 0.35), (245, 0.3), (252, 0.08), (366, 0.06)],
        "rough": [(85, 0.6), (245, 0.2), (252, 0.9), (366, 0.4)],
    },
    "millet": {
        "first": 110,
        "gv": [(135, 0), (160, 0.2), (190, 0.6), (220, 0.78), (240, 0.6), (258, 0.25), (268, 0)],
        "npv": [(110, 0.03), (235, 0.1), (262, 0.5), (272, 0.35), (366, 0.22)],
        "rough": [(110, 0.7), (366, 0.3)],
    },
    "lucerne": {
        "first": 60,
        "gv": [
            (60, 0.03),
            (85, 0.05),
            (110, 0.35),
            (140, 0.75),
            (160, 0.85),
            (163, 0.2),
            (185, 0.65),
            (212, 0.8),
            (215, 0.2),
            (240, 0.6),
            (265, 0.65),
            (295, 0.35),
            (320, 0.08),
            (366, 0.02),
        ],
        "npv": [(60, 0.4), (85, 0.35), (140, 0.08), (300, 0.2), (366, 0.4)],
        "rough": [(1, 0.1)],
    },
    "tilled": {
        "first": 60,
        "gv": [(90, 0), (120, 0.03), (165, 0.12), (169, 0), (200, 0.09), (222, 0.15), (226, 0)],
        "npv": [(60, 0.1), (165, 0.08), (170, 0.03), (366, 0.05)],
        "rough": [(60, 0.3), (165, 0.2), (169, 1), (222, 0.4), (226, 1), (366, 0.4)],
    },
    "weedy": {
        "first": 60,
        "gv": [(95, 0), (125, 0.05), (170, 0.18), (220, 0.30), (260, 0.22), (290, 0.05), (310, 0)],
        "npv": [(60, 0.12), (170, 0.08), (290, 0.2), (366, 0.18)],
        "rough": [(1, 0.15)],
    },
}
NAMES = list(CROPS)
WHEAT, MAIZE, MILLET, LUCERNE, FALLOW = (NAMES.index(k) for k in ("wheat", "maize", "millet", "lucerne", "tilled"))  # fallow kinds come last
_DAYS = np.arange(367)
TABLE = np.array([[np.interp(_DAYS, *zip(*c.get(k, [(0, 0)]), strict=True)) for k in ("gv", "npv", "film", "rough")] for c in CROPS.values()], "f4")
FIRST = np.array([c["first"] for c in CROPS.values()])
AUTUMN = np.interp(_DAYS, [262, 275, 300, 330, 366], [0, 0.05, 0.24, 0.2, 0.12]).astype("f4")  # next year's wheat
SEASON = {  # share of its full green that natural cover, or a sown surface, shows on a day of the year
    "grass": np.interp(_DAYS, [100, 140, 175, 225, 255, 300], [0, 0.45, 0.85, 1, 0.85, 0]).astype("f4"),
    "tree": np.interp(_DAYS, [102, 132, 160, 255, 285, 312], [0.08, 0.5, 1, 1, 0.6, 0.08]).astype("f4"),
    "crop": TABLE[MAIZE, 0],
}


class Rotation:
    """Crops by year and field, from the year before the archive to the year after it."""

    def __init__(self, frame: Frame, fields: int) -> None:
        rng = frame.rng
        self.first = min(frame.years) - 1
        shape = ny, nf = frame.year - self.first + 2, fields
        w = np.array([0.38, 0.28, 0.14, 0.09, 0.06, 0.05])
        crop = rng.choice(6, shape, p=w / w.sum())
        keep = rng.random(shape) < np.choose(crop, [0.5, 0.3, 0.2, 0.2, 0.2, 0.8])
        for i in range(1, ny):
            crop[i] = np.where(keep[i], crop[i - 1], crop[i])
            late = np.isin(crop[i - 1], (MAIZE, MILLET)) & (crop[i] == WHEAT)  # no wheat after a late harvest
            crop[i][late] = rng.choice([1, 2, 3], late.sum())
        lay = rng.random(shape) < 0.05
        lay[-2:] = False
        crop = np.where(lay, rng.choice([FALLOW, FALLOW + 1], shape), crop)
        # in the monitored year more lies fallow than usual, on fields always cropped before: bare where no one expects it
        now = (rng.random(nf) < 0.11) & ~lay.any(0) & ~(crop[:-2] == LUCERNE).any(0)
        crop[-2, now] = rng.choice([FALLOW, FALLOW + 1], now.sum(), p=[0.55, 0.45])
        crop[-1, now] = MAIZE
        self.crop, self.newly_fallow = crop, now
        self.shift = rng.normal(0, 6, shape)  # days early or late
        self.vigour = np.clip(rng.normal(1, 0.11, shape), 0.65, 1.2).astype("f4")

    def never_fallow(self, fields: Arr) -> None:
        """Crop these fields every year."""
        self.newly_fallow[fields] = False
        self.crop[:, fields] = np.where(self.crop[:, fields] >= FALLOW, MAIZE, self.crop[:, fields])

    def shares(self, year: int, doy: int, water: float) -> tuple[Arr, Arr, Arr, Arr]:
        """Green, dry stalks, film and roughness of every field on a day; `water` is how much rain the year has of the usual."""
        y = year - self.first
        before, crop, after = self.crop[y - 1 : y + 2]
        day = np.clip(doy - self.shift[y], 1, 366).astype(int)
        early = day < FIRST[crop]
        green, dry, film, rough = TABLE[np.where(early, before, crop), :, np.where(early, 366, day)].T.copy()
        dry[early] *= 1 - 0.4 * min(doy, 90) / 90
        green *= self.vigour[y] * (1 - 0.5 * (1 - min(1, water)))
        sown = (after == WHEAT) & (day > 262) & (crop != LUCERNE)
        green[sown] = np.maximum(green[sown], AUTUMN[day[sown]])
        dry[sown] *= 0.3
        return green, dry, film, rough
