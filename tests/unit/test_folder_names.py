"""What names say: dates, bands, satellites, baselines."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.sources import naming

PRODUCT = "S2A_MSIL2A_20240703T034001_N0510_R061_T48SWE_20240703T071234"


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("20240703", datetime(2024, 7, 3, tzinfo=UTC)),
        ("T48SWE_20240703T034001", datetime(2024, 7, 3, 3, 40, 1, tzinfo=UTC)),
        (PRODUCT, datetime(2024, 7, 3, 3, 40, 1, tzinfo=UTC)),
        ("S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531", datetime(2019, 6, 29, 21, 25, 29, tzinfo=UTC)),
        ("GF1_PMS1_E105.1_N35.2_20200714_L1A0004926153", datetime(2020, 7, 14, tzinfo=UTC)),
        ("会宁_20240703_20240703T034001", datetime(2024, 7, 3, 3, 40, 1, tzinfo=UTC)),
        ("scene_99999999_20240703", datetime(2024, 7, 3, tzinfo=UTC)),
    ],
)
def test_sensing_time(name: str, moment: datetime) -> None:
    stamp, _ = naming.sensed(name, None)
    assert stamp is not None
    assert stamp.moment == moment


def test_two_days_are_ambiguous_unless_the_metadata_decide() -> None:
    name = "huining_20240703_made_20240801"
    assert naming.sensed(name, None) == (None, (date(2024, 7, 3), date(2024, 8, 1)))
    stamp, _ = naming.sensed(name, datetime(2024, 7, 3, 3, 40, tzinfo=UTC))
    assert stamp == naming.Stamp(datetime(2024, 7, 3, 3, 40, tzinfo=UTC), timed=True)


def test_metadata_give_the_time_but_never_the_day() -> None:
    stamp, _ = naming.sensed("20240703", datetime(2024, 7, 2, 23, 59, tzinfo=UTC))
    assert stamp == naming.Stamp(datetime(2024, 7, 3, tzinfo=UTC), timed=False)


@pytest.mark.parametrize("name", ["scene", "2024-07", "20241340", "00000000", PRODUCT.replace("20240703T034001", "20241303T034001")])
def test_no_date(name: str) -> None:
    assert naming.sensed(name, None) == (None, ())


@pytest.mark.parametrize(
    ("file", "band"),
    [
        ("B04.tif", ("B04", 0)),
        ("T48SWE_20240703T034001_B02_10m.tif", ("B02", 10)),
        ("x_b11_20M.TIFF", ("B11", 20)),
        ("prefixSCL.tif", ("SCL", 0)),
        ("B8A.tif", None),
        ("B04.tif.aux.xml", None),
        ("B04.jp2", None),
    ],
)
def test_band_of_a_file(file: str, band: tuple[str, int] | None) -> None:
    assert naming.band_of(file) == band


def test_other_parts_of_a_product_name() -> None:
    assert naming.baseline(PRODUCT) == "0510"
    assert naming.satellite(PRODUCT) == "S2A"
    assert naming.tile(PRODUCT) == "T48SWE"
    assert naming.produced(PRODUCT) == "2024-07-03T07:12:34+00:00"
    assert (naming.baseline("20240703"), naming.satellite("20240703"), naming.tile("20240703")) == ("", "", "")
    assert naming.satellite("sentinel-2a") == "S2A"
    assert naming.tile("48SWE") == "T48SWE"
