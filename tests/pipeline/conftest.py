"""A small made county, run once for all tests here; and a thinner copy of it for tests that run again and again."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main

ROOT = Path(__file__).parents[2]
SEED, SIZE = 7, 200
YEAR = [f"2024-{number:02d}" for number in range(1, 10)]
MONTHS = YEAR[:5]
"""Months of the thin county that are done when a test gets it; June is there to be run."""
NEXT = "2024-06"
LATE = "20240525"
"""Day of a scene that is not in the thin county yet."""
SAME = ("flagged.geojson", "patches.geojson", "coverage.geojson", "disturbance.tif")
"""Files with the same bytes for the same inputs, however they were worked."""


@dataclass(frozen=True)
class County:
    """A county's folder."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, month: str, *options: str) -> int:
        """Exit code of `minewarden run`; warnings raised on the way are errors."""
        return main(["run", str(self.config), "--month", month, *options])

    def add(self, text: str) -> None:
        """Add lines to the config."""
        self.config.write_text(self.config.read_text("utf-8") + text, "utf-8")

    def rows(self, month: str, name: str = "flagged") -> list[dict[str, Any]]:
        return [each["properties"] for each in json.loads((self.out / month / f"{name}.geojson").read_text("utf-8"))["features"]]

    def bytes(self, months: list[str], names: tuple[str, ...] = SAME) -> dict[str, bytes]:
        return {f"{month}/{name}": (self.out / month / name).read_bytes() for month in months for name in names}

    def everything(self) -> dict[str, bytes]:
        """All that finished months left, and the ledger."""
        return {
            str(file.relative_to(self.out)): file.read_bytes()
            for file in [*self.out.glob("????-??/**/*"), self.out / "ledger.sqlite"]
            if file.is_file()
        }

    def copy(self, folder: Path, *, out: bool) -> County:
        """The same county elsewhere, with what is done so far or without."""
        folder.mkdir()
        shutil.copytree(self.folder / "scenes", folder / "scenes", copy_function=os.link)
        shutil.copytree(self.folder / "layers", folder / "layers")
        shutil.copy(self.config, folder)
        if out:
            shutil.copytree(self.out, folder / "out")
        return County(folder)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> County:
    """Three years of scenes up to September of the last."""
    spec = importlib.util.spec_from_file_location("minewarden_samples", ROOT / "data" / "samples" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)
    folder = tmp_path_factory.mktemp("county") / "made"
    samples.make_county(folder, SEED, SIZE, months_monitored=len(YEAR))
    return County(folder)


@pytest.fixture(scope="session")
def county(made: County) -> County:
    """The county with all its months done at once. Not to be changed."""
    assert made.run(YEAR[-1], "--quiet") in (0, 3)
    return made


@pytest.fixture(scope="session")
def bare(made: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """Every second scene of 2023 and those of 2024 up to June but one; nothing done. Not to be changed."""
    thin = made.copy(tmp_path_factory.mktemp("thin") / "bare", out=False)
    thin.add("monitor_from: 2024-01\n")
    days = sorted((folder.name[11:19], folder) for folder in (thin.folder / "scenes").iterdir())
    for number, (day, folder) in enumerate(days):
        kept = day < "20240701" and day != LATE and (day >= "20240101" or (day >= "20230101" and number % 2 == 0))
        if not kept:
            shutil.rmtree(folder)
    return thin


@pytest.fixture(scope="session")
def thin(bare: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """The thin county with its first months done at once. Not to be changed."""
    done = bare.copy(tmp_path_factory.mktemp("thin") / "done", out=False)
    assert done.run(MONTHS[-1], "--quiet") == 0
    return done


@pytest.fixture
def again(thin: County, tmp_path: Path) -> County:
    """A copy of the thin county with its first months done, to do with as one likes."""
    return thin.copy(tmp_path / "again", out=True)


@pytest.fixture
def fresh(bare: County, tmp_path: Path) -> County:
    """A copy of the thin county with nothing done."""
    return bare.copy(tmp_path / "fresh", out=False)


@pytest.fixture
def late_scene(made: County) -> Callable[[County], str]:
    """Lets the scene that is missing from the thin county arrive; its name."""

    def arrive(county: County) -> str:
        (scene,) = (made.folder / "scenes").glob(f"*_{LATE}T*_N*")
        shutil.copytree(scene, county.folder / "scenes" / scene.name)
        return scene.name

    return arrive
