"""Products that lie: names that lead out, zips and XML that swell, images that are something else. Nothing is unpacked anywhere."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline.sources import HashCache
from pipeline.sources.room import Room
from pipeline.sources.safe import SafeSource
from pipeline.sources.safe_package import MAX_METADATA
from pipeline.sources.scene import Refused
from pipeline.sources.stock import Stock
from pipeline.xmlread import BadXML, parse
from tests.products import NAME, edit, product

BOX = GeoBox((60, 60), Affine(10, 0, 500_300, 0, -10, 3_949_700), "EPSG:32648")
INSIDE = f"{NAME}.SAFE"


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def refused(folder: Path) -> Refused:
    """Why the one product in a folder is left out, on being found or on being decoded."""
    before = everything(folder)
    scenes, left = SafeSource(folder).scenes()
    if scenes:
        (folder.parent / "out").mkdir(exist_ok=True)
        stock = Stock(Room(folder.parent / "store", 10**9, folder.parent / "out", "run"), BOX, ("B04", "B08"), HashCache(None), 1, lambda *_: None)
        _, left = stock.bring([s for scene in scenes if (s := stock.shelved(scene))], "store")
    (one,) = left
    assert everything(folder) == before, "nothing is written beside products"
    assert str(folder) not in one.told
    assert one.fix
    return one


def repacked(
    path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], *more: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED
) -> None:
    """The zip with its members changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            new = change(name, content)
            if new:
                archive.writestr(*new)
        for name, content in more:
            archive.writestr(name, content)


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    return product(tmp_path / "in", bands=("B04", "B08"), zipped=True)


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/evil", "a\\..\\evil", f"{INSIDE}/../../evil"])
def test_names_that_lead_out_of_a_zip(zipped: Path, name: str) -> None:
    repacked(zipped, lambda *member: member, (name, b"x"))
    found = refused(zipped.parent)
    assert found.code == "MW-SAFE-ZIP"
    assert "lead out of it" in found.reason


def test_images_named_outside_the_product(tmp_path: Path) -> None:
    made = product(tmp_path / "in", bands=("B04", "B08"))
    file = made / "MTD_MSIL2A.xml"
    file.write_text(file.read_text("utf-8").replace("<IMAGE_FILE>GRANULE/", "<IMAGE_FILE>../../GRANULE/"), "utf-8")
    assert "no IMAGE_FILE of B04, B08" in refused(made.parent).reason


def test_a_name_that_is_there_twice(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(f"{INSIDE}/MTD_MSIL2A.xml", b"<other/>")
    assert refused(zipped.parent).code == "MW-SAFE-ZIP"


def test_two_products_in_one_zip(zipped: Path) -> None:
    repacked(zipped, lambda *member: member, ("other.SAFE/MTD_MSIL2A.xml", b"<other/>"))
    assert "holds 2 products" in refused(zipped.parent).reason


def test_links(tmp_path: Path) -> None:
    """In a folder a link may not lead out of it; in a zip there are none."""
    made = product(tmp_path / "in", bands=("B04", "B08"))
    image = next(made.rglob("*_B04_10m.jp2"))
    image.rename(tmp_path / "elsewhere.jp2")
    image.symlink_to(tmp_path / "elsewhere.jp2")
    assert refused(made.parent).code == "MW-SAFE-LINK"
    made.rename(tmp_path / "product")
    (tmp_path / "in" / INSIDE).symlink_to(tmp_path / "product")
    assert refused(made.parent).code == "MW-SCENE-LINK"


def test_a_link_in_a_zip(zipped: Path) -> None:
    link = zipfile.ZipInfo(f"{INSIDE}/MTD_MSIL2A.xml")
    link.external_attr = 0o120777 << 16
    repacked(zipped, lambda name, content: None if name.endswith("MTD_MSIL2A.xml") else (name, content))
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr(link, b"/etc/passwd")
    assert refused(zipped.parent).code == "MW-SAFE-LINK"


@pytest.mark.parametrize("name", ["MTD_MSIL2A.xml", "MTD_TL.xml"])
def test_metadata_that_swell(zipped: Path, name: str) -> None:
    repacked(zipped, lambda member, content: (member, b" " * 300_000_000 if member.endswith(name) else content))
    assert zipped.stat().st_size < 1_000_000
    assert refused(zipped.parent).code == "MW-SAFE-SIZE"


def test_an_image_that_swells_to_more_than_it_declares(zipped: Path) -> None:
    """The table of contents says 1,000 bytes; what is packed unpacks to 300 MB."""
    packed = zlib.compress(bytes(300_000_000), 9)[2:-4]
    with zipfile.ZipFile(zipped) as archive:
        image = next(name for name in archive.namelist() if name.endswith("_B04_10m.jp2"))
    repacked(zipped, lambda name, content: None if name == image else (name, content))
    with zipfile.ZipFile(zipped, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(image, packed)
    raw = bytearray(zipped.read_bytes())
    for place, method, sizes in ((raw.find(image.encode()) - 30, 8, 18), (raw.rfind(image.encode()) - 46, 10, 20)):
        struct.pack_into("<H", raw, place + method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<II", raw, place + sizes, len(packed), 1000)
    zipped.write_bytes(raw)
    assert refused(zipped.parent).code == "MW-SAFE-ZIP"


def test_a_zip_that_declares_a_huge_image(zipped: Path) -> None:
    raw = bytearray(zipped.read_bytes())
    place = raw.rfind(b"_B04_10m.jp2")
    start = raw.rfind(b"PK\x01\x02", 0, place)
    struct.pack_into("<I", raw, start + 24, 4_000_000_000)
    zipped.write_bytes(raw)
    assert refused(zipped.parent).code == "MW-SAFE-SIZE"


@pytest.mark.parametrize("large", [False, True])
def test_a_zip_that_declares_a_huge_table_of_contents(zipped: Path, large: bool) -> None:
    end = zipped.read_bytes()[-22:]
    if large:
        record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**9, 10**9, 10**11, 0)
        zipped.write_bytes(record + struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1) + end)
    else:
        zipped.write_bytes(end[:8] + struct.pack("<HHI", 60_000, 60_000, 2_000_000_000) + end[16:])
    found = refused(zipped.parent)
    assert found.code == "MW-SAFE-ZIP"
    assert "members" in found.reason


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>Sign in</html>" * 100, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_but_is_named_like_a_product(zipped: Path, content: bytes) -> None:
    zipped.write_bytes(content)
    assert refused(zipped.parent).code in ("MW-SAFE-ZIP", "MW-SAFE-INCOMPLETE")


def test_a_zip_that_was_cut_off(zipped: Path) -> None:
    zipped.write_bytes(zipped.read_bytes()[:-500])
    assert refused(zipped.parent).code == "MW-SAFE-ZIP"


@pytest.mark.parametrize("name", ["MTD_MSIL2A.xml", "MTD_TL.xml", "manifest.safe", "_B04_10m.jp2"])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packed_file_of_which_a_disk_lost_some_bytes(zipped: Path, name: str, method: int) -> None:
    repacked(zipped, lambda *member: member, method=method)
    with zipfile.ZipFile(zipped) as archive:
        member = next(each for each in archive.infolist() if each.filename.endswith(name))
    raw = bytearray(zipped.read_bytes())
    start = member.header_offset + 30 + len(member.filename)
    for place in range(start, start + 40):
        raw[place] ^= 0xFF
    zipped.write_bytes(raw)
    assert refused(zipped.parent).code in ("MW-SAFE-ZIP", "MW-SCENE-READ")


@pytest.mark.parametrize("zone", ["00", "61", "99"])
def test_zones_that_do_not_exist(tmp_path: Path, zone: str) -> None:
    made = product(tmp_path / "in", bands=("B04", "B08"))
    edit(made, "MTD_TL.xml", "EPSG:32648", f"EPSG:326{zone}")
    assert f"HORIZONTAL_CS_CODE 'EPSG:326{zone}'" in refused(made.parent).reason


def test_resolutions_on_different_ground(tmp_path: Path) -> None:
    made = product(tmp_path / "in", bands=("B04", "B08", "SCL"))
    file = next(made.rglob("MTD_TL.xml"))
    first, _, rest = file.read_text("utf-8").rpartition("<ULX>500000<")
    file.write_text(f"{first}<ULX>900000<{rest}", "utf-8")
    assert "different ground" in refused(made.parent).reason


@pytest.mark.parametrize("size", ["²", "9" * 5000, "-1", ""])
def test_sizes_in_the_manifest_that_are_no_numbers(tmp_path: Path, size: str) -> None:
    made = product(tmp_path / "in", bands=("B04", "B08"))
    manifest = made / "manifest.safe"
    manifest.write_text(re.sub(r'size="\d+"', f'size="{size}"', manifest.read_text("utf-8")), "utf-8")
    scenes, left = SafeSource(made.parent).scenes()
    (tmp_path / "out").mkdir()
    stock = Stock(Room(tmp_path / "store", 10**9, tmp_path / "out", "run"), BOX, ("B04", "B08"), HashCache(None), 1, lambda *_: None)
    (_,), left = stock.bring([s for scene in scenes if (s := stock.shelved(scene))], "store")
    assert not left, "the image is whole; what can't be compared is not"


def test_an_encrypted_zip(zipped: Path) -> None:
    raw = bytearray(zipped.read_bytes())
    place = 0
    while (place := raw.find(b"PK\x01\x02", place)) >= 0:
        raw[place + 8] |= 1
        place += 4
    zipped.write_bytes(raw)
    assert refused(zipped.parent).code == "MW-SAFE-ZIP"


BOMB = '<!DOCTYPE a [<!ENTITY b "{}">' + "".join(f'<!ENTITY {x} "{f"&{y};" * 10}">' for x, y in zip("cdefghi", "bcdefgh", strict=True)) + "]>"


@pytest.mark.parametrize(
    "document",
    [
        BOMB.format("x" * 100) + "<a>&i;</a>",
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        "<!DOCTYPE a><a/>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_documents_with_a_doctype(document: str, encoding: str) -> None:
    with pytest.raises(BadXML, match="DOCTYPE"):
        parse(document.encode(encoding))


@pytest.mark.parametrize(
    "document",
    [b"", b"<a>", b"<a></b>", b"\xff\xfe<", b"<a>&b;</a>", b'<?xml version="1.0" encoding="no-such"?><a/>', b"<a>" * 100_000, b"\0" * 1000],
)
def test_documents_that_are_broken(document: bytes) -> None:
    with pytest.raises(BadXML):
        parse(document)


def test_a_document_of_many_megabytes() -> None:
    with pytest.raises(BadXML, match="bytes"):
        parse(b"<a>" + b"<b/>" * (MAX_METADATA // 4 + 1) + b"</a>")


@pytest.mark.parametrize("name", ["MTD_MSIL2A.xml", "MTD_TL.xml", "manifest.safe"])
def test_entities_in_a_product(tmp_path: Path, name: str) -> None:
    made = product(tmp_path / "in", bands=("B04", "B08"))
    next(made.rglob(name)).write_text(BOMB.format("x") + "<a>&i;</a>", "utf-8")
    found = refused(made.parent)
    assert found.code in ("MW-SAFE-METADATA", "MW-SAFE-XML")
    assert f"{name} has a DOCTYPE" in found.reason


@pytest.mark.parametrize("content", [b"<VRTDataset/>", b"II*\0" + bytes(100), b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200) + b"\xff\xd9"])
@pytest.mark.parametrize("zipped_too", [False, True])
def test_images_that_are_something_else(tmp_path: Path, content: bytes, zipped_too: bool) -> None:
    from tests.products import converter

    made = product(tmp_path / "in", bands=("B04", "B08"))
    (made / "manifest.safe").unlink()
    next(made.rglob("*_B08_10m.jp2")).write_bytes(content)
    if zipped_too:
        converter.pack(made)
    assert refused(tmp_path / "in").code in ("MW-BAND-OPEN", "MW-BAND-CUT")


def test_an_image_of_a_million_tiny_tiles(tmp_path: Path) -> None:
    made = product(tmp_path / "in", bands=("B04", "B08"))
    (made / "manifest.safe").unlink()
    edit(made, "MTD_TL.xml", "<NROWS>120</NROWS><NCOLS>120<", "<NROWS>4800</NROWS><NCOLS>4800<")
    image = next(made.rglob("*_B04_10m.jp2"))
    image.unlink()
    settings = {"driver": "GTiff", "width": 4800, "height": 4800, "count": 1, "dtype": "uint16", "crs": "EPSG:32648", "sparse_ok": True}
    place = {"transform": Affine(10, 0, 500_000, 0, -10, 3_950_000), "tiled": True, "blockxsize": 16, "blockysize": 16}
    with rasterio.open(image.with_suffix(".tif"), "w", **settings, **place):
        pass
    assert refused(made.parent).code == "MW-BAND-SIZE"


def test_a_folder_without_end(tmp_path: Path) -> None:
    product(tmp_path / "in", bands=("B04", "B08"))
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    scenes, left = SafeSource(tmp_path / "in").scenes()
    assert [scene.id for scene in scenes] == [NAME]
    assert not left
