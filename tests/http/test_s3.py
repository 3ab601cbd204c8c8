"""Object storage that is slow, broken, denied or full of odd names: one message with a code, bounded tries, no secret told."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import MinewardenError
from pipeline.sources import HashCache, bucket
from pipeline.sources.bucket import bucket_of
from pipeline.sources.bucket_access import BucketStop, endpoint
from pipeline.sources.bucket_tree import BucketTree
from pipeline.sources.folder import FolderSource
from pipeline.sources.scene import Refused, Scene
from tests.made import write_band
from tests.s3 import S3, SECRET
from tests.servers import Asked, Reply

Make = Callable[..., Path]
NAME = "S2A_MSIL2A_20240703T034001_N0510_R061_T48SWE_20240703T071234"


@pytest.fixture
def source(s3: S3, tmp_path: Path) -> Callable[..., tuple[list[Scene], list[Refused]]]:
    """Scenes of the bucket."""

    def scenes(*, online: bool = True, prefix: str = "scenes") -> tuple[list[Scene], list[Refused]]:
        found, refused = FolderSource(BucketTree(bucket_of(f"s3://county/{prefix}"), tmp_path / "kept", online=online)).scenes()
        return list(found), list(refused)

    return scenes


@pytest.fixture
def two(s3: S3, scene: Make, tmp_path: Path) -> list[str]:
    """Two scenes in the bucket."""
    names = [NAME, NAME.replace("20240703", "20240713")]
    for name in names:
        scene(tmp_path / "up", name, bands=("B04", "B08", "SCL"))
    s3.add(tmp_path / "up", "scenes")
    return names


def stopped(call: Callable[[], Any]) -> BucketStop:
    with pytest.raises(BucketStop) as caught:
        call()
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "what an answer quotes does not reach the log either"
    return caught.value


def on_list(asked: Asked) -> bool:
    return asked.path.rstrip("/") == "/county"


def on(name: str) -> Callable[[Asked], bool]:
    return lambda asked: name in asked.path


def test_heads_are_read_once_and_kept(two: list[str], s3: S3, source: Any) -> None:
    scenes, refused = source()
    assert ([s.id for s in scenes], refused) == (two, [])
    assert scenes[0].delivery.places["B04"].crs == "EPSG:32648"
    s3.asked.clear()
    assert len(source()[0]) == 2
    assert s3.got() == []
    s3.asked.clear()
    assert len(source(online=False)[0]) == 2
    assert s3.asked == []


def test_thousands_of_objects_come_page_by_page(two: list[str], s3: S3, source: Any) -> None:
    s3.page = 100
    s3.objects.update({f"scenes/20240801_{number}/readme.txt": b"" for number in range(2500)})
    scenes, refused = source()
    assert (len(scenes), len(refused)) == (2, 2500)
    assert len([a for a in s3.asked if on_list(a)]) == 26


@pytest.mark.parametrize(
    ("replies", "code", "told"),
    [
        ([Reply(403, b"<Error><AWSAccessKeyId>s3cr3tKey</AWSAccessKeyId></Error>")], "MW-S3-DENIED", "says 403"),
        ([Reply(404, b"<Error><Code>NoSuchBucket</Code></Error>")], "MW-S3-BUCKET", "no bucket county at 127.0.0.1"),
        ([Reply(503, b"", {"Retry-After": "1"})] * 9, "MW-S3-AGAIN", r"it says 503; 5 tries"),
        ([Reply(429)] * 9, "MW-S3-AGAIN", r"it says 429; 5 tries"),
        ([Reply(hang_up=True)] * 9, "MW-S3-AGAIN", "the connection broke"),
        ([Reply(200, b"x" * 500, cut=True)] * 9, "MW-S3-AGAIN", "the connection broke"),
        ([Reply(200, b"<html>Sign in"), Reply(200, b"<html>Sign in")], "MW-S3-AGAIN", "no answer"),
        ([Reply(301)], "MW-S3-REGION", "another region than us-east-1"),
    ],
)
def test_a_service_that_does_not_list_stops_the_run(two: list[str], s3: S3, source: Any, replies: list[Reply], code: str, told: str) -> None:
    s3.fault(*replies, on=on_list)
    error = stopped(source)
    assert error.code == code
    assert told in error.message
    assert len(s3.asked) <= 5


def test_what_passes_is_tried_again(two: list[str], s3: S3, source: Any) -> None:
    s3.fault(Reply(503), Reply(hang_up=True), on=on_list)
    s3.fault(Reply(500), Reply(429), Reply(hang_up=True), on=on("B04"))
    assert len(source()[0]) == 2


def test_a_service_that_is_down(s3: S3, source: Any) -> None:
    s3.close()
    assert stopped(source).code == "MW-S3-AGAIN"


def test_an_empty_bucket_and_one_that_is_not_there(s3: S3, source: Any) -> None:
    with pytest.raises(MinewardenError, match=r"MW-SOURCE-EMPTY.*s3://county/scenes holds no scenes"):
        source()
    del s3.buckets["county"]
    assert stopped(source).code == "MW-S3-BUCKET"


@pytest.mark.parametrize("name", ["scenes/../secret.tif", "scenes//B04.tif", "scenes/20240801/\x07B04.tif"])
def test_names_that_lead_out_or_hide(two: list[str], s3: S3, source: Any, name: str) -> None:
    s3.objects[name] = b"x"
    error = stopped(source)
    assert error.code == "MW-S3-NAME"
    assert "\x07" not in error.message


@pytest.mark.parametrize("name", ["会宁 2024-07-23", "20240723 %2e%2e", "20240723_a*b&c=d+e", "20240723'\"<x>"])
def test_odd_names_that_are_names(s3: S3, source: Any, name: str, tmp_path: Path) -> None:
    name = name.replace("2024-07-23", "20240723")
    for band in ("B04", "B08"):
        s3.objects[f"scenes/年/{name}/{band}.tif"] = write_band(tmp_path / f"{band}.tif").read_bytes()
    (found,), _ = source()
    assert found.id == name
    found.delivery.write("B04", None, tmp_path / "copy.tif", HashCache(None))
    assert (tmp_path / "copy.tif").read_bytes() == (tmp_path / "B04.tif").read_bytes()


def test_a_name_that_is_too_long_for_a_folder(two: list[str], s3: S3, source: Any) -> None:
    for name in [name for name in s3.objects if two[0] in name]:
        s3.objects[name.replace(two[0], f"20240720{'宁' * 80}")] = s3.objects[name]
    scenes, (refused,) = source()
    assert (len(scenes), refused.code) == (2, "MW-S3-NAME")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "MW-BAND-OPEN"),
        (b"<html>Error 503</html>", "MW-BAND-OPEN"),
        (b"<VRTDataset rasterXSize='8'><SourceFilename>/vsicurl/http://127.0.0.1:9/x</SourceFilename></VRTDataset>", "MW-BAND-OPEN"),
        (b"II*\0\x08\0\0\0", "MW-BAND-OPEN"),
    ],
)
def test_files_that_are_no_images_cost_their_scene(two: list[str], s3: S3, source: Any, content: bytes, code: str) -> None:
    s3.objects[f"scenes/{two[0]}/B04.tif"] = content
    (kept,), (refused,) = source()
    assert (kept.id, refused.id, refused.code) == (two[1], two[0], code)


def test_a_small_file_that_declares_a_giant_is_not_downloaded(two: list[str], s3: S3, source: Any, tmp_path: Path) -> None:
    giant = write_band(tmp_path / "giant.tif", side=8)
    s3.objects[f"scenes/{two[0]}/B04.tif"] = giant.read_bytes().replace((8).to_bytes(2, "little"), (60_000).to_bytes(2, "little"), 3)
    _, (refused,) = source()
    assert refused.id == two[0]


def test_a_file_that_is_cut_off(two: list[str], s3: S3, source: Any, tmp_path: Path) -> None:
    name = f"scenes/{two[0]}/B04.tif"
    s3.objects[name] = s3.objects[name][:-20]
    (scene, _), _ = source()
    with pytest.raises(MinewardenError, match=r"MW-BAND-CUT: B04.tif is cut off"):
        scene.delivery.check()
    with pytest.raises(MinewardenError, match=r"MW-BAND-CUT: B04.tif is cut off"):
        scene.delivery.write("B04", None, tmp_path / "draft.tif", HashCache(None))


def test_one_object_that_is_denied_costs_its_scene_but_all_of_them_stop_the_run(two: list[str], s3: S3, source: Any) -> None:
    s3.fault(*[Reply(403)] * 9, on=on(f"{two[0]}/B04"))
    (kept,), (refused,) = source()
    assert (kept.id, refused.code) == (two[1], "MW-S3-DENIED")
    s3.faults.clear()
    assert len(source()[0]) == 2, "it is asked for again"
    s3.objects[f"scenes/{two[0]}/B04.tif"] += b"x"
    s3.fault(*[Reply(403)] * 99, on=lambda asked: not on_list(asked))
    assert stopped(source).code == "MW-S3-DENIED"


def test_a_body_that_breaks_off_goes_on_where_it_broke(two: list[str], s3: S3, source: Any, tmp_path: Path) -> None:
    (scene, _), _ = source()
    content = s3.objects[f"scenes/{two[0]}/B04.tif"]
    tag = {"ETag": s3._tag(content), "Last-Modified": "Sun, 01 Sep 2024 00:00:00 GMT"}
    s3.fault(Reply(200, content, tag, cut=True), on=on(f"{two[0]}/B04"))
    scene.delivery.write("B04", None, tmp_path / "draft.tif", HashCache(None))
    assert (tmp_path / "draft.tif").read_bytes() == content
    s3.fault(*[Reply(200, content, tag, cut=True)] * 50, on=on(f"{two[0]}/B04"))
    assert stopped(lambda: scene.delivery.write("B04", None, tmp_path / "draft.tif", HashCache(None))).code == "MW-S3-AGAIN"


@pytest.mark.parametrize("tags", [True, False])
def test_an_object_that_was_replaced_since_it_was_listed(two: list[str], s3: S3, source: Any, tmp_path: Path, tags: bool) -> None:
    s3.tags = tags
    (scene, _), _ = source()
    s3.objects[f"scenes/{two[0]}/B04.tif"] += b"more"
    with pytest.raises(MinewardenError, match="MW-S3-CHANGED"):
        scene.delivery.write("B04", None, tmp_path / "draft.tif", HashCache(None))


def test_an_object_that_is_gone_since_it_was_listed(two: list[str], s3: S3, source: Any, tmp_path: Path) -> None:
    (scene, _), _ = source()
    del s3.objects[f"scenes/{two[0]}/B04.tif"]
    with pytest.raises(MinewardenError, match="MW-S3-GONE"):
        scene.delivery.write("B04", None, tmp_path / "draft.tif", HashCache(None))


def test_a_service_that_trickles(two: list[str], s3: S3, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "LONGEST", {"read_timeout": timedelta(milliseconds=50), "timeout": timedelta(milliseconds=200)})
    s3.fault(*[Reply(200, b"x" * 1000, drip_s=0.5)] * 9, on=on_list)
    assert stopped(source).code == "MW-S3-AGAIN"


def test_nothing_is_known_before_the_first_listing(two: list[str], s3: S3, source: Any) -> None:
    with pytest.raises(MinewardenError, match=r"MW-S3-OFFLINE.*has not been listed yet.*minewarden fetch"):
        source(online=False)
    assert s3.asked == []


def test_heads_that_were_read_before_a_service_went_down_are_kept(two: list[str], s3: S3, source: Any) -> None:
    s3.fault(*[Reply(503)] * 9, on=on(f"{two[1]}/SCL"))
    stopped(source)
    s3.faults.clear()
    s3.asked.clear()
    assert len(source()[0]) == 2
    assert not any(f"{two[0]}/B04" in name for name in s3.got())


def test_workers_elsewhere_get_scenes_without_secrets(two: list[str], s3: S3, source: Any) -> None:
    (scene, _), _ = source()
    packed = pickle.dumps((scene, bucket_of("s3://county/scenes")))
    assert pickle.loads(packed)[0] == scene
    assert SECRET.encode() not in packed


# What the environment says.


def test_public_buckets_need_no_credentials(two: list[str], s3: S3, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = stopped(source)
    assert "Nothing is in the environment" in error.fix
    s3.signed = False
    assert len(source()[0]) == 2
    assert all("authorization" not in {name.lower() for name in asked.headers} for asked in s3.asked)


def test_half_of_the_credentials(s3: S3, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert stopped(source).code == "MW-S3-CREDENTIALS"
    assert s3.asked == []


def test_a_session_token_is_sent(two: list[str], s3: S3, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t0ken")
    source()
    assert {asked.headers.get("x-amz-security-token") for asked in s3.asked} == {"t0ken"}


@pytest.mark.parametrize("said", ["ftp://x", "x", "https://me:pw@x", "http://[", "https://x?sig=1"])
def test_an_endpoint_that_is_none(s3: S3, source: Any, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", said)
    error = stopped(source)
    assert error.code == "MW-S3-ENDPOINT"
    assert "pw" not in error.message


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, ("https://s3.us-east-1.amazonaws.com", False)),
        ({"AWS_REGION": "cn-northwest-1"}, ("https://s3.cn-northwest-1.amazonaws.com.cn", False)),
        ({"AWS_ENDPOINT_URL": "https://oss-cn-hangzhou.aliyuncs.com"}, ("https://b.oss-cn-hangzhou.aliyuncs.com", True)),
        ({"AWS_ENDPOINT_URL": "https://b.cos.ap-beijing.myqcloud.com/"}, ("https://b.cos.ap-beijing.myqcloud.com", True)),
        ({"AWS_ENDPOINT_URL": "http://x:9000", "AWS_ENDPOINT_URL_S3": "http://minio:9000"}, ("http://minio:9000", False)),
        ({"AWS_ENDPOINT_URL": "https://x.org", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"}, ("https://b.x.org", True)),
    ],
)
def test_where_the_service_is(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], address: tuple[str, bool]) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert endpoint("b") == address
