"""POSTs with an Idempotency-Key over cut connections, to a service that is killed: done once, answered with the same bytes.

    python -m tests.contract.retries --posts 10000 --kills 20 --database postgresql

Every request is sent again until it is acknowledged. In the end each is sent once more, and the register is read whole.
"""

import argparse
import random
import socket
import struct
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from threading import Event, Lock, Thread
from typing import Any

import httpx
import orjson

from service.database import Database
from tests.contract.service import Kind, Service, new_register, served

CUT_OFTEN = 0.4
MOST_CUTS = 6
AGAIN_OFTEN = 0.2
PATIENCE_SECONDS = 120.0


@dataclass
class Outcome:
    """What a run came to. Anything in `violations` is a defect."""

    posts: int = 0
    attempts: int = 0
    cuts: int = 0
    lost: int = 0
    kills: int = 0
    replayed: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


@dataclass
class Post:
    """One request, and the answer that acknowledged it."""

    number: int
    plural: str
    body: bytes
    acknowledged: bytes | None = None

    @property
    def key(self) -> str:
        """Its Idempotency-Key."""
        return f"retry-{self.number}"


class Sender:
    """Sends posts to one service, and counts what becomes of them."""

    def __init__(self, service: Service, outcome: Outcome, seed: int) -> None:
        self.service = service
        self.outcome = outcome
        self.seed = seed
        self.lock = Lock()
        self.acknowledged = 0

    def until_acknowledged(self, post: Post) -> None:
        """Send it again and again; some of the first tries are cut off by us."""
        chance = random.Random(self.seed * 1_000_003 + post.number)
        deadline, cuts = time.monotonic() + PATIENCE_SECONDS, 0
        while time.monotonic() < deadline:
            cut = cuts < MOST_CUTS and chance.random() < CUT_OFTEN
            cuts += cut
            answer = self._try(post, chance, cut=cut)
            if answer is not None and self._is_final(post, *answer):
                if chance.random() < AGAIN_OFTEN:
                    self.again(post)
                return
        self._violation(post, "was never acknowledged")

    def again(self, post: Post) -> None:
        """An acknowledged request once more: the same bytes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._try(post, random.Random(post.number), cut=False)
            if answer is not None and self._is_final(post, *answer):
                return
        self._violation(post, "was not answered again")

    def _try(self, post: Post, chance: random.Random, *, cut: bool) -> tuple[int, bytes, bool] | None:
        with self.lock:
            self.outcome.attempts += 1
            self.outcome.cuts += cut
        try:
            with socket.create_connection(("127.0.0.1", self.service.port), timeout=30) as connection:
                if not cut:
                    return _asked(connection, post)
                _cut_off(connection, post, chance)
                return None
        except (OSError, HTTPException):
            with self.lock:
                self.outcome.lost += 1
            time.sleep(0.05)
            return None

    def _is_final(self, post: Post, status: int, body: bytes, replayed: bool) -> bool:
        with self.lock:
            self.outcome.statuses[status] += 1
            self.outcome.replayed += replayed
            self.acknowledged += post.acknowledged is None and status == 201
        if status == 201:
            if post.acknowledged not in (None, body):
                self._violation(post, f"answered {body!r} after {post.acknowledged!r}")
            if post.acknowledged is not None and not replayed:
                self._violation(post, "was done again after it was acknowledged")
            post.acknowledged = body
            return True
        if status not in (409, 503):
            self._violation(post, f"answered {status}: {body!r}")
            return True
        time.sleep(0.05)
        return False

    def _violation(self, post: Post, what: str) -> None:
        with self.lock:
            self.outcome.violations.append(f"{post.key}: {what}")


def _request(post: Post) -> bytes:
    head = f"POST /v1/{post.plural} HTTP/1.1\r\nHost: register\r\nConnection: close\r\nIdempotency-Key: {post.key}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(post.body)}\r\n\r\n".encode() + post.body


def _asked(connection: socket.socket, post: Post) -> tuple[int, bytes, bool]:
    connection.sendall(_request(post))
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read(), answer.headers["Idempotency-Replayed"] == "true"


def _cut_off(connection: socket.socket, post: Post, chance: random.Random) -> None:
    """Reset the connection in the middle of the request, or before the answer is read."""
    whole = _request(post)
    connection.sendall(whole if chance.random() < 0.8 else whole[: chance.randrange(len(whole))])
    time.sleep(chance.uniform(0, 0.03))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def run(kind: Kind, *, posts: int, kills: int, seed: int = 1, senders: int = 8) -> Outcome:
    """Post, cut and kill; then send everything once more, and compare with what the register has."""
    outcome = Outcome(posts=posts)
    wanted = [_post(number) for number in range(posts)]
    with new_register(kind) as (url, folder), served(url, folder) as service:
        sender, done = Sender(service, outcome, seed), Event()
        killing = Thread(target=_kill, args=(sender, posts, kills, done, random.Random(seed)))
        killing.start()
        with ThreadPoolExecutor(senders) as threads:
            list(threads.map(sender.until_acknowledged, wanted))
        done.set()
        killing.join()
        with ThreadPoolExecutor(senders) as threads:
            list(threads.map(sender.again, wanted))
        _compare(service.url, url, wanted, outcome)
    return outcome


def _post(number: int) -> Post:
    if number % 3 == 0:
        return Post(number, "people", orjson.dumps({"name_en": f"Person {number}"}))
    return Post(number, "engagements", orjson.dumps({"kind": "meeting", "title_en": f"Meeting {number}"}))


def _kill(sender: Sender, posts: int, kills: int, done: Event, chance: random.Random) -> None:
    for n in range(1, kills + 1):
        while sender.acknowledged < posts * n // (kills + 1) and not done.is_set():
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.03))
        sender.service.kill()
        sender.outcome.kills += 1
        sender.service.start()


def _compare(url: str, database_url: str, wanted: list[Post], outcome: Outcome) -> None:
    """Every acknowledged record is there once and as it was answered; nothing else is there."""
    there = {**_listed(url, "people"), **_listed(url, "engagements")}
    answered: dict[str, Any] = {}
    for post in wanted:
        body = orjson.loads(post.acknowledged or b"{}")
        if body.get("id") in answered:
            outcome.violations.append(f"{post.key}: two keys were answered with {body['id']}")
        answered[body.get("id")] = body
    if missing := answered.keys() - there.keys():
        outcome.violations.append(f"{len(missing)} acknowledged records are missing")
    if more := there.keys() - answered.keys():
        outcome.violations.append(f"{len(more)} records are there that no answer told of")
    database = Database(database_url)
    [(revisions,)] = database.ask("SELECT count(*) FROM revision", {})
    database.dispose()
    if revisions != len(wanted):
        outcome.violations.append(f"{revisions} revisions of {len(wanted)} requests")


def _listed(url: str, plural: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with httpx.Client(base_url=url, timeout=60) as client:
        asked: dict[str, str] = {"limit": "200"}
        while True:
            page = client.get(f"/v1/{plural}", params=asked).raise_for_status().json()
            found |= {item["id"]: item for item in page["items"]}
            if page["next_cursor"] is None:
                return found
            asked["cursor"] = page["next_cursor"]


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--posts", type=int, default=10_000)
    known.add_argument("--kills", type=int, default=20)
    known.add_argument("--seed", type=int, default=1)
    known.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = known.parse_args()
    began = time.monotonic()
    outcome = run(asked.database, posts=asked.posts, kills=asked.kills, seed=asked.seed)
    summary = (
        f"{asked.database}: {outcome.posts} posts in {outcome.attempts} attempts, {outcome.cuts} cut off, {outcome.lost} lost,"
        f" {outcome.kills} kills, {outcome.replayed} answered from memory, statuses {dict(outcome.statuses)},"
        f" {time.monotonic() - began:.0f} s, {len(outcome.violations)} violations"
    )
    sys.stdout.write("\n  ".join([summary, *outcome.violations[:20]]) + "\n")
    raise SystemExit(bool(outcome.violations))


if __name__ == "__main__":
    main()
