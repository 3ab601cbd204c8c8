"""The scene classification, with the habits of the real one: bright bare ground taken for cloud, missed shadow, odd snow."""

import numpy as np
from scipy import ndimage as ndi

from third.frame import Arr, smooth

DARK, SHADOW, GREEN, BARE, WATER, UNSURE, CLOUD, SURE_CLOUD, CIRRUS, SNOW = range(2, 12)


def classify(fine: Arr, swir: Arr, low_sun: bool, snow: Arr, cloud: Arr, shadow: Arr, cirrus: Arr, rng: np.random.Generator) -> Arr:
    """Classes from B02, B03, B04, B08 and B11 and from the true shares of snow, cloud, shadow and cirrus, all at 20 m."""
    b2, b3, b4, b8 = fine
    shape = b2.shape
    scl = np.where((b8 - b4) / (b8 + b4 + 1e-6) > rng.uniform(0.34, 0.42), GREEN, BARE).astype("u1")
    scl[(b8 < 0.10) & (swir < 0.08)] = WATER
    if low_sun:
        scl[(b8 < 0.12) & (scl == BARE)] = DARK
    scl[rng.random(shape) < 0.006] = UNSURE
    bright = (b2 + b3 + b4) / 3
    limit = 0.212 + rng.normal(0, 0.014)
    taken = (bright > limit) & (swir > 0.2) & (rng.random() < 0.67)  # bare bright ground: cloud in two looks of three
    scl[ndi.maximum_filter(taken & (rng.random(shape) < 0.8), int(rng.choice([1, 3])))] = CLOUD
    scl[taken & (bright > limit + 0.07)] = SURE_CLOUD
    if snow.any():
        see_snow(scl, snow, rng)
    few = [max(8, v // 8) for v in shape]
    missed = ndi.zoom(smooth(rng, (few[0], few[1]), 4), shape[0] / few[0], order=1)[: shape[0], : shape[1]]
    scl[(shadow > 0.45) & (cloud < 0.3) & (missed < 0.75)] = SHADOW  # about a quarter of the shadow is missed
    if cirrus.any() and rng.random() < 0.55:
        scl[cirrus > 0.06] = CIRRUS
    edge = rng.uniform(0.22, 0.45)  # softer edges stay outside the mask
    scl[cloud > edge] = CLOUD
    scl[cloud > max(0.65, edge)] = SURE_CLOUD
    return scl


def see_snow(scl: Arr, snow: Arr, rng: np.random.Generator) -> None:
    """In a scene of three snow is not recognised for what it is."""
    if rng.random() > 0.3:
        scl[(snow > 0.4) & (rng.random(scl.shape) > 0.03)] = SNOW
    else:
        scl[snow > 0.75] = rng.choice([CLOUD, SNOW])
        scl[(snow > 0.2) & (scl == GREEN)] = BARE
