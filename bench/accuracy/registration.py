"""How well a scene's shift against the record can be measured (`pipeline/detect/registration.py`), on real scenes.

    python bench/accuracy/registration.py SCENES

SCENES: the folder of the Romanian forest series (100 × 100 cells). Each scene of 2018 and later with enough clear ground is held against the
record of the 36 months before its January. Printed: how many can be told; how far red and near infrared, which are registered to each
other within 3 m, differ; how far scenes lie off; and how well known shifts come back that are put into them (by the shift theorem).
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline import survey
from pipeline.detect import registration
from pipeline.detect.looks import NO_DATA, season_terms
from pipeline.detect.mask import CLEAR
from pipeline.detect.model import Model
from pipeline.grid import Grid
from pipeline.sources import FolderSource
from pipeline.survey import Glance

METRES = 10
YEARS = (2018, 2019, 2020)


def windows(seen: Glance, side: int, model: Model) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    return seen.look[[model.red, model.nir]].reshape(2, 1, side, side), seen.mark.reshape(1, side, side)


def moved(image: NDArray[np.int16], by: NDArray[np.float64]) -> NDArray[np.int16]:
    filled = np.where(image == NO_DATA, np.median(image[image != NO_DATA]), image).astype(float)
    rows, cols = np.fft.fftfreq(image.shape[0])[:, None], np.fft.fftfreq(image.shape[1])[None, :]
    return np.fft.ifft2(np.fft.fft2(filled) * np.exp(-2j * np.pi * (rows * by[0] + cols * by[1]))).real.astype(np.int16)


def rms(errors: list[NDArray[np.float64]]) -> str:
    north, east = METRES * np.sqrt((np.array(errors) ** 2).mean(axis=0))
    return f"{north:.1f} m north, {east:.1f} m east"


def main(folder: Path) -> None:
    scenes, _ = FolderSource(folder).scenes()
    with rasterio.open(scenes[0].bands["B04"].path) as first:
        grid = Grid(GeoBox(first.shape, first.transform, first.crs.to_string()))
    side = grid.shape[0]
    bands = tuple(sorted(set.intersection(*(set(scene.bands) for scene in scenes))))
    seen = {scene.id: survey.glance(scene, grid, bands) for scene in scenes}
    rng = np.random.default_rng(3)
    judged, off, between, back = 0, [], [], []
    for year in YEARS:
        window = [scene for scene in scenes if date(year - 3, 1, 1) <= scene.day < date(year, 1, 1)]
        model, _ = survey.survey_window(window, [seen[scene.id] for scene in window], bands)
        for scene in (scene for scene in scenes if scene.day.year == year):
            images, mark = windows(seen[scene.id], side, model)
            judged += bool(((mark == CLEAR) & (images[0] != NO_DATA)).sum() >= registration.LEAST_CELLS)
            terms = season_terms(survey.day_number(scene))
            found = registration.shift(images, mark, 1, model, terms)
            if found is None:
                continue
            off.append(METRES * float(np.hypot(*found)))
            each = [registration.shift(np.stack([image, image]), mark, 1, _alone(model, k), terms) for k, image in enumerate(images)]
            if None not in each:
                between.append(np.subtract(each[0], each[1]))
            by = rng.uniform(-2, 2, 2)
            again = registration.shift(np.stack([moved(image[0], by) for image in images])[:, None], mark, 1, model, terms)
            if again is not None:
                back.append(np.subtract(again, found) - by)
    print(f"{len(off)} of {judged} looks told; off by {np.median(off):.1f} m in the middle, {np.percentile(off, 95):.1f} m at 95 %")
    print(f"red against near infrared (rms): {rms(between)}")
    print(f"{len(back)} known shifts come back within (rms) {rms(back)}")


def _alone(model: Model, which: int) -> Model:
    """The model with one band in the place of both."""
    band = (model.red, model.nir)[which]
    mean = model.sample.mean.copy()
    mean[model.red], mean[model.nir] = model.sample.mean[band], model.sample.mean[band]
    fine = model.sample.fine.copy()
    fine[model.red], fine[model.nir] = model.sample.fine[band], model.sample.fine[band]
    sample = model.sample._replace(mean=mean, fine=fine)
    return Model(model.bands, sample, model.least, model.white, model.soil)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
