"""The page's files, read once: what is not among them is not served."""

from __future__ import annotations

from pathlib import Path

from pipeline.publish.evidence.text import FONT

LANGUAGES = {"zh": "zh-CN", "en": "en"}
_FOLDER = Path(__file__).parent / "static"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".ttf": "font/ttf"}
PAGE = "index.html"


class Assets:
    def __init__(self, language: str) -> None:
        self._language = language
        self._files = {file.name: (file.read_bytes(), _kind(file)) for file in sorted(_FOLDER.iterdir()) if file.suffix in _KINDS}
        self._files[FONT.name] = FONT.read_bytes(), _kind(FONT)

    def file(self, name: str) -> tuple[bytes, str] | None:
        """Content and type of a file of the page; None for what is none."""
        return self._files.get(name) if name != PAGE else None

    def page(self, language: str | None) -> tuple[bytes, str]:
        """The page, in the language asked for or else the server's."""
        content, kind = self._files[PAGE]
        chosen = LANGUAGES.get(language or "", LANGUAGES[self._language])
        return content.replace(b'lang="zh-CN"', f'lang="{chosen}"'.encode(), 1), kind


def _kind(file: Path) -> str:
    kind = _KINDS[file.suffix]
    return kind if kind.startswith(("image", "font")) else f"{kind}; charset=utf-8"
