"""Where object storage is and who asks for it: told by the environment alone, by the names that every S3 client knows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.sources.transcode import StoreError

if TYPE_CHECKING:
    from obstore.store import S3Config

KEY, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
BY_HOST = "AWS_VIRTUAL_HOSTED_STYLE_REQUEST"
"""`true` where a service wants the bucket's name before its own host's name; else it stands in the path."""
BY_HOST_ONLY = (".aliyuncs.com", ".myqcloud.com", ".myhuaweicloud.com", ".volces.com")
"""Services that take it nowhere else."""


class BucketStop(StoreError):
    """A service that can't be used now: no scene is at fault. The next run goes on where this one stopped."""


def _first(names: Sequence[str]) -> str:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")


def region() -> str:
    return _first(REGIONS) or "us-east-1"


def credentials() -> S3Config:
    """From the environment only: nothing is looked up in files or asked of the machine's cloud. Without any, requests are not signed."""
    key, secret, token = (os.environ.get(name, "").strip() for name in (KEY, SECRET, TOKEN))
    if bool(key) != bool(secret):
        raise BucketStop("MW-S3-CREDENTIALS", f"Of {KEY} and {SECRET} only one is in the environment.", "Set both, or neither for a public bucket.")
    if not key:
        return {"skip_signature": True}
    signed: S3Config = {"access_key_id": key, "secret_access_key": secret}
    return {**signed, "session_token": token} if token else signed


def endpoint(bucket: str) -> tuple[str, bool]:
    """Address of the service, and whether the bucket stands in its host. Raises BucketStop where the environment holds none."""
    url = _first(ENDPOINTS) or _amazon()
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and not parts.query and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BucketStop("MW-S3-ENDPOINT", f"{' or '.join(ENDPOINTS)} holds no address of a service.", "Write it as https://s3.example.com.")
    netloc = parts.netloc
    by_host = os.environ.get(BY_HOST, "").strip().lower() in ("1", "true", "yes") or str(parts.hostname).endswith(BY_HOST_ONLY)
    if by_host and not netloc.startswith(f"{bucket}."):
        netloc = f"{bucket}.{netloc}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}", by_host


def _amazon() -> str:
    return f"https://s3.{region()}.amazonaws.com{'.cn' if region().startswith('cn-') else ''}"


def host(bucket: str) -> str:
    """The service's host, as a person is told it."""
    return str(urlsplit(endpoint(bucket)[0]).hostname)
