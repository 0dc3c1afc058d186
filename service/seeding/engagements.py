"""The engagements of the files, each put together from a record, the statements about it, or a statement alone."""

from collections.abc import Mapping, Sequence

from service.register.assertion import AssertionShape
from service.register.codes import mapped
from service.register.engagement import EngagementShape, ParticipationShape, PlaceShape
from service.register.source import CitationShape
from service.seeding import assertions, directory, matching, outcomes, participations, sources
from service.seeding.files.told import Place, Record, Statement, Told
from service.seeding.matching import Contact
from service.seeding.participations import Materials

_REMOTE = {"call", "videoconference", "webinar"}
_WRITTEN = {"letter"}
_IN_PERSON = {"meeting", "visit", "trip", "delegation", "agreement-signing", "investment-signing", "forum-session", "event"}


def shapes(materials: Materials, collected: Mapping[str, Sequence[AssertionShape]]) -> dict[str, EngagementShape]:
    """Every engagement by the id of its record, or of the statement where there is no record."""
    made = {}
    for contact in matching.contacts(materials.seed):
        with directory.building(contact.external_ids[0]):
            made[contact.external_ids[0]] = _engagement(contact, materials, collected)
    return made


def _engagement(contact: Contact, materials: Materials, collected: Mapping[str, Sequence[AssertionShape]]) -> EngagementShape:
    main = contact.record or contact.statements[0]
    kind, kind_as_stated = mapped("kind", main.kind)
    confidence, confidence_as_stated = mapped("confidence", main.confidence)
    direction = _direction(main, materials)
    parts = participations.of(contact, materials)
    results, otherwise = outcomes.of(contact, parts, materials)
    return EngagementShape(
        kind=kind,
        kind_as_stated=kind_as_stated,
        mode=_mode(kind, main),
        direction=direction,
        status=_status(main, materials),
        title_en=main.title,
        summary_en=main.summary,
        when=_when(main),
        place=_place(main.place),
        countries=_countries(parts, main.place, direction),
        topics=_topics(contact, materials),
        parent=_parent(contact, materials),
        confidence=confidence,
        confidence_as_stated=confidence_as_stated,
        in_scope=contact.record.in_scope if contact.record else True,
        note=main.notes if isinstance(main, Record) else contact.statements[0].note,
        external_ids=contact.external_ids,
        participations=parts,
        outcomes=results,
        citations=_citations(contact, materials),
        assertions=[*_assertions(contact, materials), *otherwise, *collected.get(main.id, ())],
    )


def _mode(kind: str, main: Told) -> str | None:
    """How they met, only where the kind, the place or the note says so."""
    if kind in _REMOTE or kind in _WRITTEN:
        return "remote" if kind in _REMOTE else "written"
    if isinstance(main, Record) and (main.notes or "").startswith("Hybrid"):
        return "hybrid"
    return "in-person" if kind in _IN_PERSON and main.place.country else None


def _status(main: Told, materials: Materials) -> str:
    """Announced where the source only announces it, unless another source says that it was held."""
    held = any(line.record == main.id for line in materials.seed.decisions.held)
    return "announced" if main.confidence == "announced" and not held else "held"


def _direction(main: Told, materials: Materials) -> str:
    decided = (line.direction for line in materials.seed.decisions.directions if line.record == main.id)
    return next(decided, main.direction)


def _when(main: Told) -> str | None:
    verified = main.date_verified if isinstance(main, Statement) else None
    return verified or main.date or None


def _place(place: Place) -> PlaceShape | None:
    parts = place.model_dump(exclude_none=True)
    return PlaceShape(**parts) if parts else None


def _countries(parts: Sequence[ParticipationShape], place: Place, direction: str) -> list[str]:
    """The partner countries: those of the counterparts, then that of the place where one side was at home there. Never Korea."""
    theirs = [part.country for part in parts if part.side == "counterpart"]
    where = [place.country] if direction != "third-place" or not any(theirs) else []
    return [country for country in dict.fromkeys([*theirs, *where]) if country and country != "KR"]


def _topics(contact: Contact, materials: Materials) -> list[str]:
    """The topics of the record, of its duplicates and of the statements, each once."""
    merged = {
        pair.merged for pair in materials.seed.decisions.duplicates if contact.record and pair.survivor == contact.record.id
    }
    told: list[Told] = [*([contact.record] if contact.record else []), *contact.statements]
    told += [record for record in materials.seed.records if record.id in merged]
    found = (directory.topic(materials.known, each.id, word) for each in told for word in each.topics)
    return [materials.ids[topic] for topic in dict.fromkeys(found)]


def _parent(contact: Contact, materials: Materials) -> str | None:
    if contact.record:
        return materials.ids[contact.record.part_of] if contact.record.part_of else None
    lines = materials.seed.decisions.parents
    return next((materials.ids[line.parent] for line in lines if line.statement == contact.statements[0].id), None)


def _citations(contact: Contact, materials: Materials) -> list[CitationShape]:
    """The record's page, then each sentence of the article once."""
    begins, article = materials.quotes, materials.ids[sources.ARTICLE]
    stated = dict.fromkeys(n for statement in contact.statements for n in statement.sentences)
    cited = [_page(contact.record, materials)] if contact.record else []
    cited += [CitationShape(source=article, locator=f"S{n}", quote=begins[n]) for n in stated]
    for statement, record_id in matching.also_verified(materials.seed):
        if contact.record and record_id == contact.record.id:
            note = f"{statement.id} may tell of this engagement as well."
            cited += [CitationShape(source=article, locator=f"S{n}", quote=begins[n], note=note) for n in statement.sentences]
    return cited


def _page(record: Record, materials: Materials) -> CitationShape:
    source_id = sources.external_id(record.source)
    shortened = record.source.title != materials.titles[source_id]
    return CitationShape(source=materials.ids[source_id], note=f"Cited as: {record.source.title}" if shortened else None)


def _assertions(contact: Contact, materials: Materials) -> list[AssertionShape]:
    record = contact.record
    if record is None:
        return assertions.date_alone(contact.statements[0], materials.quotes, materials.ids)
    page = materials.ids[sources.external_id(record.source)]
    by_hand = materials.seed.decisions
    decided = [("direction", record.direction, line.reason) for line in by_hand.directions if line.record == record.id]
    decided += [("status", "announced", line.reason) for line in by_hand.held if line.record == record.id]
    made = [AssertionShape(field=field, value=value, reason=reason, source=page) for field, value, reason in decided]
    for statement in contact.statements:
        made += assertions.otherwise(statement, record, materials.quotes, materials.ids)
    return made
