"""What the documents of engagements are now, whatever is wrong with some of them."""

from collections.abc import Sequence

from service.database import Database, ping
from service.errors import Unavailable
from service.register.reading import dossiers
from service.search import document
from service.search.engine import SearchDocument
from service.search.gate import Refusal

Contents = tuple[dict[str, SearchDocument], dict[str, Refusal]]
"""Documents by id, and why there is none, by id."""


def contents(database: Database, ids: Sequence[str]) -> Contents:
    """The documents of those of these engagements that are live, and why some could not be built.

    A row that cannot be read, as bytes that are no text, fails the whole question that it is part of. So the question is
    put again by halves until the culprit is alone; the others must not wait for it.
    """
    if not ids:
        return {}, {}
    try:
        with database.reading() as connection:
            loaded = dossiers.load(connection, ids)
    except Exception as error:  # A row that cannot be read may fail in any way.
        ping(database)
        if len(ids) == 1:
            if isinstance(error, Unavailable):
                raise  # The database was away for a moment or took too long, which says nothing of the row.
            return {}, {ids[0]: Refusal("unreadable", f"the register's rows cannot be read: {error}"[:1000])}
        half = len(ids) // 2
        left, right = contents(database, ids[:half]), contents(database, ids[half:])
        return left[0] | right[0], left[1] | right[1]
    built: dict[str, SearchDocument] = {}
    unbuilt: dict[str, Refusal] = {}
    for document_id, dossier in loaded.items():
        try:
            built[document_id] = document.build(dossier)
        except Exception as error:  # noqa: BLE001  whatever is wrong with one record is that record's trouble alone
            unbuilt[document_id] = Refusal("unbuildable", f"no document can be made of it: {error!r}"[:1000])
    return built, unbuilt
