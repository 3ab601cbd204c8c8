"""Which likelihood a county uses: the one that ships with the program, or one fitted to what its people decided.

`<output>/models/likelihood.json` is in use; beside it lie all that ever were, under their hash: a month says by which it was judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.files import write_atomic
from pipeline.patches import likelihood
from pipeline.patches.likelihood import Likelihood

IN_USE = "likelihood.json"


def in_use(project: Project) -> Likelihood:
    """Raises MinewardenError `MW-MODEL-FILE` where the county's own is damaged, or of another version."""
    file = project.models / IN_USE
    if not file.is_file():
        return likelihood.load()
    try:
        return likelihood.load(file)
    except (OSError, ValueError) as error:
        fix = "Put back a copy from beside it, or delete it to use the one that ships with the program; 'minewarden train' can then fit one anew."
        raise MinewardenError("MW-MODEL-FILE", f"{file}: {error}.", fix, Exit.DAMAGED) from error


def kept(project: Project, sha256: str) -> Path:
    """Where a model of that hash lies."""
    return project.models / f"likelihood-{sha256[:16]}.json"


def put(project: Project, model: Likelihood) -> None:
    """Use a model from now on; the one before stays beside it."""
    project.models.mkdir(parents=True, exist_ok=True)
    for each in (in_use(project), model):
        write_atomic(kept(project, each.sha256), each.text.encode())
    write_atomic(project.models / IN_USE, model.text.encode())


def of_run(project: Project, run: Mapping[str, Any]) -> tuple[Likelihood, str | None]:
    """The likelihood that a finished month (`run.json`) was judged by; where it is gone, that in use, and what to tell."""
    now, shipped, wanted = in_use(project), likelihood.load(), run.get("model")
    if wanted is None:  # of before there was a choice
        return shipped, None
    try:
        found = next((model for model in (now, shipped) if model.sha256 == wanted), None) or likelihood.load(kept(project, str(wanted)))
    except (OSError, ValueError):
        found = now
    if found.sha256 == wanted:
        return found, None
    return now, f"the likelihood it was judged by ({str(wanted)[:16]}…) is gone; it was judged by that in use."
