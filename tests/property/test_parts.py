"""Cutting patches by rights and dates, against a slow and obvious reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon

from pipeline.findings.crossing import Neighbours
from pipeline.findings.finding import EXPLAINED
from pipeline.findings.ground import Cells
from pipeline.findings.groups import IN_RIGHT
from pipeline.findings.lookup import Dug, Lookup
from pipeline.findings.parts import Cutter
from pipeline.layers.model import Right, Standing
from pipeline.patches.patch import Patch
from tests.county import EPOCH, GRID, SOUTH, WEST, approval, box, found, layers, legacy, patch, redline, right

START = date(2024, 3, 1)
CASE_CELLS = 4
Cell = tuple[int, int]


def day(number: int) -> date:
    return START + timedelta(days=number)


@st.composite
def digs(draw: st.DrawFn) -> Patch:
    """A connected patch of up to 9×9 cells, dug over some of its strips on other days."""
    width, height = draw(st.integers(2, 9)), draw(st.integers(2, 9))
    strips = [(box(300, 300, 300 + width * 10, 300 + height * 10), day(0))]
    for _ in range(draw(st.integers(0, 5))):
        west, south = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        east, north = draw(st.integers(west + 1, width)), draw(st.integers(south + 1, height))
        strips.insert(0, (box(300 + west * 10, 300 + south * 10, 300 + east * 10, 300 + north * 10), day(draw(st.integers(1, 60)))))
    return patch(*strips)


@st.composite
def many_rights(draw: st.DrawFn, step: float = 10) -> list[Right]:
    """Rights along the lines of the grid (or off them, by another step), overlapping as they like."""
    out = []
    for k in range(draw(st.integers(0, 3))):
        west, south = (280 + step * draw(st.integers(0, 8)) for _ in range(2))
        ground = box(west, south, west + step * draw(st.integers(1, 12)), south + step * draw(st.integers(1, 12)))
        status = draw(st.sampled_from([None, "过期", "关闭", "探矿"]))
        days = [draw(st.one_of(st.none(), st.integers(0, 60))) for _ in range(2)] + [draw(st.sampled_from([None, None, 20, 40])) for _ in range(2)]
        names = ("valid_from", "valid_to", "stood_from", "stood_until")
        out.append(right(f"R{k}", ground, status=status, **{name: None if k is None else day(k) for name, k in zip(names, days, strict=True)}))
    # Past entries of a register come after those that stand.
    return sorted(out, key=lambda one: one.stood_until is not None)


def neighbours(cell: Cell) -> list[Cell]:
    row, col = cell
    return [(row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)]


def connected(cells: set[Cell]) -> Iterator[set[Cell]]:
    left = set(cells)
    while left:
        todo, one = [left.pop()], set()
        while todo:
            cell = todo.pop()
            one.add(cell)
            for other in neighbours(cell):
                if other in left:
                    left.remove(other)
                    todo.append(other)
        yield one


def solid(cells: set[Cell]) -> set[Cell]:
    """Cells of full squares of four, and their neighbours among the cells."""
    squares = set()
    for row, col in cells:
        corner = {(row, col), (row + 1, col), (row, col + 1), (row + 1, col + 1)}
        squares |= corner if corner <= cells else set()
    return squares | {cell for cell in cells if any(other in squares for other in neighbours(cell))}


def lasting(cells: set[Cell]) -> set[Cell]:
    """Solid cells that make up a case."""
    return {cell for piece in connected(solid(cells)) if len(piece) >= CASE_CELLS for cell in piece}


def reference(dig: Patch, rights: list[Right]) -> dict[Cell, str]:
    """For each cell: the group it belongs to."""
    dates = {tuple(cell): EPOCH + timedelta(days=int(d)) for cell, d in zip(dig.cells.tolist(), dig.first_day.tolist(), strict=True)}
    claims: dict[Cell, dict[int, Standing]] = {cell: {} for cell in dates}
    for k, one in enumerate(rights):
        held = {
            cell: one.standing(when)
            for cell, when in dates.items()
            if one.geometry.contains(shapely.Point(WEST + cell[1] * 10 + 5, SOUTH + (GRID.shape[0] - cell[0]) * 10 - 5))
        }
        if not held:
            continue
        blocks = {s: lasting({c for c, worth in held.items() if worth is s}) for s in set(held.values())}
        count = Counter(held.values())
        rule = Standing.VALID if blocks.get(Standing.VALID) else max(sorted(count), key=lambda s: count[s])
        if len(count) == 1:
            rule = next(iter(count))
        for cell in held:
            claims[cell][k] = next((s for s, block in blocks.items() if s is not rule and cell in block), rule)
    out = {}
    for cell, claim in claims.items():
        order = [(list(IN_RIGHT).index(s), rights[k].id, k) for k, s in claim.items() if s in IN_RIGHT]
        out[cell] = "open" if not order else f"{IN_RIGHT[list(IN_RIGHT)[min(order)[0]]]} {min(order)[2]}"
    return out


def cutter(rights: list[Right]) -> Cutter:
    lookup = Lookup(layers(*rights))
    case_m2 = CASE_CELLS * GRID.cell_area_m2
    return Cutter(lookup, Neighbours(lookup, Dug(lookup, [], case_m2), 15, case_m2), GRID, 0.5, case_m2)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(digs(), many_rights())
def test_cells_go_to_the_right_groups(dig: Patch, rights: list[Right]) -> None:
    cells = Cells.of(dig, GRID)
    groups = cutter(rights)._by_rights(dig.geometry, cells)
    names = {(ground, k): "open" if k < 0 else f"{ground} {k}" for ground, k in groups}
    got = {}
    for key, geometry in groups.items():
        for cell in cells.at[cells.inside(geometry)].tolist():
            assert tuple(cell) not in got
            got[tuple(cell)] = names[key]
    assert got == reference(dig, rights)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(digs(), many_rights(step=7.3), st.booleans(), st.booleans(), st.booleans())
def test_parts_tile_the_patch(dig: Patch, rights: list[Right], banned: bool, old: bool, approved: bool) -> None:
    records = [*rights]
    records += [redline("H", box(320, 0, 345, 999))] if banned else []
    records += [legacy("YL", box(0, 331, 999, 362))] if old else []
    records += [approval("S", box(350, 0, 999, 999), valid_to=day(20))] if approved else []
    findings = found(dig, *records)
    assert findings
    ground = [f.geometry for f in findings]
    whole = shapely.union_all(ground) if ground else MultiPolygon()
    assert abs(sum(g.area for g in ground) - whole.area) < 1
    assert whole.difference(dig.geometry).area < 1
    # What may fall away: lawful slivers, each smaller than a case, beside a boundary, a zone or a legacy patch.
    assert whole.area > dig.geometry.area - 400 * (1 + len(rights))
    assert len({f.part for f in findings}) == len(findings)
    for f in findings:
        assert f.geometry.is_valid
        assert f.geometry.geom_type in ("Polygon", "MultiPolygon")
        assert f.code in EXPLAINED or f.geometry.area >= 399 or len(findings) == 1
        assert dig.first_seen <= f.first_seen <= f.last_seen


@settings(max_examples=40, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1))
def test_speckle_falls_away(chosen: set[Cell]) -> None:
    dig = patch((box(300, 300, 370, 370), START))
    cells = Cells.of(dig, GRID)
    corner = cells.at.min(axis=0)
    which = np.array([tuple(c) in chosen for c in (cells.at - corner).tolist()])
    assert {tuple(c) for c in (cells.at[cells.solid(which)] - corner).tolist()} == solid(chosen)
