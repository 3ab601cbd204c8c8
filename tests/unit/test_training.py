"""A likelihood is fitted to verdicts, and used only where it is better on patches that it was not fitted to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, mapping

from pipeline import models, training
from pipeline.cli import main
from pipeline.config import Project, load
from pipeline.errors import MinewardenError
from pipeline.ledger import CaseDraft, Ledger
from pipeline.patches import likelihood
from pipeline.patches.fitting import average_precision, calibration_error, fit, judged
from pipeline.patches.terms import ADDED, TERMS
from pipeline.training import Trained
from tests.unit.test_patches import disc, find, growing

MONTHS = ("2024-05", "2024-06")


def features(village: float, cells: float, novelty: float) -> dict[str, float]:
    """Of a pit that looks like one, beside a village or not."""
    (patch,) = find(growing(disc(50, 50, 4)))
    return patch.features | {"built_around": village, "cells": cells, "novelty": novelty}


@pytest.fixture
def project(tmp_path: Path, config_text: str) -> Project:
    file = tmp_path / "config.yaml"
    file.write_text(config_text, "utf-8")
    return load(file)


def county(project: Project, confirmed: int, dismissed: int, *, village: float = 0.045, reason: str | None = "建设") -> None:
    """Two months with patches that people have judged: those beside a village were dismissed."""
    rng = np.random.default_rng(3)
    n = confirmed + dismissed
    measured = [features(village if k >= confirmed else 0.0, rng.uniform(26, 40), rng.uniform(4, 20)) for k in range(n)]
    project.output.mkdir()
    grounds = [box(100.0 * k, 0, 100.0 * k + 60, 60) for k in range(n)]
    with Ledger(project.ledger, "620422") as ledger:
        for month in MONTHS:
            with ledger.month(month) as writer:
                order = [("2024-05-03", 0.0, float(k)) for k in range(n)]
                ids = writer.identify_patches(grounds, [3600.0] * n, ["confirmed"] * n, order)
                drafts = [
                    CaseDraft(patch_id=i, part="", code="unlicensed", geometry=g, area_m2=3600.0, first_seen="2024-05-03", lon=g.bounds[0], lat=0.0)
                    for i, g in zip(ids, grounds, strict=True)
                ]
                cases = writer.identify_cases(drafts)
                writer.finish({}, [])
            folder = project.output / month
            folder.mkdir(parents=True)
            rows: list[dict[str, Any]] = [
                {"type": "Feature", "properties": {"patch_id": i, "features": f}, "geometry": mapping(box(105, 35, 105.001, 35.001))}
                for i, f in zip(ids, measured, strict=True)
            ]
            (folder / "run.json").write_text("{}")
            (folder / "patches.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": rows}, default=float), "utf-8")
        for k, case in enumerate(cases):
            verdict = ("confirmed", None) if k < confirmed else ("dismissed", reason)
            ledger.record_verdict(case.case_id, verdict[0], version=1, reviewer="张三", reason=verdict[1])


def train(project: Project) -> Trained:
    with Ledger(project.ledger, "620422") as ledger:
        return training.train(project, ledger)


def kept_models(project: Project) -> set[str]:
    return {file.name for file in project.models.glob("*.json")}


def test_what_people_dismiss_is_learned_and_the_model_before_is_kept(project: Project) -> None:
    county(project, 30, 30)
    shipped = likelihood.load()
    found: Trained = train(project)
    assert found.better
    assert found.fitted.loss < found.now.loss
    assert found.now.dismissed == 30
    assert found.fitted.dismissed < 15
    assert found.fitted.confirmed == 30
    now = models.in_use(project)
    assert now == found.model
    assert now.weights["village"] < shipped.weights["village"]
    assert kept_models(project) == {"likelihood.json", *(f"likelihood-{each.sha256[:16]}.json" for each in (shipped, now))}
    assert models.of_run(project, {"model": shipped.sha256}) == (shipped, None)
    assert models.of_run(project, {"model": now.sha256}) == (now, None)
    model, told = models.of_run(project, {"model": "0" * 64})
    assert model == now
    assert told is not None
    with Ledger(project.ledger, "620422") as ledger:
        assert ledger.verify_audit() == []


def test_verdicts_that_the_model_in_use_explains_already_change_nothing(project: Project) -> None:
    county(project, 20, 20, village=0.0)
    found = train(project)
    assert not found.better
    assert kept_models(project) == set()
    assert models.in_use(project) == likelihood.load()


def test_too_few_verdicts_are_one_message(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    county(project, 30, 3)
    assert main(["train", str(project.file)]) == 2
    assert "MW-TRAIN-FEW: 30 patches of changed ground were confirmed and 3 dismissed" in capsys.readouterr().err


def test_approved_digging_teaches_nothing(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    county(project, 30, 30, reason="已批准")
    assert main(["train", str(project.file)]) == 2
    assert "30 patches of changed ground were confirmed and 0 dismissed" in capsys.readouterr().err


def test_the_command_says_what_it_did(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    county(project, 30, 30)
    assert main(["train", str(project.file)]) == 0
    said = capsys.readouterr().out
    assert "30 confirmed and 30 dismissed patches" in said
    assert "flags 30 of 30 confirmed and 30 of 30 dismissed" in said
    assert models.in_use(project).sha256[:16] in said


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1, "bias": 0, "weights": {"novelty": 1}}', '{"version": 1, "bias": NaN, "weights": {}}'])
def test_a_damaged_model_stops_a_run_and_is_named(project: Project, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    county(project, 20, 20)
    project.models.mkdir()
    (project.models / models.IN_USE).write_text(text, "utf-8")
    assert main(["train", str(project.file)]) == 5
    assert "MW-MODEL-FILE" in capsys.readouterr().err
    assert main(["doctor", str(project.file)]) == 5
    assert "FAIL  likelihood: MW-MODEL-FILE" in capsys.readouterr().err


def test_a_model_of_before_a_term_was_added_judges_as_it_did(project: Project) -> None:
    shipped, file = likelihood.load(), project.models / models.IN_USE
    older = replace(shipped, weights={name: weight for name, weight in shipped.weights.items() if name not in ADDED})
    file.parent.mkdir(parents=True)
    file.write_text(older.text, "utf-8")
    assert models.in_use(project).sha256 == older.sha256
    zero = replace(shipped, weights={**shipped.weights, **dict.fromkeys(ADDED, 0.0)})
    x = np.random.default_rng(1).random((9, len(TERMS)))
    np.testing.assert_array_equal(judged(x, models.in_use(project)), judged(x, zero))
    np.testing.assert_array_equal(list(fit(x, np.arange(9) % 2, older).weights), list(TERMS))


def test_a_fit_stays_near_the_model_before_where_little_is_known() -> None:
    shipped = likelihood.load()
    x = np.zeros((2, len(TERMS)))
    x[:, 0] = 1
    near = fit(x, np.array([1.0, 0.0]), shipped)
    assert max(abs(near.weights[name] - shipped.weights[name]) for name in TERMS) < 0.2
    assert judged(np.zeros((1, len(TERMS))), shipped)[0] == pytest.approx(1 / (1 + np.exp(-shipped.bias)))


def test_scores_of_a_ranking() -> None:
    assert average_precision(np.array([0.9, 0.8, 0.1]), np.array([1.0, 0.0, 1.0])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([0.5]), np.array([0.0])) == 0
    assert calibration_error(np.array([0.25, 0.25, 0.95]), np.array([0.0, 1.0, 1.0])) == pytest.approx(2 / 3 * 0.25 + 1 / 3 * 0.05)


def test_a_second_training_rests_on_verdicts_that_came_after_the_first(project: Project) -> None:
    county(project, 30, 30)
    assert train(project).better
    with pytest.raises(MinewardenError, match=r"0 patches of changed ground were confirmed and 0 dismissed for another cause since the model") as few:
        train(project)
    assert few.value.code == "MW-TRAIN-FEW"


@pytest.mark.parametrize("text", ["{", '{"features": [null]}', '{"features": [{"properties": {"patch_id": "P", "features": {"cells": 4}}}]}', None])
def test_months_that_are_gone_broken_or_of_an_older_version_are_left_out_and_told(project: Project, text: str | None) -> None:
    county(project, 20, 20)
    for month in MONTHS:
        file = project.output / month / "patches.geojson"
        if text is None:
            file.unlink()
        else:
            file.write_text(text, "utf-8")
    with pytest.raises(MinewardenError, match="40 more lie in months that are gone or were made by an older version"):
        train(project)


def test_without_a_finished_month_nothing_is_made(project: Project) -> None:
    assert main(["train", str(project.file)]) == 2
    assert not project.output.exists()


def test_a_month_of_before_there_was_a_choice_was_judged_by_the_shipped_model(project: Project) -> None:
    models.put(project, replace(likelihood.load(), bias=-9.0))
    assert models.of_run(project, {}) == (likelihood.load(), None)
    other = replace(likelihood.load(), bias=-8.0)
    models.kept(project, other.sha256).write_text(likelihood.load().text)  # a copy that somebody changed
    assert models.of_run(project, {"model": other.sha256})[1] is not None
