"""The attributes of a search document: which are searched and in what order, filtered, counted, sorted, shown.

Both engines are set up from this page, and its hash (`SCHEMA`) names what an index was built for: an index whose hash
differs is not the index of this version of the service.
"""

import hashlib
import json
from typing import Final, Literal

ValueType = Literal["text", "integer", "boolean"]

SEARCHABLE: Final[tuple[str, ...]] = (
    "titles",  # title_en, title_ko
    "people",  # preferred names in every language
    "aliases",  # every other name of the people and organizations: native, romanised, as printed, misprinted, former
    "organizations",  # preferred names in every language
    "offices",  # as titled by the source, normalised, and the Korean and English words of the office's type
    "places",  # venue, city, subdivision and country, by name in both languages and by code
    "topics",  # labels and synonyms in both languages
    "outcomes",  # titles, and the labels of kind and status
    "labels",  # Korean and English labels of kind, mode, direction, status; the years and months in words
    "summaries",  # summary_en, summary_ko
    "notes",  # note, quotations, titles and publishers of the sources
    "keys",  # what `keys.document_keys` makes of all the above: folded letters, Hangul without particles and by its parts
)
"""Searched attributes, the most telling first. A hit in an earlier one ranks higher when words, typos and proximity tie."""

FILTERABLE: Final[dict[str, ValueType]] = {
    "id": "text",
    "kind": "text",
    "mode": "text",
    "direction": "text",
    "status": "text",
    "visibility": "text",
    "countries": "text",  # ISO 3166-1 alpha-2
    "person_ids": "text",
    "organization_ids": "text",
    "topic_ids": "text",
    "people_facet": "text",  # "id<TAB>name_en<TAB>name_ko<TAB>other names…": a count and its labels in one value
    "organizations_facet": "text",
    "topics_facet": "text",
    "outcome_kinds": "text",
    "outcome_statuses": "text",
    "office_types": "text",
    "publishers": "text",
    "external_ids": "text",
    "parent_id": "text",
    "in_scope": "boolean",
    "months": "text",  # every calendar month that they touch, as 2024-05, where they are no more than four
    "years": "integer",  # every calendar year that the engagement's dates touch
    "start_day": "integer",  # when_start as YYYYMMDD
    "end_day": "integer",  # when_end as YYYYMMDD
    "sync_bucket": "integer",  # 0..63, from the hash of the id: the audit compares counts by it
}
"""Attributes that a filter or a facet may name, with the type of their values; a list attribute holds values of that type."""

SORTABLE: Final[tuple[str, ...]] = ("start_day", "recorded_at")
"""Integers: the first day of the engagement as YYYYMMDD, and the instant of recording in milliseconds since 1970."""

SHOWN: Final = "card"
"""The one attribute that a search gives back: what a list of hits shows of an engagement, ready to be answered."""

SYNC_FIELDS: Final = ("sync_generation", "sync_hash", "sync_bucket")
"""The mirror's own marks on a document, never shown: ledger generation, hash of the content, audit bucket."""

MAX_HITS: Final = 10_000
"""How deep a search may be paged; a longer list is an export's work."""

MAX_FACET_VALUES: Final = 200

DOCUMENT: Final = 8
"""The version of what `document.build` makes of a record. It is raised with every change of that, be it in `document`, in `keys`
or in the words of the register's codes, and `tests/search/test_document_version.py` fails until it is."""

SCHEMA: Final = hashlib.sha256(
    json.dumps([SEARCHABLE, FILTERABLE, SORTABLE, SHOWN, MAX_HITS, MAX_FACET_VALUES, f"document-{DOCUMENT}"]).encode()
).hexdigest()[:16]
