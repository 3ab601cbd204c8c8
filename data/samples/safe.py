"""Turn a county's scene folders into Sentinel-2 products as a provider packs them: `.SAFE` folders or zips, images in JPEG 2000.

    python safe.py COUNTY/scenes OUT [--zip]

Pixels stay what they were: the images are coded without loss.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rasterio

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
OFFSETS_SINCE = "0400"
_BAND = re.compile(r"_(B02|B03|B04|B08|B11|B12|SCL)_(10|20)m\.tif$")


def convert(scene: Path, out: Path, *, zipped: bool = False, offset: int = -1000) -> Path:
    """One scene folder (named as its product) as a product in `out`; its path."""
    parts = re.fullmatch(r"(S2[A-D])_MSIL2A_(\d{8}T\d{6})_N(\d{4})_R(\d{3})_(T\w{5})_(\d{8}T\d{6})", scene.name)
    if not parts:
        raise ValueError(f"{scene.name} is not named as a product")
    product = out / f"{scene.name}.SAFE"
    granule = f"GRANULE/L2A_{parts[5]}_A{int(parts[4]):06d}_{parts[2]}"
    images: dict[str, Path] = {}
    for file in sorted(scene.iterdir()):
        band = _BAND.search(file.name)
        if band:
            images[f"{granule}/IMG_DATA/R{band[2]}m/{parts[5]}_{parts[2]}_{band[1]}_{band[2]}m"] = file
    for name, file in images.items():
        write_image(file, product / f"{name}.jp2")
    (product / "MTD_MSIL2A.xml").write_text(product_metadata(scene.name, parts[3], list(images), offset), "utf-8")
    (product / granule / "MTD_TL.xml").write_text(tile_metadata(next(iter(images.values()))), "utf-8")
    (product / "manifest.safe").write_text(manifest(product), "utf-8")
    return pack(product) if zipped else product


def write_image(source: Path, target: Path) -> None:
    """A band in JPEG 2000, in tiles of 1024."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(source) as band:
        profile = {"width": band.width, "height": band.height, "count": 1, "dtype": band.dtypes[0], "crs": band.crs, "transform": band.transform}
        # Without loss; large images with the coarser copies inside that providers put there.
        coding = {"QUALITY": 100, "REVERSIBLE": "YES", "RESOLUTIONS": 6 if band.width > 1024 else 2, "BLOCKXSIZE": 1024, "BLOCKYSIZE": 1024}
        with rasterio.open(target, "w", driver="JP2OpenJPEG", **coding, **profile) as image:
            image.write(band.read(1), 1)


def product_metadata(name: str, baseline: str, images: list[str], offset: int) -> str:
    """What `MTD_MSIL2A.xml` says, as far as anybody here reads it."""
    listed = "".join(f"<IMAGE_FILE>{image}</IMAGE_FILE>" for image in images)
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{k}">{offset}</BOA_ADD_OFFSET>' for k in range(len(BANDS)))
    offsets = f"<BOA_ADD_OFFSET_VALUES_LIST>{offsets}</BOA_ADD_OFFSET_VALUES_LIST>" if baseline >= OFFSETS_SINCE else ""
    physical = (f"B{band[1:].lstrip('0')}" for band in BANDS)
    spectral = "".join(f'<Spectral_Information bandId="{k}" physicalBand="{band}"/>' for k, band in enumerate(physical))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_URI>{name}.SAFE</PRODUCT_URI><PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
<PROCESSING_BASELINE>{baseline[:2]}.{baseline[2:]}</PROCESSING_BASELINE>
<Product_Organisation><Granule_List><Granule imageFormat="JPEG2000">{listed}</Granule></Granule_List></Product_Organisation>
</Product_Info><Product_Image_Characteristics>
<Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>
{offsets}
<Spectral_Information_List>{spectral}</Spectral_Information_List>
</Product_Image_Characteristics></n1:General_Info></n1:Level-2A_User_Product>
"""


def tile_metadata(band: Path) -> str:
    """What `MTD_TL.xml` says of where the tile lies, after one of its bands."""
    with rasterio.open(band) as source:
        crs, (west, north), side = source.crs.to_epsg(), (source.transform.c, source.transform.f), source.width * source.transform.a
    steps = (10, 20, 60)
    sizes = "".join(f'<Size resolution="{s}"><NROWS>{round(side / s)}</NROWS><NCOLS>{round(side / s)}</NCOLS></Size>' for s in steps)
    corners = "".join(
        f'<Geoposition resolution="{s}"><ULX>{west:.0f}</ULX><ULY>{north:.0f}</ULY><XDIM>{s}</XDIM><YDIM>-{s}</YDIM></Geoposition>' for s in steps
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-2A_Tile_Metadata.xsd">
<n1:Geometric_Info><Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:{crs}</HORIZONTAL_CS_CODE>
{sizes}{corners}
</Tile_Geocoding></n1:Geometric_Info></n1:Level-2A_Tile_ID>
"""


def manifest(product: Path) -> str:
    """Size and checksum of each file."""
    objects = []
    for file in sorted(each for each in product.rglob("*") if each.is_file() and each.name != "manifest.safe"):
        content, name = file.read_bytes(), file.relative_to(product).as_posix()
        objects.append(
            f'<dataObject><byteStream size="{len(content)}"><fileLocation locatorType="URL" href="./{name}"/>'
            f'<checksum checksumName="SHA3-256">{hashlib.sha3_256(content).hexdigest().upper()}</checksum></byteStream></dataObject>'
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1">{"".join(objects)}</xfdu:XFDU>\n'


def pack(product: Path) -> Path:
    """The product as a zip, as it is downloaded; the folder goes."""
    target = product.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(each for each in product.rglob("*") if each.is_file()):
            archive.write(file, f"{product.name}/{file.relative_to(product).as_posix()}")
    shutil.rmtree(product)
    return target


def convert_all(scenes: Path, out: Path, *, zipped: bool = False) -> None:
    """All scene folders of a county."""
    out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda scene: convert(scene, out, zipped=zipped), sorted(each for each in scenes.iterdir() if each.is_dir())))


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Turn scene folders into products (see the head of this file).")
    parser.add_argument("scenes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--zip", action="store_true")
    a = parser.parse_args(arguments)
    convert_all(a.scenes, a.out, zipped=a.zip)
    print(a.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
