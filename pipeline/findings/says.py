"""What a trace says of each test: its numbers, whether it held or not."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.findings.facts import Facts
from pipeline.findings.groups import IN_RIGHT, Ground
from pipeline.layers.model import Right

Says = Callable[[Facts], str]


def plainly(text: str) -> Says:
    return lambda f: text


def position(f: Facts) -> str:
    """The ground that was judged, and its days."""
    p = f.patch
    last = f"; most of the patch last looked as before on {p.before_date}" if p.before_date else ""
    return f"ground: {f.area_m2:.0f} m² of a patch of {p.geometry.area:.0f} m², {f.part.ground}, first seen changed on {f.first_day}{last}"


def _entry(right: Right) -> str:
    """An entry of the register by its numbers."""
    said = [f"status {right.status or '–'}", f"valid {right.valid_from or '–'} to {right.valid_to or '–'}"]
    if right.renewal_applied:
        said.append(f"renewal applied for {right.renewal_applied}")
    elif right.renewal_unread:
        said.append(f"renewal applied for on {right.renewal_unread}, which is no date")
    if right.stood_from or right.stood_until:
        said.append(f"as the register stood {right.stood_from or '–'} to {right.stood_until or '–'}")
    return f"right {right.id} ({', '.join(said)})"


def _when(f: Facts, right: Right) -> str:
    """On which day a right stood as it is taken to have stood."""
    if (IN_RIGHT.get(right.standing(f.first_day)) is Ground.VALID) is (f.part.ground in (Ground.VALID, Ground.BANNED)):
        return f"on {f.first_day}"
    return f"on the likeliest day of change or at the last normal look before {f.first_day}"


def standing(what: str) -> Says:
    def say(f: Facts) -> str:
        assert f.right is not None
        return f"inside {_entry(f.right)}, {what} {_when(f, f.right)}"

    return say


def in_right(f: Facts) -> str:
    """In what right the ground lay, if in any."""
    if f.right is None:
        return f"in no right on {f.first_day}"
    if f.part.ground is Ground.BEYOND:
        return f"beyond right {f.right.id}"
    return f"right {f.right.id} was {'valid' if f.part.ground is Ground.BANNED else f.part.ground} {_when(f, f.right)}"


def overshoot(f: Facts) -> str:
    assert f.right is not None
    over = f.overshoot
    certain = f"{over.certain_m2:.0f} m² of it beyond the position error of {over.error_m} m"
    first, last = f.patch.first_seen, f.patch.after_date
    measured = f.accuracy.measured(first, last)
    how = f"measured {measured[0]:.1f} on {measured[1]} days" if measured else "not measured"
    between = f"between dates {round(f.accuracy.between_dates(first, last), 1):g} ({how})"
    parts = f"image {f.accuracy.geolocation_m:g}, {between}, boundary {f.right.accuracy_m:g}"
    drift = f"plate motion since 2000 {f.accuracy.drifted(last):.1f}"
    return f"{over.area_m2:.0f} m² beyond {_entry(f.right)}, up to {over.max_m:.0f} m; {certain} ({parts}, {drift})"


def dug_on(f: Facts) -> str:
    return "not dug on from ground in a valid right" if f.right is None else f"inside right {f.right.id} or its tolerance"


def legacy(f: Facts) -> str:
    which = f" ({f.legacy.id})" if f.legacy else ""
    return f"{f.legacy_m2:.0f} m² ({f.share(f.legacy_m2):.0%}) on legacy patches{which}"


def zones(f: Facts) -> str:
    return f"{f.banned_m2:.0f} m² ({f.share(f.banned_m2):.0%}) where mining is banned"


def method(f: Facts) -> str:
    return "in no valid right" if f.right is None else f"open to the sky, right {f.right.id} permits {f.right.method or 'any method'}"


def mineral(f: Facts) -> str:
    if f.right is None:
        return "in no valid right"
    return f.other_mineral or f"nothing contradicts {f.right.mineral or 'a mineral that is not said'}"


def farmland(f: Facts) -> str:
    return f"clay-like, {f.farmland_m2:.0f} m² ({f.share(f.farmland_m2):.0%}) on farmland"


def outside(f: Facts) -> str:
    near = f.distance_to_right_m
    return f"outside every right on {f.first_day}" + ("" if near is None else f", {near:.0f} m from the nearest")


def not_mining(f: Facts) -> str:
    return f"mining likelihood {f.patch.mining_likelihood or 0:.2f} < {f.min_likelihood:.2f}: {f.patch.cause.value}"
