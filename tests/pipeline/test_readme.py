"""What the READMEs show can be typed as it stands."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from pipeline.cli import main

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
COMMAND = ".venv/bin/minewarden"
ENDS = {
    "init": (0, ""),
    "doctor": (0, ""),
    "layers": (2, "MW-LAYER-"),
    "run": (2, "MW-LAYER-"),
    "status": (0, ""),
    "restoration": (2, "MW-MONTH-NONE"),
    "schedule": (0, ""),
    "drone": (2, "MW-CONFIG-FILE"),
}
"""Exit code and message of each command in a county whose scenes and layers are still to come."""


def shown(readme: str) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / readme).read_text("utf-8"), flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("readme", READMES)
def test_commands_run(readme: str, tmp_path: Path, area_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for command in shown(readme):
        program, *arguments = shlex.split(command)
        if program == "make":
            continue
        assert program == COMMAND
        code = main(arguments)
        captured = capsys.readouterr()
        ends, says = ENDS[arguments[0]]
        assert code == ends, f"{command}: {captured.err}"
        assert says in captured.err + captured.out, f"{command}: {captured.err}"
        assert not re.search("MW-(USAGE|FAULT)", captured.err), f"{command}: {captured.err}"


@pytest.mark.parametrize("text", [*READMES, "docs/operations.md"])
def test_the_crontab_line_is_the_one_that_schedule_prints(text: str, tmp_path: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(config_text, "utf-8")
    assert main(["schedule", str(config)]) == 0
    (printed,) = [line for line in capsys.readouterr().out.splitlines() if re.match(r"\d", line)]
    program = Path(sys.executable).with_name("minewarden")
    (shown,) = [line for line in (ROOT / text).read_text("utf-8").splitlines() if re.match(r"\d+ \d+ \d+ \* \*", line)]
    assert shown.replace("/srv/minewarden/.venv/bin/minewarden", str(program)).replace("/srv/huining/config.yaml", str(config)) == printed
    assert list(tmp_path.iterdir()) == [config], "looking makes no output folder"


@pytest.mark.parametrize("readme", READMES)
def test_make_targets_exist(readme: str) -> None:
    targets = {name for line in re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE) for name in line.split()}
    wanted = [command.split()[1] for command in shown(readme) if command.startswith("make ")]
    assert wanted == ["demo", "test", "flight"]
    assert set(wanted) <= targets


@pytest.mark.parametrize("readme", READMES)
def test_files_that_are_named_exist(readme: str) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / readme).read_text("utf-8")):
        assert (ROOT / link).is_file(), link


def test_pictures_are_shown_and_small() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.webp"))
    assert sum(file.stat().st_size for file in pictures) < 400_000
    for readme in READMES:
        text = (ROOT / readme).read_text("utf-8")
        assert [file.name for file in pictures if f"](docs/pictures/{file.name})" not in text] == []
