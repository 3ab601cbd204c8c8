"""Objects of an S3-compatible service, through obstore: bounded in tries, time and bytes, and silent about secrets.

Nothing here is imported where no path begins with `s3://`.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, InvalidPathError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import S3Store

from pipeline.errors import Exit, MinewardenError
from pipeline.sources.bucket_access import ENDPOINTS, KEY, REGIONS, SECRET, BucketStop, credentials, endpoint, host, region
from pipeline.sources.pieces import PieceFile
from pipeline.sources.transcode import write_failed

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta
    from obstore.store import BackoffConfig, ClientConfig, RetryConfig, S3Config

TRIES = 5
_WHOLE = timedelta(seconds=600)
BACKOFF: BackoffConfig = {"init_backoff": timedelta(seconds=1), "max_backoff": timedelta(seconds=30), "base": 2}
"""Pauses between tries."""
LONGEST: ClientConfig = {"connect_timeout": timedelta(seconds=10), "read_timeout": timedelta(seconds=60), "timeout": _WHOLE}
MOST_OBJECTS = 500_000
PAGE = 1000
_PIECE = 1 << 20
_STATUS = re.compile(r"status code: ([0-9]{3})")
_LATER = "Run again later: what is there already is kept."


@dataclass(frozen=True, slots=True)
class Object:
    """An object as a listing tells it."""

    name: str
    """Below the bucket's prefix."""
    size: int
    version: str
    """Its ETag; the time of its change where the service gives none. Another content, another version."""
    changed_s: float
    """Since 1970."""


class Bucket:
    """The objects below a prefix. Holds no secret: those are in the environment, and in the library's own memory."""

    def __init__(self, url: str) -> None:
        """url: `s3://bucket/prefix`, as the config checks it."""
        self.url = url.rstrip("/")
        self.name, _, self.prefix = self.url.removeprefix("s3://").partition("/")
        self._listed: Sequence[Object] = ()
        self._worked: str | None = None
        self._guard = threading.Lock()

    def __reduce__(self) -> tuple[Callable[[str], Bucket], tuple[str]]:
        """Workers elsewhere open it by its address."""
        return bucket_of, (self.url,)

    @cached_property
    def _store(self) -> S3Store:
        address, by_host = endpoint(self.name)
        client: ClientConfig = {**LONGEST, "allow_http": address.startswith("http://"), "user_agent": "minewarden"}
        again: RetryConfig = {"max_retries": TRIES - 1, "retry_timeout": _WHOLE, "backoff": BACKOFF}
        config: S3Config = {"endpoint": address, "virtual_hosted_style_request": by_host, "region": region(), **credentials()}
        with self._asking(None):
            return S3Store(self.name, prefix=self.prefix or None, config=config, client_options=client, retry_config=again)

    def of(self, name: str) -> str:
        """Address of an object."""
        return f"{self.url}/{name}"

    def list(self, below: str = "") -> list[Object]:
        """All objects, or those in a folder, by name. Raises BucketStop."""
        found: list[Object] = []
        with self._asking(None):
            for page in obstore.list(self._store, below or None, chunk_size=PAGE):
                found += map(_object, page)
                if len(found) > MOST_OBJECTS:
                    raise BucketStop("MW-S3-SIZE", f"{self.url} holds more than {MOST_OBJECTS} objects.", "Give the county's own folder in it.")
        if not below:
            self._listed = found
        return sorted(found, key=lambda each: each.name)

    def read(self, of: Object, most: int) -> bytes:
        """An object, whole, as long as it is the one that was listed. Raises MinewardenError `MW-S3-…`."""
        if of.size > most:
            raise MinewardenError("MW-S3-SIZE", f"{of.name} has {of.size} bytes; {most} are allowed.", "Is it the right file?")
        with self._asking(of.name):
            body = bytes(obstore.get(self._store, of.name, options=_if_same(of)).bytes())
        if len(body) != of.size:
            raise self._changed(of.name)
        self._worked = of.name
        return body

    def part(self, of: Object, first: int, last: int) -> bytes:
        """Bytes from first to last of an object, both included, as long as it is the one that was listed."""
        options: GetOptions = {"range": (first, last + 1), **_if_same(of)}
        with self._asking(of.name):
            body = bytes(obstore.get(self._store, of.name, options=options).bytes())
        if len(body) != last + 1 - first:
            raise self._changed(of.name)
        self._worked = of.name
        return body

    def copy(self, of: Object, target: Path) -> None:
        """Write an object to a file, as long as it is the one that was listed. Raises StoreError where the file can't be written."""
        written = 0
        with _draft(target) as write, self._asking(of.name):
            for piece in obstore.get(self._store, of.name, options=_if_same(of)).stream(min_chunk_size=_PIECE):
                written += len(piece)
                if written > of.size:
                    break
                write(piece)
        if written != of.size:
            raise self._changed(of.name)
        self._worked = of.name

    def put(self, name: str, content: bytes | Path) -> None:
        """Write an object: it is there whole, or not at all."""
        with self._asking(None, writes=True):
            obstore.put(self._store, name, content)

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; those that are gone already are none the worse."""
        if names:
            with self._asking(None, writes=True):
                obstore.delete(self._store, names)

    def open(self, of: Object, length: int) -> ObjectFile:
        """An object to be read piece by piece."""
        return ObjectFile(self, of, length)

    def _changed(self, name: str) -> MinewardenError:
        return MinewardenError("MW-S3-CHANGED", f"{name} was replaced while it was read.", "Run again.")

    @contextmanager
    def _asking(self, name: str | None, *, writes: bool = False) -> Iterator[None]:
        """What the library raises inside, told without what an answer quotes. name: of the one object that is asked for."""
        try:
            yield
        except FileNotFoundError:
            if name is None:
                raise self._no_bucket() from None
            raise MinewardenError("MW-S3-GONE", f"{name} is gone since it was listed.", "Run again.") from None
        except PreconditionError:
            raise self._changed(name or self.url) from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise self._denied(name, writes, 401 if isinstance(error, UnauthenticatedError) else 403) from None
        except (InvalidPathError, ValueError) as error:
            where = "".join(sign if sign.isprintable() else "?" for sign in str(error).partition("\n")[0])
            fix = "Rename or remove that object: names hold no `..`, `//` and control signs."
            raise BucketStop("MW-S3-NAME", f"{self.url} holds a name that can't be used: {where[:300]}.", fix) from None
        except BaseError as error:
            raise self._of_status(error, name, writes) from None

    def _of_status(self, error: BaseError, name: str | None, writes: bool) -> MinewardenError:
        found = _STATUS.search(str(error))
        status = int(found[1]) if found else 0
        if status in (401, 403):
            return self._denied(name, writes, status)
        if status == 404 and name is None:
            return self._no_bucket()
        if "redirect" in str(error):
            message = f"{self.url} lies in another region than {region()}."
            return BucketStop("MW-S3-REGION", message, f"Set {REGIONS[0]}, or {ENDPOINTS[1]}.")
        problem = f"it says {status}" if status else "the connection broke, or what came was no answer"
        return BucketStop("MW-S3-AGAIN", f"{self._of(name)} can't be had ({problem}; {TRIES} tries).", _LATER, Exit.FAULT)

    def _no_bucket(self) -> BucketStop:
        fix = f"Check the path, {ENDPOINTS[1]} and {REGIONS[0]}."
        return BucketStop("MW-S3-BUCKET", f"There is no bucket {self.name} at {host(self.name)}.", fix)

    def _of(self, name: str | None) -> str:
        return self.of(name) if name else self.url

    def _denied(self, name: str | None, writes: bool, status: int) -> MinewardenError:
        """One object that is denied while others are given costs its scene: services say 403 of what is not there."""
        fix = f"Check {KEY}, {SECRET} and what they may do."
        if not os.environ.get(KEY):
            fix = f"Nothing is in the environment: set {KEY} and {SECRET} (docs/sources.md); cron has an environment of its own."
        message = f"{self._of(name)} says {status}: {'writing' if writes else 'reading'} it is not allowed."
        if name is not None and self._gives_others(name):
            return MinewardenError("MW-S3-DENIED", f"{name} is denied ({status}), others are not: it is not there, or has rights of its own.", fix)
        return BucketStop("MW-S3-DENIED", message, fix)

    def _gives_others(self, name: str) -> bool:
        with self._guard:
            others = [self._worked, *(each.name for each in self._listed if each.size)]
            for other in list(dict.fromkeys(each for each in others if each not in (None, name)))[:3]:
                try:
                    obstore.get_range(self._store, str(other), start=0, end=1)
                except (BaseError, OSError):
                    continue
                return True
        return False


_buckets: dict[str, Bucket] = {}
_sharing = threading.Lock()


def bucket_of(url: str) -> Bucket:
    """The bucket of an address, one for all of this process."""
    with _sharing:
        return _buckets.setdefault(url, Bucket(url))


class ObjectFile(PieceFile):
    """An object, read-only and seekable."""

    def __init__(self, bucket: Bucket, of: Object, length: int) -> None:
        super().__init__(of.size, length)
        self._bucket, self._object = bucket, of
        self.name = of.name

    def fetch(self, first: int, last: int) -> bytes:
        return self._bucket.part(self._object, first, last)


@contextmanager
def _draft(target: Path) -> Iterator[Callable[[bytes], None]]:
    """Writes pieces to a file; StoreError where it can't be written."""
    try:
        with target.open("wb") as stream:

            def write(piece: bytes) -> None:
                try:
                    stream.write(piece)
                except OSError as error:
                    raise write_failed(error, target) from error

            yield write
    except OSError as error:
        raise write_failed(error, target) from error


def _object(meta: ObjectMeta) -> Object:
    changed = meta["last_modified"].timestamp()
    return Object(meta["path"], meta["size"], meta["e_tag"] or str(changed), changed)


def _if_same(of: Object) -> GetOptions:
    """Asks for the object that was listed, where the service gives it a tag that stands for its bytes."""
    return {"if_match": of.version} if of.version.startswith('"') else {}
