"""Who may open the review page: names, roles, and the hashes of their tokens, in one file that only its owner can read."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from filelock import FileLock

from pipeline.errors import Exit, MinewardenError
from pipeline.files import fsync_folder
from pipeline.review.apply import checked_name

NAME = "reviewers.json"
CHANGED = "user"
"""The action under which the audit trail holds who was let in or shut out."""
TOKEN_BYTES = 32
"""A token is random: 256 bits can't be guessed, so that a plain SHA-256 of it keeps it, where a password would need a slow hash."""


class Role(StrEnum):
    """What a person may do. An auditor may do what a reviewer may, and audit."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"

    @property
    def decides(self) -> bool:
        return self is not Role.VIEWER

    @property
    def audits(self) -> bool:
        return self is Role.AUDITOR


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    sha256: str
    """Of the token."""
    added: str


class Users:
    """The file of users; read anew whenever it has changed, so that who is removed is out at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._mark: tuple[int, int, int] | None = None
        self._users: Mapping[str, User] = {}

    def all(self) -> Mapping[str, User]:
        """By name. Raises MinewardenError `MW-REVIEW-USERS` where the file is damaged."""
        try:
            stat = self.file.stat()
        except FileNotFoundError:
            return {}
        mark = stat.st_mtime_ns, stat.st_size, stat.st_ino
        if mark != self._mark:
            self._users, self._mark = self._read(), mark
        return self._users

    def of_token(self, token: str) -> User | None:
        digest = sha256(token)
        found = None
        for user in self.all().values():  # all are compared, so that the time tells nothing
            if hmac.compare_digest(user.sha256, digest):
                found = user
        return found

    def add(self, name: str, role: Role) -> str:
        """A new user's token, which is kept nowhere.

        Raises MinewardenError `MW-REVIEW-NAME` or `MW-REVIEW-USER`.
        """
        name, token = checked_name(name), secrets.token_urlsafe(TOKEN_BYTES)
        with self._locked():
            users = dict(self.all())
            if name in users:
                fix = "Remove the user first: the old token then ends."
                raise MinewardenError("MW-REVIEW-USER", f"There is a user {name!r} already.", fix)
            users[name] = User(name, role, sha256(token), datetime.now(UTC).isoformat(timespec="seconds"))
            self._write(users)
        return token

    def remove(self, name: str) -> None:
        """Raises MinewardenError `MW-REVIEW-USER` where there is none of that name."""
        with self._locked():
            users = dict(self.all())
            if users.pop(name, None) is None:
                raise MinewardenError("MW-REVIEW-USER", f"There is no user {name[:80]!r}.", "See 'review user list'.")
            self._write(users)

    def _locked(self) -> FileLock:
        return FileLock(self.file.with_name(f".{NAME}.lock"), mode=0o600)

    def _read(self) -> Mapping[str, User]:
        try:
            rows = json.loads(self.file.read_text("utf-8"))
            return {name: User(name, Role(row["role"]), str(row["sha256"]), str(row["added"])) for name, row in rows.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            fix = "Remove the file and add the users anew: their tokens end, verdicts stay."
            raise MinewardenError("MW-REVIEW-USERS", f"{self.file} is damaged.", fix, Exit.DAMAGED) from error

    def _write(self, users: Mapping[str, User]) -> None:
        rows = {user.name: {"role": str(user.role), "sha256": user.sha256, "added": user.added} for user in users.values()}
        draft = self.file.with_name(f".{NAME}.tmp")
        draft.unlink(missing_ok=True)
        # Never readable by others, not even for a moment.
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, ensure_ascii=False, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, self.file)
        fsync_folder(self.file.parent)


def sha256(token: str) -> str:
    """Of a token or a cookie, whatever signs it has."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
