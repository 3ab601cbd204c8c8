"""A store that computers share in a bucket: nothing half written or spoilt is used, nothing that is needed goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline.sources import HashCache, Scene
from pipeline.sources.bucket import bucket_of
from pipeline.sources.bucket_access import BucketStop
from pipeline.sources.room import Room
from pipeline.sources.safe import SafeSource
from pipeline.sources.shelf import SETTLED_S, Shelf
from pipeline.sources.stock import Stock
from pipeline.sources.transcode import transcode
from tests.products import NAME, product
from tests.s3 import CHANGED, S3
from tests.servers import Reply

BOX = GeoBox((60, 60), Affine(10, 0, 500_300, 0, -10, 3_949_700), "EPSG:32648")
BANDS = ("B04",)
"""Of one value each: files of like content are one."""
LATER = NAME.replace("20240703", "20240713")


class Computers:
    """Computers with the same products, a disk of their own each, and one store."""

    def __init__(self, folder: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.s3 = folder, s3
        self.decoded: list[str] = []

        def counted(*args: Any) -> None:
            self.decoded.append(args[4])
            transcode(*args)

        monkeypatch.setattr("pipeline.sources.safe_delivery.transcode", counted)

    def stock(self, name: str, limit: int = 10**9) -> Stock:
        output = self.folder / name
        output.mkdir(exist_ok=True)
        shelf = Shelf(bucket_of("s3://county/store"), limit)
        return Stock(Room(output / "store", 10**9, output, "run", shelf), BOX, BANDS, HashCache(None), 2, lambda *_: None)

    def bring(self, stock: Stock, only: str = "") -> list[Scene]:
        scenes = [scene for scene in SafeSource(self.folder / "in").scenes()[0] if only in scene.id]
        found, refused = stock.bring([s for scene in scenes if (s := stock.shelved(scene))], "store")
        assert not refused
        return found

    def names(self, ending: str) -> list[str]:
        return sorted(name for name in self.s3.objects if name.startswith("store/scenes/") and name.endswith(ending))

    def bytes(self, scene: Scene) -> bytes:
        return scene.bands["B04"].path.read_bytes()


@pytest.fixture
def computers(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computers:
    product(tmp_path / "in", bands=("B04", "B08", "SCL"))
    return Computers(tmp_path, s3, monkeypatch)


def test_what_one_has_made_the_other_takes(computers: Computers) -> None:
    (one,) = computers.bring(computers.stock("one"))
    assert (len(computers.decoded), len(computers.names(".tif")), len(computers.names(".json"))) == (2, 2, 2)
    puts = [name for name in computers.s3.got("PUT") if "/scenes/" in name]
    assert [name.rpartition(".")[2] for name in puts].count("json") == 2
    for record in computers.names(".json"):
        said = json.loads(computers.s3.objects[record])
        file = next(name for name in puts if said["sha256"] in name)
        assert puts.index(file) < puts.index(record), "a record is written after its file"
        assert said["mark"] is None, "no path of this computer"
    (other,) = computers.bring(computers.stock("other"))
    assert len(computers.decoded) == 2
    assert computers.bytes(one) == computers.bytes(other)
    record = json.loads(other.bands["B04"].path.with_suffix(".json").read_text("utf-8"))
    assert str(computers.folder / "in") in record["mark"][0]


@pytest.mark.parametrize("harm", ["no record", "torn record", "no file", "cut", "flipped", "gone meanwhile"])
def test_what_is_half_there_or_spoilt_is_made_again(computers: Computers, harm: str) -> None:
    (one,) = computers.bring(computers.stock("one"))
    objects = computers.s3.objects
    record = next(name for name in computers.names(".json") if "/B04-" in name)
    file = next(name for name in computers.names(".tif") if json.loads(objects[record])["sha256"] in name)
    whole = objects[file]
    if harm == "no record":
        del objects[record]
    elif harm == "torn record":
        objects[record] = objects[record][:40]
    elif harm == "no file":
        del objects[file]
    elif harm == "cut":
        objects[file] = whole[:-1]
    elif harm == "flipped":
        objects[file] = whole[:-1] + bytes([whole[-1] ^ 1])
    else:
        computers.s3.fault(Reply(404), on=lambda asked: asked.method == "GET" and file.rpartition("/")[2] in asked.path)
    (other,) = computers.bring(computers.stock("other"))
    assert computers.bytes(other) == computers.bytes(one)
    assert len(computers.decoded) == 3
    assert objects[file] == whole, "and shared again"


def test_a_product_that_was_replaced_is_not_taken_for_the_old_one(computers: Computers) -> None:
    computers.bring(computers.stock("one"))
    product(computers.folder / "new", bands=("B04", "B08", "SCL"), value=1700)
    (computers.folder / "in").rename(computers.folder / "old")
    (computers.folder / "new").rename(computers.folder / "in")
    computers.bring(computers.stock("other"))
    assert len(computers.decoded) == 3, "the classification is the same"


def test_what_no_county_needs_goes_first_and_what_one_needs_never(computers: Computers, monkeypatch: pytest.MonkeyPatch) -> None:
    one = computers.stock("one")
    one.keep([NAME], ["2024-07"])
    computers.bring(one)
    used = sum(len(computers.s3.objects[name]) for name in (*computers.names(".tif"), *computers.names(".json")))
    product(computers.folder / "in", LATER, bands=("B04", "B08", "SCL"), value=1700)
    monkeypatch.setattr("pipeline.sources.shelf.time.time", lambda: CHANGED.timestamp() + 2 * SETTLED_S)
    other = computers.stock("other", limit=used + 100)
    computers.bring(other)
    assert {name.split("/")[2] for name in computers.names(".tif")} == {NAME}, "what is needed stays; the new one is not shared, and the run goes on"
    one.keep([], [])
    other.keep([], [])
    computers.bring(computers.stock("third", limit=used + 100), only=LATER)
    assert {name.split("/")[2] for name in computers.names(".tif")} == {LATER}


def test_nothing_goes_where_needs_cannot_be_told_or_files_are_fresh(computers: Computers, monkeypatch: pytest.MonkeyPatch) -> None:
    one = computers.stock("one")
    computers.bring(one)
    one.keep([], [])
    before = computers.names(".tif")
    product(computers.folder / "in", LATER, bands=("B04", "B08", "SCL"), value=1700)
    monkeypatch.setattr("pipeline.sources.shelf.time.time", lambda: CHANGED.timestamp() + SETTLED_S / 2)
    computers.bring(computers.stock("other", limit=1000))
    assert computers.names(".tif") == before
    monkeypatch.setattr("pipeline.sources.shelf.time.time", lambda: CHANGED.timestamp() + 2 * SETTLED_S)
    computers.s3.objects["store/needs/0123.json"] = b"{"
    computers.bring(computers.stock("third", limit=1000))
    assert computers.names(".tif") == before


@pytest.mark.parametrize(("method", "told"), [("GET", "reading"), ("PUT", "writing")])
def test_a_store_that_cannot_be_had_blames_no_scene(computers: Computers, method: str, told: str) -> None:
    computers.s3.fault(*[Reply(403)] * 99, on=lambda asked: asked.method == method)
    with pytest.raises(BucketStop, match=rf"MW-S3-DENIED.*{told} it is not allowed"):
        computers.bring(computers.stock("one"))


def test_a_large_file_is_shared_in_parts(s3: S3, tmp_path: Path) -> None:
    file = tmp_path / "large.tif"
    file.write_bytes(bytes(range(256)) * 50_000)
    bucket = bucket_of("s3://county/store")
    bucket.put("scenes/x/large.tif", file)
    assert s3.objects["store/scenes/x/large.tif"] == file.read_bytes()
    (of,) = bucket.list("scenes")
    bucket.copy(of, tmp_path / "copy.tif")
    assert (tmp_path / "copy.tif").read_bytes() == file.read_bytes()
