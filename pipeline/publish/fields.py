"""What the published files say of each row: names, kinds and meanings, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.publish.words import REASONS


class Kind(StrEnum):
    """What a value is, where it is not null."""

    TEXT = "text"
    DATE = "date"
    MOMENT = "time (UTC)"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    OBJECT = "object"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind
    meaning: str


T, D, N = Kind.TEXT, Kind.DATE, Kind.NUMBER

CASES: Sequence[Field] = (
    Field("id", T, "Division code, year of the first month, number; given in order of first_seen, then north to south, west to east; kept for life."),
    Field("patch_id", T, "The changed ground; it can have more than one case. Null where nothing changed (`unrestored`)."),
    Field("month", T, "YYYY-MM."),
    Field("new_this_month", Kind.BOOLEAN, "Listed for the first time."),
    Field("finding", T, "The first rule that holds, see below."),
    Field("finding_zh", T, "The same in Chinese."),
    Field("also", T, "Further rules that hold, by `;`."),
    Field(
        "severity",
        Kind.INTEGER,
        "By the table `findings.severity` of the config: 3 grave, 2 plain, 1 to be watched.",
    ),
    Field("status", T, "Of the change, see below."),
    Field("first_seen", D, "First anomalous look; for `unrestored` the first look that judged it."),
    Field("last_seen", D, "Last anomalous look; for `unrestored` the last look that judged it."),
    Field("before_date", D, "Scene pictured as before."),
    Field("after_date", D, "Scene pictured as after."),
    Field("area_m2", N, "Ellipsoidal area of the geometry as written."),
    Field("area_mu", N, "The same in mu (666.67 m²)."),
    Field("growth_m2", N, "Since the month before; of a new case all of it."),
    Field("confidence", N, "That the ground changed, 0–1."),
    Field("mining_likelihood", N, "That the change is mining, 0–1; null where nothing changed."),
    Field("cause", T, "What changed the ground, see below."),
    Field("right_id", T, "Mining or exploration right it lies in, or the one it crosses."),
    Field("right_name", T, "Mine of that right."),
    Field("holder", T, "Holder of that right."),
    Field("mineral", T, "Licensed mineral."),
    Field("valid_to", D, "Last day of the right."),
    Field("distance_to_right_m", N, "To the nearest right."),
    Field("overshoot_m2", N, "Area beyond the boundary."),
    Field("overshoot_max_m", N, "Farthest reach beyond the boundary."),
    Field("position_error_m", N, "95 %, image and boundary together."),
    Field("overshoot_certain_m2", N, "What remains of the overshoot beyond that error."),
    Field("legacy_id", T, "Legacy patch it lies on."),
    Field("legacy_state", T, "未治理, 治理中 or 已治理, by the inventory."),
    Field("deadline", D, "By when that ground must be restored."),
    Field("restriction", T, "Ids of every redline, farmland and zone touched, by `;`."),
    Field("restriction_m2", N, "Area on those."),
    Field("town", T, "Town it lies in."),
    Field("lon", N, "Of a point inside, degrees."),
    Field("lat", N, "Of that point, degrees."),
    Field("evidence", T, "Its picture, relative to the month's folder."),
    Field("scenes_before", T, "Scenes pictured as before, by `;`."),
    Field("scenes_after", T, "Scenes pictured as after, by `;`."),
    Field("layers_version", T, "Content hash of all layers used."),
    Field("review", T, "Verdict so far, see below."),
    Field("review_reason", T, f"Why; for dismissals best one of {' '.join(REASONS)}."),
    Field("review_note", T, "Free text."),
    Field("reviewer", T, "Who decided."),
    Field("reviewed_at", Kind.MOMENT, "When."),
    Field("version", Kind.INTEGER, "Verdicts so far + 1; an answer must name the version it answers."),
)
"""`flagged.geojson`, and the layer `cases` of `flagged.gpkg`."""

PATCHES: Sequence[Field] = (
    Field("patch_id", T, "The ground, kept for life."),
    Field("id", T, "The case, where this part of the patch is one."),
    Field("finding", T, "The rule that it breaks, or what explains it."),
    Field("finding_zh", T, "The same in Chinese."),
    Field("also", T, "Further rules that hold, by `;`."),
    Field("cause", T, "What changed the ground, see below."),
    Field("mining_likelihood", N, "That the change is mining, 0–1."),
    Field("confidence", N, "That the ground changed, 0–1."),
    Field("area_m2", N, "Ellipsoidal area of the geometry as written."),
    Field("first_seen", D, "First anomalous look."),
    Field("last_seen", D, "Last anomalous look."),
    Field("status", T, "Of the change, see below."),
    Field("right_id", T, "Right it lies in, or the one it crosses."),
    Field("features", Kind.OBJECT, "What the likelihood was worked out from, by name; `last_month` (published then) counts half where it is higher."),
    Field("rule_trace", Kind.LIST, "Why this code and no other: the ground, each test with its numbers, the layers asked."),
)
"""`patches.geojson`, and the layer `patches`, where objects and lists are JSON text."""

COVERAGE: Sequence[Field] = (
    Field("last_seen", D, "Last clear look before this month; null where there was none."),
    Field("area_ha", N, "Area of the piece."),
)
"""`coverage.geojson`, and the layer `coverage`."""

RUN: Mapping[str, str] = {
    "run_id": "Hash of all that went in: the same inputs have the same id.",
    "month": "YYYY-MM.",
    "version": "Of the program.",
    "config_sha256": "Of the config file.",
    "bands": "Bands used, those that the scenes share.",
    "model": "SHA-256 of the likelihood's file.",
    "scenes": "`id`, `date`, `sha256`, `used`, `reason` (why not), `clear_fraction` and `shift_m` (east and north of the county's "
    "record, null where it can't be told) of each scene of the month, and of those left out of a baseline.",
    "layers": "`name`, `version`, `sha256`, `features` of each layer.",
    "coverage": "`observed_fraction` and `unobserved_ha`.",
    "counts": "`cells`, `cells_changed`, `patches`, `flagged`, `explained`.",
    "timings": "Seconds by stage.",
    "window": "In January: `id` and `sha256` of the scenes the baseline was fitted on.",
    "warnings": "What is wrong with scenes and layers without stopping the run.",
    "outputs": "`path` and `sha256` of the month's files, but for the report and the spreadsheet, which verdicts renew.",
}
"""Keys of `run.json`."""

MINES: Mapping[str, str] = {
    "right_id": "Of the mining or exploration right.",
    "right_name": "Mine.",
    "holder": "Holder.",
    "mineral": "Licensed mineral.",
    "layer": "Layer it stands in.",
    "status": "As registered.",
    "standing": "What it was worth at the month's end, by what the register said then: valid, not_yet, expired, closed or exploration.",
    "valid_from": "First day.",
    "valid_to": "Last day.",
    "stopped": "Day of an order to stop.",
    "resumed": "Day from which work was allowed again.",
    "activity": "What its ground did, see below.",
    "activity_zh": "The same in Chinese.",
    "since": "First day of this spell of digging; idle: last day of new ground; restored: when the last ground was seen as before.",
    "dug_ha": "Open now, dug since monitoring began or bare before.",
    "bare_before_ha": "Of it bare before.",
    "new_ha": "First seen dug this month.",
    "restored_ha": "Dug since monitoring began and as it was again.",
    "dug_after_end_ha": "Dug when the right had ended.",
    "dug_after_end_since": "First day of that.",
    "dug_after_stop_ha": "Dug while it was ordered to stop.",
    "dug_after_stop_since": "First day of that.",
    "concerns": "What a person should look into, see below.",
    "cases": "Ids of its cases.",
}
"""Keys of a line of `mines.json`."""

CHANGES: Mapping[str, str] = {
    "case_id": "The case, where there is or was one.",
    "patch_id": "The ground.",
    "part": "Which part of it.",
    "before": "Findings of the month before, the first and the others, by `+`.",
    "before_zh": "The same in Chinese.",
    "after": "Findings of this month; null where nothing is said of that ground any more.",
    "after_zh": "The same in Chinese.",
    "because": "What differs in the layers: `layer`, `version_before`, `version_after`, `record`, `field`, `before`, `after`; or nothing.",
    "ground_m2": "Ground that both findings share.",
    "area_m2_before": "Of the finding before.",
    "area_m2_after": "Of the finding now.",
}
"""Keys of a line of `changes.json`."""
