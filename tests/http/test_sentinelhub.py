"""The Process API: what is asked for, what it costs, and what happens when the service does not play along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources import HashCache, process_api
from pipeline.sources.process_api import Service, units
from pipeline.sources.room import Room
from pipeline.sources.scene import Refused, Scene
from pipeline.sources.sentinelhub import SentinelHubSource
from pipeline.sources.stock import Stock
from pipeline.sources.web import WebStop
from tests.made import write_band
from tests.process_api import Hub
from tests.products import NAME
from tests.servers import Reply, Server

BOX = GeoBox((60, 60), Affine(10, 0, 500_300, 0, -10, 3_949_700), "EPSG:32648")
BOUNDS = (105.0, 35.6, 105.1, 35.8)
BANDS = ("B04", "B08", "B11")


class Shop:
    def __init__(self, server: Server, folder: Path, most: float = 1000) -> None:
        self.server, self.folder = server, folder
        self.service = Service(server.url, "sentinel-2-l2a", folder / "listing", most)
        (folder / "out").mkdir(exist_ok=True)

    def scenes(self, *, online: bool = True) -> list[Scene]:
        source = SentinelHubSource(
            self.service, self.folder / "listing", since=date(2024, 7, 1), bounds=(lambda: BOUNDS) if online else None, bands=BANDS
        )
        return list(source.scenes()[0])

    def stock(self) -> Stock:
        return Stock(Room(self.folder / "store", 10**9, self.folder / "out", "run"), BOX, BANDS, HashCache(None), 2, lambda *_: None)

    def bring(self) -> tuple[list[Scene], list[Refused]]:
        stock = self.stock()
        return stock.bring([s for scene in self.scenes() if (s := stock.shelved(scene))], "store")


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(months, "today", lambda: date(2024, 7, 20))
    monkeypatch.setenv(process_api.CLIENT_ID, "me")
    monkeypatch.setenv(process_api.CLIENT_SECRET, "s3cr3t")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    yield
    process_api._sessions.clear()
    assert list((tmp_path / "home").iterdir()) == [], "nothing is written to the home folder"
    told = [file for file in tmp_path.rglob("*") if file.is_file() and (b"s3cr3t" in file.read_bytes() or b"t0ken" in file.read_bytes())]
    assert told == [], "no secret reaches the disk"


@pytest.fixture
def hub(server: Server, tmp_path: Path) -> Hub:
    folder = tmp_path / "scenes" / NAME
    folder.mkdir(parents=True)
    for k, band in enumerate(("B04", "B08", "B11", "SCL")):
        step = 20 if band in ("B11", "SCL") else 10
        write_band(folder / f"T48SWE_{band}_{step}m.tif", side=1200 // step, resolution=step, value=4 if band == "SCL" else 1500 + k)
    return Hub(server, [folder])


@pytest.fixture
def shop(hub: Hub, tmp_path: Path) -> Shop:
    return Shop(hub.server, tmp_path)


def stopped(shop: Shop) -> MinewardenError:
    with pytest.raises(WebStop) as caught:
        shop.bring()
    assert "s3cr3t" not in str(caught.value)
    assert "t0ken" not in str(caught.value)
    return caught.value


def test_a_product_in_the_countys_window(shop: Shop, hub: Hub) -> None:
    (scene,), refused = shop.bring()
    assert not refused
    assert (scene.id, scene.baseline, scene.pass_key) == (NAME, "0510", "S2A T48SWE 20240703T034001")
    assert {(b.scale, b.offset) for b in scene.bands.values()} == {(0.0001, -0.1)}
    for band, value in (("B04", 1500), ("B08", 1501), ("B11", 1502)):
        with rasterio.open(scene.bands[band].path) as file:
            assert str(file.crs) == "EPSG:32648"
            assert file.compression.value == "ZSTD"
            assert next(file.sample([(500_500, 3_949_500)]))[0] == value
    assert scene.scl is not None
    with rasterio.open(scene.scl) as file:
        assert file.dtypes[0] == "uint8"
    bands = sorted(json.loads(body["evalscript"].partition("var BANDS = ")[2].partition(";")[0]) for body in hub.processed)
    assert bands == [["B04", "B08"], ["B11", "SCL"]], "a request for each resolution, of the bands in use"
    (span,) = {tuple(body["input"]["data"][0]["dataFilter"]["timeRange"].values()) for body in hub.processed}
    assert span == ("2024-07-03T03:30:01Z", "2024-07-03T03:50:01Z")
    assert not [each for each in (shop.folder / "store" / "drafts").iterdir() if each.is_dir()], "replies are kept only as long as they are needed"
    shop.bring()
    assert len(hub.processed) == 2, "a second run asks for nothing"


def test_what_was_listed_is_there_without_network(shop: Shop) -> None:
    shop.scenes()
    asked = len(shop.server.asked)
    assert [scene.id for scene in shop.scenes(online=False)] == [NAME]
    assert len(shop.server.asked) == asked


def test_units_are_told_beforehand_and_counted(shop: Shop) -> None:
    stock = shop.stock()
    items = [item for scene in shop.scenes() if (shelved := stock.shelved(scene)) for item in stock.items(shelved)]
    told = stock.units(items)
    said: list[str] = []
    stock.say = lambda stage, *_: said.append(stage)
    stock.bring([s for scene in shop.scenes() if (s := stock.shelved(scene))], "fetch")
    assert f"about {told:.0f} processing units" in said[0]
    spent = process_api.spent_units(shop.service, f"{datetime.now(UTC):%Y-%m}")
    assert spent == pytest.approx(told, rel=0.01)


def test_units_of_a_request() -> None:
    assert units(512, 512, 3) == 1
    assert units(2048, 2048, 4) == pytest.approx(16 * 4 / 3)
    assert units(1, 1, 1) == 0.005


def test_no_more_units_than_are_allowed(shop: Shop, hub: Hub) -> None:
    shop.service = Service(hub.server.url, "sentinel-2-l2a", shop.folder / "listing", 0.02)
    error = stopped(shop)
    assert error.code == "MW-SH-UNITS"
    assert "max_processing_units allows 0.02" in error.message
    assert len(hub.processed) <= 1
    shop.service = Service(hub.server.url, "sentinel-2-l2a", shop.folder / "listing", 100)
    assert shop.bring()[1] == []


def test_a_quota_that_is_used_up_stops_at_once_and_goes_on_next_time(shop: Shop, hub: Hub, waits: list[float]) -> None:
    hub.server.fault(*[Reply.page(403)] * 9, on=lambda asked: asked.path.endswith("/process") and b"B11" in asked.body)
    assert stopped(shop).code == "MW-SH-QUOTA"
    assert waits == []
    hub.server.faults.clear()
    before = len(hub.processed)
    assert shop.bring()[1] == []
    assert len(hub.processed) - before <= 2


def test_what_was_paid_for_is_not_paid_for_again(shop: Shop, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed between a reply and its bands goes on with the reply."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.sources.sentinelhub.ProcessDelivery._assemble", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.bring()
    paid = len(hub.processed)
    assert paid
    assert shop.bring()[1] == []
    assert len(hub.processed) == 2


def test_milliseconds_in_retry_after(shop: Shop, hub: Hub, waits: list[float]) -> None:
    hub.server.fault(Reply(429, headers={"Retry-After": "1500"}), on=lambda asked: asked.path.endswith("/process"))
    assert shop.bring()[1] == []
    assert waits == [1.5]


def test_a_token_that_was_dropped_is_renewed_once(shop: Shop, hub: Hub) -> None:
    shop.scenes()
    hub.server.fault(Reply.page(401), on=lambda asked: asked.path.endswith("/process"))
    assert shop.bring()[1] == []
    assert hub.tokens in (2, 3)
    hub.server.fault(*[Reply.page(401)] * 9, on=lambda asked: asked.path != "/oauth/token")
    (shop.folder / "new").mkdir()
    with pytest.raises(WebStop, match="MW-WEB-DENIED"):
        Shop(hub.server, shop.folder / "new").scenes()


@pytest.mark.parametrize("harm", ["page", "cut", "size", "bands"])
def test_replies_that_are_not_the_image_asked_for(shop: Shop, hub: Hub, tmp_path: Path, harm: str) -> None:
    place = next(iter(shop.scenes()[0].delivery.places.values()))  # type: ignore[union-attr]
    side, count = (place.width, 1) if harm == "bands" else (100, 2)
    image = write_band(tmp_path / "other.tif", side=side, count=count).read_bytes()
    content = {"page": b"<html>Sign in</html>", "cut": image[: len(image) // 2]}.get(harm, image)
    hub.server.fault(Reply(200, content, {"Content-Type": "image/tiff"}), on=lambda asked: asked.path.endswith("/process"))
    assert stopped(shop).code == "MW-SH-REPLY"
    assert shop.bring()[1] == [], "nothing of it was kept"


def test_no_credentials(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(process_api.CLIENT_SECRET)
    with pytest.raises(WebStop, match=r"MW-SH-CREDENTIALS.*MINEWARDEN_SENTINELHUB_SECRET"):
        shop.scenes()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_credentials_that_are_not_accepted(shop: Shop, hub: Hub, status: int) -> None:
    hub.server.fault(Reply.page(status), on=lambda asked: asked.path == "/oauth/token")
    with pytest.raises(WebStop, match=r"MW-SH-CREDENTIALS.*does not accept the credentials.*MINEWARDEN_SENTINELHUB_ID") as caught:
        shop.scenes()
    assert "s3cr3t" not in str(caught.value)


def test_a_catalogue_that_answers_oddly(shop: Shop, hub: Hub) -> None:
    hub.server.fault(Reply.page(200), on=lambda asked: asked.path.endswith("/search"))
    with pytest.raises(WebStop, match="MW-SH-CATALOG"):
        shop.scenes()
    hub.server.fault(Reply(200, b"[" * 200_000), on=lambda asked: asked.path.endswith("/search"))
    with pytest.raises(WebStop, match="MW-SH-CATALOG"):
        shop.scenes()
    odd = {"features": [{"id": "x"}, {"id": f"{NAME}.SAFE", "properties": {"datetime": "2024-07-03T03:40:01Z"}, "bbox": None}]}
    hub.server.fault(Reply.json(odd), on=lambda asked: asked.path.endswith("/search"))
    source = SentinelHubSource(shop.service, shop.folder / "other", since=date(2024, 7, 1), bounds=lambda: BOUNDS)
    scenes, refused = source.scenes()
    assert not scenes
    assert {r.code for r in refused} == {"MW-SH-ITEM"}
