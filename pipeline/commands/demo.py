"""`minewarden demo`: a made county, from scenes to report."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from pipeline.commands import plan, restoration
from pipeline.commands.common import open_project, talking
from pipeline.commands.run import run_month
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

MONTH = "2024-09"
SEED = 7
MONTHS_MONITORED = 9
"""The sample county's last year is made up to the month that is run."""
_MAKER = Path(__file__).parents[2] / "data" / "samples" / "make.py"


@click.command("demo")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"), show_default=True, help="Folder for the sample county."
)
@talking
def command(console: Console, out: Path) -> Exit:
    """Make the sample county and run its month: scenes to flagged GeoJSON and report, restoration and plan."""
    project = open_project(console, sample_county(out.resolve(), console), begins=True)
    ended = run_month(console, project, MONTH)
    if project.plan is not None:
        document, written = plan.assessed(project, project.plan)
        console.result(f"Restoration: {restoration.summary(restoration.document_of(project, MONTH))}: {project.output / MONTH / 'restoration.html'}")
        console.result(f"Plan: {plan.summary(document)}: {written}")
    return ended


def sample_county(out: Path, console: Console) -> Path:
    """Config of the sample county in `out`, made where it is not there yet."""
    config = out / "config.yaml"
    if config.is_file() and (out / "truth.geojson").is_file():
        return config
    make_county = _maker()
    try:
        made = make_county(
            out, seed=SEED, progress=partial(console.progress, "making the sample county"), months_monitored=MONTHS_MONITORED, given_back=True
        )
    except FileExistsError as error:
        raise MinewardenError("MW-DEMO-OUT", f"{out} holds something else.", "Choose another folder with --out, or empty it.") from error
    return Path(made)


def _maker() -> Callable[..., Any]:
    """`make_county` of the sample maker, which is no part of the installed package."""
    spec = importlib.util.spec_from_file_location("minewarden_samples", _MAKER) if _MAKER.is_file() else None
    if spec is None or spec.loader is None:
        raise MinewardenError("MW-DEMO-SAMPLES", "The sample county is made by data/samples/make.py, which is not here.", "Run the demo in a clone.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    maker: Callable[..., Any] = module.make_county
    return maker
