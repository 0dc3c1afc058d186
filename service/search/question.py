"""From what a person asked to a `Query`, and from an engine's `Answer` to what she is told, in no engine's language.

All of it is pure but what is asynchronous, which puts queries to an engine.
"""

from asyncio import gather
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from service.register import when
from service.search import keys
from service.search.collapsing import MOST, collapsed
from service.search.dates import today
from service.search.document import day_number
from service.search.engine import Answer, Between, Filter, Missing, OneOf, Query, Searcher, Sort
from service.search.facets import FACETS, Facet, Value, values_that_fit
from service.search.fitting import AS_TYPED, NEARLY, typed_words
from service.search.noticing import NOTICED, noticed
from service.search.reading import NAMED, Chip, Reading, read
from service.search.respelling import Respelling, respellings

_MOST_NAMED: Final = 5
"""How many things of a question are looked for by their names; further ones are words."""

SORTS: Final[dict[str, tuple[Sort, ...]]] = {
    "relevance": (),
    "when": (Sort("start_day"),),
    "-when": (Sort("start_day", descending=True),),
    "recorded_at": (Sort("recorded_at"),),
    "-recorded_at": (Sort("recorded_at", descending=True),),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: words, the values wanted of each facet, a date or span, and which page of what order."""

    text: str = ""
    as_words: tuple[str, ...] = ()
    """Fields that are not read in the text: `country`, `when`, `kind`, `person`."""
    wanted: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    external_ids: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Facets of which an engagement must have no value."""
    during: str | None = None
    facets: tuple[str, ...] = ()
    count_missing: bool = False
    """Whether those that have no value of a facet are counted as well."""
    collapse: bool = False
    """Whether a trip and its parts are one hit."""
    sort: str | None = None
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Try:
    """One way to understand a question: what is asked of an engine, and what has to be said of it with the answer."""

    query: Query
    chips: tuple[Chip, ...] = ()
    respelling: Respelling | None = None
    given_up: tuple[str, ...] = ()
    """Words that are not looked for, because all of them together find nothing."""


def told(way: Try) -> list[str]:
    """What has to be said of how a question was understood, one line for each thing; nothing where it was taken as it stands."""
    read_in = (chip for chip in way.chips if chip.stated or chip.field not in NOTICED)
    lines = [f"{chip.text!r} is read as {chip.field} {chip.value}" for chip in read_in]
    if way.respelling:
        why = "typed with another keyboard" if way.respelling.how == "keyboard" else "half typed"
        lines.append(f"looked for {way.query.text!r}: {why}")
    if way.given_up:
        lines.append(f"not looked for: {', '.join(way.given_up)}")
    return lines


def tries(question: Question, named: Mapping[Chip, Chip] = MappingProxyType({})) -> Iterator[Try]:
    """The ways to understand a question, the likeliest first: each is for when those before it find nothing.

    As it is read; with what was read in it taken as words; as other keys of the same text. `named` has for `person:newsom` and
    its like the chip with the ids of those who are called so; what is not in it is looked for as words.
    """
    asked_on = today()
    reading = _resolved(read(question.text, asked_on, question.as_words), named)
    yield Try(_query(question, reading), reading.chips)
    if any(not chip.stated for chip in reading.chips):
        plain = _resolved(read(question.text, asked_on, ("country", "when")), named)
        yield Try(_query(question, plain), plain.chips)
    for each in respellings(reading.text):
        yield Try(_query(question, Reading(each.text, reading.chips)), reading.chips, each)


def _resolved(reading: Reading, named: Mapping[Chip, Chip]) -> Reading:
    unknown = [chip.value for chip in reading.chips if chip.field in NAMED and chip not in named]
    chips = tuple(named.get(chip, chip) for chip in reading.chips if chip.field not in NAMED or chip in named)
    return Reading(" ".join((reading.text, *unknown)).strip(), chips)


async def _named(searcher: Searcher, question: Question) -> dict[Chip, Chip]:
    """For each thing that is asked for by its name, the records of that name."""
    chips = [chip for chip in read(question.text, today(), question.as_words).chips if chip.field in NAMED][:_MOST_NAMED]
    found = await gather(*(_called(searcher, chip) for chip in chips))
    return {chip: known for chip, known in zip(chips, found, strict=True) if known}


async def _called(searcher: Searcher, chip: Chip) -> Chip | None:
    facet, text = FACETS[chip.field], keys.query_text(chip.value)
    counts = (await searcher.search(Query(text, facets=(facet.counted,), limit=0))).facets[facet.counted]
    found = list(values_that_fit(counts, facet, typed_words(text), AS_TYPED[:1]))
    if not found:
        return None
    label_en, label_ko = found[0].label_en or found[0].label_ko, found[0].label_ko or found[0].label_en
    ids = ",".join(each.value for each in found)
    return chip._replace(value=ids, label_en=label_en or chip.value, label_ko=label_ko or chip.value)


def to_query(question: Question) -> Query:
    """The query that asks this, its text taken as words. Without words and an order of its own, the newest comes first."""
    return _query(question, Reading(question.text))


def _query(question: Question, reading: Reading) -> Query:
    text = keys.query_text(reading.text)
    sort = SORTS[question.sort] if question.sort else () if text else SORTS["-when"]
    return Query(
        text=text,
        filters=_filters(question, reading.chips),
        facets=tuple(FACETS[name].counted for name in question.facets),
        sort=sort,
        offset=0 if question.collapse else question.offset,
        limit=MOST if question.collapse and question.limit else question.limit,
    )


def _filters(question: Question, chips: Sequence[Chip]) -> tuple[Filter, ...]:
    wanted: list[Filter] = [OneOf(FACETS[name].filtered, values) for name, values in question.wanted.items() if values]
    for chip in chips:
        wanted += (
            _during(chip.value) if chip.field == "when" else [OneOf(FACETS[chip.field].filtered, tuple(chip.value.split(",")))]
        )
    if question.external_ids:
        wanted.append(OneOf("external_ids", question.external_ids))
    if question.parents:
        wanted.append(OneOf("parent_id", question.parents))
    wanted += [Missing(FACETS[name].filtered) for name in question.missing]
    if question.during:
        wanted += _during(question.during)
    return tuple(dict.fromkeys(wanted))  # What is said ten times need not be looked up ten times.


def _during(edtf: str) -> list[Filter]:
    """What overlaps a date or span."""
    span = when.parse(edtf)
    return [
        Between("start_day", high=day_number(span.end or date.max)),
        Between("end_day", low=day_number(span.start or date.min)),
    ]


async def ask(searcher: Searcher, question: Question) -> tuple[Answer, Try]:
    """What the first of the ways found that finds anything, and which it was; what the first one says where none does.

    Where none finds all of its words together, words are given up: those that nothing has, then the most frequent first.
    """
    answer, way = await _found(searcher, question)
    return await _completed(searcher, question, way, answer), way


async def ask_noticing(searcher: Searcher, question: Question) -> tuple[Answer, Try]:
    """The same as `ask`, with the people and the kind that the words name among the chips."""
    answer, way = await _found(searcher, question)
    completed, noticing = await gather(
        _completed(searcher, question, way, answer), _with_noticed(searcher, question, way, answer)
    )
    return completed, noticing


async def _found(searcher: Searcher, question: Question) -> tuple[Answer, Try]:
    tried: list[Try] = []
    nothing: Answer | None = None
    named = await _named(searcher, question) if ":" in question.text else {}
    for way in tries(question, named):
        answer = await searcher.search(way.query)
        if answer.total:
            return answer, way
        nothing = nothing or answer
        tried.append(way)
    for way in tried:
        if not way.respelling and (found := await _without_some(searcher, way)):
            return found
    if nothing is None:
        raise ValueError("a question is understood in one way at least")
    return nothing, tried[0]


async def _with_noticed(searcher: Searcher, question: Question, way: Try, answer: Answer) -> Try:
    if not answer.total or not way.query.text or way.respelling or way.given_up:
        return way
    found = await noticed(searcher, question.text, way.chips, question.as_words, way.query, answer)
    return replace(way, chips=tuple(sorted((*way.chips, *found), key=lambda chip: chip.start)))


async def _completed(searcher: Searcher, question: Question, way: Try, answer: Answer) -> Answer:
    """The answer with all that was asked besides its hits.

    Each facet that is filtered by is counted as if it were not, which says what else could be chosen.
    """
    narrowed = [(FACETS[name].counted, query) for name in question.facets if (query := _but(FACETS[name], way.query)) is not None]
    lacking = [(name, _lacking(FACETS[name], way.query)) for name in question.facets] if question.count_missing else []
    counts = await gather(*(searcher.search(query) for _, query in (*narrowed, *lacking)))
    also = {counted: each.facets[counted] for (counted, _), each in zip(narrowed, counts, strict=False)}
    missing = {name: each.total for (name, _), each in zip(lacking, counts[len(narrowed) :], strict=True)}
    answer = replace(answer, facets={**answer.facets, **also}, missing=missing)
    return collapsed(answer, question.offset, question.limit) if question.collapse else answer


def _lacking(facet: Facet, query: Query) -> Query:
    """The query that counts those without a value of a facet."""
    return replace(query, filters=(*_others(facet, query), Missing(facet.filtered)), facets=(), sort=(), offset=0, limit=0)


def _but(facet: Facet, query: Query) -> Query | None:
    """The query that counts a facet without the filter on it; None where there is none."""
    others = _others(facet, query)
    if len(others) == len(query.filters):
        return None
    return replace(query, filters=others, facets=(facet.counted,), sort=(), offset=0, limit=0)


def _others(facet: Facet, query: Query) -> tuple[Filter, ...]:
    """The filters that are not the facet's own: a span of days is a choice of years and months."""
    own = (facet.filtered, *(("start_day", "end_day") if facet.filtered in ("years", "months") else ()))
    return tuple(each for each in query.filters if each.field not in own)


async def values(searcher: Searcher, question: Question, name: str, typed: str, limit: int) -> list[Value]:
    """The values of a facet that have the words typed in one of their names, counted as a search for the question counts them."""
    facet, text = FACETS[name], keys.query_text(" ".join(keys.words(typed)))
    _, way = await _found(searcher, replace(question, facets=(), collapse=False, offset=0, limit=0))
    query = replace(_but(facet, way.query) or way.query, facets=(facet.counted,), sort=(), offset=0, limit=0)
    if facet.is_named:
        # Their names are words of the document: whoever has them is counted, however many others there are.
        closed = query.text + '"' * (query.text.count('"') % 2)
        query = replace(query, text=f"{closed} {text}".strip())
    counts = (await searcher.search(query)).facets[facet.counted]
    words = typed_words(text)
    for ways in (AS_TYPED, NEARLY):
        found = sorted(values_that_fit(counts, facet, words, ways), key=lambda each: each.fit.looseness)
        if found:
            return found[:limit]
    return []


async def _without_some(searcher: Searcher, way: Try) -> tuple[Answer, Try] | None:
    pieces = keys.pieces(way.query.text)[: keys.MAX_WORDS]
    words = [at for at, piece in enumerate(pieces) if keys.is_plain(piece)]
    if len(words) < 2:
        return None
    counted = [replace(way.query, text=pieces[at], facets=(), sort=(), offset=0, limit=0) for at in words]
    totals = [answer.total for answer in await gather(*map(searcher.search, counted))]
    by_total = dict(zip(words, totals, strict=True))
    kept = sorted((at for at in words if by_total[at]), key=by_total.__getitem__)
    while kept:
        stays = {*kept, *(at for at in range(len(pieces)) if at not in by_total)}
        if len(stays) < len(pieces):
            query = replace(way.query, text=" ".join(piece for at, piece in enumerate(pieces) if at in stays))
            if (answer := await searcher.search(query)).total:
                return answer, replace(way, query=query, given_up=tuple(pieces[at] for at in words if at not in stays))
        kept.pop()
    return None
