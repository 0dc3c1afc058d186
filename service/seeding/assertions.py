"""What the files say and the register does not prefer: kept as assertions on the record that it concerns.

They come from four places: the article's inconsistencies, its statements that are no engagements, what a statement says
otherwise than the record of the same meeting, and the notes of the records.
"""

from collections.abc import Iterator, Mapping, Sequence

from service.register.assertion import AssertionShape
from service.seeding import sources
from service.seeding.files.decisions import Concern
from service.seeding.files.folder import Seed
from service.seeding.files.told import Participant, Place, Record, Statement

Ids = Mapping[str, str]
Quotes = Mapping[int, str]

_ALONE = "What the article alone supports; another source gives the date that is preferred"


def collected(seed: Seed, ids: Ids) -> dict[str, list[AssertionShape]]:
    """The assertions that are not part of a statement's engagement, by the external id of what they concern."""
    found: dict[str, list[AssertionShape]] = {}
    for record_id, assertion in (*_claims(seed, ids), *_inconsistencies(seed, ids), *_unregistered(seed, ids)):
        found.setdefault(record_id, []).append(assertion)
    return found


def otherwise(statement: Statement, record: Record, begins: Quotes, ids: Ids) -> list[AssertionShape]:
    """What a statement says otherwise than the record of the same meeting."""
    verified = "Verified for this statement"
    said = [
        ("title_en", statement.title, record.title, None),
        ("summary_en", statement.summary, record.summary, statement.note),
        ("kind", statement.kind, record.kind, None),
        ("when", statement.date, record.date, _ALONE),
        ("when", statement.date_verified, record.date, verified),
        ("direction", statement.direction, record.direction, None),
        ("place", *_places(statement.place, record.place), None),
        ("confidence", statement.confidence, record.confidence, None),
    ]
    return [
        _of_article(statement, begins, ids, field, value, reason)
        for field, value, preferred, reason in said
        if value and value != preferred and value != "unknown"
    ]


def date_alone(statement: Statement, begins: Quotes, ids: Ids) -> list[AssertionShape]:
    """The date as the article alone supports it, where a statement without a record was dated from elsewhere."""
    dated = statement.date_verified and statement.date_verified != statement.date
    return [_of_article(statement, begins, ids, "when", statement.date, _ALONE)] if dated else []


def same_outcome(statement: Statement, title: str, value: str, begins: Quotes, ids: Ids) -> AssertionShape:
    """How the statement words an outcome that the record has."""
    return _of_article(statement, begins, ids, f"outcomes/{title}", value, "The article's words for this outcome")


def locator(statement: Statement) -> str:
    """Where in the article a statement is made, with its own id."""
    return f"{', '.join(f'S{n}' for n in statement.sentences)} ({statement.id})"


def quotes(seed: Seed) -> dict[int, str]:
    """How each sentence of the article begins."""
    return {sentence.n: sentence.begins for sentence in seed.sentences}


def _of_article(statement: Statement, begins: Quotes, ids: Ids, field: str, value: str, reason: str | None) -> AssertionShape:
    return AssertionShape(
        field=field,
        value=value,
        reason=reason,
        source=ids[sources.ARTICLE],
        locator=locator(statement),
        quote=begins[statement.sentences[0]],
    )


def _places(said: Place, preferred: Place) -> tuple[str | None, str | None]:
    """The place that a statement names, and None, where it says what the record does not; nothing where it agrees."""
    parts = said.model_dump(exclude_none=True)
    if all(getattr(preferred, part) == value for part, value in parts.items()):
        return None, None
    return ", ".join(parts.values()), None


def _claims(seed: Seed, ids: Ids) -> Iterator[tuple[str, AssertionShape]]:
    begins = quotes(seed)
    for claim in seed.decisions.claims:
        said = AssertionShape(field=claim.field, value=claim.value, reason=claim.reason, locator=claim.locator)
        if claim.sentence:
            where = {"source": ids[sources.ARTICLE], "locator": f"S{claim.sentence}", "quote": begins[claim.sentence]}
            said = said.model_copy(update=where)
        yield claim.record, said


def _inconsistencies(seed: Seed, ids: Ids) -> Iterator[tuple[str, AssertionShape]]:
    concerns: dict[str, list[Concern]] = {}
    for line in seed.decisions.concerns:
        concerns.setdefault(line.inconsistency, []).append(line)
    for each in seed.inconsistencies:
        for line in concerns.get(each.id, []):
            yield (
                line.record,
                AssertionShape(
                    field=line.field,
                    value=each.finding,
                    reason=each.registrar,
                    source=ids[sources.ARTICLE],
                    locator=f"{each.where} ({each.id})",
                ),
            )


def _unregistered(seed: Seed, ids: Ids) -> Iterator[tuple[str, AssertionShape]]:
    statements, begins = {statement.id: statement for statement in seed.statements}, quotes(seed)
    for line in seed.decisions.not_registered:
        statement = statements[line.statement]
        yield line.concerns, _of_article(statement, begins, ids, line.field, described(statement), statement.note)


def described(statement: Statement) -> str:
    """A statement in one paragraph, with everything that its file says."""
    place = ", ".join(statement.place.model_dump(exclude_none=True).values())
    parts = [
        f"{statement.title}. {statement.summary}",
        f"Kind: {statement.kind}; direction: {statement.direction}; date: {statement.date}"
        + (f", verified: {statement.date_verified}" if statement.date_verified else "")
        + f"; confidence: {statement.confidence}.",
        *_listed("Place", [place] if place else []),
        *_listed("Counterparts", [_in_words(who) for who in statement.counterparts]),
        *_listed("Hosts", [_in_words(who) for who in statement.hosts]),
        *_listed("Topics", statement.topics),
    ]
    return " ".join(parts)


def _listed(name: str, items: Sequence[str]) -> list[str]:
    return [f"{name}: {'; '.join(items)}."] if items else []


def _in_words(who: Participant) -> str:
    said = (who.name, who.office_as_titled, who.organization, who.country, who.subdivision)
    return ", ".join(word for word in said if word)
