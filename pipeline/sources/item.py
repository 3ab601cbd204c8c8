"""What a scene's `item.json` (STAC) says of its bands. It is data from outside: nothing it points to is followed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.sources import naming

MAX_BYTES = 5_000_000


class BadItem(ValueError):
    """`item.json` can't be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """The parts of a STAC item that matter here."""

    properties: Mapping[str, Any]
    assets: Mapping[str, Mapping[str, Any]]

    @property
    def acquired(self) -> datetime | None:
        """`datetime` (or `start_datetime`) in UTC, to the second."""
        for key in ("datetime", "start_datetime"):
            try:
                moment = datetime.fromisoformat(str(self.properties.get(key)))
                moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            return moment.replace(microsecond=0)
        return None

    @property
    def baseline(self) -> str:
        """Processing baseline as `0510`; empty where the item does not tell."""
        for key in ("s2:processing_baseline", "processing:version"):
            found = re.fullmatch(r"N?(\d{1,2})\.?(\d{2})", str(self.properties.get(key, "")).strip())
            if found:
                return f"{int(found[1]):02d}{found[2]}"
        for key in ("s2:product_uri", "sentinel:product_id"):
            found_in_name = naming.baseline(str(self.properties.get(key, "")))
            if found_in_name:
                return found_in_name
        return ""

    @property
    def satellite(self) -> str:
        return naming.satellite(str(self.properties.get("platform", "")))

    @property
    def strip(self) -> datetime | None:
        return naming.datastrip(str(self.properties.get("s2:datastrip_id", "")))

    @property
    def tile(self) -> str:
        told = str(self.properties.get("s2:mgrs_tile") or self.properties.get("grid:code") or "")
        return naming.tile(told.removeprefix("MGRS-"))

    def reflectance(self, band: str, file: Path) -> tuple[float, float] | None:
        """Scale and offset of `band`, whose file is `file`; None where the item has none."""
        asset = self._asset(band, file)
        scale, offset = _scaling(asset, band) if asset else (None, None)
        if scale is None:
            return None
        if self.properties.get("earthsearch:boa_offset_applied") is True:
            # This catalogue has subtracted the offset from the pixels and still lists it in the asset.
            return scale, 0.0
        return scale, offset or 0.0

    def _asset(self, band: str, file: Path) -> Mapping[str, Any] | None:
        """The asset of a band: by the file it names, then by its key, its bands' names, its file's ending."""
        tests = (
            lambda key, asset: _file_name(asset) == file.name,
            lambda key, asset: key.upper() == band,
            lambda key, asset: band in {str(b.get("name", "")).upper() for b in _bands(asset, "eo:bands") + _bands(asset, "bands")},
            lambda key, asset: PurePosixPath(_file_name(asset)).stem.upper().endswith((band, f"{band}_10M", f"{band}_20M")),
        )
        for test in tests:
            for key, asset in self.assets.items():
                if test(key, asset):
                    return asset
        return None


def read(file: Path) -> Item:
    """Read an `item.json`; BadItem where it is broken or names files outside its folder."""
    if file.stat().st_size > MAX_BYTES:
        raise BadItem(f"has {file.stat().st_size} bytes")
    return parse(file.read_bytes(), file.parent)


def parse(raw: bytes, folder: Path) -> Item:
    """An `item.json` that lies in `folder`; BadItem as for `read`."""
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadItem("is not valid JSON") from error
    properties, assets = (data.get("properties"), data.get("assets")) if isinstance(data, dict) else (None, None)
    if not isinstance(properties, dict) or not isinstance(assets, dict) or not all(isinstance(a, dict) for a in assets.values()):
        raise BadItem("is not a STAC item (properties and assets are missing or malformed)")
    for key, asset in assets.items():
        _refuse_outside(key, asset, folder)
    return Item(properties=properties, assets=assets)


def _refuse_outside(key: str, asset: Mapping[str, Any], folder: Path) -> None:
    href = str(asset.get("href", ""))
    if urlsplit(href).scheme in ("http", "https", "s3", "gs"):
        return  # where it was downloaded from; only its file name is looked at
    local = Path(unquote(href))
    inside = not local.is_absolute() and ":" not in href and (folder / local).resolve().is_relative_to(folder.resolve())
    if not inside:
        raise BadItem(f"asset {key[:40]!r} points outside the scene's folder ({href[:120]!r})")


def _file_name(asset: Mapping[str, Any]) -> str:
    return PurePosixPath(unquote(urlsplit(str(asset.get("href", ""))).path)).name


def _bands(asset: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = asset.get(key)
    return [b for b in value if isinstance(b, dict)] if isinstance(value, list) else []


def _scaling(asset: Mapping[str, Any], band: str) -> tuple[float | None, float | None]:
    """Scale and offset from `raster:bands` (raster extension 1), or from `bands` or the asset itself (STAC 1.1)."""
    for place in (*_bands(asset, "raster:bands"), *_bands(asset, "bands"), asset):
        scale, offset = (place.get(f"raster:{name}", place.get(name)) for name in ("scale", "offset"))
        if scale is not None:
            return _number(scale, band, "scale"), _number(offset or 0, band, "offset")
    return None, None


def _number(value: Any, band: str, what: str) -> float:
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6:
        number = float(value)
    if not math.isfinite(number) or (what == "scale" and number <= 0):
        raise BadItem(f"says that the {what} of {band} is {str(value)[:40]!r}")
    return number
