"""What a flight says of cases, rights and photos."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox

from pipeline.drone import control, judge, photos, sight
from pipeline.drone.judge import KnownCase, Piece, Says
from pipeline.drone.volume import Amount
from pipeline.layers.model import Right
from tests import flights
from tests.county import box, right

SEEN = box(0, 0, 400, 400)
FLOWN, EARLIER = date(2024, 6, 20), date(2024, 2, 1)


def piece(ground: shapely.Geometry, m3: float = 5000, *, is_cut: bool = True, half: float = 200) -> Piece:
    return Piece(ground, is_cut, Amount(m3, m3 - half, m3 + half), ground.area, 4.0, 2.0, 40.0)


def case(ground: shapely.Geometry, first_seen: date = date(2024, 3, 1)) -> KnownCase:
    return KnownCase("620422-2024-000001", "620422-P2024-00001", "unlicensed", ground, first_seen)


def said(known: KnownCase, *pieces: Piece, measured: bool = True, earlier: date | None = EARLIER) -> judge.CaseSaid:
    (found,) = judge.of_cases([known], pieces, SEEN, measured=measured, earlier=earlier, detection_m=0.1)
    return found


def test_a_cut_in_a_case_confirms_it() -> None:
    found = said(case(box(100, 100, 150, 150)), piece(box(105, 100, 160, 150)))
    assert found.says is Says.CONFIRMS
    assert found.m3 == 5000
    assert found.iou == pytest.approx(45 * 50 / (60 * 50))


def test_ground_that_did_not_move_since_before_the_case_contradicts_it() -> None:
    assert said(case(box(100, 100, 150, 150))).says is Says.CONTRADICTS


@pytest.mark.parametrize(
    ("known", "pieces", "measured", "earlier"),
    [
        (case(box(100, 100, 150, 150), date(2024, 1, 5)), (), True, EARLIER),
        (case(box(100, 100, 150, 150)), (), True, None),
        (case(box(100, 100, 150, 150)), (), False, None),
        (case(box(380, 100, 440, 150)), (), True, EARLIER),
        (case(box(100, 100, 150, 150)), (piece(box(155, 100, 190, 150)),), True, EARLIER),
    ],
    ids=["dug before the earlier survey", "day of the earlier survey unknown", "one picture only", "half outside", "digging beside it"],
)
def test_where_it_can_not_tell_it_is_silent(known: KnownCase, pieces: tuple[Piece, ...], measured: bool, earlier: date | None) -> None:
    assert said(known, *pieces, measured=measured, earlier=earlier).says is Says.SILENT


def test_new_digging_is_what_no_case_or_patch_lies_at() -> None:
    known = [box(100, 100, 150, 150)]
    near, far, small, heap = piece(box(160, 100, 200, 150)), piece(box(250, 250, 290, 290)), piece(box(300, 300, 310, 310)), box(320, 0, 380, 60)
    assert judge.new_digging([near, far, small, piece(heap, is_cut=False)], known) == [far]


def test_digging_beyond_a_boundary_is_told_to_decimetres_with_the_error_of_both() -> None:
    r = right("C1", box(0, 0, 200, 200), status="有效", accuracy_m=0.5)
    (found,) = judge.overshoots([piece(box(180, 50, 212.3, 90))], [r], FLOWN, 2.0)
    assert found.area_m2 == pytest.approx(12.3 * 40)
    assert (found.max_m, found.error_m) == (12.3, 2.1)
    assert found.certain_m2 == pytest.approx((12.3 - np.hypot(2.0, 0.5)) * 40, rel=0.01)
    # A register that may be 5 m off, as the config says of its layer, leaves less that is certain.
    (unsure,) = judge.overshoots([piece(box(180, 50, 212.3, 90))], [replace(r, accuracy_m=5.0)], FLOWN, 2.0)
    assert (unsure.error_m, unsure.certain_m2) == (5.4, pytest.approx((12.3 - np.hypot(2.0, 5.0)) * 40, rel=0.01))


def test_no_overshoot_of_an_ended_right_or_into_a_neighbour() -> None:
    cut = piece(box(180, 50, 210, 90))
    assert judge.overshoots([cut], [right("C1", box(0, 0, 200, 200), valid_to=date(2020, 1, 1))], FLOWN, 2.0) == []
    assert judge.overshoots([cut], [right("C1", box(0, 0, 200, 200)), right("C2", box(200, 0, 300, 200))], FLOWN, 2.0) == []


@pytest.mark.parametrize(
    ("m3", "mineral", "over", "may_be"),
    [
        (61_000, "砖瓦用粘土", True, True),
        (50_000, "砖瓦用粘土", False, True),
        (50_000, "萤石", False, False),
        (20_000, "砖瓦用粘土", False, False),
    ],
)
def test_extraction_is_over_only_in_the_laxer_reading_of_the_scale(m3: float, mineral: str, over: bool, may_be: bool) -> None:
    """A scale of 6: 60,000 m³, or 60,000 t, which of clay are 33,333 m³."""
    found = judge.extraction(right("C1", SEEN, scale=6.0, mineral=mineral), Amount(m3, m3 - 500, m3 + 500), EARLIER, FLOWN)
    assert found is not None
    assert (found.is_over, found.may_be_over) == (over, may_be)


def test_a_scale_counts_for_each_year_between_the_surfaces() -> None:
    r: Right = right("C1", SEEN, scale=6.0)
    amount = Amount(100_000, 99_000, 101_000)
    two = judge.extraction(r, amount, date(2022, 6, 20), FLOWN)
    unknown = judge.extraction(r, amount, None, FLOWN)
    assert two is not None
    assert unknown is not None
    assert two.limit_m3 == pytest.approx(120_000, rel=0.01)
    assert not two.is_over
    assert unknown.is_over
    assert not unknown.dated
    assert judge.extraction(right("C1", SEEN), amount, None, FLOWN) is None


def test_ground_below_the_lowest_licensed_elevation() -> None:
    found = judge.depth_below(right("C1", SEEN, bottom=1850.0), 1846.5, None)
    assert found is not None
    assert found.below_m == pytest.approx(3.5)
    assert judge.depth_below(right("C1", SEEN, bottom=1840.0), 1846.5, None) is None


@pytest.fixture
def album(tmp_path: Path) -> dict[str, photos.Photo]:
    x, y = flights.WEST, flights.NORTH
    made = {
        "above": flights.photo(tmp_path / "1.jpg", x, y),
        "towards": flights.photo(tmp_path / "2.jpg", x - 80, y, yaw=90, pitch=-20),
        "away": flights.photo(tmp_path / "3.jpg", x - 80, y, yaw=-90, pitch=-20),
        "far": flights.photo(tmp_path / "4.jpg", x - 5000, y, yaw=90, pitch=-20),
        "late": flights.photo(tmp_path / "5.jpg", x, y, taken="2024:08:01 10:00:00"),
        "nowhere": flights.photo(tmp_path / "6.jpg", x, y, placed=False),
    }
    return {name: photos.read(file) for name, file in made.items()}


def test_photos_are_read(album: dict[str, photos.Photo]) -> None:
    taken = album["away"]
    assert (taken.lon, taken.lat) == pytest.approx((105.0057, 35.6939), abs=1e-3)
    assert (taken.height_m, taken.azimuth, taken.pitch) == (60.0, 270.0, -20.0)
    assert taken.taken is not None
    assert taken.taken.isoformat() == "2024-06-01T10:00:00"
    assert len(taken.sha256) == 64


def test_photos_go_to_the_case_they_look_at(album: dict[str, photos.Photo]) -> None:
    here = shapely.Point(flights.WEST, flights.NORTH)
    known = KnownCase("A", None, "unlicensed", here.buffer(30), date(2024, 3, 1))
    trip = photos.Trip(date(2024, 6, 1), here.buffer(150), "航飞", "航飞范围")
    shown = dict(zip(album, photos.attach(list(album.values()), [known], flights.CRS, trip), strict=True))
    assert [name for name, each in shown.items() if each.case_id == "A"] == ["above", "towards", "late"]
    assert shown["towards"].distance_m == pytest.approx(50, abs=1)
    assert shown["towards"].doubts == ()
    assert "镜头方向上没有在册图斑" in shown["away"].doubts
    assert "拍摄点距航飞范围" in shown["far"].doubts[0]
    assert shown["late"].doubts == ("拍摄日期与航飞日期相差 61 天",)
    assert shown["nowhere"].doubts == ("照片没有位置信息",)


@pytest.mark.parametrize(("ridge", "behind"), [(0.0, False), (6.0, True)], ids=["open ground", "a ridge between"])
def test_a_photo_over_a_ridge_does_not_show_the_case(album: dict[str, photos.Photo], ridge: float, behind: bool) -> None:
    here = shapely.Point(flights.WEST, flights.NORTH)
    known = KnownCase("A", None, "unlicensed", here.buffer(30), date(2024, 3, 1))
    box = GeoBox((300, 300), flights.transform(flights.WEST - 150, flights.NORTH + 150, 1.0), flights.CRS)
    x = np.arange(300) - 150.0
    ground = np.repeat((1850 + ridge * np.exp(-(((x + 55) / 4) ** 2)))[None, :], 300, axis=0).astype(np.float32)
    photo = replace(album["towards"], height_m=None)
    trip = photos.Trip(date(2024, 6, 1), known.geometry, "核查", "在册图斑", lambda at, case, above: sight.hidden(ground, box, at, case, above))
    (shown,) = photos.attach([photo], [known], flights.CRS, trip)
    assert shown.case_id == "A"
    assert ("视线被中间的地形挡住" in shown.doubts) is behind
    # A drone 60 m above it sees over the ridge.
    (above,) = photos.attach([album["towards"]], [known], flights.CRS, trip)
    assert above.doubts == ()


LISTS = {
    "gcp_list.txt": "+proj=utm +zone=48 +datum=WGS84 +units=m +no_defs\n"
    "500600 3950000 1850.1 10 20 a.jpg P1\n500600 3950000 1850.1 30 40 b.jpg P1\n"
    "500610 3950000 1850.9 1 2 a.jpg P2\n500605 3949990 1850.0 1 2 a.jpg P3\n",
    "semicolons.csv": "\ufeffName;Easting;Northing;Elevation;Longitude;Latitude\n"
    "P1;1;2;1850,1;105.0066;35.6954\nP2;1;2;1850,9;105.0067;35.6954\nP3;1;2;1850,0;105.00665;35.6953\n",
    "plain.csv": "点名,东坐标,北坐标,高程\nP1,500600,3950000,1850.1\nP2,500610,3950000,1850.9\nP3,500605,3949990,1850.0\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_heights_are_held_against_control_points(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(LISTS[name], "utf-8")
    listed = control.read(tmp_path / name, flights.CRS)
    assert len(listed.points) == 3
    found = control.height_error(listed, flights.CRS, lambda x, y: np.full(len(x), 1850.0))
    assert found is not None
    assert (found.points, found.worst) == (3, "P2")
    assert found.mean_m == pytest.approx(-1 / 3, abs=0.01)
    assert found.rmse_m == pytest.approx(0.523, abs=0.01)
