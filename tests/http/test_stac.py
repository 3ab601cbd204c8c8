"""Catalogues: real items, catalogues that answer oddly, links that run out, and a county that is read from one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources.scene import Refused, Scene
from pipeline.sources.stac import StacSource
from pipeline.sources.stac_item import scene_of, slim
from pipeline.sources.web import WebStop
from tests.products import real_items
from tests.servers import COMMON, Reply, Server, api, files_under

BOUNDS = (104.9, 35.6, 105.1, 35.8)


def judged(item: dict[str, Any]) -> Scene | Refused:
    return scene_of(slim(item), lambda *_: None, needed=("B04", "B08"), mask=None)  # type: ignore[arg-type, return-value]


def good(item: dict[str, Any]) -> Scene:
    found = judged(item)
    assert isinstance(found, Scene), found
    return found


def load(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text("utf-8")))


def recorded(file: Path) -> list[dict[str, Any]]:
    """Items of a recorded conversation with an API."""
    said = yaml.safe_load(file.read_text("utf-8"))["interactions"]
    return [item for each in said for item in json.loads(each["response"]["body"]["string"]).get("features", [])]


# Real items.


@pytest.mark.parametrize("file", real_items("S2A_28QCH*.json"))
def test_an_item_of_earth_search_of_2020(file: Path) -> None:
    found = good(load(file))
    assert (found.id, found.baseline) == ("S2A_MSIL2A_20200714T115221_N0214_R123_T28QCH_20200714T191310", "0214")
    assert {(b.scale, b.offset) for b in found.bands.values()} == {(0.0001, 0.0)}
    assert tuple(found.bands) == ("B02", "B03", "B04", "B08", "B11", "B12")


@pytest.mark.parametrize("file", real_items("S2B_MSIL2A*.json"))
def test_an_item_of_planetary_computer(file: Path) -> None:
    found = good(load(file))
    assert found.pass_key == "S2B T06VVN 20190629T212529"
    assert {b.offset for b in found.bands.values()} == {0.0}
    later = load(file)
    later["properties"]["s2:processing_baseline"] = "04.00"
    assert {b.offset for b in good(later).bands.values()} == {-0.1}, "this catalogue lists no offsets: the baseline tells"


@pytest.mark.parametrize("file", real_items("test_multiple_collections.yaml"))
def test_an_offset_that_was_subtracted_already(file: Path) -> None:
    found = next(item for item in recorded(file) if item["id"].startswith("S2A_13TDE"))
    assert found["properties"]["earthsearch:boa_offset_applied"] is True
    assert {b.offset for b in good(found).bands.values()} == {0.0}
    found["properties"]["earthsearch:boa_offset_applied"] = False
    assert {b.offset for b in good(found).bands.values()} == {-0.1}
    for asset in found["assets"].values():
        asset.pop("raster:bands", None)
    found["properties"] |= {"earthsearch:boa_offset_applied": None, "sentinel:boa_offset_applied": True}
    assert {b.offset for b in good(found).bands.values()} == {0.0}


@pytest.mark.parametrize("file", real_items("LC08*.json"))
def test_a_landsat_item_is_refused(file: Path) -> None:
    assert isinstance(judged(load(file)), Refused)


# Made items.


def item(day: str = "20240703", **changes: Any) -> dict[str, Any]:
    assets = {}
    for band, common in COMMON.items():
        step = 10 if band in ("B02", "B03", "B04", "B08") else 20
        assets[common] = {
            "href": f"https://sentinel-cogs.s3.us-west-2.amazonaws.com/{day}/{band}.tif?sig=s3cr3t",
            "proj:shape": [1098 // step, 1098 // step],
            "proj:transform": [step, 0, 500_000, 0, -step, 3_950_000],
            "raster:bands": [{"scale": 0.0001, "offset": -0.1}],
            "eo:bands": [{"name": common, "common_name": common}],
        }
    properties = {"datetime": f"{day[:4]}-{day[4:6]}-{day[6:]}T03:40:01Z", "platform": "sentinel-2a", "proj:epsg": 32648, "grid:code": "MGRS-48SWE"}
    made = {"type": "Feature", "id": f"S2A_48SWE_{day}_0_L2A", "bbox": [104.9, 35.6, 105.1, 35.8], "properties": properties, "assets": assets}
    return made | {"links": [{"rel": "self", "href": f"https://x.org/items/{day}?sig=s3cr3t"}]} | changes


def test_no_signature_is_kept() -> None:
    assert "s3cr3t" not in json.dumps(slim(item()))


def test_names_of_cdse() -> None:
    """Bands at several resolutions, files in object storage with a second way by HTTPS, `processing:version`, `proj:code`."""
    assets = {}
    for band in ("B02", "B04", "B08", "SCL"):
        for step in (10, 20, 60):
            assets[f"{band}_{step}m"] = {
                "href": f"s3://eodata/{band}_{step}m.jp2",
                "alternate": {"https": {"href": f"https://download.dataspace.copernicus.eu/{band}_{step}m.jp2"}},
                "proj:shape": [10980 * 10 // step] * 2,
                "proj:transform": [step, 0, 499_980, 0, -step, 3_950_040],
            }
    properties = {"datetime": "2024-07-03T03:40:01Z", "processing:version": "05.10", "proj:code": "EPSG:32648", "platform": "sentinel-2a"}
    found = good(item(properties=properties, assets=assets))
    assert dict.fromkeys(found.bands, found.delivery is None) == {"B02": True, "B04": True, "B08": True}
    assert {b.offset for b in found.bands.values()} == {-0.1}
    kept = slim(item(properties=properties, assets=assets))
    assert kept["assets"]["B04_10m"]["href"].startswith("https://download.dataspace.copernicus.eu/")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"properties": {"platform": "sentinel-2a"}}, "says no datetime"),
        ({"id": "../../evil"}, "signs that no product has"),
        ({"assets": {}}, "no asset of B04, B08"),
        ({"properties": {"datetime": "2024-07-03T03:40:01Z", "s2:product_type": "S2MSI1C"}}, "Level-1C"),
    ],
)
def test_items_that_are_refused_by_name(changes: dict[str, Any], told: str) -> None:
    found = judged(item(**changes))
    assert isinstance(found, Refused)
    assert told in found.reason


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("proj:shape", None, "lacks proj:shape"),
        ("proj:shape", [10**9, 10**9], "says proj:shape"),
        ("proj:transform", [10, 1, 0, 0, -10, 0], "proj:transform"),
        ("proj:transform", ["a"] * 6, "lacks proj:shape or proj:transform"),
        ("proj:epsg", "32648; rm", "says proj:code"),
        ("proj:epsg", 32699, "says proj:code"),
        ("proj:epsg", 9999, "says proj:code"),
        ("proj:epsg", 4326, "says proj:code"),
        ("raster:bands", [{"scale": -1}], "scale of B04"),
    ],
)
def test_assets_that_say_nonsense(key: str, value: Any, told: str) -> None:
    made = item()
    made["assets"]["red"][key] = value
    found = judged(made)
    assert isinstance(found, Refused)
    assert told in found.reason


def test_bands_on_different_ground_are_refused_by_name() -> None:
    """Else the scene would pass for one of a tile off the county, without a word."""
    made = item()
    made["assets"]["swir16"]["proj:transform"][2] = 900_000
    found = judged(made)
    assert isinstance(found, Refused)
    assert "do not lie on the same ground" in found.reason


def test_nothing_is_guessed() -> None:
    made = item()
    for asset in made["assets"].values():
        del asset["raster:bands"]
    found = judged(made)
    assert isinstance(found, Refused)
    assert "neither scale and offset nor a processing baseline" in found.reason


# Catalogues.


def source(server: Server, folder: Path, *, online: bool = True) -> StacSource:
    return StacSource(server.url, "sentinel-2-l2a", folder / "listing", since=date(2024, 6, 1), bounds=(lambda: BOUNDS) if online else None)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(months, "today", lambda: date(2024, 9, 15))
    yield
    from pipeline.sources import stac

    stac._webs.clear()
    stac._signed.clear()
    stac._given.clear()


def test_an_api_page_by_page_to_an_empty_one(server: Server, tmp_path: Path) -> None:
    api(server, [[item("20240613"), item("20240703")], [item("20240723"), item("20240902")]])
    scenes, refused = source(server, tmp_path).scenes()
    assert not refused
    assert [s.day.isoformat() for s in scenes] == ["2024-06-13", "2024-07-03", "2024-07-23", "2024-09-02"]
    (first, *_) = [asked.json for asked in server.asked if asked.path == "/search"]
    assert (first["bbox"], first["collections"]) == (list(BOUNDS), ["sentinel-2-l2a"])
    assert first["datetime"] == "2024-06-01T00:00:00Z/2024-09-15T23:59:59Z"
    assert "s3cr3t" not in "".join(file.read_text("utf-8") for file in tmp_path.rglob("*.json"))


def test_what_was_listed_is_there_without_network(server: Server, tmp_path: Path) -> None:
    api(server, [[item("20240613"), item("20240703")]])
    source(server, tmp_path).scenes()
    asked = len(server.asked)
    assert [s.day.month for s in source(server, tmp_path, online=False).scenes()[0]] == [6, 7]
    assert len(server.asked) == asked


def test_a_settled_month_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    api(server, [[item("20240613")]])
    source(server, tmp_path).scenes()
    server.asked.clear()
    source(server, tmp_path).scenes()
    (again,) = [asked.json["datetime"] for asked in server.asked if asked.path == "/search" and "page" not in asked.query]
    assert again.startswith("2024-07-01"), "June was asked for long after its end"


def test_a_catalogue_that_is_down_is_an_error_at_first_and_no_harm_later(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    api(server, [[item("20240613")]])
    server.fault(*[Reply.page(503)] * 5)
    with pytest.raises(WebStop, match="MW-WEB-AGAIN"):
        source(server, tmp_path).scenes()
    (found,), _ = source(server, tmp_path).scenes()
    server.fault(*[Reply.page(503)] * 5)
    monkeypatch.setattr(months, "today", lambda: date(2024, 9, 16))
    again = source(server, tmp_path)
    assert again.scenes()[0][0].id == found.id
    (doubt,) = again.doubts
    assert doubt.since == "2024-07", "June's list is final"
    assert "MW-WEB-AGAIN" in doubt.told
    assert "Its lists of 2024-09-15 are used: scenes that came in since are missing" in doubt.told


def test_the_same_pass_under_a_new_id_counts_once(server: Server, tmp_path: Path) -> None:
    api(server, [[item(), item(id="S2A_48SWE_20240703_1_L2A")]])
    scenes, refused = source(server, tmp_path).scenes()
    assert [s.id for s in scenes] == ["S2A_48SWE_20240703_1_L2A"]
    assert refused[0].duplicate_of == scenes[0].id


def test_one_broken_item_costs_itself_only(server: Server, tmp_path: Path) -> None:
    api(server, [[item(), {"id": "broken", "type": "Feature"}, item("20240713", assets={})]])
    scenes, refused = source(server, tmp_path).scenes()
    assert (len(scenes), {r.id for r in refused}) == (1, {"broken", "S2A_48SWE_20240713_0_L2A"})


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        lambda item: item["assets"]["red"].update({"href": "https://["}),
        lambda item: item["assets"]["red"].update({"eo:bands": 5, "bands": [5]}),
        lambda item: item["properties"].update({"datetime": "0001-01-01T00:00:00+14:00"}),
        lambda item: item["properties"].update({"datetime": "9999-12-31T23:59:59-14:00"}),
        lambda item: item.update({"bbox": ["a"] * 4}),
        lambda item: item.update({"links": [{"rel": "self", "href": "http://["}]}),
    ],
)
def test_an_item_that_says_nonsense_costs_itself_at_most(server: Server, tmp_path: Path, change: Any, static: bool) -> None:
    odd = item("20240713")
    change(odd)
    if static:
        links = [{"rel": "item", "href": name} for name in ("good.json", "odd.json")]
        pages = {"/": {"type": "Catalog", "id": "c", "links": links}, "/good.json": item(), "/odd.json": odd}
        server.routes.append(lambda asked: Reply.json(pages[asked.path]) if asked.path in pages else None)
    else:
        api(server, [[item(), odd]])
    scenes, _ = source(server, tmp_path).scenes()
    assert item()["id"] in {scene.id for scene in scenes}


@pytest.mark.parametrize("links", [None, 5, [None, 5], [{"rel": "item", "href": "http://["}], [{"rel": "item", "href": ["x"]}]])
def test_links_that_are_none(server: Server, tmp_path: Path, links: Any) -> None:
    server.routes.append(lambda asked: Reply.json({"type": "Catalog", "id": "c", "links": links}) if asked.path == "/" else None)
    assert source(server, tmp_path).scenes()[0] == []


@pytest.mark.parametrize("path", ["/s2/collection.json", "/s2/20240703.json"])
def test_a_static_catalogue_that_is_down_half_way_is_not_taken_for_an_empty_one(server: Server, tmp_path: Path, path: str) -> None:
    pages = {
        "/": {"type": "Catalog", "id": "c", "links": [{"rel": "child", "href": "s2/collection.json"}]},
        "/s2/collection.json": {"type": "Collection", "id": "sentinel-2-l2a", "links": [{"rel": "item", "href": "20240703.json"}]},
        "/s2/20240703.json": item(),
    }
    server.routes.append(lambda asked: Reply.json(pages[asked.path]) if asked.path in pages else None)
    server.fault(*[Reply.page(503)] * 5, on=lambda asked: asked.path == path)
    with pytest.raises(WebStop, match="MW-WEB-AGAIN"):
        source(server, tmp_path).scenes()
    assert len(source(server, tmp_path).scenes()[0]) == 1, "nothing was remembered of the first try"


def test_a_part_of_a_static_catalogue_that_is_missing_is_said(server: Server, tmp_path: Path) -> None:
    root = {"type": "Catalog", "id": "c", "links": [{"rel": "child", "href": "s2/collection.json"}]}
    server.routes.append(lambda asked: Reply.json(root) if asked.path == "/" else None)
    with pytest.raises(MinewardenError, match=r"s2/collection\.json says 404"):
        source(server, tmp_path).scenes()


def test_pages_without_end(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.catalogue.MOST_DOCUMENTS", 20)
    api(server, [[item()]] * 1000)
    with pytest.raises(WebStop, match="pages without end"):
        source(server, tmp_path).scenes()


@pytest.mark.parametrize("where", ["/", "/search"])
def test_a_page_to_sign_in_where_a_catalogue_was(server: Server, tmp_path: Path, where: str) -> None:
    api(server, [[item()]])
    server.fault(Reply.page(200), Reply.page(200), on=lambda asked: asked.path == where)
    with pytest.raises(WebStop, match="MW-STAC-CATALOGUE"):
        source(server, tmp_path).scenes()


def test_links_to_other_hosts_and_to_files(server: Server, elsewhere: Server, tmp_path: Path) -> None:
    first = Reply.json({"features": [item()], "links": [{"rel": "next", "href": f"{elsewhere.url}/search"}]})
    api(server, [])
    server.fault(first, on=lambda asked: asked.path == "/search")
    with pytest.raises(MinewardenError, match="MW-WEB-HOST"):
        source(server, tmp_path).scenes()
    assert elsewhere.asked == []
    server.fault(Reply.json({"features": [item()], "links": [{"rel": "next", "href": "/etc/passwd"}]}), on=lambda asked: asked.path == "/search")
    with pytest.raises(MinewardenError, match=r"MW-STAC-CATALOGUE|MW-WEB"):
        source(server, tmp_path).scenes()


# A county.


@pytest.fixture(scope="module")
def scenes_county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene folder of a few hundred metres, in two bands."""
    from tests.made import write_band

    folder = tmp_path_factory.mktemp("cogs")
    for band, settings in (("B04", {}), ("B08", {"value": 2500}), ("SCL", {"dtype": "uint8", "value": 4, "resolution": 20, "side": 600})):
        write_band(folder / f"{band}.tif", **({"side": 1200, "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"} | settings))
    return folder


def served(server: Server, day: str = "20240703") -> dict[str, Any]:
    made = item(day)
    for band, common in COMMON.items():
        if band not in ("B04", "B08", "SCL"):
            del made["assets"][common]
            continue
        step = 20 if band == "SCL" else 10
        side = 12_000 // step
        place = {"proj:shape": [side, side], "proj:transform": [step, 0, 500_000, 0, -step, 3_950_000]}
        made["assets"][common] |= {"href": f"{server.url}/files/{band}.tif", **place}
    made["links"] = [{"rel": "self", "href": f"{server.url}/items/{day}"}]
    return made


def brought(server: Server, folder: Path) -> tuple[list[Scene], list[Refused]]:
    from affine import Affine
    from odc.geo.geobox import GeoBox

    from pipeline.sources import HashCache
    from pipeline.sources.room import Room
    from pipeline.sources.stock import Stock

    (folder / "out").mkdir(exist_ok=True)
    box = GeoBox((60, 60), Affine(10, 0, 500_300, 0, -10, 3_949_700), "EPSG:32648")
    stock = Stock(Room(folder / "store", 10**9, folder / "out", "run"), box, ("B04", "B08"), HashCache(None), 1, lambda *_: None)
    return stock.bring([s for scene in source(server, folder).scenes()[0] if (s := stock.shelved(scene))], "store")


def test_only_the_countys_part_is_read_and_only_once(server: Server, tmp_path: Path, scenes_county: Path) -> None:
    import rasterio

    api(server, [[served(server)]])
    server.routes.append(files_under(scenes_county))
    (scene,), refused = brought(server, tmp_path)
    assert not refused
    with rasterio.open(scene.bands["B08"].path) as band:
        assert band.shape == (1024, 1024)
        assert (band.read(1) == 2500).all()
    asked = [each.path for each in server.asked if each.path.startswith("/files/")]
    assert all("Range" in each.headers for each in server.asked if each.path.startswith("/files/"))
    assert brought(server, tmp_path)[1] == []
    assert len([each for each in server.asked if each.path.startswith("/files/")]) == len(asked)


def test_a_signed_link_that_ran_out_is_renewed(server: Server, tmp_path: Path, scenes_county: Path) -> None:
    fresh = served(server)
    for asset in fresh["assets"].values():
        asset["href"] += "?sig=s3cr3t"
    api(server, [[served(server)]])
    serve = files_under(scenes_county)
    server.routes.append(lambda asked: serve(asked) if "sig" in asked.query else Reply.page(403) if asked.path.startswith("/files/") else None)
    server.routes.append(lambda asked: Reply.json(fresh) if asked.path.startswith("/items/") else None)
    (_,), refused = brought(server, tmp_path)
    assert not refused
    assert "s3cr3t" not in "".join(file.read_text("utf-8", "replace") for file in tmp_path.rglob("*") if file.is_file())


def test_links_are_signed_where_the_catalogue_wants_it(server: Server, tmp_path: Path, scenes_county: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.stac.SIGNED", {server.host: f"{server.url}/sign"})
    api(server, [[served(server)]])
    serve = files_under(scenes_county)
    signed = lambda asked: Reply.json({"href": f"{asked.query['href'][0]}?sig=s3cr3t"}) if asked.path == "/sign" else None  # noqa: E731
    server.routes += [signed, lambda asked: serve(asked) if "sig" in asked.query else None]
    assert brought(server, tmp_path)[1] == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Reply.page(200), "MW-WEB-STATUS"),
        (Reply.page(404), "MW-WEB-STATUS"),
        (Reply(206, b"II*\0" * 100, {"Content-Range": "bytes 0-399/400"}), "MW-BAND-OPEN"),
        (Reply(206, b"x", {"Content-Range": "bytes 0-0/1"}), "MW-BAND-OPEN"),
    ],
)
def test_a_file_that_is_none_costs_its_scene(server: Server, tmp_path: Path, scenes_county: Path, fault: Reply, code: str) -> None:
    api(server, [[served(server)]])
    server.routes.append(files_under(scenes_county))
    server.fault(fault, on=lambda asked: asked.path == "/files/B04.tif")
    _, (refused,) = brought(server, tmp_path)
    assert refused.code == code
    assert brought(server, tmp_path)[1] == [], "next time it may be there"


def test_one_file_that_is_denied_costs_its_scene_where_others_are_given(server: Server, tmp_path: Path, scenes_county: Path) -> None:
    """Object storage says 403, not 404, of what is not there."""
    api(server, [[served(server)]])
    server.routes.append(files_under(scenes_county))
    server.fault(*[Reply.page(403)] * 9, on=lambda asked: asked.path == "/files/B08.tif")
    _, (refused,) = brought(server, tmp_path)
    assert refused.code == "MW-WEB-DENIED"
    assert "B08.tif says 403" in refused.reason
    server.faults.clear()
    server.fault(*[Reply.page(403)] * 99, on=lambda asked: asked.path.startswith("/files/"))
    with pytest.raises(WebStop, match="MW-WEB-DENIED"):
        brought(server, tmp_path)


@pytest.mark.parametrize("fault", [Reply.page(401), Reply.page(429), Reply.page(500), Reply(206, b"x" * 1000, cut=True)])
def test_a_service_that_is_down_stops_the_work_and_it_goes_on_next_time(server: Server, tmp_path: Path, scenes_county: Path, fault: Reply) -> None:
    api(server, [[served(server)]])
    server.routes.append(files_under(scenes_county))
    server.fault(*[fault] * 9, on=lambda asked: asked.path == "/files/B08.tif")
    with pytest.raises(WebStop):
        brought(server, tmp_path)
    server.faults.clear()
    server.asked.clear()
    assert brought(server, tmp_path)[1] == []
    assert not any(asked.path == "/files/B04.tif" for asked in server.asked), "what is there is kept"


def test_two_catalogues_of_one_product_keep_their_files_apart(server: Server, elsewhere: Server, tmp_path: Path, scenes_county: Path) -> None:
    """One may have subtracted the offset from its numbers: a county must not read what another county's catalogue sent."""
    paths = []
    for each in (server, elsewhere):
        api(each, [[served(each)]])
        each.routes.append(files_under(scenes_county))
        (tmp_path / each.host).mkdir()
        (scene,), _ = brought(each, tmp_path / each.host)
        paths.append(scene.bands["B04"].path)
    assert paths[0].parent.name == paths[1].parent.name
    assert paths[0].name != paths[1].name


def test_a_static_catalogue(server: Server, tmp_path: Path) -> None:
    root = {"type": "Catalog", "id": "c", "links": [{"rel": "child", "href": "./s2/collection.json"}, {"rel": "child", "href": "other.json"}]}
    links = [{"rel": "item", "href": f"{day}.json"} for day in ("20240613", "20240703", "20230703", "broken")] + [{"rel": "child", "href": "../"}]
    pages: dict[str, Any] = {
        "/": root,
        "/s2/collection.json": {"type": "Collection", "id": "sentinel-2-l2a", "links": links},
        "/other.json": {"type": "Collection", "id": "landsat", "links": [{"rel": "item", "href": "s2/20240703.json"}]},
    } | {f"/s2/{day}.json": item(day) for day in ("20240613", "20240703", "20230703")}
    pages["/s2/20240703.json"] |= {"bbox": [10, 10, 11, 11]}
    server.routes.append(lambda asked: Reply.json(pages[asked.path]) if asked.path in pages else None)
    scenes, refused = source(server, tmp_path).scenes()
    assert [s.id for s in scenes] == ["S2A_48SWE_20240613_0_L2A"]
    assert [r.id for r in refused] == ["broken"]


def test_folders_and_products_open_no_connection() -> None:
    """Nothing that can speak to a network is even loaded."""
    code = "import sys, pipeline.monthly; print({'requests', 'pystac_client', 'sentinelhub', 'obstore'} & {*sys.modules})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert said.stdout.strip() == "set()"
