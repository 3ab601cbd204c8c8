"""Surfaces: reflectance in B02, B03, B04, B08, B11 and B12, and how it changes with water and green."""

from dataclasses import dataclass

import numpy as np

from third.frame import Arr


def spec(*v: float) -> Arr:
    """A spectrum."""
    return np.array(v, "f4")


BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
WET = spec(0.36, 0.37, 0.37, 0.36, 0.42, 0.47)  # share of light lost by soil when soaked

GREEN = {
    "crop": spec(0.030, 0.062, 0.038, 0.410, 0.205, 0.098),
    "grass": spec(0.040, 0.076, 0.062, 0.310, 0.225, 0.130),
    "tree": spec(0.026, 0.046, 0.031, 0.310, 0.155, 0.072),
}
DRY = {
    "crop": spec(0.110, 0.150, 0.195, 0.300, 0.370, 0.275),
    "grass": spec(0.080, 0.110, 0.148, 0.228, 0.305, 0.235),
    "tree": spec(0.060, 0.080, 0.105, 0.175, 0.225, 0.165),
}
TOPSOIL = spec(0.110, 0.148, 0.190, 0.265, 0.350, 0.312)
FILM = spec(0.225, 0.245, 0.268, 0.325, 0.330, 0.275)
SNOW = spec(0.74, 0.74, 0.73, 0.64, 0.13, 0.09)
WATER = spec(0.055, 0.072, 0.070, 0.040, 0.018, 0.012)
MACHINE = spec(0.13, 0.22, 0.30, 0.33, 0.30, 0.25)
ROCK = {  # deep material of a pit; loess is missing, for it takes after the topsoil above it
    "red_clay": spec(0.088, 0.121, 0.200, 0.277, 0.348, 0.290),
    "granite": spec(0.205, 0.240, 0.270, 0.305, 0.360, 0.325),
    "limestone": spec(0.285, 0.325, 0.355, 0.385, 0.415, 0.350),
    "gravel": spec(0.150, 0.178, 0.202, 0.228, 0.270, 0.250),
    "dark_rock": spec(0.074, 0.084, 0.094, 0.116, 0.142, 0.132),
}
ROOF = [
    spec(0.13, 0.125, 0.155, 0.21, 0.25, 0.23),
    spec(0.12, 0.16, 0.22, 0.26, 0.30, 0.27),
    spec(0.24, 0.26, 0.27, 0.29, 0.32, 0.30),
    spec(0.20, 0.19, 0.17, 0.22, 0.26, 0.21),
    spec(0.16, 0.17, 0.18, 0.20, 0.23, 0.22),
]
PLASTIC = spec(0.27, 0.285, 0.285, 0.36, 0.27, 0.19)
PANEL = spec(0.062, 0.064, 0.068, 0.105, 0.120, 0.105)
ASPHALT = spec(0.090, 0.100, 0.108, 0.128, 0.155, 0.148)
CONCRETE = spec(0.22, 0.24, 0.255, 0.275, 0.30, 0.28)
CHAR = spec(0.045, 0.050, 0.058, 0.085, 0.150, 0.165)


@dataclass(frozen=True)
class Mat:
    """A surface: dry spectrum, how far wetting darkens it, and the green it can carry in a season."""

    dry: Arr
    wet: float = 1.0
    veg: float = 0.0
    curve: str = "grass"

    def seen(self, moist: float, season: dict[str, float]) -> Arr:
        """Reflectance at that soil moisture and time of year."""
        g = self.veg * season[self.curve]
        return self.dry * (1 - moist * self.wet * WET) * (1 - g) + g * GREEN[self.curve]


Ageing = list[tuple[float, Mat]]  # (days since the sub-cell changed, surface), linear in between
