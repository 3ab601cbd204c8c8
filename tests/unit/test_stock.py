"""The store: files made once, whole or not at all, shared, and let go only when nobody needs them."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline.sources import HashCache, Scene
from pipeline.sources.place import Crop, Place
from pipeline.sources.reader import read_window
from pipeline.sources.room import Room
from pipeline.sources.safe import SafeSource
from pipeline.sources.scene import Refused
from pipeline.sources.stock import Stock
from pipeline.sources.transcode import StoreError, transcode
from tests.products import NAME, product

BOX = GeoBox((60, 60), Affine(10, 0, 500_300, 0, -10, 3_949_700), "EPSG:32648")
BANDS = ("B04", "B08")
LATER = NAME.replace("20240703", "20240713")


class Shop:
    """A folder of products, a store, and how often an image was decoded."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.decoded: list[str] = []
        real = transcode

        def counted(source: Any, crop: Crop, place: Place, target: Path, name: str) -> None:
            self.decoded.append(name)
            real(source, crop, place, target, name)

        monkeypatch.setattr("pipeline.sources.safe_delivery.transcode", counted)

    @property
    def products(self) -> Path:
        return self.folder / "in"

    def stock(self, *, limit: int = 10**9, county: str = "a", workers: int = 2) -> Stock:
        output = self.folder / county
        output.mkdir(exist_ok=True)
        room = Room(self.folder / "store", limit, output, "run")
        return Stock(room, BOX, BANDS, HashCache(None), workers, lambda *_: None)

    def scenes(self, stock: Stock) -> list[Scene]:
        return [s for scene in SafeSource(self.products).scenes()[0] if (s := stock.shelved(scene))]

    def bring(self, stock: Stock, many: slice = slice(None)) -> tuple[list[Scene], list[Refused]]:
        return stock.bring(self.scenes(stock)[many], "store")

    def files(self) -> list[Path]:
        return sorted((self.folder / "store" / "scenes").rglob("*.tif"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    product(tmp_path / "in", bands=("B04", "B08", "SCL"))
    return Shop(tmp_path, monkeypatch)


def test_made_once_in_the_usual_layout(shop: Shop) -> None:
    stock = shop.stock()
    (scene,), refused = shop.bring(stock)
    assert not refused
    assert len(shop.decoded) == 3
    with rasterio.open(scene.bands["B04"].path) as file:
        assert (file.block_shapes[0], file.compression.value, file.nodata, str(file.crs)) == ((512, 512), "ZSTD", 0, "EPSG:32648")
        assert (file.read(1) == 1500).all()
    assert scene.scl is not None
    assert (read_window(scene.scl, BOX, classes=True) == 4).all()
    shop.bring(stock)
    shop.bring(shop.stock())
    assert len(shop.decoded) == 3, "neither this run nor the next decodes anything again"


def test_what_was_decoded_is_what_is_hashed(shop: Shop) -> None:
    import hashlib

    (scene,), _ = shop.bring(shop.stock())
    for band, path in [("B04", scene.bands["B04"].path), ("SCL", scene.scl)]:
        assert path is not None
        record = json.loads(path.with_suffix(".json").read_text("utf-8"))
        image = next(shop.products.rglob(f"*_{band}_*.jp2"))
        assert record["origin"] == hashlib.sha256(image.read_bytes()).hexdigest()
        assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_product_that_moved_or_was_unpacked_is_not_decoded_again(shop: Shop) -> None:
    shop.bring(shop.stock())
    (shop.products / "2024").mkdir()
    (shop.products / f"{NAME}.SAFE").rename(shop.products / "2024" / f"{NAME}.SAFE")
    shop.bring(shop.stock())
    product(shop.folder / "zips", bands=("B04", "B08", "SCL"), zipped=True)
    shutil.rmtree(shop.products)
    (shop.folder / "zips").rename(shop.products)
    (_,), refused = shop.bring(shop.stock())
    assert not refused
    assert len(shop.decoded) == 3


def test_a_product_that_was_replaced_is_decoded_anew(shop: Shop) -> None:
    shop.bring(shop.stock())
    shutil.rmtree(shop.products)
    product(shop.folder / "other", bands=("B04", "B08", "SCL"), value=1700)
    (shop.folder / "other").rename(shop.products)
    (scene,), _ = shop.bring(shop.stock())
    assert (read_window(scene.bands["B04"].path, BOX, classes=False) == 1700).all()


@pytest.mark.parametrize("harm", ["cut", "no record", "torn record", "draft"])
def test_a_half_written_file_is_never_used(shop: Shop, harm: str) -> None:
    (scene,), _ = shop.bring(shop.stock())
    path = scene.bands["B04"].path
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    elif harm == "no record":
        path.with_suffix(".json").unlink()
    elif harm == "torn record":
        path.with_suffix(".json").write_text('{"format": 1, "ori')
    else:
        (shop.folder / "store" / "drafts" / f"1-1-{path.name}").write_bytes(b"II*")
    shop.bring(shop.stock())
    assert len(shop.decoded) == (3 if harm == "draft" else 4)
    assert (read_window(path, BOX, classes=False) == 1500).all()


def test_a_flipped_bit_in_the_store_is_mended_from_the_product(shop: Shop) -> None:
    stock = shop.stock()
    (scene,), _ = shop.bring(stock)
    assert stock.mend([scene]) == set()
    path = scene.bands["B08"].path
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert stock.mend([scene]) == {NAME}
    shop.bring(stock)
    assert len(shop.decoded) == 4
    assert stock.mend([scene]) == set()


@pytest.mark.parametrize("harm", ["cut", "zeros", "flipped", "other size", "gone"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_damaged_image_costs_its_scene_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str, zipped: bool) -> None:
    from tests.products import converter

    shop = Shop(tmp_path, monkeypatch)
    product(shop.products, LATER, bands=("B04", "B08"))
    made = product(shop.products, bands=("B04", "B08"), value=3000)
    image = next(made.rglob("*_B04_10m.jp2"))
    content = image.read_bytes()
    half = len(content) // 2
    damaged = {
        "cut": content[:half],
        "zeros": content[:half] + bytes(len(content) - half),
        "flipped": content[: half + 20] + bytes([content[half + 20] ^ 1]) + content[half + 21 :],
        "other size": content + content,
        "gone": b"",
    }[harm]
    image.write_bytes(damaged)
    if harm == "gone" and not zipped:
        image.chmod(0)
        if os.access(image, os.R_OK):
            pytest.skip("this user reads everything")
    if zipped:
        converter.pack(made)
    (kept,), (refused,) = shop.bring(shop.stock())
    assert (kept.id, refused.id) == (LATER, NAME)
    assert refused.code in {"MW-BAND-CUT", "MW-BAND-OPEN", "MW-BAND-READ", "MW-SAFE-CHECKSUM", "MW-BAND-SIZE", "MW-SCENE-READ"}
    assert "B04" in refused.reason
    assert str(tmp_path) not in refused.told


def test_an_image_of_another_zone_than_its_metadata_say(shop: Shop) -> None:
    from tests.products import edit

    made = shop.products / f"{NAME}.SAFE"
    edit(made, "MTD_TL.xml", "EPSG:32648", "EPSG:32649")
    box = GeoBox((60, 60), Affine(10, 0, 500_300, 0, -10, 3_949_700), "EPSG:32649")
    shop.stock()
    stock = Stock(Room(shop.folder / "store", 10**9, shop.folder / "a", "run"), box, BANDS, HashCache(None), 1, lambda *_: None)
    _, (refused,) = shop.bring(stock)
    assert refused.code == "MW-BAND-PLACE"


@pytest.mark.parametrize("many_bands", [False, True])
def test_an_image_that_is_not_what_its_metadata_say(shop: Shop, many_bands: bool) -> None:
    from tests.products import converter, edit

    made = shop.products / f"{NAME}.SAFE"
    (made / "manifest.safe").unlink()
    if many_bands:
        image = next(made.rglob("*_B04_10m.jp2"))
        image.unlink()
        settings = {"driver": "JP2OpenJPEG", "width": 120, "height": 120, "count": 3, "dtype": "uint16"}
        with rasterio.open(image, "w", **settings, crs="EPSG:32648", transform=Affine(10, 0, 500_000, 0, -10, 3_950_000)) as target:
            target.write(np.ones((3, 120, 120), np.uint16))
    else:
        edit(made, "MTD_TL.xml", "<NROWS>120<", "<NROWS>130<")
    assert converter is not None
    _, (refused,) = shop.bring(shop.stock())
    assert refused.code == ("MW-BAND-TYPE" if many_bands else "MW-BAND-SIZE")


def test_two_counties_share_what_covers_the_same_ground(shop: Shop) -> None:
    shop.bring(shop.stock())
    shop.bring(shop.stock(county="b"))
    assert len(shop.decoded) == 3


def test_tiles_off_the_county_are_passed_over(shop: Shop) -> None:
    product(shop.products, NAME.replace("T48SWE", "T48SVE"), bands=("B04", "B08", "SCL"), origin=(300_000, 3_950_000))
    found = shop.scenes(shop.stock())
    assert [scene.id for scene in found] == [NAME]


# What may go, and what must stay.


JUST_TOO_LITTLE = 34_000
"""Bytes: a band is given room for more, before it is known how it packs."""


def _filled(shop: Shop) -> int:
    """A store with two scenes; bytes of one."""
    product(shop.products, LATER, bands=("B04", "B08", "SCL"))
    stock = shop.stock()
    shop.bring(stock)
    stock.room.keep((), ())
    return stock.room.size() // 2


def test_the_longest_unused_goes_first(shop: Shop) -> None:
    size = _filled(shop)
    for record in (shop.folder / "store" / "scenes" / LATER).glob("*.json"):
        os.utime(record, (1, 1))
    product(shop.products, NAME.replace("20240703", "20240723"), bands=("B04", "B08", "SCL"))
    stock = shop.stock(limit=2 * size + JUST_TOO_LITTLE, workers=1)
    _, refused = shop.bring(stock, slice(2, 3))
    assert not refused
    assert {file.parent.name[11:19] for file in shop.files()} == {"20240703", "20240723"}


def test_what_an_unfinished_month_needs_never_goes(shop: Shop) -> None:
    size = _filled(shop)
    other = shop.stock(county="b")
    other.room.keep([NAME, LATER], ["2024-07"])
    product(shop.products, NAME.replace("20240703", "20240723"), bands=("B04", "B08", "SCL"))
    stock = shop.stock(limit=2 * size + JUST_TOO_LITTLE, workers=1)
    with pytest.raises(StoreError, match=r"MW-STORE-FULL.*need all of.*Raise store.max_gb") as raised:
        shop.bring(stock, slice(2, 3))
    assert raised.value.exit_code == 2
    assert {file.parent.name for file in shop.files()} == {NAME, LATER}
    (shop.folder / "b" / "2024-07").mkdir()
    (shop.folder / "b" / "2024-07" / "run.json").write_text("{}")
    shop.bring(stock, slice(2, 3))
    assert len({file.parent.name for file in shop.files()} & {NAME, LATER}) < 2, "the month is done"


def test_what_others_are_writing_or_left_half_written_counts(shop: Shop) -> None:
    stock = shop.stock(limit=10**6)
    left = shop.folder / "store" / "drafts" / "1-1-B04-0123.tif"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(999_000))
    stash = shop.folder / "store" / "drafts" / "pieces-0123"
    stash.mkdir()
    (stash / "0-0.tif").write_bytes(bytes(500))
    assert stock.room.size() >= 999_500
    with pytest.raises(StoreError, match="MW-STORE-FULL"):
        shop.bring(stock)
    left.unlink()
    assert not shop.bring(stock)[1]


def test_needs_of_a_county_that_is_gone_bind_nobody(shop: Shop) -> None:
    size = _filled(shop)
    other = shop.stock(county="b")
    other.room.keep([NAME, LATER], ["2024-07"])
    shutil.rmtree(shop.folder / "b")
    product(shop.products, NAME.replace("20240703", "20240723"), bands=("B04", "B08", "SCL"))
    _, refused = shop.bring(shop.stock(limit=2 * size + JUST_TOO_LITTLE, workers=1), slice(2, 3))
    assert not refused


def test_what_went_while_nobody_needed_it_is_made_again(shop: Shop) -> None:
    """The same run may need a scene again: the looks of this summer, in autumn."""
    size = _filled(shop)
    stock = shop.stock(limit=2 * size + JUST_TOO_LITTLE, workers=1)
    shop.bring(stock, slice(0, 1))
    stock.keep((), ["2024-08"])
    for record in (shop.folder / "store" / "scenes" / NAME).glob("*.json"):
        os.utime(record, (1, 1))
    product(shop.products, NAME.replace("20240703", "20240723"), bands=("B04", "B08", "SCL"))
    shop.bring(stock, slice(2, 3))
    assert not any(file.parent.name == NAME for file in shop.files())
    stock.keep((), ["2024-09"])
    (scene,), _ = shop.bring(stock, slice(0, 1))
    assert scene.bands["B04"].path.is_file()


def test_what_others_add_to_the_store_counts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.room.MEASURED_S", 0.0)
    stock = shop.stock(limit=10**6)
    with stock.room.reserved(1):
        pass
    other = shop.folder / "store" / "scenes" / "other"
    other.mkdir(parents=True)
    (other / "B04-0.tif").write_bytes(bytes(900_000))
    with stock.room.reserved(500_000):
        assert not other.exists(), "nobody needs it, and there is no room for both"


def test_a_store_that_is_measured_while_others_fill_it(shop: Shop) -> None:
    shop.bring(shop.stock())
    folder = shop.folder / "store" / "scenes" / NAME
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            (folder / ".x.json.tmp").write_bytes(b"x")
            (folder / ".x.json.tmp").replace(folder / "x.json")
            (folder / "x.json").unlink()

    other = threading.Thread(target=churn)
    other.start()
    try:
        for _ in range(200):
            with shop.stock().room.reserved(10):
                pass
    finally:
        stop.set()
        other.join()


@pytest.mark.parametrize("name", ["store", "store/locks", "store/drafts", "store/scenes", "store/needs"])
def test_a_store_that_can_not_be_used_blames_no_scene(shop: Shop, name: str) -> None:
    (shop.folder / name).parent.mkdir(exist_ok=True)
    (shop.folder / name).write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="MW-STORE-WRITE"):
        shop.bring(shop.stock())


def test_records_of_another_user_are_used(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def mayn_t(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    shop.bring(shop.stock())
    monkeypatch.setattr("pipeline.sources.stock.os.utime", mayn_t)
    _, refused = shop.bring(shop.stock())
    assert (refused, len(shop.decoded)) == ([], 3)


def test_a_full_disk_stops_the_run_and_blames_no_scene(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.sources.stock.land", full)
    with pytest.raises(StoreError, match="MW-DISK-FULL"):
        shop.bring(shop.stock())
    assert not list((shop.folder / "store" / "drafts").iterdir())


def _bring_elsewhere(folder: Path, start: Any, counts: Any) -> None:
    monkeypatch = pytest.MonkeyPatch()
    shop = Shop(folder, monkeypatch)
    start.wait()
    shop.bring(shop.stock())
    counts.put(len(shop.decoded))


def test_two_runs_at_once_decode_each_image_once(shop: Shop) -> None:
    context = multiprocessing.get_context("spawn")
    start, counts = context.Barrier(2), context.Queue()
    runs = [context.Process(target=_bring_elsewhere, args=(shop.folder, start, counts)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
        assert run.exitcode == 0
    assert counts.get() + counts.get() == 3


# From a large image to whole tiles.


@pytest.mark.parametrize(("step", "block"), [(10, 1024), (20, 640), (20, 1024)])
def test_each_tile_of_an_image_is_read_once(tmp_path: Path, step: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    side = 3000
    values = np.random.default_rng(1).integers(1, 9000, (side, side), np.uint16)
    source = tmp_path / "source.tif"
    place = Place("EPSG:32648", step, 500_000, 4_000_000, side, side)
    settings = {"width": side, "height": side, "count": 1, "dtype": "uint16", "crs": place.crs, "transform": place.transform}
    block -= block % 16
    with rasterio.open(source, "w", driver="GTiff", tiled=True, blockxsize=block, blockysize=block, **settings) as target:
        target.write(values, 1)
    crop = Crop(512, 1024, 1800, side - 1024)
    reads: list[tuple[int, int]] = []

    class Counting:
        def __init__(self, dataset: Any) -> None:
            self.dataset = dataset

        def __getattr__(self, name: str) -> Any:
            return getattr(self.dataset, name)

        def read(self, band: int, *, window: Any, out: Any) -> None:
            touched = {(window.row_off // block, window.col_off // block)}
            touched.add(((window.row_off + window.height - 1) // block, (window.col_off + window.width - 1) // block))
            assert len(touched) == 1, "one tile at a time"
            reads.extend(touched)
            self.dataset.read(band, window=window, out=out)

    with rasterio.open(source) as dataset:
        transcode(Counting(dataset), crop, place, tmp_path / "out.tif", "source")  # type: ignore[arg-type]
    assert len(reads) == len(set(reads))
    with rasterio.open(tmp_path / "out.tif") as made:
        assert (made.read(1) == values[1024:, 512:2312]).all()
        assert made.transform == place.of(crop).transform
    written = (tmp_path / "out.tif").stat().st_size
    with rasterio.open(tmp_path / "at_once.tif", "w", **(settings | {"width": 1800, "height": side - 1024}), **_layout()) as target:
        target.write(values[1024:, 512:2312], 1)
    assert abs(written - (tmp_path / "at_once.tif").stat().st_size) < 4096, "no tile was written in two goes"


def _layout() -> dict[str, Any]:
    from pipeline.sources.transcode import LAYOUT

    return dict(LAYOUT)


@pytest.mark.parametrize(
    ("crs", "west", "north", "expected"),
    [
        ("EPSG:32648", 499_980, 3_950_040, Crop(0, 0, 1024, 1024)),
        ("EPSG:32648", 490_000, 3_950_040, Crop(0, 0, 2048, 1024)),
        ("EPSG:32648", 300_000, 3_950_040, None),
        ("EPSG:32601", 300_000, 7_700_040, None),
    ],
)
def test_the_part_that_a_county_needs(crs: str, west: float, north: float, expected: Crop | None) -> None:
    assert Place(crs, 10, west, north, 10980, 10980).crop_to(BOX) == expected


def test_crops_of_a_neighbouring_zone_reach_around_the_county() -> None:
    box = GeoBox((200, 200), Affine(10, 0, 799_000, 0, -10, 3_950_000), "EPSG:32648")
    place = Place("EPSG:32649", 10, 199_980, 4_000_020, 10980, 10980)
    crop = place.crop_to(box)
    assert crop is not None
    west, south, east, north = place.of(crop).bounds_in("EPSG:32648")
    assert (west < 799_000, east > 801_000, south < 3_948_000, north > 3_950_000) == (True, True, True, True)


def test_a_product_of_the_neighbouring_zone_is_read_on_the_countys_grid(tmp_path: Path) -> None:
    """A county on the seam: the same ground, delivered in either zone."""
    from pyproj import Transformer

    middle = (771_300.0, 3_949_400.0)
    box = GeoBox((60, 60), Affine(10, 0, middle[0] - 300, 0, -10, middle[1] + 300), "EPSG:32648")
    x, y = Transformer.from_crs("EPSG:32648", "EPSG:32649", always_xy=True).transform(*middle)
    corner = round((x - 600) / 20) * 20, round((y + 600) / 20) * 20
    product(tmp_path / "in", NAME.replace("T48SWE", "T49SBV"), bands=("B04", "B08", "SCL"), crs="EPSG:32649", origin=corner)
    (tmp_path / "out").mkdir()
    stock = Stock(Room(tmp_path / "store", 10**9, tmp_path / "out", "run"), box, BANDS, HashCache(None), 1, lambda *_: None)
    (scene,), refused = stock.bring([s for each in SafeSource(tmp_path / "in").scenes()[0] if (s := stock.shelved(each))], "store")
    assert not refused
    assert (read_window(scene.bands["B04"].path, box, classes=False) == 1500).all()
    assert scene.scl is not None
    assert (read_window(scene.scl, box, classes=True) == 4).all()
