"""Writers that change one record at the same time over HTTP: one wins for each version, and nothing is lost.

    python -m tests.contract.races --writers 100 --rounds 20 --database postgresql

On PostgreSQL two processes serve the same database, and every other writer goes to the second.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Barrier

import httpx

from tests.contract.service import Kind, new_register, served

MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass
class Outcome:
    """What a run came to. Anything in `violations` is a defect."""

    statuses: Counter[int] = field(default_factory=Counter)
    appended: int = 0
    tries: int = 0
    violations: list[str] = field(default_factory=list)


def run(kind: Kind, *, writers: int, rounds: int, words: int) -> Outcome:
    """Rounds in which all change the same version, then writers who each add a word and try again until it is in."""
    outcome = Outcome()
    with ExitStack() as stack:
        url, folder = stack.enter_context(new_register(kind))
        processes = 2 if kind == "postgresql" else 1
        urls = [stack.enter_context(served(url, folder)).url for _ in range(processes)]
        clients = [stack.enter_context(httpx.Client(base_url=urls[n % processes], timeout=120)) for n in range(writers)]
        made = clients[0].post("/v1/engagements", json={"kind": "meeting", "title_en": "Contested"}).raise_for_status()
        path = made.headers["location"]
        for version in range(1, rounds + 1):
            _compete(clients, path, version, outcome)
        _append(clients[:words], path, outcome)
        history = clients[0].get(f"{path}/revisions", params={"limit": 200}).raise_for_status().json()["items"]
        expected = list(range(rounds + words + 1, 0, -1))[:200]
        if [each["version"] for each in history] != expected:
            outcome.violations.append("the history has not every version once")
    return outcome


def _compete(clients: Sequence[httpx.Client], path: str, version: int, outcome: Outcome) -> None:
    together = Barrier(len(clients))

    def change(n: int) -> httpx.Response:
        together.wait(60)
        body = {"title_en": f"Version {version + 1} by {n}"}
        return clients[n].patch(path, json=body, headers={**MERGE, "If-Match": f'"{version}"'})

    with ThreadPoolExecutor(len(clients)) as threads:
        answers = list(threads.map(change, range(len(clients))))
    statuses = Counter(answer.status_code for answer in answers)
    outcome.statuses += statuses
    if statuses != {200: 1, 412: len(clients) - 1}:
        outcome.violations.append(f"version {version}: {dict(statuses)}")
    winners = [answer.json() for answer in answers if answer.status_code == 200]
    for client in clients[:2]:
        if [client.get(path).json()] != winners:
            outcome.violations.append(f"version {version}: what is read is not what the winner was answered")


def _append(clients: Sequence[httpx.Client], path: str, outcome: Outcome) -> None:
    def append(n: int) -> int:
        for tries in range(1, 1000):
            read = clients[n].get(path)
            note = f"{read.json()['note'] or ''} w{n}".strip()
            answer = clients[n].patch(path, json={"note": note}, headers={**MERGE, "If-Match": read.headers["etag"]})
            if answer.status_code == 200:
                return tries
            if answer.status_code != 412:
                outcome.violations.append(f"appending: {answer.status_code} {answer.text}")
        return 1000

    with ThreadPoolExecutor(len(clients)) as threads:
        outcome.tries = sum(threads.map(append, range(len(clients))))
    outcome.appended = len(clients)
    words = (clients[0].get(path).json()["note"] or "").split()
    if sorted(words) != sorted(f"w{n}" for n in range(len(clients))):
        outcome.violations.append(f"{len(words)} of {len(clients)} words are there")


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--writers", type=int, default=100)
    known.add_argument("--rounds", type=int, default=20)
    known.add_argument("--words", type=int, default=50)
    known.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = known.parse_args()
    began = time.monotonic()
    outcome = run(asked.database, writers=asked.writers, rounds=asked.rounds, words=asked.words)
    summary = (
        f"{asked.database}: {asked.writers} writers, {asked.rounds} rounds, statuses {dict(outcome.statuses)};"
        f" {outcome.appended} words in {outcome.tries} tries; {time.monotonic() - began:.0f} s,"
        f" {len(outcome.violations)} violations"
    )
    sys.stdout.write("\n  ".join([summary, *outcome.violations[:20]]) + "\n")
    raise SystemExit(bool(outcome.violations))


if __name__ == "__main__":
    main()
