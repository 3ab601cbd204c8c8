"""A STAC item as a scene: which of its assets is which band, where it lies, what its numbers mean. Reads nothing but the item."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.sources import naming
from pipeline.sources.bandfile import MAX_SIDE
from pipeline.sources.item import BadItem, Item
from pipeline.sources.passes import pass_key
from pipeline.sources.place import Place, is_metric, together
from pipeline.sources.scaling import SCALE, of_baseline
from pipeline.sources.scene import BandFile, Delivery, Refused, Scene
from pipeline.sources.web import bare

COMMON = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir16": "B11", "swir22": "B12"}
"""Bands by `eo:common_name`; `nir08` is B8A, which is not used."""
_BAND = re.compile(r"(B02|B03|B04|B08|B11|B12|SCL)(?:_(\d{2})m)?", re.IGNORECASE)
_PRODUCT = re.compile(r"S2[A-D]_MSIL2A_\d{8}T\d{6}_(?:N\d{4}_)?R\d{3}_T\d{2}[A-Z]{3}_\d{8}T\d{6}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,120}")
_KEPT = ("href", "type", "gsd", "eo:bands", "bands", "eo:common_name", "raster:bands", "raster:scale", "raster:offset", "file:checksum")


@dataclass(frozen=True, slots=True)
class Asset:
    """A band's file on the web."""

    key: str
    """Its name in the item."""
    href: str
    """Without its query: signatures are not kept."""
    checksum: str


def slim(item: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an item: the assets of bands in use, and no query string, where signatures are. BadItem where it is none."""
    properties, assets, id = item.get("properties"), item.get("assets"), item.get("id")
    if not isinstance(properties, dict) or not isinstance(assets, dict) or not isinstance(id, str):
        raise BadItem("is not a STAC item (id, properties and assets are missing or malformed)")
    kept = {}
    for key, asset in assets.items():
        if isinstance(asset, dict) and _band(key, asset):
            own = {name: value for name, value in asset.items() if name in _KEPT or name.startswith("proj:")}
            kept[key] = own | {"href": bare(_https(asset))}
    links = item["links"] if isinstance(item.get("links"), list) else []
    own_link = next((str(link.get("href")) for link in links if isinstance(link, dict) and link.get("rel") == "self"), "")
    return {"id": id, "properties": properties, "assets": kept, "self": bare(own_link) if own_link.startswith("http") else ""}


def _https(asset: Mapping[str, Any]) -> str:
    """Where the file is on the web; CDSE lists it beside the place in its own object storage."""
    other = asset.get("alternate")
    ways = [asset, *(other.values() if isinstance(other, dict) else ())]
    found = [str(way.get("href", "")) for way in ways if isinstance(way, dict)]
    return next((href for href in found if href.startswith(("https://", "http://"))), found[0])


def _described(asset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = [asset[name] for name in ("eo:bands", "bands") if isinstance(asset.get(name), list)]
    return [band for bands in listed for band in bands if isinstance(band, dict)]


def _band(key: str, asset: Mapping[str, Any]) -> str:
    """The band that an asset holds; empty where it holds none in use, or several."""
    named = _BAND.fullmatch(key.removesuffix("-jp2"))
    if named:
        return named[1].upper()
    bands = _described(asset)
    if len(bands) > 1 and len({str(b.get("name", "")) for b in bands}) > 1:
        return ""
    for band in bands:
        name = _BAND.fullmatch(str(band.get("name", "")))
        if name:
            return name[1].upper()
    common = [str(b.get("common_name") or b.get("eo:common_name") or "") for b in bands] or [str(asset.get("eo:common_name", ""))]
    return COMMON.get(common[0], "")


def _resolution(asset: Mapping[str, Any]) -> float:
    transform = asset.get("proj:transform")
    if isinstance(transform, list) and len(transform) >= 6 and isinstance(transform[0], int | float):
        return abs(float(transform[0]))
    return float(asset["gsd"]) if isinstance(asset.get("gsd"), int | float) else math.inf


def _choices(item: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Bands with their assets: the finest first, GeoTIFF before JPEG 2000, which takes ten times as long to decode."""
    found = [(_band(key, asset), key, asset) for key, asset in item["assets"].items()]
    yield from sorted(found, key=lambda f: (f[0], _resolution(f[2]), _suffix(f[2]) == ".jp2", f[1]))


def _suffix(asset: Mapping[str, Any]) -> str:
    return PurePosixPath(unquote(urlsplit(str(asset.get("href", ""))).path)).suffix.lower()


def _place(item: Mapping[str, Any], asset: Mapping[str, Any]) -> Place:
    """Where an asset lies, by the projection extension of either age."""
    said = {**{k: v for k, v in item["properties"].items() if k.startswith("proj:")}, **asset}
    code = str(said.get("proj:code") or f"EPSG:{said.get('proj:epsg')}")
    shape, transform = said.get("proj:shape"), said.get("proj:transform")
    if not is_metric(code):
        raise BadItem(f"says proj:code {code[:20]!r}")
    try:
        height, width = (int(n) for n in shape)  # type: ignore[union-attr]
        a, b, west, d, e, north = (float(n) for n in transform[:6])  # type: ignore[index]
    except (TypeError, ValueError) as error:
        raise BadItem("lacks proj:shape or proj:transform") from error
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE) or b or d or a <= 0 or e != -a or not all(map(math.isfinite, (a, west, north))):
        raise BadItem(f"says proj:shape {shape} and proj:transform {str(transform)[:80]}")
    return Place(code, a, west, north, width, height)


def _scaling(item: Item, band: str, href: str, baseline: str, default: tuple[float, float] | None) -> tuple[float, float]:
    """Scale and offset: what the asset says, else by the processing baseline, else the config's; nothing is guessed."""
    told = item.reflectance(band, Path(PurePosixPath(urlsplit(href).path).name))
    if told is None and any(key.endswith("boa_offset_applied") and value is True for key, value in item.properties.items()):
        told = SCALE, 0.0
    if told is None and baseline:
        told = of_baseline(baseline)
    told = told or default
    if told is None:
        raise BadItem("says neither scale and offset nor a processing baseline; set `scale` and `offset` of the source")
    return told


Deliver = Callable[[str, str, Mapping[str, Asset], Mapping[str, Place], str], Delivery]
"""Makes a Delivery of an item's id and own link, its assets and places by band, and what it was processed from."""


def scene_of(
    item: Mapping[str, Any], deliver: Deliver, *, needed: Sequence[str], mask: str | None, default: tuple[float, float] | None = None
) -> Scene | Refused:
    """A slim item as a scene, or why it can't be one. default: scale and offset where the item tells neither them nor a baseline."""
    properties = item["properties"]
    told = Item(properties=properties, assets=item["assets"])
    product = str(properties.get("s2:product_uri") or properties.get("sentinel:product_id") or "").removesuffix(".SAFE")
    name = product if _PRODUCT.fullmatch(product) else item["id"]

    def refuse(code: str, reason: str) -> Refused:
        shown = "".join(sign if sign.isprintable() else "?" for sign in name)[:120]
        return Refused(shown, told.acquired.date() if told.acquired else None, reason, code=f"MW-{code}", fix="Check the source's collection.")

    if not _ID.fullmatch(name):
        return refuse("STAC-ITEM", "Its id holds signs that no product has.")
    if told.acquired is None:
        return refuse("STAC-ITEM", "It says no datetime.")
    if "MSIL1C" in product or str(properties.get("s2:product_type", "")).endswith("1C") or str(properties.get("processing:level", "")) == "L1C":
        return refuse("STAC-LEVEL", "It is a Level-1C product, not corrected for the atmosphere.")
    assets: dict[str, Asset] = {}
    places: dict[str, Place] = {}
    scaling: dict[str, tuple[float, float]] = {}
    try:
        for band, key, asset in _choices(item):
            if band in assets:
                continue
            places[band] = _place(item, asset)
            if band != "SCL":
                scaling[band] = _scaling(Item(properties=properties, assets={band: asset}), band, asset["href"], told.baseline, default)
            assets[band] = Asset(key, asset["href"], str(asset.get("file:checksum", "")))
    except BadItem as error:
        return refuse("STAC-ITEM", f"It {error}.")
    missing = [band for band in (*needed, *(("SCL",) if mask == "SCL" else ())) if band not in assets]
    if missing:
        return refuse("SCENE-BANDS", f"It has no asset of {', '.join(missing)}.")
    if not together(places.values()):
        return refuse("STAC-ITEM", "Its bands do not lie on the same ground.")
    made = str(properties.get("s2:generation_time") or properties.get("s2:product_uri") or "")
    stamp, _ = naming.sensed(name, told.acquired)
    moment = stamp or naming.Stamp(told.acquired, timed=True)
    return Scene(
        id=name,
        acquired=moment.moment,
        bands={b: BandFile(Path(name) / f"{b}.tif", *scaling[b]) for b in naming.BANDS if b in assets},
        scl=Path(name) / "SCL.tif" if mask != "none" and "SCL" in assets else None,
        baseline=told.baseline or naming.baseline(name),
        pass_key=pass_key(told.satellite or naming.satellite(name), told.tile or naming.tile(name), moment),
        strip=told.strip,
        masked=mask != "none",
        delivery=deliver(name, item["self"], assets, places, made),
    )
