"""Text for logs, messages and results: without secrets, and readable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WORDS = "token|secret|password|passwd|signature|credential|authorization|api[_-]?key|access[_-]?key"
_SECRET = rf"(?:[\w-]*(?:{_WORDS})[\w-]*|x-amz-[\w-]+|x-goog-[\w-]+|sig)"
_SECRET_NAME = re.compile(rf"^{_SECRET}$", re.IGNORECASE)
_HIDDEN = (
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s\"'?#]*)\?[^\s\"'<>]*", re.IGNORECASE), r"\1"),  # queries, where signatures are
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+@", re.IGNORECASE), r"\1"),  # users of addresses
    (re.compile(rf"\b({_SECRET})\b[\"']?\s*[=:]\s*[\"']?(?:(?:bearer|basic)\s+)?[^\s&,;\"']+", re.IGNORECASE), r"\1 ***"),
    (re.compile(r"\b(bearer)\s+[\w.~+/=-]+|\b(basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE), r"\1\2 ***"),
)
"""What is hidden, and what takes its place: the name of what was there may stay."""


def scrub(value: Any) -> Any:
    """The same without secrets: no query or user of a URL, no value of anything named like a password."""
    if isinstance(value, Mapping):
        return {str(name): scrub(each) for name, each in value.items() if not _SECRET_NAME.match(str(name))}
    if isinstance(value, list | tuple):
        return [scrub(each) for each in value]
    return scrub_text(value) if isinstance(value, str) else value


def scrub_text(text: str) -> str:
    """As `scrub`."""
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text
