"""What the documents of a few fixed dossiers say, kept beside the number of the version that they were built by.

An index holds what an older version of the service made of a record. Where this version makes something else of it, every
index has to be filled anew, and `schema.DOCUMENT` says so. After it was raised:

    python -m tests.search.built_documents
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from service.search.document import build, content_hash
from service.search.schema import DOCUMENT

DATA: Final = Path(__file__).parents[1] / "data"
DOSSIERS: Final = DATA / "dossiers.json"
KEPT: Final = DATA / "built_documents.json"

Built = dict[str, dict[str, str]]
"""The fingerprint of each attribute of each document."""


def dossiers() -> list[dict[str, Any]]:
    """Dossiers as the register gives them: of the seed, and two in which there is everything and nothing."""
    found: list[dict[str, Any]] = json.loads(DOSSIERS.read_text())
    return found


def built() -> Built:
    """What this version makes of them."""
    documents = [build(dossier) for dossier in dossiers()]
    return {each["id"]: {name: content_hash({name: value}) for name, value in each.items()} for each in documents}


def changed(before: Built, now: Built) -> list[str]:
    """The attributes that are not what they were."""
    pairs = [(before.get(key, {}), now.get(key, {})) for key in before.keys() | now.keys()]
    return sorted({name for old, new in pairs for name in old.keys() | new.keys() if old.get(name) != new.get(name)})


def kept() -> tuple[int, Built]:
    """The number of the version that was kept, and what it made of the dossiers."""
    found = json.loads(KEPT.read_text())
    return found["document"], found["built"]


def keep(number: int, now: Built) -> str | None:
    """Keep what this version makes of the dossiers; gives the reason where that is not right."""
    if KEPT.exists():
        before, documents = kept()
        if changed(documents, now) and number <= before:
            return f"raise DOCUMENT in service/search/schema.py first: it is {number}, and so it was"
    KEPT.write_text(json.dumps({"document": number, "built": now}, indent=1) + "\n")
    return None


if __name__ == "__main__":
    sys.exit(keep(DOCUMENT, built()))
