"""What people read, in their language: everything is written in Chinese, and `english` holds the same in English."""

from __future__ import annotations

from enum import StrEnum

from pipeline.publish.english import ENGLISH


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


class Say:
    """Says a Chinese text in a language; a name that has no translation stays as it is."""

    def __init__(self, language: Language = Language.ZH) -> None:
        self.language = language

    def __call__(self, text: str, **values: object) -> str:
        """`{name}` in the text is filled with the value of that name; a text without values is taken as it stands."""
        said = ENGLISH.get(text, text) if self.language is Language.EN else text
        return said.format(**values) if values else said


CHINESE = Say()
