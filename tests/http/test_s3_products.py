"""Products in a bucket: what a folder of them gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import MinewardenError
from pipeline.sources import HashCache
from pipeline.sources.bucket import bucket_of
from pipeline.sources.bucket_tree import BucketTree
from pipeline.sources.place import Crop
from pipeline.sources.safe import SafeSource
from pipeline.sources.scene import Refused, Scene
from tests.products import NAME, product
from tests.s3 import S3
from tests.servers import Reply

LATER = NAME.replace("20240703", "20240713")


def found(folder: Path, *, online: bool = True) -> tuple[list[Scene], list[Refused]]:
    scenes, refused = SafeSource(BucketTree(bucket_of("s3://county/eodata"), folder / "kept", online=online)).scenes()
    return list(scenes), list(refused)


@pytest.fixture
def products(s3: S3, tmp_path: Path) -> Path:
    """Two products, in the bucket and in a folder."""
    for name in (NAME, LATER):
        product(tmp_path / "in" / name[11:17], name, bands=("B04", "B08", "SCL"))
    s3.add(tmp_path / "in", "eodata")
    return tmp_path / "in"


def test_products_are_those_of_the_folder(products: Path, s3: S3, tmp_path: Path) -> None:
    scenes, refused = found(tmp_path)
    assert not refused
    for one, other in zip(SafeSource(products).scenes()[0], scenes, strict=True):
        assert (one.id, one.pass_key, one.baseline, one.delivery.places) == (other.id, other.pass_key, other.baseline, other.delivery.places)
        other.delivery.check()
        files = []
        for scene in (one, other):
            files.append(tmp_path / f"{len(files)}.tif")
            scene.delivery.write("B04", Crop(0, 0, 120, 120), files[-1], HashCache(None))
        assert files[0].read_bytes() == files[1].read_bytes()
        assert one.delivery.origin("B04", HashCache(None)) == other.delivery.origin("B04", HashCache(None))


def test_metadata_are_read_once(products: Path, s3: S3, tmp_path: Path) -> None:
    found(tmp_path)
    s3.asked.clear()
    assert len(found(tmp_path)[0]) == 2
    assert s3.got() == []
    s3.asked.clear()
    (first, _), _ = found(tmp_path, online=False)
    assert s3.asked == []
    with pytest.raises(MinewardenError, match="MW-S3-OFFLINE"):
        first.delivery.origin("B04", HashCache(None))
    assert s3.asked == [], "status asks nobody"


def test_a_broken_product_costs_itself(products: Path, s3: S3, tmp_path: Path) -> None:
    image = next(name for name in s3.objects if LATER in name and "_B04_" in name)
    s3.objects[image] = s3.objects[image][:-40] + bytes(40)
    metadata = next(name for name in s3.objects if NAME in name and name.endswith("MTD_MSIL2A.xml"))
    s3.objects[metadata] = b"<html>"
    s3.objects["eodata/S2A_MSIL2A_20240723T034001_N0510_R061_T48SWE_20240723T071234.zip"] = b"PK"
    (scene,), refused = found(tmp_path)
    assert {each.code for each in refused} == {"MW-SAFE-METADATA", "MW-SAFE-ZIP"}
    with pytest.raises(MinewardenError, match="MW-SAFE-CHECKSUM"):
        scene.delivery.write("B04", Crop(0, 0, 120, 120), tmp_path / "x.tif", HashCache(None))


def test_a_service_that_is_down_is_not_taken_for_broken_products(products: Path, s3: S3, tmp_path: Path) -> None:
    s3.fault(*[Reply(503)] * 9, on=lambda asked: "MTD_TL" in asked.path)
    with pytest.raises(MinewardenError, match="MW-S3-AGAIN"):
        found(tmp_path)
