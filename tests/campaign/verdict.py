"""The end of a campaign: every document of the mirror against the register."""

import time

from sqlalchemy import text

from service.database import Database
from service.mirror import status
from service.mirror.contents import contents
from service.search.document import BUCKETS
from service.search.engine import Engine


def until_in_step(database: Database, seconds: float) -> bool:
    """Whether the mirror says, within so many seconds, that it is in step and at rest."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        mirrors = status.read(database)
        # Three looks in a row, so that what is noticed only by looking again has been looked for.
        if mirrors and all(each.in_step and each.build.state == "idle" and not each.build.wanted for each in mirrors):
            return True
        time.sleep(0.05)
    return False


def violations(database: Database, engine: Engine) -> dict[str, str]:
    """Documents that are missing, extra or stale, by id; what was set aside is not compared."""
    with database.reading() as connection:
        ids = list(connection.execute(text("SELECT id FROM engagement")).scalars())
    dead = {each.document_id for each in status.dead(database)}
    wanted, unbuilt = contents(database, ids)
    if engine.look() is None:
        return dict.fromkeys(wanted, "missing")
    held = {key: marks for bucket in range(BUCKETS) for key, marks in engine.marks(bucket).items()}
    found = {}
    for document_id in {*wanted, *held} - dead - set(unbuilt):
        if document_id not in held:
            found[document_id] = "missing"
        elif document_id not in wanted:
            found[document_id] = "extra"
        elif held[document_id]["sync_hash"] != wanted[document_id]["sync_hash"]:
            found[document_id] = "stale"
    return found
