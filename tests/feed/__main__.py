"""The campaign: as many kills as are asked for, on SQLite or on a PostgreSQL of its own."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from service import schema
from service.database import Database
from tests.feed.run import run
from tests.postgres import new_database, postgres_server


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__)
    known.add_argument("--kills", type=int, default=50)
    known.add_argument("--seed", type=int, default=1)
    known.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = known.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feed-")))
        if asked.database == "sqlite":
            url = f"sqlite:///{folder / 'register.db'}"
        else:
            url = new_database(stack.enter_context(postgres_server()), "feed")
        database = Database(url)
        schema.upgrade(database)
        database.dispose()
        outcome = run(url, folder, kills=asked.kills, seed=asked.seed)
    told = [f"{asked.database}: {outcome.kills} kills, {outcome.writes} writes, {outcome.taken} changes taken in"]
    told += [f"{len(outcome.violations)} violations", *(f"  {each}" for each in outcome.violations[:20])]
    sys.stdout.writelines(f"{line}\n" for line in told)
    raise SystemExit(bool(outcome.violations))


if __name__ == "__main__":
    main()
