"""Where each field of the seed's files is kept, as paths into the engagement with everything that it refers to.

This is the table of `seed/README.md` in a form that a test can follow: a value must be at one of the places, or be part of
what is there where the path ends with `~`; what is excused from it is excused by name, with the reason.
"""

HEADER = {
    "id": ("external_ids[]",),
    "kind": ("kind", "kind_as_stated", "assertions:kind"),
    "direction": ("direction", "assertions:direction"),
    "date": ("when", "assertions:when"),
    "date_verified": ("when", "assertions:when"),
    "title": ("title_en", "assertions:title_en"),
    "summary": ("summary_en", "assertions:summary_en"),
    "place.venue": ("place.venue",),
    "place.city": ("place.city", "assertions:place~"),
    "place.country": ("place.country", "assertions:place~"),
    "place.subdivision": ("place.subdivision", "assertions:place~"),
    "topics[]": ("topics[].label_en", "topics[].synonyms[]"),
    "confidence": ("confidence", "confidence_as_stated", "assertions:confidence"),
    "notes": ("note",),
    "note": ("note", "assertions[].reason"),
    "part_of": ("parent.external_ids[]",),
    "in_scope": ("in_scope",),
    "same_event_as[]": ("external_ids[]", "assertions:same event~"),
    "verified_by[]": ("external_ids[]",),
}
PARTICIPANT = {
    "name": (
        *("person.name_en", "person.names[].text", "organization.name_en", "organization.names[].text"),
        *("name_as_printed", "note~"),
    ),
    "name_ko": ("person.name_ko", "person.names[].text", "organization.name_ko"),
    "name_basis": ("name_basis",),
    "office": ("office",),
    "office_as_titled": ("office_as_titled", "note~"),
    "organization": ("organization.name_en", "organization.names[].text", "note~"),
    "country": ("country",),
    "subdivision": ("subdivision",),
    "role": ("role",),
    "person_id": ("person.external_ids[]", "organization.external_ids[]"),
}
OUTCOME = {
    "type": ("kind", "kind_as_stated"),
    "title": ("title_en",),
    "status": ("status", "status_as_stated"),
    "amount": ("amount.amount",),
    "currency": ("amount.currency",),
    "term": ("term",),
    "valid_years": ("term~",),
    "signed": ("signed_on",),
    "expires": ("expires_on",),
    "date": ("when",),
    "jobs": ("quantity",),
    "participants": ("quantity",),
    "count": ("quantity",),
}
SOURCE = {
    "url": ("source.url",),
    "title": ("source.title", "note~"),
    "published": ("source.published",),
    "publisher": ("source.publisher",),
    "title_is_descriptive": ("source.title_is_descriptive",),
}
EXCEPTIONS = {
    ("*", "counterparts[].country", "ZZ"): "an international body or a mixed group has no country",
    ("*", "direction", "unknown"): "it says nothing; the record of the same meeting knows better",
    ("*", "register", "true"): "that there is an engagement with this id says it",
    ("art-05", "hosts[].person_id", "p-kim-dong-yeon"): "his presence is not stated; the participation's note names him",
    ("art-31", "verified_by[]", "gg-2022-11-30-british-reception"): "an engagement of its own, which cites the article as well",
}
