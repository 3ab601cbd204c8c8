"""What a set of scenes can't tell is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.limits import cannot_tell, without_rights
from pipeline.sources.scene import BandFile, Scene

ALL = ("B02", "B03", "B04", "B08", "B11", "B12")


def scene(bands: tuple[str, ...], scl: bool, masked: bool = True) -> Scene:
    files = {band: BandFile(Path(f"{band}.tif"), 1e-4, 0) for band in bands}
    when = datetime(2024, 7, 3, tzinfo=UTC)
    return Scene(id="s", acquired=when, bands=files, scl=Path("SCL.tif") if scl else None, baseline="", pass_key="-", masked=masked)


@pytest.mark.parametrize(
    ("bands", "scl", "masked", "said"),
    [
        (ALL, True, True, ""),
        (ALL[:5], True, True, "no B12"),
        (ALL[:4], True, True, "no B11 and no B12"),
        (ALL, False, True, "2 scene(s) have no SCL: clouds are told by their colour"),
        (ALL, False, False, "2 scene(s) have no cloud mask"),
        (("B04", "B08", "B11", "B12"), False, True, "2 scene(s) have no cloud mask"),
    ],
)
def test_what_is_left_open(bands: tuple[str, ...], scl: bool, masked: bool, said: str) -> None:
    told = cannot_tell(bands, [scene(bands, scl, masked)] * 2)
    assert [said in text for text in told] == ([True] if said else [])


def test_without_a_register_of_rights_nothing_is_lawful_and_that_is_said() -> None:
    assert "lawful ones too" in without_rights(("redline", "mining_rights"))[0]
    assert not without_rights(("redline",))
