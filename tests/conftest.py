"""Small made inputs for all tests."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import warmth
from tests.made import write_band
from tests.s3 import KEY, S3, SECRET

_warm = functools.cache(warmth.warm)


@pytest.fixture(autouse=True)
def _kernels_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """`doctor` works a tiny county to see whether kernels are compiled: in one process once is enough."""
    monkeypatch.setattr(warmth, "warm", _warm)


@pytest.fixture
def scene() -> Callable[..., Path]:
    """Writes a scene folder: `scene(parent, name, bands=…, item=…, prefix=…, **band settings)`."""

    def make(
        parent: Path,
        name: str,
        bands: Sequence[str] = ("B02", "B03", "B04", "B08", "B11", "B12", "SCL"),
        *,
        item: Any = None,
        form: str = "{band}.tif",
        **settings: Any,
    ) -> Path:
        folder = parent / name
        folder.mkdir(parents=True)
        for band in bands:
            write_band(folder / form.format(band=band), **settings)
        if item is not None:
            text = item if isinstance(item, str) else json.dumps(item)
            (folder / "item.json").write_text(text, "utf-8")
        return folder

    return make


@pytest.fixture
def config_text() -> str:
    """The lines that the contract calls enough."""
    return """\
county: {name: 会宁县, code: "620422"}
area: layers/aoi.geojson
grid: {crs: EPSG:32648, resolution: 10}
sources:
  - {kind: folder, path: scenes}
output: out
"""


@pytest.fixture
def area_file(tmp_path: Path) -> Path:
    """A county of a few square kilometres near 105.0 E 35.7 N."""
    ring = [[105.0, 35.68], [105.03, 35.68], [105.03, 35.7], [105.0, 35.7], [105.0, 35.68]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    file = tmp_path / "area.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    return file


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """An S3-compatible service, known to the environment; nobody waits between tries."""
    from pipeline.sources import bucket, bucket_access

    for name in (
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_S3",
        bucket_access.BY_HOST,
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bucket, "BACKOFF", {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=2), "base": 2})
    made = S3()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    monkeypatch.setenv(bucket_access.KEY, KEY)
    monkeypatch.setenv(bucket_access.SECRET, SECRET)
    yield made
    made.close()
    bucket._buckets.clear()
