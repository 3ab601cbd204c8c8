"""The county's configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipeline.config import Config, load
from pipeline.config_text import EXAMPLE, render
from pipeline.errors import MinewardenError

REFERENCE = Path(__file__).parents[2] / "configs" / "reference.yaml"


def test_the_contracts_lines_are_enough(tmp_path: Path, config_text: str) -> None:
    (tmp_path / "c.yaml").write_text(config_text, "utf-8")
    project = load(tmp_path / "c.yaml")
    assert project.config.county.name == "会宁县"
    assert project.output == tmp_path / "out"
    assert project.config.coverage.min == 0.5


def test_reference_is_what_the_models_say() -> None:
    assert REFERENCE.read_text("utf-8") == render(EXAMPLE), "run 'make reference'"


def test_reference_is_a_config() -> None:
    assert load(REFERENCE).config == Config.model_validate(EXAMPLE)


def test_what_the_reference_leaves_as_comments_are_the_defaults() -> None:
    """Every commented key, taken in, gives the same config: no default is told wrongly."""
    told = re.sub(r"^(\s*)# (\s*(?:#|[a-z_]+:))", r"\1\2", REFERENCE.read_text("utf-8"), flags=re.MULTILINE)
    data = yaml.safe_load(told)
    assert {"monitor_from", "coverage", "findings", "compute"} <= set(data)
    assert "fields" in data["layers"]["mining_rights"]
    assert Config.model_validate(data) == Config.model_validate(EXAMPLE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("extra: 1", "extra: unknown key"),
        ("coverage: {min: 2}", "coverage.min"),
        ("monitor_from: 2024-03", "write YYYY-01"),
        ("findings: {severity: {findings: {unlicenced: 3}}}", "findings.severity.findings: .*unlicenced is no finding"),
        ("findings: {severity: {findings: {unlicensed: 4}}}", "unlicensed: a level is 1, 2 or 3"),
        ("findings: {severity: {large_ha: 0}}", "findings.severity.large_ha"),
        ("layers: {great_wall: {path: x}}", "needs kind"),
        ("layers: {redline: {path: x, kind: zone}}", "takes no kind"),
    ],
)
def test_wrong_fields_are_named(tmp_path: Path, config_text: str, change: str, told: str) -> None:
    (tmp_path / "c.yaml").write_text(config_text + change, "utf-8")
    with pytest.raises(MinewardenError, match=f"MW-CONFIG-FIELD.*{told}"):
        load(tmp_path / "c.yaml")


def test_scenes_and_the_store_may_lie_in_a_bucket(tmp_path: Path, config_text: str) -> None:
    text = config_text.replace("path: scenes", "path: 's3://my-bucket/会宁/scenes/'") + "store: {path: 's3://my-bucket/store'}\n"
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    project = load(tmp_path / "c.yaml")
    assert project.config.sources[0].path == "s3://my-bucket/会宁/scenes"
    assert (project.shelf, project.store) == ("s3://my-bucket/store", tmp_path / "out" / "store")


@pytest.mark.parametrize(
    "address",
    ["s3://b", "s3://Bucket/x", "s3:/bucket/x", "s3://bucket/../x", "s3://bucket//x", "s3://u:p@bucket/x", "s3://bucket/x?y", "https://x.org/x"],
)
def test_addresses_that_are_none(tmp_path: Path, config_text: str, address: str) -> None:
    (tmp_path / "c.yaml").write_text(config_text.replace("path: scenes", f"path: '{address}'"), "utf-8")
    with pytest.raises(MinewardenError, match=r"MW-CONFIG-FIELD.*sources\.0\.path.*not a"):
        load(tmp_path / "c.yaml")


@pytest.mark.parametrize("given", ["", "  "])
def test_an_empty_path_is_none(tmp_path: Path, config_text: str, given: str) -> None:
    (tmp_path / "c.yaml").write_text(config_text.replace("output: out", f"output: '{given}'"), "utf-8")
    with pytest.raises(MinewardenError, match=r"MW-CONFIG-FIELD.*output.*it is empty"):
        load(tmp_path / "c.yaml")


@pytest.mark.parametrize("address", ["s3://bucket/x", "https://x.org/x", "gs://bucket/x"])
def test_results_are_written_to_this_computer(tmp_path: Path, config_text: str, address: str) -> None:
    (tmp_path / "c.yaml").write_text(config_text.replace("output: out", f"output: '{address}'"), "utf-8")
    with pytest.raises(MinewardenError, match=r"MW-CONFIG-FIELD.*output.*not a path of this computer"):
        load(tmp_path / "c.yaml")
