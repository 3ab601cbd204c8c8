"""A small made county, run once for all tests here; and a thinner copy of it for tests that run again and again."""

from __future__ import annotations

import fcntl
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
BANDS = "[B03, B04, B08, B11]"
"""Fewer files to read, where only equality matters."""
SAME = ("flagged.geojson", "patches.geojson", "coverage.geojson", "disturbance.tif", "restoration.json", "restoration.html")
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

    def scenes(self, month: str) -> list[dict[str, Any]]:
        """What run.json says of a month's scenes."""
        return list(json.loads((self.out / month / "run.json").read_text("utf-8"))["scenes"])

    def bytes(self, months: list[str], names: tuple[str, ...] = SAME, *, pictures: bool = True) -> dict[str, bytes]:
        """Bytes of files of months, and of their pictures."""
        files = [self.out / month / name for month in months for name in names]
        if pictures:
            files += [file for month in months for file in sorted((self.out / month / "evidence").glob("*.png"))]
        return {str(file.relative_to(self.out)): file.read_bytes() for file in files}

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
        for file in self.folder.iterdir():
            if file.is_file():
                shutil.copy(file, folder)
        if out:
            shutil.copytree(self.out, folder / "out")
        return County(folder)


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[County], None]) -> County:
    """This process's own copy of a county that whichever process asks first makes for all."""
    own = factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    whole, making = root / name, root / f"{name}.making"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(making, ignore_errors=True)
            make(County(making))
            making.rename(whole)
    return County(whole).copy(factory.mktemp("county") / name, out=(whole / "out").exists())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> County:
    """Three years of scenes up to September of the last; nothing done."""

    def make(new: County) -> None:
        spec = importlib.util.spec_from_file_location("minewarden_samples", ROOT / "data" / "samples" / "make.py")
        assert spec is not None
        assert spec.loader is not None
        samples = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(samples)
        samples.make_county(new.folder, SEED, SIZE, months_monitored=len(YEAR))

    return _once(tmp_path_factory, "made", make)


@pytest.fixture(scope="session")
def county(made: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """The county with all its months done at once. Not to be changed."""

    def make(new: County) -> None:
        assert made.copy(new.folder, out=False).run(YEAR[-1], "--quiet") in (0, 3)

    return _once(tmp_path_factory, "whole", make)


def day_of(scene: Path) -> str:
    return scene.name[11:19]


@pytest.fixture(scope="session")
def late(made: County) -> Path:
    """A scene of May that is not in the thin county yet."""
    return sorted((scene for scene in (made.folder / "scenes").iterdir() if day_of(scene) >= "20240510"), key=day_of)[0]


@pytest.fixture(scope="session")
def bare(made: County, late: Path, tmp_path_factory: pytest.TempPathFactory) -> County:
    """Every second scene of 2023, those of 2024 up to June but one, and four bands; nothing done. Not to be changed."""

    def make(new: County) -> None:
        thin = made.copy(new.folder, out=False)
        text = thin.config.read_text("utf-8").replace("path: scenes}", f"path: scenes, bands: {BANDS}}}")
        thin.config.write_text(text + "monitor_from: 2024-01\n", "utf-8")
        for number, scene in enumerate(sorted((thin.folder / "scenes").iterdir(), key=day_of)):
            day = day_of(scene)
            history, watched = "20230101" <= day < "20240101" and number % 2 == 0, "20240101" <= day < "20240701"
            if not (history or watched) or scene.name == late.name:
                shutil.rmtree(scene)

    return _once(tmp_path_factory, "bare", make)


@pytest.fixture(scope="session")
def thin(bare: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """The thin county with its first months done at once. Not to be changed."""

    def make(new: County) -> None:
        assert bare.copy(new.folder, out=False).run(MONTHS[-1], "--quiet") == 0

    return _once(tmp_path_factory, "thin", make)


@pytest.fixture
def again(thin: County, tmp_path: Path) -> County:
    """A copy of the thin county with its first months done, to do with as one likes."""
    return thin.copy(tmp_path / "again", out=True)


@pytest.fixture
def fresh(bare: County, tmp_path: Path) -> County:
    """A copy of the thin county with nothing done."""
    return bare.copy(tmp_path / "fresh", out=False)
