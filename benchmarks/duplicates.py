"""What it costs to hint at duplicates, in a register of invented people.

    python -m benchmarks.duplicates --people 20000

Records the people in SQLite, a hundredth of them twice, the second time as another office would write the name. Times the
likely pairs of the register, the candidates of one person, and what a hint adds to recording one; says how many of the doubles
are found. The first round also folds every name, which later rounds remember.
"""

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.invented_register import SURNAMES, SYLLABLES, Register
from service import schema
from service.database import Database, inside
from service.register.audience import OFFICE
from service.register.person import PersonShape
from service.register.reading import duplicates
from service.register.verbs import recording
from service.register.verbs.journal import Actor

BY = Actor("benchmark")
NATIONALITIES = ("KR", "US", "CN", "JP", "CA", "FR", "PL", None, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="duplicates-"))
    try:
        database = Database(f"sqlite:///{folder / 'register.db'}")
        schema.upgrade(database)
        report(database, filled(database, arguments.people), arguments.rounds)
        database.dispose()
    finally:
        shutil.rmtree(folder)


def invented(number: int) -> list[PersonShape]:
    """People with names in both languages, or one of them."""
    names, draw = Register(number * 2), random.Random(number)
    made = []
    for _ in range(number):
        latin = f"{names._made_up()} {names._made_up()}".title()
        korean = draw.choice(SURNAMES) + "".join(draw.sample(SYLLABLES, 2))
        both = draw.choice(((latin, None), (latin, korean), (latin, korean)))
        made.append(PersonShape(name_en=both[0], name_ko=both[1], nationality=draw.choice(NATIONALITIES)))
    return made


def filled(database: Database, number: int) -> list[tuple[str, str]]:
    """Record the people; gives the ids of those who were recorded twice."""
    people = invented(number - number // 100)
    twice = random.Random(1).sample(range(len(people)), number // 100)
    doubles = [PersonShape(name_en=" ".join(reversed(str(people[n].name_en).upper().split()))) for n in twice]
    ids = []
    for start in range(0, number, 1_000):
        with database.writing() as connection:
            some = [*people, *doubles][start : start + 1_000]
            ids += [record["id"] for record in recording.record(connection, "person", some, by=BY)]
    return [(ids[n], ids[len(people) + place]) for place, n in enumerate(twice)]


def timed(what: str, work: Callable[[], Any], rounds: int) -> Any:
    """Print the first and the median duration; gives what the last round gave."""
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        found = work()
        took.append((time.perf_counter() - begun) * 1000)
    print(f"{what:32} first {took[0]:8.2f} ms, then p50 {statistics.median(took[1:]):8.2f} ms, at most {max(took[1:]):8.2f} ms")
    return found


def report(database: Database, twice: list[tuple[str, str]], rounds: int) -> None:
    ask, some = database.ask, random.Random(2).choices(twice, k=rounds * 2)
    pairs = timed(
        "likely pairs",
        lambda: duplicates.list_pairs(ask, "person", 100_000, sqlite=True, audience=OFFICE),
        max(3, rounds // 5),
    )
    found = {(pair.records[0]["id"], pair.records[1]["id"]) for pair in pairs}
    print(f"{len(found)} pairs, {len(found & set(twice))} of the {len(twice)} doubles among them")
    timed(
        "candidates of one",
        lambda: duplicates.find_candidates(ask, "person", some.pop()[0], sqlite=True, audience=OFFICE),
        rounds,
    )
    record = {"id": "", "name_en": "Kim Dong-yeon", "name_ko": "김동연", "nationality": "KR", "names": []}
    with database.writing() as connection:
        within = inside(connection)
        timed(
            "namesakes of one that is new",
            lambda: duplicates.find_namesakes(within, "person", record, sqlite=True, audience=OFFICE),
            rounds * 10,
        )


if __name__ == "__main__":
    main()
