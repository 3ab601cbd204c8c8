"""The server of the review page is killed again and again while two people work: no verdict is lost, and none is applied twice."""

from __future__ import annotations

import http.client
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.ledger import Kind
from pipeline.review.desk import Office
from pipeline.review.users import Role
from tests.review_page import ANSWER_S, Client, make_office, recorded, users_of

KILLS = 30
CALM = 3
ROOT = Path(__file__).parents[2]


class Killed:
    """A server that is killed and started anew."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.review_server", str(folder)]
        self._starter = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lives = 0
        self.written_to = threading.Event()
        """Somebody writes in this life."""
        self.start()

    def start(self) -> None:
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        self._starter.stdin.write("\n")
        self._starter.stdin.flush()
        pid, url = self._starter.stdout.readline().split()
        self._pid, self.port = int(pid), int(url.rsplit(":", 1)[1].strip("/"))
        self.lives += 1

    def kill(self) -> None:
        self.written_to.clear()
        os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self._starter.communicate(timeout=ANSWER_S)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_office(tmp_path_factory.mktemp("killed") / "county", scenes=False)


@pytest.fixture
def server(office: Office) -> Iterator[Killed]:
    made = Killed(office.project.root)
    yield made
    made.close()


@dataclass
class Person:
    """Decides on one case after the other as the page does: a write is sent again, under its key, until it is answered.

    Once nobody kills the server any more, a few more are decided.
    """

    token: str
    name: str
    server: Killed
    answered: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Case and note, by key."""
    client: Client | None = None
    life: int = -1

    def work(self, cases: list[str], stop: threading.Event) -> None:
        number, calm = 0, 0
        while calm < CALM:
            number += 1
            case, key, note = cases[number % len(cases)], secrets.token_hex(16), f"{self.name} {number}"
            body = {"key": key, "review": "confirmed", "review_note": note}
            while not self.try_once(case, body):
                pass
            self.answered[key] = case, note
            calm += stop.is_set()

    def try_once(self, case: str, body: dict[str, object]) -> bool:
        try:
            life = self.server.lives
            if self.client is None or self.life != life:
                self.client, self.life = Client(self.server.port).login(self.token), life
            if "version" not in body:
                body["version"] = self.client.get(f"/api/case/{case}").json["state"]["version"]
            self.server.written_to.set()
            reply = self.client.post(f"/api/case/{case}/verdict", body)
        except (OSError, http.client.HTTPException):
            self.client = None
            return False
        if reply.status == 503:
            return False
        assert reply.status == 200, reply.body
        return True


def test_no_verdict_is_lost_and_none_applied_twice(server: Killed, office: Office) -> None:
    users = users_of(office)
    people = [Person(users.add(name, Role.REVIEWER), name, server) for name in ("王核查", "李核查")]
    with recorded(office) as ledger:
        cases = sorted(ledger.case_ids())
    stop, met = threading.Event(), list[BaseException]()

    def work(person: Person) -> None:
        try:
            person.work(cases, stop)
        except BaseException as error:
            met.append(error)

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    chance = random.Random(30)
    for _ in range(KILLS):
        assert server.written_to.wait(ANSWER_S)
        stop.wait(chance.uniform(0.0, 0.04))  # so that it dies before, in the middle of and after the write
        server.kill()
        server.start()
    stop.set()
    for thread in threads:
        thread.join(ANSWER_S)
    assert not met, met
    with recorded(office) as ledger:
        assert ledger.verify_audit() == []
        standings, events = ledger.standings(), ledger.events()
    verdicts = Counter((case, verdict.note) for case, standing in standings.items() for verdict in standing.verdicts)
    late = Counter((case, event.detail["note"]) for case, each in events.items() for event in each if event.kind is Kind.LATE)
    kept = verdicts + late
    for person in people:
        assert len(person.answered) >= CALM
        for key, (case, note) in person.answered.items():
            assert kept[case, note] == 1, f"{key}: {note}"
    assert max(kept.values()) == 1
