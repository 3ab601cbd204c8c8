"""Pictures: the ground of a day seen through the air of a pass, and its files."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from crops import FOREST, GRASS, ORCHARD, SPECTRA
from ground import CRS, Ground
from items import Item
from shapes import STEP, noise
from weather import Pass, Sky, blur, sky, snow_cover, sun, taps

Array = np.ndarray
BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
FULL = ("B02", "B03", "B04", "B08")  # at 10 m
# how much the slope's light (rather than the sky's) matters in a band, after the product's own terrain correction
RELIEF = np.array([0.45, 0.5, 0.55, 0.6, 0.62, 0.62], "f4")
HAZE = np.array([1.0, 0.72, 0.5, 0.22, 0.05, 0.02], "f4")
CIRRUS = np.array([0.9, 0.9, 0.95, 1.0, 0.8, 0.7], "f4")


@dataclass(frozen=True)
class World:
    """Ground and everything that happens on it."""

    seed: int
    ground: Ground
    items: list[Item]


def render(world: World, look: Pass) -> dict[str, Array]:
    """All files' arrays of one pass. Each pass has its own random stream, so the order of work does not matter."""
    rng = np.random.default_rng([world.seed, 77, look.index])
    ground, n = world.ground, world.ground.n
    refl, bare = surface(ground, look.day)
    for item in world.items:
        _lay_item(item, look.day, refl, bare)
    soil_wet = look.wet * rng.uniform(0.10, 0.25) * np.clip(0.75 + 0.3 * noise(rng, n, 1200, 80), 0.3, 1.2)
    refl *= (1 - soil_wet * bare).astype("f4")
    light = _light(ground, look)
    snow = snow_cover(rng, n, look.snow, np.clip(-ground.normal[1], -0.2, 0.4))
    if look.snow > 0:
        refl += snow * (SPECTRA["snow"][:, None, None] - refl)
    refl *= 1 + RELIEF[:, None, None] * (light - 1)
    shift = rng.uniform(-0.4, 0.4, 2)
    sigma = rng.uniform(0.5, 0.6)
    refl = blur(refl, taps(sigma, shift[0]), taps(sigma, shift[1]))
    air = sky(rng, n, look)
    scl = classify(rng, world, look, refl, snow, light, air)
    _atmosphere(rng, refl, look, air)
    return _numbers(rng, refl, scl, look)


def surface(ground: Ground, day: int) -> tuple[Array, Array]:
    """Reflectance (6, n, n) and bareness of the ground without items."""
    green, dry, film, bright = ground.farming.state(day)
    rest = np.clip(1 - green - dry - film, 0, 1)
    crop = ground.farming.crop[day_row(ground, day)]
    colours = ground.palette
    table = np.stack([colours["crop"], colours["grass"], colours["forest"]])
    kind = np.where(crop == FOREST, 2, np.where((crop == GRASS) | (crop == ORCHARD), 1, 0))
    plant = table[kind] * ground.farming.tint[:, None]
    soil = ground.soil * bright[:, None]
    mixed = plant * green[:, None] + soil * rest[:, None]
    mixed += colours["straw"] * dry[:, None] + colours["film"] * film[:, None]
    # what a cell gains when it grows one share more than its unit
    gain = (plant - soil) * green[:, None]
    mixed, gain, unit = mixed.astype("f4").T.copy(), gain.astype("f4").T.copy(), ground.unit
    refl = np.empty((6, *unit.shape), "f4")
    bund = _bund(colours, day)
    open_ = (1 - ground.fixed).astype("f4")
    for b in range(6):
        layer = (mixed[b][unit] + gain[b][unit] * ground.vigour) * ground.texture
        layer += ground.edge * (bund[b] - layer)
        refl[b] = layer * open_ + ground.fixed_look[b] * ground.fixed
    bare = (rest + 0.4 * dry).astype("f4")[unit] * open_ + 0.5 * ground.fixed
    return refl, bare


def day_row(ground: Ground, day: int) -> int:
    """The row of the farming tables of a day's year."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=day)).year - ground.farming.first


def _bund(colours: dict[str, Array], day: int) -> Array:
    """Weeds on the banks between fields."""
    doy = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).timetuple().tm_yday
    green = 0.45 * np.exp(-0.5 * ((doy - 215) / 55) ** 2)
    return (colours["grass"] * green + colours["straw"] * 0.3 + colours["loess"] * (0.7 - green)).astype("f4")


def _lay_item(item: Item, day: int, refl: Array, bare: Array) -> None:
    """Mix an item over the ground in its window."""
    cover = item.cover(day)
    if not cover.any():
        return
    spectrum, naked, weight = item.look.at(day)
    if weight < 0.02:
        return
    rows, cols = item.slices()
    cover = cover * np.float32(weight)
    refl[:, rows, cols] += cover * (spectrum.astype("f4") - refl[:, rows, cols])
    bare[rows, cols] += cover * (np.float32(naked) - bare[rows, cols])


def _light(ground: Ground, look: Pass) -> Array:
    """Direct light on every cell against flat ground."""
    zenith, azimuth = sun(look.time)
    way = np.array([np.sin(azimuth) * np.sin(zenith), np.cos(azimuth) * np.sin(zenith), np.cos(zenith)], "f4")
    facing = sum(way[k] * ground.normal[k] for k in range(3))
    return (np.clip(facing, 0.02, None) / way[2]).astype("f4")


def _half(image: Array) -> Array:
    """Means of 2 × 2 cells."""
    return 0.25 * (image[..., ::2, ::2] + image[..., 1::2, ::2] + image[..., ::2, 1::2] + image[..., 1::2, 1::2])


def _atmosphere(rng: np.random.Generator, refl: Array, look: Pass, air: Sky) -> None:
    """Haze, calibration, cirrus, shadow and cloud, in place."""
    n = refl.shape[1]
    haze = look.haze * np.clip(1 + 0.35 * noise(rng, n, 4000, 400), 0.2, 2)
    gain = rng.normal(1, 0.012) * rng.normal(1, 0.009, 6)
    white = SPECTRA["cloud"] * rng.uniform(0.75, 1.25)
    dark = rng.uniform(0.45, 0.7)
    for b in range(6):
        layer = refl[b] * np.float32(gain[b]) + haze * HAZE[b] + air.cirrus * CIRRUS[b]
        if look.cloud > 0:
            layer *= 1 - dark * air.shade
            layer += air.opaque * (white[b] * air.thick - layer)
        refl[b] = layer


def classify(rng: np.random.Generator, world: World, look: Pass, refl: Array, snow: Array, light: Array, air: Sky) -> Array:
    """The product's scene classification at 20 m, with the errors it is known for."""
    red, nir, swir = (_half(refl[b]) for b in (2, 3, 4))
    ndvi = (nir - red) / np.maximum(nir + red, 1e-4)
    m = red.shape[0]
    dice = rng.random((m, m), dtype="f4")
    scl = np.where(ndvi > 0.38, 4, 5).astype("u1")
    scl[(dice < 0.012) | ((ndvi > 0.34) & (ndvi < 0.38) & (dice < 0.3))] = 7
    scl[(nir < 0.12) & (swir < 0.09)] = 6
    dim = (_half(light) < rng.uniform(0.3, 0.5)) & (nir < 0.26)
    scl[dim] = np.where(dice[dim] < 0.6, 2, 3)
    if look.snow > 0:
        share = _half(snow)
        scl[(share > 0.12) & (share < 0.45) & (dice < 0.25)] = 7
        scl[share > rng.uniform(0.35, 0.5)] = 11
    _false_clouds(rng, world, look, scl)
    if air.cirrus.any():
        veil = _half(air.cirrus) > rng.uniform(0.012, 0.02)
        scl[veil] = 10
    if look.cloud > 0:
        scl[_half(air.shade_seen.astype("f4")) > 0.5] = 3
        seen = _half(air.seen.astype("f4")) > 0.5
        scl[seen] = np.where(_half(air.thick) > 0.72, 9, 8)[seen]
    return scl


def _false_clouds(rng: np.random.Generator, world: World, look: Pass, scl: Array) -> None:
    """Bright bare ground and villages called cloud, each thing by a throw of its own in each scene."""
    ground, n = world.ground, world.ground.n
    called = np.zeros((n, n), "f4")
    for item in world.items:
        # every item throws, dug or not: the stream must not depend on what others did before
        hit, level = rng.random() < item.cloud_like, rng.uniform(0.3, 0.8)
        if hit:
            rows, cols = item.slices()
            called[rows, cols] = np.maximum(called[rows, cols], (item.cover(look.day) > level))
    for number in range(1, len(ground.villages) + 1):
        if rng.random() < 0.18:
            called[(ground.village == number) & (ground.texture > 1.005)] = 1
    if rng.random() < 0.55:
        called[ground.quarry] = 1
    share = _half(called)
    high = rng.random() < 0.5
    scl[share > 0.4] = 9 if high else 8
    scl[share > 0.9] = 9


def _numbers(rng: np.random.Generator, refl: Array, scl: Array, look: Pass) -> dict[str, Array]:
    """Sensor noise, numbers as delivered, and the swath's edge."""
    n = refl.shape[1]
    outside = np.zeros((n, n), bool)
    if look.partial:
        rows, cols = np.mgrid[:n, :n]
        outside = cols + 0.2 * rows > n * rng.uniform(0.35, 0.95)
    arrays: dict[str, Array] = {}
    for b, name in enumerate(BANDS):
        image = refl[b] if name in FULL else _half(refl[b])
        out = outside if name in FULL else outside[::2, ::2]
        grain = rng.standard_normal(image.shape, dtype="f4"), rng.standard_normal(image.shape, dtype="f4")
        # 1 % of the signal and 0.003 of the reading; averaging is done by the sensor's own larger cell at 20 m
        image = image * (1 + 0.01 * grain[0]) + 0.003 * grain[1]
        number = np.clip(np.round((image + 0.1) * 10000), 1, 20000).astype("u2")
        number[out] = 0
        arrays[name] = number
    scl[outside[::2, ::2]] = 0
    arrays["SCL"] = scl
    return arrays


def folder_name(look: Pass) -> str:
    """The product's name as the provider writes it."""
    baseline = baseline_of(look)
    stamp = look.time.strftime("%Y%m%dT%H%M%S")
    made = (look.time + dt.timedelta(hours=4)).strftime("%Y%m%dT%H%M%S")
    return f"S2{look.satellite}_MSIL2A_{stamp}_N{baseline.replace('.', '')}_R061_T48SWE_{made}"


def baseline_of(look: Pass) -> str:
    """Processing baseline: the older years as reprocessed, the newer as first processed."""
    year = look.time.year
    return "05.00" if year <= 2022 else "05.09" if year == 2023 else "05.10"


def write(root: Path, ground: Ground, look: Pass, arrays: dict[str, Array]) -> None:
    """One folder with a GeoTIFF per band, and for about half of the passes a STAC item."""
    folder = root / folder_name(look)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = look.time.strftime("%Y%m%dT%H%M%S")
    block = 256 if ground.n <= 1024 else 512
    files: dict[str, str] = {}
    for name, array in arrays.items():
        step = 10 if name in FULL else 20
        files[name] = f"T48SWE_{stamp}_{name}_{step}m.tif"
        with rasterio.open(
            folder / files[name],
            "w",
            driver="GTiff",
            width=array.shape[1],
            height=array.shape[0],
            count=1,
            dtype=array.dtype,
            crs=CRS,
            transform=ground.transform @ Affine.scale(step / STEP),
            nodata=0,
            tiled=True,
            blockxsize=block,
            blockysize=block,
            compress="deflate",
            predictor=2,
            zlevel=4,
        ) as target:
            target.write(array, 1)
    if look.index * 2654435761 % 2**32 < 2**31:  # a fixed, even-handed half
        (folder / "item.json").write_text(json.dumps(stac(look, files), indent=1), encoding="utf-8")


def stac(look: Pass, files: dict[str, str]) -> dict[str, object]:
    """The STAC item of a pass."""
    assets = {
        name: {"href": f"./{file}", "type": "image/tiff; application=geotiff"}
        | ({} if name == "SCL" else {"raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1}]})
        for name, file in files.items()
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": folder_name(look),
        "geometry": None,
        "links": [],
        "properties": {
            "datetime": look.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "platform": f"sentinel-2{look.satellite.lower()}",
            "s2:processing_baseline": baseline_of(look),
            "eo:cloud_cover": round(100 * look.cloud, 2),
            "grid:code": "MGRS-48SWE",
            "proj:epsg": 32648,
        },
        "assets": assets,
    }
