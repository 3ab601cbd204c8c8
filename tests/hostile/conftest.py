"""Every hostile input must be answered with little time and memory, and leave nothing behind."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import pipeline.layers
import pipeline.sources.reader  # noqa: F401  (imports are not what is measured)
from pipeline.cli import main

SECONDS, MEGABYTES = 5, 500
RING = [[105.0, 35.68], [105.03, 35.68], [105.03, 35.7], [105.0, 35.7], [105.0, 35.68]]
"""The county."""


def _kilobytes(what: str) -> int:
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    return int(found[1]) if found else 0


@pytest.fixture(autouse=True)
def modest() -> Iterator[None]:
    """Processor time and memory of a test."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5", "ascii")  # the peak begins anew
    began, before = time.process_time(), _kilobytes("VmRSS")
    yield
    assert time.process_time() - began < SECONDS
    if reset.exists():
        assert _kilobytes("VmHWM") - before < MEGABYTES * 1024


@dataclass(frozen=True)
class Given:
    """A county with one layer, to be read as a user would have it checked."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def file(self, name: str) -> Path:
        return self.folder / "layers" / name

    def write(self, name: str, content: Any) -> Path:
        data = content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)).encode()
        self.file(name).write_bytes(data)
        return self.file(name)

    def check(self, name: str, layer: str = "mining_rights") -> tuple[int, list[dict[str, Any]]]:
        """Exit code of `layers check`, and the layer's problems. No traceback, nothing else said, nothing written beside the log."""
        config = self.folder / "config.yaml"
        config.write_text(
            'county: {name: 会宁县, code: "620422"}\narea: layers/aoi.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
            f"sources: [{{kind: folder, path: scenes}}]\nlayers: {{{layer}: {{path: layers/{name}}}}}\noutput: out\n",
            "utf-8",
        )
        before = self.everything()
        code = main(["layers", "check", str(config), "--json"])
        out, err = self.capsys.readouterr()
        assert err == ""
        log = (self.folder / "out" / "log" / "minewarden.log").read_text("utf-8")
        assert "Traceback" not in log
        assert self.everything() == before
        (found,) = [each for each in json.loads(out)["layers"] if each["name"] == layer]
        for problem in found["problems"]:
            assert problem["code"].startswith("MW-LAYER-")
            assert problem["fix"]
            assert len(problem["message"]) < 700
        return code, found["problems"]

    def everything(self) -> set[Path]:
        return {file for file in self.folder.parent.rglob("*") if self.folder / "out" not in (file, *file.parents)}


def polygon(ring: list[Any]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def features(*geometries: Any, **properties: Any) -> dict[str, Any]:
    """A FeatureCollection; ids are C1, C2, … unless said."""
    made = [{"type": "Feature", "properties": {"id": f"C{k}"} | properties, "geometry": geometry} for k, geometry in enumerate(geometries, 1)]
    return {"type": "FeatureCollection", "features": made}


@pytest.fixture
def given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Given:
    county = Given(tmp_path / "county", capsys)
    (county.folder / "layers").mkdir(parents=True)
    (county.folder / "out").mkdir()
    county.write("aoi.geojson", features(polygon(RING)))
    return county
