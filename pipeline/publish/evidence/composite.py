"""Pixels of the two dates, and the colours in which they are shown: the same stretch for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.publish.evidence.glance import box_around
from pipeline.publish.evidence.window import Frame
from pipeline.sources.reader import read_planes, scaling
from pipeline.sources.scene import Scene, reading

NO_DATA = -32768
LOW, HIGH = 2, 98
"""Percentiles of both dates together that become black and white."""
GROUND_HIGH = 90
"""Percentile of the case's own ground that must not be brighter than white."""
CLOUD_RED = 4500
"""Red reflectance, 1e-4, beyond which cells do not count for the stretch: clouds and snow would make the ground dark. No loess is so bright."""
LEAST_SPAN = 300
"""Reflectance, 1e-4, that black and white lie apart at least: noise of even ground is not blown up."""
UNKNOWN = 0, 3000
"""Black and white, 1e-4, where no cell counts."""
STRETCHED = (
    f"拉伸：每个波段两期相同，黑为所示影像合并的 {LOW}% 分位，白为其 {HIGH}% 分位与线索范围 {GROUND_HIGH}% 分位之较大者，"
    f"相距不足 {LEAST_SPAN / 1e4:g} 时向两端放宽；{LOW}%、{HIGH}% 分位不计红光反射率 ≥{CLOUD_RED / 1e4:g} 的像元"
    f"（云、雪等；别无像元时取 {UNKNOWN[0] / 1e4:g} 和 {UNKNOWN[1] / 1e4:g}）"
)
"""What `stretch` does, as every sheet says it."""
Spectrum = NDArray[np.int16]
"""(n_bands, h, w): reflectance, 1e-4; NO_DATA where the scene has none."""


@dataclass(frozen=True, slots=True)
class Composite:
    """Bands shown as red, green and blue."""

    name: str
    bands: tuple[str, str, str]

    @property
    def label(self) -> str:
        return f"{self.name} {' '.join(self.bands)}"


def composites(bands: Sequence[str]) -> tuple[Composite, Composite]:
    """The two composites of a set: as the eye sees it, and as short-wave (or else near) infrared shows bared ground."""
    if "B03" in bands and "B02" in bands:
        natural = Composite("真彩色", ("B04", "B03", "B02"))
    elif "B03" in bands:
        natural = Composite("近似真彩色（无蓝波段）", ("B04", "B03", "B03"))
    else:
        natural = Composite("红波段灰度", ("B04", "B04", "B04"))
    third = "B04"
    if "B12" in bands:
        return natural, Composite("短波红外", ("B12", "B08", third))
    if "B11" in bands:
        return natural, Composite("短波红外", ("B11", "B08", third))
    return natural, Composite("近红外（无短波红外）", ("B08", "B04", "B03" if "B03" in bands else "B04"))


def shown_bands(bands: Sequence[str]) -> tuple[str, ...]:
    """Bands that are read for the pictures, each once."""
    return tuple(dict.fromkeys(band for each in composites(bands) for band in each.bands))


def read_spectra(scenes: Sequence[Scene], bands: tuple[str, ...], frames: Sequence[Frame]) -> list[Spectrum]:
    """Reflectance over frames that lie near each other; where the first scene has no data, of the next one: tiles of one pass.

    Raises UnreadableError where a scene can't be read.
    """
    top, left, box = box_around(frames)
    needed = np.zeros((box.shape.y, box.shape.x), bool)
    places = [(slice(f.top - top, f.top - top + f.geobox.shape.y), slice(f.left - left, f.left - left + f.geobox.shape.x)) for f in frames]
    for place in places:
        needed[place] = True
    out = [np.full((len(bands), frame.geobox.shape.y, frame.geobox.shape.x), NO_DATA, np.int16) for frame in frames]
    for scene in scenes:
        gain, offset = scaling(scene, bands)
        with reading(scene):
            read = [read_planes(scene.bands[band].path, [box], classes=False, needed=needed)[0] for band in bands]
        planes = np.stack([plane.cells(*needed.shape) for plane in read])
        for place, spectrum in zip(places, out, strict=True):
            numbers = planes[(slice(None), *place)]
            new = (numbers > 0).all(axis=0) & (spectrum[0] == NO_DATA)
            spectrum[:, new] = np.clip(np.round(numbers[:, new] * gain[:, None] + offset[:, None]), -5000, 30000)
    return out


@dataclass(frozen=True, slots=True)
class Stretch:
    """Reflectance (1e-4) that is shown black, and white, in each band of a composite."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def label(self) -> str:
        return " ".join(dict.fromkeys(f"{low / 1e4:.3f}–{high / 1e4:.3f}" for low, high in zip(self.low, self.high, strict=True)))


def stretch(composite: Composite, bands: tuple[str, ...], spectra: Sequence[Spectrum | None], ground: NDArray[np.bool_]) -> Stretch:
    """One stretch for all dates, from all of them together. ground: (h, w) cells that must not all turn white."""
    reds = [spectrum[bands.index("B04")] for spectrum in spectra if spectrum is not None]
    usable = [(red != NO_DATA) & (red < CLOUD_RED) for red in reds]
    low, high = [], []
    for band in composite.bands:
        planes = [spectrum[bands.index(band)] for spectrum in spectra if spectrum is not None]
        known = np.concatenate([each[valid] for each, valid in zip(planes, usable, strict=True)]) if planes else np.zeros(0, np.int16)
        own = np.concatenate([each[ground & (each != NO_DATA)] for each in planes]) if planes else known
        a, b = map(float, np.percentile(known, (LOW, HIGH)) if len(known) else UNKNOWN)
        b = max(b, float(np.percentile(own, GROUND_HIGH))) if len(own) else b
        spare = max(LEAST_SPAN - (b - a), 0.0) / 2
        low.append(a - spare)
        high.append(b + spare)
    return Stretch((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def shades(composite: Composite, bands: tuple[str, ...], spectrum: Spectrum, by: Stretch) -> NDArray[np.uint8]:
    """(h, w, 3): colours of the cells; light hatching where there is no data."""
    planes = []
    for band, low, high in zip(composite.bands, by.low, by.high, strict=True):
        values = (spectrum[bands.index(band)].astype(np.float32) - low) * (255 / (high - low))
        planes.append(np.clip(np.round(values), 0, 255).astype(np.uint8))
    out = np.stack(planes, axis=2)
    empty = spectrum[0] == NO_DATA
    out[empty] = hatching(*empty.shape)[empty]
    return out


def hatching(height: int, width: int) -> NDArray[np.uint8]:
    """(height, width, 3): what stands where there is no data."""
    rows, cols = np.indices((height, width))
    return np.repeat(np.where((rows + cols) % 4 < 2, 214, 236).astype(np.uint8)[..., None], 3, axis=2)
