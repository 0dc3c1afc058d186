"""What must not be found any more, from the commit on that says so.

A trigger notes a retraction in the transaction that withdraws an engagement, merges it, or shows it to fewer people than
before. Searches leave these documents out by their ids, whatever the engines still hold. The note goes once every live
copy has taken in what became of the document: its ledger row is clean, and no touch of it waits to be folded.
"""

from typing import Final

from sqlalchemy import Connection, text

from service.database import Database

MOST: Final = 1_000
"""How many ids a search leaves out by its filter; what is beyond is taken off its page, and its counts are not exact."""

_PENDING: Final = """
SELECT DISTINCT r.document_id FROM retraction r
WHERE EXISTS (SELECT 1 FROM mirror m WHERE m.name = {mirror} AND m.doubt IS NOT NULL)
  OR EXISTS (SELECT 1 FROM ledger l JOIN mirror_copy c ON c.id = l.copy_id
             WHERE c.mirror = {mirror} AND c.role = 'live' AND l.document_id = r.document_id AND l.state <> 'clean')
  OR r.document_id IN (SELECT key FROM touch WHERE noun = 'engagement')
"""
"""The ids to leave out now; one statement on a table that is empty nearly always."""

_SETTLED: Final = """
DELETE FROM retraction WHERE id <= :newest
  AND document_id NOT IN (SELECT key FROM touch WHERE noun = 'engagement')
  AND NOT EXISTS (
    SELECT 1 FROM ledger l JOIN mirror_copy c ON c.id = l.copy_id
    WHERE l.document_id = retraction.document_id AND c.role = 'live' AND l.state <> 'clean')
  AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.doubt IS NOT NULL)
"""


def pending(database: Database, mirror: str) -> frozenset[str]:
    """The ids of the documents that must not be found in this mirror at this moment."""
    question = _PENDING.format(mirror=":mirror" if database.is_sqlite else "%(mirror)s")
    return frozenset(document_id for (document_id,) in database.ask(question, {"mirror": mirror}))


def settle(database: Database) -> int:
    """Forget the retractions that every live copy has taken in; gives how many."""
    with database.reading() as connection:
        newest = connection.execute(text("SELECT max(id) FROM retraction")).scalar()
    if newest is None:
        return 0
    with database.writing() as connection:
        return connection.execute(text(_SETTLED), {"newest": newest}).rowcount


def retract_gone(connection: Connection, copy_id: str, since: int) -> None:
    """Retract what is gone from the register and was last sent to this copy after a watermark: it may be there again."""
    question = (
        "INSERT INTO retraction (document_id, at) SELECT l.document_id, CURRENT_TIMESTAMP FROM ledger l"
        " LEFT JOIN engagement e ON e.id = l.document_id"
        " WHERE l.copy_id = :copy AND l.change_sequence > :since"
        " AND (e.id IS NULL OR e.withdrawn_at IS NOT NULL OR e.merged_into IS NOT NULL)"
    )
    connection.execute(text(question), {"copy": copy_id, "since": since})
