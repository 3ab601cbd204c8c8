"""Which months a run makes, in which order, and what becomes of those that a replay redoes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from shapely.geometry import MultiPolygon

from pipeline import config, layers, monthly, retention
from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.inputs import Inputs
from pipeline.layers.model import LayerSet
from pipeline.ledger import Ledger
from pipeline.memory import Memory
from pipeline.month import Done
from pipeline.publish.runjson import LayerUse
from pipeline.sources import Archive
from pipeline.sources.scene import Refused
from pipeline.year import model_file
from tests.county import GRID

FIRST = "2024-01"
BROKEN = Refused("S2A_broken", date(2024, 3, 3), "B08 is cut short")
TWICE = Refused("S2A_twice", date(2024, 3, 3), "the same pass", duplicate_of="S2A")


class County:
    """A project whose months are made by writing their name into `made`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.made: list[str] = []
        self.judged_by: list[LayerUse] = []
        self.observed, self.left_out, self.fails_at = 0.9, {"2024-03": (BROKEN,), "2024-04": (TWICE,)}, ""

    def make(self, month: str, inputs: Inputs, ledger: Ledger) -> Done:
        assert not (self.project.output / month).exists()
        if month == self.fails_at:
            raise OSError(28, "No space left on device")
        self.made.append(month)
        retention.folder_of(self.project.state, month).mkdir(parents=True, exist_ok=True)
        model = model_file(self.project.state, int(month[:4]))
        model.parent.mkdir(exist_ok=True)
        model.touch()
        with ledger.month(month) as writer:
            writer.finish({}, [])
        folder = self.project.output / month
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(str(len(self.made)), "utf-8")
        return Done(month, self.observed, self.left_out.get(month, ()), 5, 2, 9)

    def run(self, month: str, replay: bool = False) -> monthly.Result:
        self.made.clear()
        return monthly.run(self.project, month, 1, None, replay, lambda *_: None)

    def folders(self) -> list[str]:
        return sorted(p.name for p in self.project.output.iterdir() if p.name.startswith("20"))

    def kept(self) -> list[str]:
        """Months whose state is there."""
        return sorted(p.name for p in self.project.state.iterdir() if p.is_dir() and "-" in p.name)


@pytest.fixture
def county(tmp_path: Path, config_text: str, monkeypatch: pytest.MonkeyPatch) -> County:
    (tmp_path / "county.yaml").write_text(config_text, "utf-8")
    made = County(config.load(tmp_path / "county.yaml"))
    made.project.state.mkdir(parents=True)
    monkeypatch.setattr(monthly, "open_sources", lambda *_: Archive(scenes=(), refused=(), bands=("B04", "B08")))
    monkeypatch.setattr(layers, "load", lambda *_: LayerSet(area=MultiPolygon()))
    monkeypatch.setattr(monthly, "remember", lambda *_, **__: Memory(GRID, ("B04", "B08"), FIRST))
    monkeypatch.setattr(monthly, "make_month", made.make)
    monkeypatch.setattr(monthly.runjson, "read", lambda _: SimpleNamespace(layers=made.judged_by))
    return made


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def raised(call: Callable[[], object]) -> MinewardenError:
    with pytest.raises(MinewardenError) as caught:
        call()
    return caught.value


def span(first: int, last: int) -> list[str]:
    return [f"2024-{k:02d}" for k in range(first, last + 1)]


def test_all_months_from_the_start_then_only_the_new_ones(county: County) -> None:
    county.run("2024-03")
    assert county.made == span(1, 3)
    county.run("2024-05")
    assert county.made == span(4, 5)
    assert county.folders() == span(1, 5)


def test_over_the_turn_of_the_year(county: County) -> None:
    county.run("2025-02")
    assert county.made == [*span(1, 12), "2025-01", "2025-02"]


def test_a_month_that_is_done_is_left_alone(county: County) -> None:
    county.run("2024-03")
    result = county.run("2024-02")
    assert county.made == []
    assert result.exit == Exit.DONE
    assert "2024-02 is done already" in result.lines[0]


def test_layers_that_were_taken_out_are_told(county: County) -> None:
    county.run("2024-02")
    county.judged_by = [LayerUse("permits", "2024-01-01", "ab", 7)]
    assert any("Changed since 2024-02 was done: permits." in line for line in county.run("2024-02").lines)
    assert any("Changed since the month before: permits." in line for line in county.run("2024-03").lines)


def test_before_monitoring(county: County) -> None:
    assert raised(lambda: county.run("2023-12")).code == "MW-MONTH-EARLY"
    assert not county.project.ledger.exists()


def test_a_killed_run_goes_on_where_it_stopped(county: County) -> None:
    county.fails_at = "2024-03"
    with pytest.raises(OSError, match="No space"):
        county.run("2024-04")
    assert county.made == span(1, 2)
    county.fails_at = ""
    county.run("2024-04")
    assert county.made == span(3, 4)


def remove(county: County, months: Sequence[str]) -> None:
    for month in months:
        (county.project.output / month / "run.json").unlink()
        (county.project.output / month).rmdir()


def test_a_gap_is_not_filled_behind_later_months(county: County) -> None:
    county.run("2024-05")
    remove(county, ["2024-04"])
    error = raised(lambda: county.run("2024-06"))
    assert error.code == "MW-MONTH-GAP"
    assert "2024-04" in error.message
    assert "2024-05" in error.message
    assert "--replay --month 2024-04" in error.fix
    assert county.made == []
    assert county.run("2024-02").exit == Exit.DONE


def test_a_replay_redoes_the_month_and_all_after_it(county: County) -> None:
    county.run("2024-05")
    county.run("2024-04", replay=True)
    assert county.made == span(4, 5)
    assert county.folders() == sorted([*span(1, 5), *(f"{m}.replaced" for m in span(4, 5))])
    assert (county.project.output / "2024-05.replaced" / "run.json").read_text("utf-8") == "5"
    assert (county.project.output / "2024-05" / "run.json").read_text("utf-8") == "2"
    assert county.kept() == ["2024-01", *span(3, 5)]


def test_a_second_replay_keeps_one_set_aside(county: County) -> None:
    county.run("2024-02")
    county.run("2024-02", replay=True)
    county.run("2024-02", replay=True)
    assert county.folders() == ["2024-01", "2024-02", "2024-02.replaced"]


def test_a_replay_of_a_later_month_first_makes_what_is_missing(county: County) -> None:
    county.run("2024-02")
    county.run("2024-04", replay=True)
    assert county.made == span(3, 4)
    assert county.folders() == span(1, 4)


def test_a_replay_closes_a_gap(county: County) -> None:
    county.run("2024-05")
    remove(county, ["2024-04"])
    county.run("2024-05", replay=True)
    assert county.made == span(4, 5)


def test_a_replay_that_fails_is_taken_up_again(county: County) -> None:
    county.run("2024-05")
    county.fails_at = "2024-05"
    with pytest.raises(OSError, match="No space"):
        county.run("2024-04", replay=True)
    assert county.kept() == ["2024-01", *span(3, 4)]
    county.fails_at = ""
    county.run("2024-05")
    assert county.made == span(5, 5)


def test_alerts_of_the_last_three_months_and_of_each_january_are_kept(county: County) -> None:
    county.run("2025-04")
    assert county.kept() == ["2024-01", "2025-01", "2025-02", "2025-03", "2025-04"]


@pytest.mark.parametrize(("asked", "possible"), [("2025-01", "2024-02"), ("2024-09", "2024-02")])
def test_a_replay_that_is_no_longer_possible_names_the_month_from_which_one_is(county: County, asked: str, possible: str) -> None:
    county.run("2025-04")
    error = raised(lambda: county.run(asked, replay=True))
    assert (error.code, error.exit_code) == ("MW-REPLAY-STATE", Exit.BAD_INPUT)
    assert asked in error.message
    assert f"--replay --month {possible}" in error.fix
    assert (county.made, county.folders()[-1]) == ([], "2025-04"), "nothing was set aside"
    county.run(possible, replay=True)
    assert county.made[0] == possible
    assert county.made[-1] == "2025-04"


@pytest.mark.parametrize("asked", ["2024-01", "2025-02", "2025-03", "2025-04", "2025-05"])
def test_replays_that_are_possible(county: County, asked: str) -> None:
    county.run("2025-04")
    county.run(asked, replay=True)
    assert county.made[0] == asked


def test_a_kill_while_old_alerts_are_removed_leaves_none_half_removed(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    county.run("2024-04")
    with monkeypatch.context() as patched:
        patched.setattr(retention.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            county.run("2024-05")
    assert [m for m in county.kept() if not m.endswith(".gone")] == ["2024-01", *span(3, 5)]
    retention.prune(county.project.state, span(1, 5))
    assert county.kept() == ["2024-01", *span(3, 5)]


@pytest.mark.parametrize("gone", ["2024-03", "2024/model"])
def test_state_that_is_missing_is_named_before_anything_is_read(county: County, gone: str) -> None:
    county.run("2024-03")
    file = county.project.state / gone
    file.rmdir() if file.is_dir() else file.unlink()
    error = raised(lambda: county.run("2024-04"))
    assert (error.code, error.exit_code) == ("MW-STATE-MISSING", Exit.DAMAGED)
    assert f"({file})" in error.message
    assert f"minewarden repair {county.project.file}" in error.fix


def test_a_replay_killed_while_it_clears_the_way_goes_on(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    county.run("2024-05")
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "forget_from", killed)
        with pytest.raises(KeyboardInterrupt):
            county.run("2024-04", replay=True)
    county.run("2024-05")
    assert county.made == span(4, 5)
    assert county.folders()[-1] == "2024-05.replaced"


def test_state_of_redone_months_is_gone_before_they_are_made(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    county.run("2024-03")
    found: list[list[str]] = []

    def make(month: str, inputs: Inputs, ledger: Ledger) -> Done:
        found.append([*county.kept(), *ledger.months()])
        return county.make(month, inputs, ledger)

    monkeypatch.setattr(monthly, "make_month", make)
    county.run("2024-02", replay=True)
    assert found == [["2024-01", "2024-01"], ["2024-01", "2024-02", "2024-01", "2024-02"]]


def test_results_without_their_ledger(county: County) -> None:
    county.run("2024-03")
    county.project.ledger.unlink()
    error = raised(lambda: county.run("2024-04"))
    assert (error.code, error.exit_code) == ("MW-LEDGER-MONTH", Exit.DAMAGED)
    assert county.made == []
    error = raised(lambda: county.run("2024-02", replay=True))
    assert error.code == "MW-LEDGER-MONTH"
    assert not county.project.ledger.exists(), "repair would take an empty one for sound"
    county.run("2024-01", replay=True)
    assert county.made == span(1, 3)


def test_the_mail_says_what_is_incomplete(county: County) -> None:
    result = county.run("2024-02")
    assert result.exit == Exit.DONE
    assert result.lines[-1] == f"Flagged: {county.project.output / '2024-02' / 'flagged.geojson'}"
    result = county.run("2024-03")
    assert result.exit == Exit.INCOMPLETE
    assert any("S2A_broken" in line and "cut short" in line for line in result.lines)
    result = county.run("2024-04")
    assert result.exit == Exit.DONE
    assert not any("S2A_twice" in line for line in result.lines)
    county.observed = 0.3
    result = county.run("2024-05")
    assert result.exit == Exit.INCOMPLETE
    assert any("30%" in line and "50%" in line for line in result.lines)
