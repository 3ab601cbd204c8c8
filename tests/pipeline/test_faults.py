"""Disks that fill up or can't be written, layers that change under a run, state of a later version, dead workers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline import month, monthly, store, watching
from pipeline.cli import main
from pipeline.layers.model import LayerSet
from tests.contract import shortcomings
from tests.pipeline.conftest import MONTHS, NEXT, ROOT, SAME, County

OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]
"""A shell that may mount file systems nobody else sees."""


def _may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0


mounts = pytest.mark.skipif(not _may_mount(), reason="no mounts of one's own here")

MINEWARDEN = f'{sys.executable} -c "import sys; from pipeline.cli import main; sys.exit(main())"'
DISK = f"""
mount -t tmpfs -o size=100m none "$1/out" && cp -r "$1/before/." "$1/out"
used=$(df -k --output=used "$1/out" | tail -1)
for room in $2; do
    mount -o remount,size=$((used + room))k "$1/out"
    {MINEWARDEN} run "$1/config.yaml" --month {NEXT} --quiet; echo "exit $?" >&2
    ls "$1/out" >&2
done
mount -o remount,$3 "$1/out"
{MINEWARDEN} run "$1/config.yaml" --month {NEXT} --quiet; echo "exit $?" >&2
cp -r "$1/out" "$1/after"
"""


def on_a_disk_of_its_own(county: County, rooms: str, then: str) -> list[str]:
    """Run with the output on a disk that has so many free kilobytes, one after the other, and at last a disk mounted as `then` says."""
    county.out.rename(county.folder / "before")
    county.out.mkdir()
    done = subprocess.run(
        [*OWN_MOUNTS, "sh", "-c", DISK, "sh", str(county.folder), rooms, then], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.fixture(scope="session")
def june(thin: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """The thin county with June done. Not to be changed."""
    done = thin.copy(tmp_path_factory.mktemp("june") / "done", out=True)
    assert done.run(NEXT, "--quiet") == 0
    return done


@mounts
def test_a_full_disk_is_said_once_and_the_next_run_goes_on(again: County, june: County) -> None:
    """Room for state, but not for the month's files; for these, but not for the ledger."""
    rooms = [200, 700]
    said = on_a_disk_of_its_own(again, " ".join(map(str, rooms)), "size=100m")
    messages = [line for line in said if line.startswith("MW-")]
    assert [line.split(":")[0] for line in messages] == ["MW-DISK-FULL"] * len(rooms), said
    assert [line for line in said if line.startswith("exit ")] == ["exit 1"] * len(rooms) + ["exit 0"]
    assert not [line for line in said if "Traceback" in line or "Error" in line]
    assert said.count(MONTHS[-1]) == len(rooms), "the last month stays"
    assert {name: (again.folder / "after" / NEXT / name).read_bytes() for name in SAME} == {n: (june.out / NEXT / n).read_bytes() for n in SAME}
    assert shortcomings(again.folder / "after" / NEXT) == []


@mounts
def test_a_disk_that_can_not_be_written(again: County) -> None:
    again.out.rename(again.folder / "before")
    again.out.mkdir()
    mount = 'mount -t tmpfs none "$1/out" && cp -r "$1/before/." "$1/out" && mount -o remount,ro "$1/out"'
    script = f'{mount}; {MINEWARDEN} run "$1/config.yaml" --month {NEXT}'
    done = subprocess.run([*OWN_MOUNTS, "sh", "-c", script, "sh", str(again.folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"MW-OUTPUT: The output folder {again.out} can't be written (Read-only file system). Fix: Check 'output' in the config.\n"
    assert done.stdout == ""


def test_a_folder_that_can_not_be_written_in_the_middle_of_a_run(
    again: County, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(again.out / "state" / NEXT))

    monkeypatch.setattr(store, "write", refused)
    assert again.run(NEXT, "--quiet") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"MW-PERMISSION: {again.out / 'state' / NEXT} can't be used (Permission denied).")
    monkeypatch.undo()
    assert again.run(NEXT, "--quiet") == 0


def test_a_layer_that_changes_under_a_run_is_used_as_it_was_read(again: County, june: County, monkeypatch: pytest.MonkeyPatch) -> None:
    file = again.folder / "layers" / "mining_rights.geojson"
    load = monthly.layers.load

    def loaded(*arguments: Any) -> LayerSet:
        read = load(*arguments)
        file.write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
        return read

    monkeypatch.setattr(monthly.layers, "load", loaded)
    assert again.run(NEXT, "--quiet") == 0
    assert again.bytes([NEXT]) == june.bytes([NEXT])
    run = json.loads((again.out / NEXT / "run.json").read_text("utf-8"))
    (used,) = [layer["sha256"] for layer in run["layers"] if layer["name"] == "mining_rights"]
    assert used == hashlib.sha256((june.folder / "layers" / "mining_rights.geojson").read_bytes()).hexdigest()


def test_state_of_a_newer_version_is_neither_read_nor_written_over(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    file = again.out / "state" / "2024" / "r000c000.base"
    raw = file.read_bytes()
    (size,) = struct.unpack("<I", raw[store.START : store.START + 4])
    body = raw[store.START + 4 :]
    head = json.dumps(json.loads(body[:size]) | {"version": store.VERSION + 1}).encode()
    rest = struct.pack("<I", len(head)) + head + body[size:]
    newer = store.sealed(rest)
    file.write_bytes(newer)
    for command in (
        ["run", str(again.config), "--month", NEXT],
        ["repair", str(again.config)],
        ["run", str(again.config), "--month", MONTHS[0], "--replay"],
    ):
        assert main([*command, "--quiet"]) == 5
        assert f"MW-STATE-VERSION: {file} was written by a newer minewarden." in capsys.readouterr().err
        assert file.read_bytes() == newer


def test_a_worker_that_dies_in_a_block(again: County, june: County, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watching.watch_block

    def dying(*arguments: Any) -> Any:
        watch(*arguments)
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(watching, "watch_block", dying)
        assert again.run(NEXT, "--quiet") == 1
    assert capsys.readouterr().err.startswith("MW-MEMORY: ")
    assert again.run(NEXT, "--quiet") == 0
    assert again.bytes([NEXT]) == june.bytes([NEXT])


def test_a_month_in_which_no_scene_at_all_can_be_read(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(again.out / "state" / "restoration")
    for file in (again.folder / "scenes").glob("*/*.tif"):
        file.unlink()
        file.write_bytes(b"lost")
    assert again.run(NEXT, "--quiet") == 3
    said = capsys.readouterr().err
    scenes = again.scenes(NEXT)
    assert scenes
    assert not any(scene["used"] for scene in scenes)
    assert all(f"scene {scene['id']} was left out" in said for scene in scenes)
    assert shortcomings(again.out / NEXT) == []


def test_a_kill_between_the_ledger_and_the_folder(again: County, june: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one moment at which the ledger knows a month whose folder has no name yet."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(month, "set_aside", killed)
    assert again.run(NEXT, "--quiet") == 1
    monkeypatch.undo()
    assert (again.out / f"{NEXT}.partial" / "run.json").exists()
    assert again.run(NEXT, "--quiet") == 0
    assert again.bytes([NEXT]) == june.bytes([NEXT])
    assert os.listdir(again.out / "state" / NEXT) == os.listdir(june.out / "state" / NEXT)


def test_the_archive_says_from_where_it_can_be_redone(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    kept = sorted(p.name for p in (again.out / "state").iterdir() if p.is_dir())
    assert kept == ["2024", MONTHS[0], *MONTHS[-3:], "restoration"]
    before = again.everything()
    assert again.run(MONTHS[2], "--replay") == 2
    said = capsys.readouterr().err
    assert f"MW-REPLAY-STATE: {MONTHS[2]} can't be redone" in said
    assert f"--replay --month {MONTHS[1]}" in said
    assert {name: data for name, data in again.everything().items() if name != "ledger.sqlite"} == {
        name: data for name, data in before.items() if name != "ledger.sqlite"
    }
    assert sorted(p.name for p in Path(again.out).glob("*.replaced")) == []
