"""Products made for tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.made import write_band

NAME = "S2A_MSIL2A_20240703T034001_N0510_R061_T48SWE_20240703T071234"
SKELETONS = Path(__file__).parents[2] / "shared" / "data" / "safe"
"""Metadata of real products, beside the repository where they are at hand; see docs/real-data.md."""
ALL = ("B02", "B03", "B04", "B08", "B11", "B12", "SCL")


def _converter() -> ModuleType:
    spec = importlib.util.spec_from_file_location("minewarden_samples_safe", Path(__file__).parents[1] / "data" / "samples" / "safe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


converter = _converter()


def product(
    out: Path, name: str = NAME, *, bands: tuple[str, ...] = ALL, zipped: bool = False, side: int = 120, offset: int = -1000, **band: Any
) -> Path:
    """A product of some hundred metres in `out`: a `.SAFE` folder, or its zip."""
    scene = out.parent / f"{out.name}.made" / name
    scene.mkdir(parents=True)
    tile, stamp = name[38:44], name[11:26]
    for each in bands:
        step = 10 if each in ("B02", "B03", "B04", "B08") else 20
        settings = band | ({"dtype": "uint8", "value": 4} if each == "SCL" else {})
        write_band(scene / f"{tile}_{stamp}_{each}_{step}m.tif", side=side * 10 // step, resolution=step, **settings)
    made: Path = converter.convert(scene, out, zipped=zipped, offset=offset)
    return made


def edit(product: Path, file: str, old: str, new: str) -> None:
    """Replace a piece of text in a product's metadata."""
    path = next(product.rglob(file))
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def real_products(level: str) -> list[Any]:
    """Metadata of real products, where they are at hand; else a test that is skipped by name."""
    found = sorted(SKELETONS.glob(f"*_{level}_*.SAFE")) if SKELETONS.is_dir() else []
    return found or [pytest.param(SKELETONS / f"S2A_{level}_none.SAFE", marks=pytest.mark.skip(reason="real products are not at hand"))]


def real_items(pattern: str) -> list[Any]:
    """A real STAC item or a recorded reply, where they are at hand; else a test that is skipped by name."""
    found = sorted((SKELETONS.parent / "stac").glob(pattern))
    return found or [pytest.param(Path(pattern), marks=pytest.mark.skip(reason="real items are not at hand"))]
