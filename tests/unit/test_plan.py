"""The plan: what its file may say, how registers and pixels stand to it, and what people are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import MinewardenError
from pipeline.layers import licence
from pipeline.layers.model import LayerSet, PlanBlock
from pipeline.plan import model
from pipeline.plan.assess import assess
from pipeline.publish.planning import assessment
from tests.county import box, layers, right, town

FILE = Path(__file__).parents[2] / "configs" / "huining-plan.yaml"
DAY = date(2024, 9, 30)
PLAN, SHA256 = model.load(FILE)


def county(*records: Any, blocks: tuple[PlanBlock, ...] = ()) -> LayerSet:
    return replace(layers(*records), blocks=blocks)


def judged(known: LayerSet, restoration: Any = None, plan: model.Plan = PLAN, worked: Any = ()) -> dict[str, Any]:
    return assess(plan, SHA256, known, restoration, worked, DAY, "会宁县")


def indicator(document: dict[str, Any], id: str) -> dict[str, Any]:
    (found,) = [each for each in document["indicators"] if each["id"] == id]
    return dict(found)


def codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(check["right_id"], check["code"]) for check in document["checks"]]


def block(id: str, ground: Any, mineral: str | None = "砖瓦用粘土", use: str = "开采区块") -> PlanBlock:
    return PlanBlock(id=id, geometry=ground, name=id, use=use, mineral=mineral)


PLOT = box(100, 100, 300, 300)
CLAY: dict[str, Any] = {"mineral": "砖瓦用粘土", "scale": 10, "status": "有效", "valid_from": date(2015, 1, 1), "valid_to": date(2030, 1, 1)}


def test_every_number_of_the_plan_is_there() -> None:
    """The numbers of issue 8, found by a reader who knows the plan."""
    wanted = {each.id: each for each in PLAN.indicators}
    assert (wanted["mines"].base, wanted["mines"].target, wanted["mines"].bound, wanted["mines"].binding) == (27, 11, "at_most", True)
    others = ("sand_stone_clay_mines", "large_medium_share", "building_stone", "brick_clay", "output", "output_value")
    assert [wanted[id].target for id in others] == [11, 27, 100, 84, 184, 1.4]
    assert (wanted["mineral_water"].target, wanted["mineral_water"].unit) == (400, "立方米/日")
    assert (wanted["restored"].last_period, wanted["restored_by_working"].last_period) == (37.35, 13.04)
    assert [(rule.least, rule.size, rule.town) for rule in PLAN.new_mines] == [(5, None, None), (6, None, None), (None, "中型", "头寨子镇")]
    assert [(zone.mineral, zone.area_km2, zone.rights, zone.planned, zone.least, zone.total) for zone in PLAN.zones] == [
        ("建筑用花岗岩", 7.18, 2, 2, 10, 40), ("建筑石料用灰岩", 0.1367, 0, 1, 10, 20),
    ]  # fmt: skip
    assert [(each.use, each.mineral, each.count) for each in PLAN.blocks] == [
        ("开采区块", "砖瓦用粘土", 7), ("开采区块", "建筑用凝灰岩", 1), ("勘查区块", "矿泉水", 2),
    ]  # fmt: skip
    assert (PLAN.period.base, PLAN.period.first, PLAN.period.last) == (2020, 2021, 2025)


ANY = {"id": "a", "name": "a", "bound": "at_most", "unit": "个"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": 1}, "colour: unknown key"),
        ({"period": {"base": 2021, "first": 2021, "last": 2025}}, "base must lie before first"),
        ({"new_mines": [{"minerals": ["金"], "least": 5}]}, "金 is none of the minerals"),
        ({"new_mines": [{"minerals": ["矿泉水"]}]}, "give either least or size"),
        ({"minerals": []}, "minerals"),
        ({"blocks": [{"use": "开采区块", "mineral": "矿泉水", "count": 0}]}, "blocks.0.count"),
        ({"indicators": [{"id": "a", "name": "a", "measure": "mines", "group": "金属", "bound": "at_most", "unit": "个"}]}, "金属 is no group"),
        (
            {"indicators": [{"id": "a", "name": name, "measure": "mines", "bound": "at_most", "unit": "个"} for name in "ab"]},
            "indicator a is there twice",
        ),
        ({"indicators": [ANY | {"measure": "restored_ha", "minerals": ["矿泉水"]}]}, "indicators.0: group and minerals narrow mines"),
        ({"indicators": [ANY | {"measure": "mines", "kinds": ["legacy"]}]}, "indicators.0: kinds narrows restored_ha alone"),
        ({"notes": "一条"}, "notes: must be a list, e.g. [a, b] (value '一条')"),
        ({"indicators": [{"id": "a", "name": "a", "measure": "luck", "bound": "at_most", "unit": "个"}]}, "indicators.0.measure"),
    ],
)
def test_a_plan_that_can_not_be(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(FILE.read_text("utf-8")) | change, allow_unicode=True), "utf-8")
    with pytest.raises(MinewardenError) as error:
        model.load(file)
    assert error.value.code == "MW-PLAN-FIELD"
    assert told in error.value.message
    assert "{" not in error.value.message, "no dump of what was read"
    assert str(file) in error.value.message


def test_no_plan_file(tmp_path: Path) -> None:
    with pytest.raises(MinewardenError, match="MW-PLAN-FILE"):
        model.load(tmp_path / "none.yaml")


def test_tonnes_and_cubic_metres_are_compared_by_density() -> None:
    stone, clay = PLAN.mineral("石灰岩"), PLAN.mineral("粘土")
    assert stone is not None
    assert clay is not None
    assert (stone.tonnes(10), clay.tonnes(10)) == (pytest.approx(27), 10)
    assert [stone.size(scale) for scale in (4.9, 5, 9.9, 10)] == ["小型", "中型", "中型", "大型"]
    assert PLAN.mineral("金") is None
    assert PLAN.mineral(None) is None


def test_counts_and_capacity() -> None:
    known = county(
        right("A", PLOT, **CLAY),
        right("B", PLOT, **CLAY | {"mineral": "建筑石料用灰岩", "scale": 4, "valid_from": date(2022, 5, 1)}),
        right("C", PLOT, **CLAY | {"valid_to": date(2022, 6, 30), "status": "注销"}),
        right("D", PLOT, **CLAY | {"valid_to": date(2024, 1, 1), "renewal_applied": date(2023, 12, 1)}),
        right("E", PLOT, **CLAY | {"status": "探矿"}),
    )
    document = judged(known)
    mines = indicator(document, "mines")
    assert (mines["value"], mines["met"], mines["base"]) == (3, True, 27)
    assert [each["value"] for each in mines["series"]] == [27, 3, 3, 3, 3], "base year, year ends, today"
    assert indicator(document, "building_stone")["value"] == pytest.approx(10.8)
    assert indicator(document, "brick_clay")["value"] == 20
    assert indicator(document, "output")["value"] == pytest.approx(30.8)
    assert (indicator(document, "large_medium_share")["value"], indicator(document, "large_medium_share")["met"]) == (pytest.approx(66.6667), True)
    assert (indicator(document, "output_value")["value"], indicator(document, "output_value")["met"]) == (None, None)


def test_trend_and_what_will_be() -> None:
    known = county(*(right(f"R{k}", PLOT, **CLAY | {"valid_to": date(2020 + k, 6, 30)}) for k in range(1, 6)))
    mines = indicator(judged(known, plan=_with("mines", base=5)), "mines")
    assert [each["value"] for each in mines["series"]] == [5, 4, 3, 2, 1]
    assert mines["trend"] == pytest.approx(-1, abs=0.1)
    assert mines["projected"] == pytest.approx(0, abs=0.15)


def _with(id: str, **change: Any) -> model.Plan:
    raw = yaml.safe_load(FILE.read_text("utf-8"))
    raw["indicators"] = [each | change if each["id"] == id else each for each in raw["indicators"]]
    return model.Plan.model_validate(raw)


def test_figures_of_the_statistics_come_first() -> None:
    told = indicator(judged(county(), plan=_with("output_value", reported={2022: 0.9, 2023: 1.5, 2030: 9})), "output_value")
    assert (told["value"], told["met"], told["trend"]) == (1.5, True, pytest.approx(0.6))
    assert "统计" in told["basis"]


def test_restored_hectares_since_the_base_year() -> None:
    def row(year: int, legacy: float, working: float) -> dict[str, Any]:
        return {"year": year, "legacy_restored_ha": legacy, "closed_restored_ha": 1.0, "working_restored_ha": working, "legacy_disturbed_ha": 20.0}

    def site(kind: str, **restored: float) -> dict[str, Any]:
        return {"kind": kind, "years": [{"year": int(year[1:]), "restored_ha": ha} for year, ha in restored.items()]}

    sites = [site("legacy", y2019=2, y2020=3, y2021=5, y2024=9), site("working", y2020=1, y2021=1.5, y2024=4), site("closed", y2020=1, y2024=0.2)]
    years = [row(2019, 2, 0), row(2020, 3, 1), row(2021, 5, 1.5), row(2024, 9, 4)]
    document = judged(county(), {"month": "2024-09", "county_years": years, "sites": sites})
    assert (indicator(document, "restored")["value"], indicator(document, "restored_by_working")["value"]) == (9, 3), "the closed one fell back"
    assert [each["value"] for each in indicator(document, "restored")["series"]] == [0, 2.5, 9]
    assert indicator(document, "legacy_restored")["value"] == 45
    late = judged(county(), {"month": "2024-09", "county_years": [row(2022, 3, 1), row(2024, 9, 4)], "sites": sites})
    assert indicator(late, "restored")["value"] == 6.5
    assert "2022" in indicator(late, "restored")["basis"]


def test_new_mines_below_what_is_least() -> None:
    new = CLAY | {"valid_from": date(2022, 1, 1)}
    known = county(
        right("small", PLOT, **new | {"scale": 5}),
        right("old", PLOT, **CLAY | {"scale": 5}),
        right("stone", PLOT, **new | {"mineral": "花岗岩", "scale": 3}),
        right("fine", PLOT, **new | {"mineral": "花岗岩", "scale": 7}),
        right("unsaid", PLOT, **new | {"scale": None}),
        right("gold", PLOT, **new | {"mineral": "金矿"}),
    )
    assert codes(judged(known)) == [("gold", "mineral_unknown"), ("small", "too_small"), ("stone", "too_small"), ("unsaid", "size_unknown")]
    in_town = county(right("stone", PLOT, **new | {"mineral": "花岗岩", "scale": 4.5}), town("头寨子镇", box(0, 0, 400, 400)))
    messages = [check["message"] for check in judged(in_town)["checks"]]
    assert len(messages) == 3, "below 5, not medium, and below the 10 of the zone there"
    assert any("头寨子镇" in message and "中型" in message and "小型" in message for message in messages)


def test_a_renewed_mine_is_not_new() -> None:
    """Renewed in 2022: set up in 2015 by an entry that stands no more, or in 2012 by its number. A number of 2022 is a new mine's."""
    small = CLAY | {"scale": 5, "holder": "甲", "valid_from": date(2022, 1, 1)}
    renewed = right("renewed", PLOT, **small, stood_from=date(2022, 1, 1))
    first = right("renewed", PLOT, **small | {"valid_from": date(2015, 1, 1), "valid_to": date(2021, 12, 31)}, stood_until=date(2021, 12, 31))
    numbers = [f"C620422{issued}7130123456" for issued in ("201203", "202203")]
    known = county(
        renewed, first, *(right(number, PLOT, **small) for number in numbers), right("new", PLOT, **small), blocks=(block("K1", box(0, 0, 50, 50)),)
    )
    assert codes(judged(known)) == [(id, code) for id in (numbers[1], "new") for code in ("too_small", "outside_blocks")]
    water = [replace(entry, mineral="矿泉水", scale=1.0) for entry in known.entries]
    assert indicator(judged(county(*water)), "mineral_water")["value"] == pytest.approx(2 * 1e4 / 365, abs=1e-3)


@pytest.mark.parametrize(
    ("number", "day"),
    [
        ("C6204222012037130123456", date(2012, 3, 1)),
        ("c620422 2012 03 7130123456", date(2012, 3, 1)),
        ("C6204222012137130123456", None),
        ("6204220912345", None),
        ("C620422201203", None),
        ("东矿", None),
    ],
)
def test_the_month_of_a_licence_number(number: str, day: date | None) -> None:
    assert licence.issued(number) == day


def test_blocks() -> None:
    new = CLAY | {"valid_from": date(2022, 1, 1)}
    known = county(
        right("inside", box(0, 0, 100, 100), **new, holder="甲"),
        right("beside", box(300, 0, 400, 100), **new, holder="甲"),
        right("across", box(50, 200, 250, 300), **CLAY, holder="乙"),
        right("second", box(100, 0, 150, 100), **CLAY, holder="丙"),
        right("other", box(0, 500, 100, 600), **CLAY | {"mineral": "花岗岩"}, holder="丁"),
        blocks=(
            block("K1", box(0, 0, 160, 100)),
            block("K2", box(0, 200, 150, 300)),
            block("K3", box(150, 200, 300, 300)),
            block("K4", box(0, 500, 100, 600)),
        ),
    )
    document = judged(known)
    assert codes(document) == [
        ("across", "two_blocks"),
        ("beside", "outside_blocks"),
        ("inside", "two_operators"),
        ("other", "mineral_not_planned"),
        ("second", "two_operators"),
    ]
    clay = document["blocks"][0]
    assert (clay["count"], clay["drawn"], clay["used"]) == (7, 4, 4)
    assert not any("plan_blocks" in line for line in document["off"])


def test_one_operator_may_hold_two_rights_of_a_block() -> None:
    rights = [right(id, box(x, 0, x + 50, 100), **CLAY, holder="甲") for id, x in (("a", 0), ("b", 50))]
    assert codes(judged(county(*rights, blocks=(block("K1", box(0, 0, 100, 100)),)))) == []


def test_concentrated_zones() -> None:
    stone = CLAY | {"mineral": "花岗岩", "holder": "甲"}
    rights = [right(f"R{k}", box(100 * k, 0, 100 * k + 90, 90), **stone | {"scale": 12 if k else 8}) for k in range(5)]
    zone = block("JZ-01", box(0, 0, 1000, 100), None, "集中开采区")
    document = judged(county(*rights, blocks=(zone,)))
    (first, _) = document["zones"]
    assert (first["rights_now"], first["scale_now"], first["total"]) == (5, 56, 40)
    assert sum(code == "zone_rights" for _, code in codes(document)) == 5
    assert sum(code == "zone_scale" for _, code in codes(document)) == 5
    assert ("R0", "too_small") in codes(document)
    by_town = judged(county(*rights, town("头寨子镇", box(0, 0, 1000, 1000))))
    assert by_town["zones"][0]["rights_now"] == 5, "without blocks by town and mineral"
    elsewhere = judged(county(*rights, town("头寨子镇", box(0, 0, 1000, 1000)), blocks=(block("K9", box(0, 500, 90, 590)),)))
    assert elsewhere["zones"][0]["rights_now"] == 5, "and where the layer lacks the zone"


def test_pixels_stand_beside_the_register() -> None:
    rights = [right("R1", box(0, 0, 90, 90), **CLAY | {"mineral": "花岗岩"}), right("late", PLOT, **CLAY | {"valid_to": date(2023, 1, 1)})]
    zone = block("JZ-01", box(0, 0, 1000, 100), None, "集中开采区")
    seen = {"R1": ("digging", 0.4, 0.0), "late": ("idle", 0.7, 0.25)}
    worked = [{"right_id": id, "activity": a, "dug_ha": dug, "dug_after_end_ha": after} for id, (a, dug, after) in seen.items()]
    document = judged(county(*rights, blocks=(zone,)), worked=worked)
    assert [(mine["id"], mine["activity"], mine["dug_ha"]) for mine in document["mines"]] == [("R1", "digging", 0.4), ("late", "idle", 0.7)]
    first = document["zones"][0]
    assert (first["digging_now"], first["dug_ha"], first["drawn_km2"]) == (1, 0.4, 0.1)
    (late,) = [check["message"] for check in document["checks"] if check["code"] == "expired_not_cleared"]
    assert "0.25 公顷" in late
    html = assessment.render(document)
    assert "登记有效的矿山 1 个，影像所见：开采中 1 个，共 1 个。" in html
    without = judged(county(*rights))
    assert (without["mines"][0]["activity"], without["zones"][0]["dug_ha"]) == (None, None)


def test_a_layer_that_holds_other_ground_than_the_plan_is_said() -> None:
    kiln = block("K1", box(0, 0, 100, 100))
    said = judged(county(blocks=(kiln, block("JZ-01", box(0, 0, 1000, 1000), None, "集中开采区"))))["off"]
    assert any("JZ" in line or "宗家川" in line for line in said if "7.18" in line)
    assert any("丁家沟镇集中开采区" in line and "没有其范围" in line for line in said)
    assert any("规划 7 个，图层中 1 个" in line for line in said)


def test_expired_rights_that_were_not_cleared() -> None:
    ended = CLAY | {"valid_to": date(2023, 1, 1)}
    known = county(
        right("late", PLOT, **ended), right("cleared", PLOT, **ended | {"status": "注销"}), right("said", PLOT, **ended | {"status": "过期"})
    )
    assert codes(judged(known)) == [("late", "expired_not_cleared"), ("said", "expired_not_cleared")]


def test_assessment_is_a_document_with_its_sources(tmp_path: Path) -> None:
    hostile = right('<script>alert("1")</script>', PLOT, **CLAY | {"name": "=cmd|' /C calc'!A0", "valid_to": date(2023, 1, 1)})
    document = judged(county(hostile))
    file = assessment.write(tmp_path / "plan", document)
    html = file.read_text("utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    for wanted in ("2024 年度实施评估", SHA256[:12], "矿山总数", "208号", "过期未注销", "头寨子镇宗家川集中开采区"):
        assert wanted in html
    assert file.with_suffix(".json").is_file()
    assert assessment.render(document) == html
