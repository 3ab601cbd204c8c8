"""`minewarden layers`: are the county's layers fit for use, what do new ones say, and what did they change?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline import months
from pipeline.commands import reconcile
from pipeline.commands.common import config_argument, json_option, open_project, talking
from pipeline.config import LayerConfig, Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.files import write_atomic
from pipeline.lock import locked

if TYPE_CHECKING:
    from pipeline.layers.opened import Opened, Setting

fix_option = click.option("--fix", is_flag=True, help="Write a mended copy into the output folder, and the list of what it changed.")


@click.group("layers")
def group() -> None:
    """Validate and load permits, legacy patches and zones."""


@group.command("check")
@config_argument
@json_option
@fix_option
@talking
def check(console: Console, config: Path, as_json: bool, fix: bool) -> Exit:
    """Read every layer of the config and list what is wrong with it."""
    from pipeline import layers
    from pipeline.commands import layerwords as words

    project = _project(console, config)
    found = layers.check(project, project.config.grid.crs, months.office_day())
    readable = not any(problem.fatal for problem in found[0].problems)  # the area: without it nothing is known to lie anywhere
    written = _mend_all(project) if fix and readable else {}
    if as_json:
        console.object({"layers": [words.checked_as_json(each, written.get(each.name)) for each in found]})
    else:
        for each in found:
            words.tell_checked(console, each)
            words.tell_fixed(console, project, each.name, written.get(each.name))
    return Exit.BAD_INPUT if any(p.fatal for each in found for p in each.problems) else Exit.DONE


@group.command("import")
@config_argument
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--date", "since", type=click.DateTime(["%Y-%m-%d"]), help="Day from which the layer stands as the file says. Default: today.")
@click.option("--add", is_flag=True, help="The file holds features to add or change; the others stay.")
@click.option("--whole", is_flag=True, help="The file holds the whole layer; what it lacks is gone. Asked for where it lacks most.")
@click.option("--crs", help="Coordinate system, where the file does not say it or says a wrong one: EPSG:4523, …")
@click.option("--order", type=click.Choice(["north_east", "east_north"]), help="Which of two numbers comes first, where that is asked.")
@click.option("--degrees", type=click.Choice(["decimal", "packed"]), help="Whether 105.2515 is 105.2515° or 105°25′15″, where that is asked.")
@click.option("--deduct", type=click.Choice(["yes", "no"]), help="Whether rings in doubt are taken out (扣除), where that is asked.")
@click.option("--shift", help="Parameters of an old datum to CGCS2000: dx,dy,dz or dx,dy,dz,rx,ry,rz,ppm.")
@click.option("--id", "id", help="Id of the one feature of a file that does not say it.")
@click.option("--field", "fields", multiple=True, metavar="NAME=COLUMN", help="Our field and the file's column, e.g. id=证号; may be repeated.")
@fix_option
@json_option
@talking
def bring_in(
    console: Console, config: Path, layer: str, file: Path, since: datetime | None, add: bool, whole: bool, fix: bool, as_json: bool, **answers: Any
) -> Exit:
    """Check a file and keep it as what LAYER says from a day on."""
    if add and whole:
        fix_it = "Give --add where the file holds some features, which are put to the others; --whole where it is all of the layer."
        raise MinewardenError("MW-USAGE", "--add and --whole contradict each other.", fix_it)
    from pipeline.commands import layerwords as words
    from pipeline.layers import importing

    project = _project(console, config, begins=True)
    said = _said(_of_layer(project, layer, file), **answers)
    today = months.office_day()
    with locked(project.output):
        if fix:
            return _fix_file(console, project, layer, file, said, as_json)
        held = importing.Extent.ADD if add else importing.Extent.WHOLE if whole else None
        day = since.date() if since else today
        done = importing.bring_in(project, layer, file, said, day, today, project.config.grid.crs, held)
    if as_json:
        console.object(words.import_as_json(done))
    else:
        words.tell_problems(console, done.opened.decided, sorted(done.opened.problems, key=lambda problem: not problem.fatal))
        words.tell_import(console, project, layer, done)
    return Exit.BAD_INPUT if done.opened.fatal else Exit.DONE


@group.command("diff")
@config_argument
@click.argument("layer")
@click.argument("first", required=False)
@click.argument("second", required=False)
@json_option
@talking
def diff(console: Console, config: Path, layer: str, first: str | None, second: str | None, as_json: bool) -> Exit:
    """What differs between two imported versions of LAYER, each given as a day or the beginning of its hash. Default: the last two."""
    from pipeline.commands import layerwords as words
    from pipeline.layers import importing

    project = _project(console, config)
    old, new, changes = importing.difference(project, layer, first, second, project.config.grid.crs)
    if as_json:
        console.object(words.diff_as_json(layer, old, new, changes))
    else:
        words.tell_diff(console, layer, old, new, changes)
    return Exit.DONE


def _project(console: Console, config: Path, *, begins: bool = False) -> Project:
    from pipeline.sources.gridfit import metric_crs

    project = open_project(console, config, begins=begins)
    metric_crs(project.config.grid.crs)
    return project


def _of_layer(project: Project, layer: str, file: Path) -> LayerConfig:
    """What the config says of a layer, without what it says of its own file. Copies in the store have our names for their columns."""
    from pipeline.layers import store

    config = store.config_of(project, layer)
    ours = file.resolve().is_relative_to(project.registers.resolve())
    return LayerConfig(kind=config.kind, accuracy_m=config.accuracy_m, fields={} if ours else config.fields)


def _said(config: LayerConfig, *, deduct: str | None, shift: str | None, fields: Sequence[str], **plain: str | None) -> LayerConfig:
    """A layer's settings with what the command line says of the file. Raises MinewardenError `MW-USAGE`."""
    said: dict[str, Any] = {key: value for key, value in plain.items() if value is not None}
    try:
        if deduct:
            said["deduct"] = deduct == "yes"
        if shift:
            said["shift"] = tuple(float(part) for part in shift.split(","))
        if fields:
            said["fields"] = config.fields | dict(pair.split("=", 1) for pair in fields)
        return LayerConfig.model_validate(config.model_dump() | said)
    except ValueError as error:
        what = "One of --crs, --shift, --id or --field is not written as it should be."
        fix = "Write --crs EPSG:4523, --shift=-16.2,147.1,77.6 and --field id=许可证号."
        raise MinewardenError("MW-USAGE", what, fix) from error


def _fix_file(console: Console, project: Project, layer: str, file: Path, config: LayerConfig, as_json: bool) -> Exit:
    """Write a mended copy of a file that is to be imported."""
    from pipeline.commands import layerwords as words
    from pipeline.layers import importing
    from pipeline.layers.opened import open_layer

    setting = importing.setting_of(project, project.config.grid.crs, months.office_day())
    opened = open_layer(layer, file, file, config, setting)
    written = _mend(project, opened, setting)
    if as_json:
        console.object({"problems": words.problems_as_json(opened.problems), "fixed": written})
    else:
        words.tell_problems(console, opened.decided, opened.problems)
        words.tell_fixed(console, project, layer, written)
        if written is None:
            console.result(f"{layer}: there is nothing that can be mended without a person 没有可自动修正的问题.")
    return Exit.DONE if opened.table is not None else Exit.BAD_INPUT


def _mend_all(project: Project) -> dict[str, dict[str, Any]]:
    """A mended copy of each layer that has something to mend; by layer, where it lies and what was changed."""
    from pipeline.layers import importing
    from pipeline.layers.load import names, newest

    setting = importing.setting_of(project, project.config.grid.crs, months.office_day())
    written = {name: _mend(project, newest(project, name, setting), setting) for name in names(project)}
    return {name: each for name, each in written.items() if each}


def _mend(project: Project, opened: Opened, setting: Setting) -> dict[str, Any] | None:
    from pipeline.layers import store
    from pipeline.layers.mending import mend

    mended = mend(opened, setting)
    if not mended.changes:
        return None
    place = store.folder(project, opened.name)
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"fixed-{opened.sha256[:12]}.geojson"
    write_atomic(file, mended.content)
    lines = [f"Mended copy of {opened.file.name}: what was changed 改动清单", *mended.changes]
    write_atomic(file.with_suffix(".txt"), ("\n".join(lines) + "\n").encode("utf-8-sig", "replace"))
    return {"file": str(file), "list": str(file.with_suffix(".txt")), "changes": mended.changes}


group.add_command(reconcile.command)
