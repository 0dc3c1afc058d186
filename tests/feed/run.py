"""One run: writers over HTTP, a follower that is killed and started again, and the comparison of its copy with the register."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

from service.database import Database
from tests.packaging.started import free_port, serving

MERGE = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
NOUNS = {"engagement": "engagements", "person": "people", "organization": "organizations"}


@dataclass
class Outcome:
    """What a run came to. Anything in `violations` is a defect."""

    kills: int = 0
    writes: int = 0
    taken: int = 0
    violations: list[str] = field(default_factory=list)


def run(database_url: str, folder: Path, *, kills: int, writers: int = 3, seed: int = 1) -> Outcome:
    """Write, follow and kill; then let the follower catch up, and compare."""
    outcome, chance, done = Outcome(), random.Random(seed), Event()
    with served(database_url, folder) as url:
        writing = [Thread(target=write, args=(url, random.Random(seed * 100 + n), done, outcome)) for n in range(writers)]
        for each in writing:
            each.start()
        for _ in range(kills):
            with following(url, folder) as follower:
                time.sleep(chance.uniform(0.3, 1.2))
                follower.send_signal(signal.SIGKILL)
            outcome.kills += 1
        done.set()
        for each in writing:
            each.join(60)
        with following(url, folder) as follower:
            until_caught_up(url, folder)
            follower.kill()
        compare(url, folder, database_url, outcome)
    return outcome


@contextmanager
def served(database_url: str, folder: Path) -> Iterator[str]:
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ENGAGEMENTS_")},
        "ENGAGEMENTS_DATABASE_URL": database_url,
        "ENGAGEMENTS_DATA_DIR": str(folder / "data"),
        "ENGAGEMENTS_PORT": str(port),
        "ENGAGEMENTS_WORKER": "outside",
        "ENGAGEMENTS_LOG_LEVEL": "warning",
    }
    (folder / "data").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "service", "serve"]
    with serving(command, cwd=Path.cwd(), env=environment, port=port, log=folder / "log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def following(url: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "tests.feed.follower", url, str(folder / "copy.db")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as follower:
        try:
            yield follower
        finally:
            follower.kill()


def write(url: str, chance: random.Random, done: Event, outcome: Outcome) -> None:
    """Record, revise, withdraw, restore, merge and unmerge, until told to stop."""
    with httpx.Client(base_url=url, timeout=60) as client:
        known: dict[str, list[str]] = {"engagements": [], "people": []}
        while not done.is_set():
            plural = chance.choice(list(known))
            made = known[plural]
            if len(made) < 4 or chance.random() < 0.2:
                name = f"{plural} {chance.random()}"
                body = {"name_en": name} if plural == "people" else {"kind": "meeting", "title_en": name}
                made.append(client.post(f"/v1/{plural}", json=body).raise_for_status().json()["id"])
            else:
                one, other = chance.sample(made, 2)
                verb = chance.choice(["revise", "revise", "revise", "withdraw", "restore", "merge", "unmerge"])
                if verb == "revise":
                    answer = client.patch(f"/v1/{plural}/{one}", json={"note": str(chance.random())}, headers=MERGE)
                else:
                    answer = client.post(f"/v1/{plural}/{one}/{verb}", json={"into": other} if verb == "merge" else None)
                if answer.status_code >= 500:
                    outcome.violations.append(f"{verb}: {answer.text}")
            outcome.writes += 1


def until_caught_up(url: str, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with sqlite3.connect(folder / "copy.db", timeout=30) as copy:
            # On a busy machine each follower may have been killed before it had made its tables.
            begun = copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'place'").fetchone() == (1,)
            place = copy.execute("SELECT cursor FROM place").fetchone() if begun else None
        if place and not httpx.get(f"{url}/v1/changes", params={"after": place[0]}).raise_for_status().json()["items"]:
            return
        time.sleep(0.1)
    raise AssertionError("the follower did not catch up")


def compare(url: str, folder: Path, database_url: str, outcome: Outcome) -> None:
    """Every revision was taken in exactly once and in order, and the copy is what the register shows."""
    copy = sqlite3.connect(folder / "copy.db")
    taken = copy.execute("SELECT id, version FROM taken ORDER BY n").fetchall()
    outcome.taken = len(taken)
    database = Database(database_url)
    committed = [
        (record_id, version)
        for record_id, version in database.ask(
            "SELECT r.record_id, r.version FROM change c JOIN revision r ON r.id = c.revision_id ORDER BY c.position", {}
        )
    ]
    positions = [position for (position,) in database.ask("SELECT position FROM change ORDER BY position", {})]
    [(revisions,)] = database.ask("SELECT count(*) FROM revision", {})
    database.dispose()
    if taken != committed:
        outcome.violations.append(f"{len(taken)} changes taken, {len(committed)} committed, or in another order")
    if positions != list(range(1, revisions + 1)):
        outcome.violations.append("the numbers of the changes have gaps")
    last: dict[str, int] = {}
    for record_id, version in taken:
        if version != last.get(record_id, 0) + 1:
            outcome.violations.append(f"{record_id}: version {version} after {last.get(record_id, 0)}")
        last[record_id] = version
    shown = _shown(url)
    kept = {record_id: json.loads(text) for record_id, text in copy.execute("SELECT id, json FROM record")}
    for record_id in shown.keys() | kept.keys():
        if shown.get(record_id) != kept.get(record_id):
            outcome.violations.append(f"{record_id}: the copy has {kept.get(record_id)}, the register {shown.get(record_id)}")


def _shown(url: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    with httpx.Client(base_url=url, timeout=60) as client:
        for plural in NOUNS.values():
            asked: dict[str, str] = {"limit": "200"}
            while True:
                page = client.get(f"/v1/{plural}", params=asked).raise_for_status().json()
                for item in page["items"]:
                    found[item["id"]] = client.get(f"/v1/{plural}/{item['id']}").raise_for_status().json()
                if page["next_cursor"] is None:
                    break
                asked["cursor"] = page["next_cursor"]
    return found
