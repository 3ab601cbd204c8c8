"""Paths as a config may give them: of this computer, or in object storage."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag


def _plain_path(value: Path) -> Path:
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in str(value)) or len(str(value)) > 1000:
        raise ValueError("not a path: it holds control signs or is longer than 1000 signs")
    return value


def _local(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("not a path: it is empty")
    if isinstance(value, str) and "://" in value:
        raise ValueError("not a path of this computer")
    return value


LocalPath = Annotated[Path, AfterValidator(_plain_path)]
"""Whoever reads it refuses what is no file of this computer."""
OwnPath = Annotated[LocalPath, BeforeValidator(_local)]


def _bucket(value: str) -> str:
    """An address in object storage, without the `/` at its end."""
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)*/?", value) or len(value) > 1000:
        raise ValueError("not an address of the form s3://bucket/prefix")
    if any(ord(sign) < 32 or ord(sign) == 127 or sign in "?#" for sign in value) or {".", ".."} & set(value.split("/")):
        raise ValueError("not a prefix of names: it holds `.`, `..`, `?`, `#` or control signs")
    return value.rstrip("/")


def _kind_of_path(value: Any) -> str:
    return "bucket" if isinstance(value, str) and value.startswith("s3:") else "local"


PathOrBucket = Annotated[Annotated[str, AfterValidator(_bucket), Tag("bucket")] | Annotated[OwnPath, Tag("local")], Discriminator(_kind_of_path)]
"""A path of this computer, or `s3://bucket/prefix`."""
