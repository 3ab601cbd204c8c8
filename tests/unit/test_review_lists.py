"""Which confirmed cases stand in the office's lists, and that disputes wait for a person."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.ledger import Ledger, Review
from pipeline.ledger.judgements import Judgement
from pipeline.review import decide
from tests.unit.test_ledger_identity import run, square
from tests.unit.test_review_rules import say, write

MONTH = "2024-07"


@pytest.fixture
def config(tmp_path: Path, config_text: str, scene: Callable[..., Path]) -> Path:
    """A county of which a month is done: five cases, each on a mine of its own."""
    file = tmp_path / "config.yaml"
    file.write_text(config_text, "utf-8")
    folder = tmp_path / "out" / MONTH
    folder.mkdir(parents=True)
    scene(tmp_path / "scenes", "20240705")
    with Ledger(tmp_path / "out" / "ledger.sqlite", "620422") as ledger:
        ids = run(ledger, MONTH, [square(500 * k, 0) for k in range(5)])
    ring = [[105.0, 35.7], [105.001, 35.7], [105.001, 35.701], [105.0, 35.7]]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {
                "id": case, "holder": f"矿业公司{case[-1]}", "right_name": "矿", "right_id": "C1", "finding": "overshoot", "finding_zh": "疑似越界",
                "patch_id": f"P{case}", "town": "镇", "area_mu": 1.5, "first_seen": "2024-07-01", "review": "pending", "status": "confirmed",
            },
        }
        for case in ids
    ]  # fmt: skip
    for name in ("flagged", "patches"):
        (folder / f"{name}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    (folder / "run.json").write_text(json.dumps({"scenes": [], "coverage": {"observed_fraction": 0.9}, "outputs": []}), "utf-8")
    return file


def case(number: int) -> str:
    return f"620422-2024-00000{number}"


def test_lawful_cases_are_in_no_list_and_disputed_ones_are_marked(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Ledger(config.parent / "out" / "ledger.sqlite", "620422") as ledger:
        for number, judgement in enumerate((Judgement.UNLAWFUL, Judgement.LAWFUL, None, Judgement.UNLAWFUL, Judgement.UNLAWFUL), 1):
            say(ledger, write(str(number), case=case(number)), judgement=judgement)
        decide.audit(ledger, write("a", 2, "李复核", case(3)), False, "像耕地")
        say(ledger, write("b", 1, "李核查", case(4)), Review.DISMISSED, "耕作")
        decide.audit(ledger, write("c", 2, "李复核", case(5)), False, "像耕地")
        decide.audit(ledger, write("d", 2, "李复核", case(5)), True, "再看过")
    assert main(["review", "holders", str(config)]) == 0
    with (config.parent / "out" / "review" / "holders.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {row["图斑编号"]: row["有分歧"] for row in csv.DictReader(file)}
    assert listed == {case(1): "", case(3): "是", case(4): "是", case(5): ""}
    capsys.readouterr()
    assert main(["status", str(config), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["disputed"] == [case(3), case(4)]
    assert any("2 case(s)" in need and case(3) in need for need in found["needs_a_person"])
    with Ledger(config.parent / "out" / "ledger.sqlite", "620422") as ledger:
        for number, version in ((3, 2), (4, 2)):
            say(ledger, write("ef"[number - 3], version, "李核查", case(number)), Review.DISMISSED, "耕作")
    assert main(["status", str(config)]) == 0
    assert "Disputed" not in capsys.readouterr().out, "who has seen both has decided"
