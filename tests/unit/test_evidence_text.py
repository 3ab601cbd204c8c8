"""Text in pictures: nothing of it is interpreted, it stays where it belongs, and what the font lacks is seen."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.publish import basis, evidence, styles, words
from pipeline.publish.evidence import text

LONG = "会宁县" + "河畔镇砖瓦用粘土" * 25
RIGHT_TO_LEFT = "\u202e矿\u200f山\u2066 a\u0007b\n\tc"


def test_the_font_has_every_word_of_ours() -> None:
    files = [*Path(evidence.__file__).parent.glob("*.py"), *(Path(str(module.__file__)) for module in (basis, styles, words))]
    said = {node.value for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Constant)}
    signs = {sign for each in said if isinstance(each, str) for sign in each} | set("".join([*FINDINGS.values(), *CAUSES.values()]))
    assert {sign for sign in signs if sign.isprintable()} - text._known() == set()


def test_the_list_of_signs_is_that_of_the_font() -> None:
    face = ImageFont.truetype(str(text.FONT), 20)
    nothing = face.getmask("\U000f0000").getbbox()
    sample = sorted(sign for sign in text._known() if not sign.isspace())[::20]
    drawn = sum(face.getmask(sign).getbbox() != nothing for sign in sample)
    assert drawn >= len(sample) - 5, "all but signs that are as large as the box of a missing one"
    assert len(text._known()) > 7000
    assert text.FONT.stat().st_size < 1.2e6
    assert "Apache License" in (text.FONT.parent / "LICENSE.txt").read_text("utf-8")


def test_marks_that_nobody_sees_are_left_out() -> None:
    assert text.plain(RIGHT_TO_LEFT) == "矿山 a b c"
    assert text.plain("<img src=x onerror=alert(1)>") == "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("said", [LONG, "x" * 200, "مرحبا" * 40, "𠮷" * 50, "<img onerror=…>" * 20])
def test_long_text_is_clipped_to_its_room(said: str) -> None:
    short = text.clipped(said, 15, 200)
    assert short.endswith("…")
    assert text.width(short, 15) <= 200
    assert text.mask(short, 15).shape[1] <= 204
    lines = text.wrapped(said, 15, 200, 3)
    assert len(lines) == 3
    assert all(text.width(line, 15) <= 200 for line in lines)
    assert lines[-1].endswith("…")


def test_text_that_fits_stays_whole() -> None:
    assert text.clipped("会宁县", 15, 200) == "会宁县"
    assert text.wrapped("扣除位置误差 9 m 后仍有 5,782 m²", 15, 120, 4) == ["扣除位置误差 9 m", "后仍有 5,782 m²"]
    assert text.wrapped("编号 C6204222013117195341542", 15, 200, 2) == ["编号", "C6204222013117195341542"], "words stay whole"
    assert text.wrapped("", 15, 120, 2) == []


def test_signs_that_the_font_lacks_are_shown_by_their_code_point() -> None:
    lacking = [sign for sign in "𠮷ش한\ud800" if sign not in text._known()]
    assert len(lacking) == 4
    boxes = [text._glyph(sign, 16).mask for sign in lacking]
    for box in boxes:
        assert box[0].min() == box[-1].min() == box[:, 0].min() == box[:, -1].min() == 255, "a box"
        assert (box[2:-2, 2:-2] > 0).any(), "with something in it"
    assert len({box.tobytes() for box in boxes}) == 4, "each its own"
    assert text.width("𠮷", 16) > 16


def test_a_mask_holds_the_text() -> None:
    assert (text.mask("矿卫", 18) > 0).any()
    assert text.mask("矿卫", 18, bold=True).sum() > text.mask("矿卫", 18).sum()
    assert text.mask("", 18).max() == 0
    assert np.array_equal(text.mask("矿卫", 18), text.mask("矿卫", 18))
