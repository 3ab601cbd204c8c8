"""A stand-in for an S3-compatible service: as much of it as one client uses, and what services get wrong."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape, unescape

from tests.servers import Asked, Reply, Server, ranged

KEY, SECRET = "AKIDMINE", "s3cr3tKey"
PAGE = 1000
CHANGED = datetime(2024, 9, 1, tzinfo=UTC)


class S3(Server):
    """Buckets with objects in memory. Requests must name the key; signatures are not checked."""

    def __init__(self) -> None:
        super().__init__()
        self.buckets: dict[str, dict[str, bytes]] = {"county": {}}
        self.page = PAGE
        self.tags = True
        """Whether objects have an ETag."""
        self.signed = True
        self._parts: dict[str, dict[int, bytes]] = {}
        self.routes.append(self._route)

    @property
    def objects(self) -> dict[str, bytes]:
        return self.buckets["county"]

    def add(self, folder: Path, prefix: str) -> None:
        """Upload a folder."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.objects[f"{prefix}/{file.relative_to(folder).as_posix()}"] = file.read_bytes()

    def got(self, method: str = "GET") -> list[str]:
        """Names of objects that were asked for, in order."""
        return [unquote(a.path).split("/", 2)[2] for a in self.asked if a.method == method and a.path.count("/") > 1 and a.path != "/county/"]

    def _route(self, asked: Asked) -> Reply:
        bucket, _, key = unquote(asked.path).removeprefix("/").partition("/")
        said = asked.headers.get("Authorization", asked.headers.get("authorization", ""))
        if self.signed and not re.match(rf"AWS4-HMAC-SHA256 Credential={KEY}/", said):
            return _error(403, "InvalidAccessKeyId", f"<AWSAccessKeyId>{said[:60]}</AWSAccessKeyId>")
        if bucket not in self.buckets:
            return _error(404, "NoSuchBucket")
        objects = self.buckets[bucket]
        if not key and "delete" in asked.query:
            gone = [unescape(name) for name in re.findall(r"<Key>(.*?)</Key>", asked.body.decode())]
            for name in gone:
                objects.pop(name, None)
            done = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in gone)
            return Reply(200, f"<DeleteResult>{done}</DeleteResult>".encode(), {"Content-Type": "application/xml"})
        if not key:
            return self._list(objects, asked)
        if asked.method in ("PUT", "POST"):
            return self._put(objects, key, asked)
        return self._get(objects, key, asked)

    def _tag(self, content: bytes) -> str:
        return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'

    def _list(self, objects: dict[str, bytes], asked: Asked) -> Reply:
        prefix, after = asked.query.get("prefix", [""])[0], asked.query.get("continuation-token", [""])[0]
        names = sorted(name for name in objects if name.startswith(prefix) and name > after)
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2024-09-01T00:00:00.000Z</LastModified>"
            f"{f'<ETag>{self._tag(objects[name])}</ETag>' if self.tags else ''}<Size>{len(objects[name])}</Size></Contents>"
            for name in names[: self.page]
        )
        more = f"<NextContinuationToken>{escape(names[self.page - 1])}</NextContinuationToken>" if len(names) > self.page else ""
        body = f"<ListBucketResult><IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{rows}</ListBucketResult>"
        return Reply(200, body.encode(), {"Content-Type": "application/xml"})

    def _get(self, objects: dict[str, bytes], key: str, asked: Asked) -> Reply:
        if key not in objects:
            return _error(404, "NoSuchKey")
        headers = {name.lower(): value for name, value in asked.headers.items()}
        tag = self._tag(objects[key])
        if headers.get("if-match", tag) != tag:
            return _error(412, "PreconditionFailed")
        asked.headers["Range"] = headers.get("range", "")
        return ranged(objects[key], asked, **{"Last-Modified": format_datetime(CHANGED, usegmt=True)}, **({"ETag": tag} if self.tags else {}))

    def _put(self, objects: dict[str, bytes], key: str, asked: Asked) -> Reply:
        upload = asked.query.get("uploadId", [""])[0]
        if "uploads" in asked.query:
            self._parts[key] = {}
            return Reply(200, f"<InitiateMultipartUploadResult><UploadId>{quote(key)}</UploadId></InitiateMultipartUploadResult>".encode())
        if upload and asked.method == "PUT":
            self._parts[key][int(asked.query["partNumber"][0])] = asked.body
            return Reply(200, headers={"ETag": self._tag(asked.body)})
        objects[key] = b"".join(part for _, part in sorted(self._parts.pop(key).items())) if upload else asked.body
        tag = self._tag(objects[key])
        done = f"<CompleteMultipartUploadResult><ETag>{escape(tag)}</ETag></CompleteMultipartUploadResult>" if upload else ""
        return Reply(200, done.encode(), {"ETag": tag})


def _error(status: int, code: str, more: str = "") -> Reply:
    return Reply(status, f"<Error><Code>{code}</Code>{more}</Error>".encode(), {"Content-Type": "application/xml"})
