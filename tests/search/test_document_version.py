"""Who changes what a document says has to say so, because every index is filled anew then."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from service.database import Database
from service.register.reading import dossiers as reading
from service.search import document, keys
from service.search.schema import DOCUMENT
from tests.mirror.hands import MODELS, ROWS, fill
from tests.search import built_documents
from tests.search.built_documents import DOSSIERS, built, changed, dossiers, keep, kept


def test_a_version_makes_the_same_of_the_same_dossiers() -> None:
    number, before = kept()
    different = changed(before, built())

    assert not different or number != DOCUMENT, (
        f"Documents of the same dossiers have changed in {', '.join(different)}, and indexes still hold the former ones."
        " Raise DOCUMENT in service/search/schema.py, so that every index is filled anew,"
        " then keep what is built now: python -m tests.search.built_documents"
    )
    assert (number, different) == (DOCUMENT, []), "Keep what this version builds: python -m tests.search.built_documents"


def test_what_is_built_otherwise_is_not_kept_under_the_same_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built_documents, "KEPT", tmp_path / "built_documents.json")
    before = built()
    otherwise = {**before, next(iter(before)): {"titles": "otherwise"}}

    assert keep(7, before) is None
    assert keep(7, before) is None
    assert "raise DOCUMENT" in (keep(7, otherwise) or "")
    assert kept() == (7, before)
    assert keep(8, otherwise) is None
    assert kept() == (8, otherwise)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (document, "_CARD_SUMMARY", 599),
        (document, "_LONGEST_NAMED_SPAN", 1),
        (document, "BUCKETS", 65),
        (document, "document_keys", lambda texts: [*keys.document_keys(texts), "another"]),
        (keys, "fold", str.lower),
    ],
    ids=["card", "span", "buckets", "keys", "folding"],
)
def test_what_a_document_is_made_by_is_seen_to_change(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, value: object
) -> None:
    before = built()
    forget()
    monkeypatch.setattr(module, name, value)

    assert changed(before, built())
    forget()


def forget() -> None:
    """What was made of a word before says nothing of how it is made now."""
    of_keys = (keys._remembered_keys, keys._parts_of_a_word, keys._joined, keys._korean_keys, keys._latin_keys)
    for remembered in (document._when_words, *of_keys):
        remembered.cache_clear()


def test_every_attribute_says_something_in_one_of_the_documents() -> None:
    documents = [document.build(dossier) for dossier in dossiers()]

    assert [name for name in documents[0] if not any(each[name] for each in documents)] == []


def members(value: Any, path: str = "") -> dict[str, set[str]]:
    """The members of each object in a dossier, by where it stands."""
    found: dict[str, set[str]] = {}
    if isinstance(value, dict):
        found[path] = set(value)
    for name, each in value.items() if isinstance(value, dict) else [("[]", each) for each in value]:
        if isinstance(each, dict | list):
            for where, names in members(each, f"{path}/{name}").items():
                found.setdefault(where, set()).update(names)
    return found


def test_the_dossiers_are_such_as_the_register_gives(sqlite_database: Database) -> None:
    fill(sqlite_database)
    with sqlite_database.writing() as connection, Session(bind=connection) as session:
        for table, (row, _) in ROWS.items():
            session.add(MODELS[table].model_validate(row))
            session.flush()
        session.commit()
    with sqlite_database.reading() as connection:
        given = members(reading.load(connection, ["sacramento"])["sacramento"])
    fixed = members(dossiers(), "")

    of_fixed = {where.removeprefix("/[]"): names for where, names in fixed.items()}
    assert len(given.keys() & of_fixed.keys()) > 8
    for where in given.keys() & of_fixed.keys():
        assert of_fixed[where] == given[where], f"{DOSSIERS.name} is not such as the register gives it at {where}"
