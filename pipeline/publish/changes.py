"""Findings that became others: held against what the ledger said of the same ground, with the layer, version and field that made the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.findings.finding import EXPLAINED, Code
from pipeline.findings.lookup import Lookup
from pipeline.findings.names import FINDINGS
from pipeline.findings.rests import differences, rests_on
from pipeline.layers.model import LayerSet
from pipeline.ledger import Change, MonthWriter, PartRecord
from pipeline.ledger.identity import choices
from pipeline.publish.features import Judged

_BY_THE_GROUND = frozenset({Code.NOT_MINING, Code.BEFORE_MONITORING})
"""Explained before any layer is asked."""

Link = tuple[PartRecord, Judged | None, float]
"""What was said, what is said now of most of that ground (None: nothing), and how much ground they share, m²."""


def re_evaluate(writer: MonthWriter, judged: Sequence[Judged], layers: LayerSet, reach_m: float) -> list[Change]:
    """Note what this month says of each piece of ground; answers which findings became others, in order of their cases."""
    lookup = Lookup(layers)
    alive = [each for each in judged if each.finding.status != "ended"]
    last, read = writer.said_before()
    links = _links(last, alive)
    known = {id(new) for _, new, _ in links if new is not None}
    links += [link for link in _links(read, alive) if link[1] is not None and id(link[1]) not in known]
    versions = writer.facts_before().get("layers", {}), {layer.name: layer.version for layer in layers.versions}
    changes = [change for link in links if (change := _change(link, lookup, versions, reach_m)) is not None]
    changes.sort(key=lambda change: (change.case_id or "", change.patch_id or "", change.part, change.before or "", change.after or ""))
    writer.record_parts([_said(each, lookup, reach_m) for each in alive if each.finding.code not in _BY_THE_GROUND], changes)
    return changes


def _said(judged: Judged, lookup: Lookup, reach_m: float) -> PartRecord:
    finding = judged.finding
    return PartRecord(
        patch_id=judged.patch_id,
        part=finding.part,
        case_id=judged.case.case_id if judged.case else None,
        code=finding.code.value,
        also=finding.also,
        severity=finding.severity,
        geometry=finding.geometry,
        basis=rests_on(finding.geometry, lookup, reach_m),
    )


def _links(said: Sequence[PartRecord], alive: Sequence[Judged]) -> list[Link]:
    """Each piece of ground with the one that holds most of it now, and each case of now with the one that held most of it.

    What is explained now is told only where it took the place of something: patches lie over each other's rims.
    """
    options = choices([part.geometry for part in said], [each.finding.geometry for each in alive])
    # Changed ground and a site that was to be restored may lie on each other: they are two matters.
    shares = {
        (old, new): (shared, said[old].patch_id == alive[new].patch_id, said[old].part == alive[new].finding.part)
        for old, found in enumerate(options)
        for new, shared in found
        if (alive[new].patch_id is None) == (said[old].patch_id is None)
    }
    becomes: dict[int, int] = {}
    came_from: dict[int, int] = {}
    for (old, new), share in shares.items():
        if old not in becomes or share > shares[old, becomes[old]]:
            becomes[old] = new
        if new not in came_from or share > shares[came_from[new], new]:
            came_from[new] = old
    pairs: dict[tuple[int, int | None], None] = {(old, becomes.get(old)): None for old in range(len(said))}
    pairs |= {(old, new): None for new, old in came_from.items() if alive[new].finding.code not in EXPLAINED}
    return [(said[old], None, 0.0) if new is None else (said[old], alive[new], shares[old, new][0]) for old, new in pairs]


def _change(link: Link, lookup: Lookup, versions: tuple[Mapping[str, str], Mapping[str, str]], reach_m: float) -> Change | None:
    """What became of a finding; None where it is the same, was explained and still is, or is gone with the change of its ground."""
    old, new, shared = link
    before, after = "+".join([old.code, *old.also]), None if new is None else "+".join([new.finding.code, *new.finding.also])
    codes = {old.code, *([new.finding.code.value] if new else [])}
    if before == after or codes <= {code.value for code in EXPLAINED}:
        return None
    because = [
        {"layer": layer, "version_before": versions[0].get(layer), "version_after": versions[1].get(layer), "record": name.partition("/")[2],
         "field": field, "before": was, "after": now}
        for name, field, was, now in differences(old.basis, rests_on(old.geometry, lookup, reach_m)) if (layer := name.partition("/")[0])
    ]  # fmt: skip
    if new is None and not because:
        return None
    case_id = new.case.case_id if new and new.case else old.case_id
    areas = {"ground_m2": round(shared, 1), "area_m2_before": round(old.geometry.area, 1), "area_m2_after": None}
    if new is not None:
        areas["area_m2_after"] = round(new.finding.geometry.area, 1)
    part = new.finding.part if new else old.part
    return Change(
        case_id=case_id, patch_id=new.patch_id if new else old.patch_id, part=part, before=before, after=after, why={"because": because, **areas}
    )


def rows(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Changes as they are published."""
    return [
        {
            "case_id": each.case_id,
            "patch_id": each.patch_id,
            "part": each.part,
            "before": each.before,
            "before_zh": _zh(each.before),
            "after": each.after,
            "after_zh": _zh(each.after),
            **each.why,
        }
        for each in changes
    ]


def _zh(codes: str | None) -> str | None:
    return None if codes is None else "、".join(FINDINGS[code] for code in codes.split("+"))
