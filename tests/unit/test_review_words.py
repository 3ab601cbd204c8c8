"""What the review page says: the same things in both languages, and a Chinese text for every error that its server can answer with."""

from __future__ import annotations

import re
from pathlib import Path

import pipeline

ROOT = Path(pipeline.__file__).parent
STATIC = ROOT / "review" / "web" / "static"
CODE = re.compile(r"\"(MW-[A-Z-]+)\"")
SPOKEN = (
    *(ROOT / "review" / "web").glob("*.py"), *(ROOT / "ledger").glob("*.py"), ROOT / "months.py", ROOT / "errors.py",
    *(ROOT / "review" / f"{name}.py" for name in ("answers", "decide", "steps", "room", "scribe", "pictures", "desk", "known")),
    ROOT / "publish" / "export" / "finished.py",
)  # fmt: skip
"""Modules whose errors reach the page."""
BESIDE = {
    "MW-REVIEW-HOST",
    "MW-REVIEW-PORT",
    "MW-LEDGER-NO-COPY",
    "MW-REVIEW-FILE",
    "MW-REVIEW-FORMAT",
    "MW-REVIEW-COLUMNS",
    "MW-MEMORY",
    "MW-MONTH",
    "MW-LEDGER",
}
"""Of the command line, before or beside the server; and the beginning of others."""


def table(text: str, name: str) -> dict[str, str]:
    """A table of words of a module of the page."""
    body = text[text.index(f"const {name} = {{") :].partition("\n};")[0]
    found = re.findall(r"(?:^|[\s{,])('[^']+'|\w+): (\([^)]*\) => `[^`]*`|'(?:\\'|[^'])*'|\"[^\"]*\")", body)
    return {key.strip("'"): value for key, value in found}


def test_every_error_has_its_chinese_with_what_to_do() -> None:
    said = table((STATIC / "errors.js").read_text("utf-8"), "ZH")
    codes = {code for file in SPOKEN for code in CODE.findall(file.read_text("utf-8"))} - BESIDE
    assert len(codes) > 25
    assert codes - said.keys() == set()
    for code, text in said.items():
        assert re.search(r"。.*[。]'$", text) or code == "MW-REVIEW-SELF", (code, "says what to do")
        assert not re.search(r"[A-Za-z]{3,}", re.sub(r"minewarden repair|--replay|YYYY-MM(-DD)?", "", text)), text


def test_both_languages_say_the_same_things() -> None:
    words = (STATIC / "words.js").read_text("utf-8")
    chinese, english = table(words, "ZH"), table(words, "EN")
    assert len(chinese) > 120
    assert chinese.keys() == english.keys()
    for key, text in chinese.items():
        assert not re.search(r"[A-Za-z]{3,}", re.sub(r"\$\{.*?\}|\(.*?\) =>|Enter|Esc|Backspace|Shift|NDVI|minewarden review user add", "", text)), (
            key,
            text,
        )
    used = {name for file in STATIC.glob("*.js") for name in re.findall(r"\bt\.(\w+)", file.read_text("utf-8"))}
    assert used - chinese.keys() == set()
