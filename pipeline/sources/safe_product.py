"""What the metadata of a Sentinel-2 product say: which files, on which ground, with which scale and offset.

Nothing is taken for granted here that the metadata can tell: offsets differ from band to band and from product to product.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pipeline import xmlread
from pipeline.sources import naming
from pipeline.sources.place import Place, together
from pipeline.sources.scaling import OFFSET_SINCE
from pipeline.xmlread import BadXML, text

MAX_SIDE = 20_000
"""Twice a tile's 10,980 pixels at 10 m."""
_NAME = re.compile(r"S2[A-D]_MSIL2A_\d{8}T\d{6}_N\d{4}_R\d{3}_T\d{2}[A-Z]{3}_\d{8}T\d{6}")
_IMAGE = re.compile(r"GRANULE/[A-Za-z0-9_]{1,100}/IMG_DATA/R(?:10|20|60)m/[A-Za-z0-9_]{1,100}_(B02|B03|B04|B08|B11|B12|SCL)_(10|20|60)m")
_BAND_IDS = {"B02": "1", "B03": "2", "B04": "3", "B08": "7", "B11": "11", "B12": "12"}
"""`band_id` of the bands in use, where the product lists no spectral information of its own."""


class BadProduct(ValueError):
    """Metadata can't be used; the text says what is wrong with what."""


@dataclass(frozen=True, slots=True)
class Product:
    """One L2A product of one tile."""

    name: str
    """As it was published, without `.SAFE`."""
    baseline: str
    """As `0510`."""
    images: Mapping[str, tuple[tuple[int, str], ...]]
    """By band: resolutions (metres) and paths inside the product without their endings, the finest first."""
    scaling: Mapping[str, tuple[float, float]]
    """By band: scale and offset; reflectance = DN · scale + offset."""

    @property
    def granule(self) -> str:
        """Path of the tile's own metadata inside the product."""
        return "/".join([*self.images["B04"][0][1].split("/")[:2], "MTD_TL.xml"])


def read_product(raw: bytes) -> Product:
    """`MTD_MSIL2A.xml`. Raises BadProduct."""
    root = _root(raw)
    level = text(root, "PROCESSING_LEVEL")
    if level != "Level-2A":
        raise BadProduct(f"says PROCESSING_LEVEL {level[:20]!r}")
    name = text(root, "PRODUCT_URI").removesuffix(".SAFE")
    if not _NAME.fullmatch(name) or naming.sensed(name, None)[0] is None:
        raise BadProduct(f"says PRODUCT_URI {name[:80]!r}, which is no name of a product")
    said = re.fullmatch(r"(\d{2})\.(\d{2})", text(root, "PROCESSING_BASELINE"))
    if not said:
        raise BadProduct(f"says PROCESSING_BASELINE {text(root, 'PROCESSING_BASELINE')[:20]!r}")
    baseline = said[1] + said[2]
    return Product(name, baseline, _images(root), _scalings(root, baseline))


def _root(raw: bytes) -> Element:
    try:
        return xmlread.parse(raw)
    except BadXML as error:
        raise BadProduct(str(error)) from error


def _images(root: Element) -> dict[str, tuple[tuple[int, str], ...]]:
    granules = list(root.iter("Granule"))
    if len(granules) != 1:
        raise BadProduct(f"lists {len(granules)} tiles, not one")
    found: dict[str, list[tuple[int, str]]] = {}
    for image in (element.text or "" for element in granules[0].iter("IMAGE_FILE")):
        matched = _IMAGE.fullmatch(image.strip())
        if matched:
            found.setdefault(matched[1], []).append((int(matched[2]), matched[0]))
    lacking = [band for band in naming.NEEDED if band not in found]
    if lacking:
        raise BadProduct(f"lists no IMAGE_FILE of {', '.join(lacking)}")
    return {band: tuple(sorted(images)) for band, images in found.items()}


def _number(said: str, what: str) -> float:
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e8:
        raise BadProduct(f"says {what} {said[:20]!r}" if said else f"lacks {what}")
    return number


def _scalings(root: Element, baseline: str) -> dict[str, tuple[float, float]]:
    """Reflectance = (DN + BOA_ADD_OFFSET) / BOA_QUANTIFICATION_VALUE."""
    quantification = _number(text(root, "BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE"), "BOA_QUANTIFICATION_VALUE")
    if quantification <= 0:
        raise BadProduct(f"says BOA_QUANTIFICATION_VALUE {quantification:g}")
    empty = {text(values, "SPECIAL_VALUE_TEXT"): text(values, "SPECIAL_VALUE_INDEX") for values in root.iter("Special_Values")}.get("NODATA", "0")
    if empty != "0":
        raise BadProduct(f"says NODATA {empty[:20]!r}, not 0")
    listed = {element.get("band_id", ""): (element.text or "").strip() for element in root.iter("BOA_ADD_OFFSET")}
    if not listed and baseline >= OFFSET_SINCE:
        raise BadProduct(f"lacks BOA_ADD_OFFSET, which every product of baseline {baseline[:2]}.{baseline[2:]} has")
    ids = _band_ids(root)
    out = {}
    for band in naming.BANDS:
        offset = _number(listed.get(ids[band], ""), f"BOA_ADD_OFFSET of {band}") if listed else 0.0
        out[band] = 1 / quantification, offset / quantification
    return out


def _band_ids(root: Element) -> dict[str, str]:
    """`band_id` of each band: the product's own list, which names bands as `B4`."""
    told = {
        f"B{element.get('physicalBand', '')[1:]:0>2}": element.get("bandId", "")
        for element in root.iter("Spectral_Information")
        if element.get("physicalBand", "").startswith("B")
    }
    return _BAND_IDS | {band: told[band] for band in naming.BANDS if told.get(band)}


def read_places(raw: bytes) -> dict[int, Place]:
    """`MTD_TL.xml`: where the tile lies, by resolution in metres. Raises BadProduct."""
    root = _root(raw)
    crs = text(root, "HORIZONTAL_CS_CODE")
    if not re.fullmatch(r"EPSG:32[67](0[1-9]|[1-5][0-9]|60)", crs):
        raise BadProduct(f"says HORIZONTAL_CS_CODE {crs[:20]!r}" if crs else "lacks HORIZONTAL_CS_CODE")
    sizes = {size.get("resolution", ""): size for size in root.iter("Size")}
    places = {}
    for corner in root.iter("Geoposition"):
        resolution = corner.get("resolution", "")
        if resolution not in sizes:
            raise BadProduct(f"lacks the Size at {resolution[:10]!r} m")
        west, north, step = (_number(text(corner, name), name) for name in ("ULX", "ULY", "XDIM"))
        rows, cols = (_number(text(sizes[resolution], name), name) for name in ("NROWS", "NCOLS"))
        if step <= 0 or _number(text(corner, "YDIM"), "YDIM") != -step or not (0 < rows <= MAX_SIDE and 0 < cols <= MAX_SIDE):
            raise BadProduct(f"says that the tile has {cols:g} × {rows:g} pixels of {step:g} m")
        places[round(step)] = Place(crs, step, west, north, int(cols), int(rows))
    if not places:
        raise BadProduct("lacks Geoposition")
    if not together(places.values()):
        raise BadProduct("says that its resolutions cover different ground")
    return places
