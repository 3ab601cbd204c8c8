"""The county's files: scenes in folders, layers, configuration and truth."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely import box, make_valid, set_precision, transform
from shapely.geometry import mapping

from third.county import County
from third.frame import CRS, EPOCH, Area, Arr
from third.materials import BANDS
from third.sensor import Look, Pass, observe
from third.truth import outline

TO_WGS84 = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
CONFIG = """\
county: {name: 静宁县, code: "620826"}
area: layers/aoi.geojson
grid: {crs: EPSG:32648, resolution: 10}
sources:
  - {kind: folder, path: scenes}
layers:
  mining_rights: {path: layers/mining_rights.geojson}
  legacy_patches: {path: layers/legacy_patches.geojson}
  redline: {path: layers/redline.geojson}
  farmland: {path: layers/farmland.geojson}
  great_wall: {path: layers/great_wall.geojson, kind: zone}
  approvals: {path: layers/approvals.geojson, kind: approval}
"""


def lonlat(geom: Area) -> Area:
    """A geometry in WGS 84."""
    return transform(geom, TO_WGS84, interleaved=False)


def write_raster(path: Path, a: Arr, c: County, res: int, **options: object) -> None:
    """A GeoTIFF of the frame; 0 is no data."""
    profile = {"driver": "GTiff", "height": a.shape[0], "width": a.shape[1], "count": 1, "dtype": a.dtype.name, "crs": CRS, "nodata": 0}
    with rasterio.open(path, "w", **profile, transform=from_origin(c.x0, c.y0, res, res), compress="deflate", tiled=True, **options) as f:
        f.write(a, 1)


def write_geojson(path: Path, features: list[dict]) -> None:
    """Features of `geom` and properties."""
    out = []
    for f in features:
        g = lonlat(f["geom"])
        g = set_precision(g if g.is_valid else make_valid(g), 1e-7)
        out.append({"type": "Feature", "properties": {k: v for k, v in f.items() if k != "geom"}, "geometry": mapping(g)})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": out}, ensure_ascii=False), encoding="utf-8")


def write_land(c: County, out: Path) -> None:
    """Layers, configuration, and the truth as polygons and as maps."""
    layers = out / "layers"
    layers.mkdir(parents=True, exist_ok=True)
    for name, features in (c.layers | {"aoi": [{"geom": c.aoi, "name": "静宁县"}]}).items():
        write_geojson(layers / f"{name}.geojson", features)
    truth = []
    for f in c.features:
        g = outline(c, f)
        truth.append({k: v for k, v in f.items() if k not in ("sub", "mask")} | {"area_m2": round(g.area), "geom": g})
    write_geojson(out / "truth.geojson", truth)
    write_raster(out / "truth_first_day.tif", c.truth_day, c, 10)
    write_raster(out / "truth_id.tif", c.truth_id, c, 10)
    # with two whole years before it, the last year is monitored without saying so
    start = f"monitor_from: {c.year}-01\n" if len(c.years) != 3 else ""
    (out / "config.yaml").write_text(f"{CONFIG}{start}output: out\n", encoding="utf-8")


def baseline(day: date) -> str:
    """The processing baseline in force."""
    since = [(date(2024, 7, 23), "05.11"), (date(2023, 12, 13), "05.10"), (date(2022, 12, 6), "05.09")]
    return next((b for d, b in since if day >= d), "05.00")


def numbers(look: Look, band: int) -> Arr:
    """A band as delivered: reflectance in ten-thousandths plus 1000."""
    refl, missing = (look.fine[band], look.missing) if band < 4 else (look.coarse[band - 4], look.missing[::2, ::2])
    dn = np.clip(np.rint((refl + 0.1) * 10000), 1, 65535).astype("u2")
    dn[missing] = 0
    return dn


def write_scene(c: County, p: Pass, root: Path) -> float | None:
    """One pass in a folder of its own, named as from the hub, or with a STAC item as from a mirror.

    The share seen clearly, or None if the pass hardly touches the county.
    """
    look = observe(c, p)
    if look.missing.mean() > 0.97:
        return None
    d, base = EPOCH + timedelta(p.day), baseline(EPOCH + timedelta(p.day))
    clock, orbit = ("033551", "R104") if p.second else ("034001", "R061")
    stamp = f"{d:%Y%m%d}T{clock}"
    name = f"{p.sat}_48SWE_{d:%Y%m%d}_0_L2A" if p.item else f"{p.sat}_MSIL2A_{stamp}_N{base.replace('.', '')}_{orbit}_T48SWE_{d:%Y%m%d}T084512"
    out = root / name
    out.mkdir(parents=True)
    assets: dict[str, dict] = {}
    for b, key in enumerate((*BANDS, "SCL")):
        res = 10 if b < 4 else 20
        file = f"T48SWE_{stamp}_{key}_{res}m.tif"
        dn = look.scl.astype("u2") if key == "SCL" else numbers(look, b)
        write_raster(out / file, dn, c, res, zlevel=1, predictor=2, blockxsize=256, blockysize=256)
        assets[key] = asset(key, file, res, old=p.k % 3 > 0)
    if p.item:
        (out / "item.json").write_text(json.dumps(stac_item(c, p, name, stamp, base, assets)), encoding="utf-8")
    return look.clear


def asset(key: str, file: str, res: int, old: bool) -> dict:
    """A STAC asset, with its bands as in STAC 1.0 or as in 1.1."""
    scale, offset = (1, 0) if key == "SCL" else (0.0001, -0.1)
    if old:
        bands = {"raster:bands": [{"nodata": 0, "data_type": "uint16", "spatial_resolution": res, "scale": scale, "offset": offset}]}
    else:
        bands = {"bands": [{"name": key, "nodata": 0, "data_type": "uint16", "raster:scale": scale, "raster:offset": offset}]}
    return {"href": f"./{file}", "type": "image/tiff; application=geotiff"} | bands


def stac_item(c: County, p: Pass, name: str, stamp: str, base: str, assets: dict[str, dict]) -> dict:
    """A pass as a STAC item."""
    g = lonlat(box(c.x0, c.y0 - c.n * 10, c.x0 + c.n * 10, c.y0))
    return {
        "type": "Feature",
        "stac_version": "1.0.0" if p.k % 3 else "1.1.0",
        "id": name,
        "collection": "sentinel-2-l2a",
        "bbox": list(g.bounds),
        "geometry": mapping(g),
        "links": [],
        "assets": assets,
        "properties": {
            "datetime": datetime.strptime(stamp, "%Y%m%dT%H%M%S").isoformat() + "Z",
            "platform": "sentinel-2" + p.sat[-1].lower(),
            "proj:epsg": 32648,
            "s2:processing_baseline": base,
            "grid:code": "MGRS-48SWE",
        },
    }
