"""`GET /v1/search`: the words a person typed, answered by the first mirror that can, with how fresh that mirror is.

This is the hot path: no session, no thread of the register, no model objects on the way out.
"""

import base64
import hashlib
import time
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api import answers
from service.api.cards import Hit
from service.api.freshness import IndexFreshness, index_freshness
from service.api.metrics import SEARCH_SECONDS
from service.api.parameters import documented, known_name, listed_names, read_parameters
from service.api.preferences import wait_seconds
from service.api.requests import client_of
from service.errors import Invalid
from service.mirror.asking import Answered
from service.register.codes import Direction, Kind, Mode, OfficeType, OutcomeKind, OutcomeStatus, Status
from service.register.places import CountryCode
from service.register.text import ExternalId, Line, RecordId, Shape
from service.register.when import Edtf
from service.search.engine import Answer
from service.search.explaining import explain
from service.search.facets import FACETS, counts
from service.search.hits import hits, shown_of
from service.search.meant import did_you_mean
from service.search.question import SORTS, Question, Try
from service.search.schema import MAX_HITS

router = APIRouter(tags=["search"])

NO_FACET: Final = "There is no facet {!r}"


class QuestionParameters(Shape):
    """What a search is narrowed by. A repeated parameter means either of its values; different ones must hold together."""

    q: Annotated[
        str, Field(max_length=1000, description="What to look for, in Korean or English; the last word may be half typed.")
    ] = ""
    as_words: Annotated[
        tuple[Literal["country", "when", "kind", "person"], ...],
        Field(description="What is not to be read in `q`: a chip that was removed. What is written as `field:value` always is."),
    ] = ()
    country: tuple[CountryCode, ...] = ()
    kind: tuple[Kind, ...] = ()
    status: tuple[Status, ...] = ()
    mode: tuple[Mode, ...] = ()
    direction: tuple[Direction, ...] = ()
    year: tuple[Annotated[int, Field(ge=1, le=9999)], ...] = ()
    month: tuple[Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="A calendar month, as 2024-05.")], ...] = ()
    person: tuple[RecordId, ...] = ()
    organization: tuple[RecordId, ...] = ()
    topic: tuple[RecordId, ...] = ()
    office: tuple[OfficeType, ...] = ()
    outcome_kind: tuple[OutcomeKind, ...] = ()
    outcome_status: tuple[OutcomeStatus, ...] = ()
    publisher: tuple[Line, ...] = ()
    external_id: tuple[ExternalId, ...] = ()
    parent: tuple[RecordId, ...] = ()
    when: Annotated[Edtf | None, Field(description="A date or span; engagements that overlap it.")] = None
    missing: Annotated[
        tuple[str, ...], Field(description="Comma-separated or repeated: facets of which an engagement must have no value.")
    ] = ()


class SearchParameters(QuestionParameters):
    """What `GET /v1/search` takes."""

    sort: Annotated[str | None, Field(description=f"One of {', '.join(SORTS)}.", json_schema_extra={"enum": list(SORTS)})] = None
    limit: Annotated[int, Field(ge=0, le=100)] = 20
    page: Annotated[int | None, Field(ge=1)] = None
    cursor: str | None = None
    sync_token: Annotated[
        int | None,
        Field(
            ge=0,
            le=2**63 - 1,
            description="The `Sync-Token` of a write; with `Prefer: wait=N` the search waits until the write can be found,"
            " N seconds at most.",
        ),
    ] = None
    facets: Annotated[tuple[str, ...], Field(description=f"Comma-separated or repeated: {', '.join(FACETS)}.")] = ()
    count_missing: Annotated[bool, Field(description="Count those without a value of a facet as well, as its last value.")] = (
        False
    )
    collapse: Annotated[
        bool, Field(description="Show a trip and its parts as one hit, and of its other parts the titles, as `collapsed`.")
    ] = False
    explain: Annotated[bool, Field(description="Say of each hit where each word was found, and how, as `matched`.")] = False


class FacetCount(BaseModel):
    """A value of a facet, what it is called, and how many of all matches have it; those without one have the value null."""

    value: str | None
    label_en: str | None
    label_ko: str | None
    count: int


class ChipModel(BaseModel):
    """Something that was read in `q` and is filtered by: `q[start:end]` in Unicode code points, `text`, stands for `value`.

    `stated` says that it was written as `field:value`; other ones are removed by `as_words={field}`. A person named in full and a
    kind are looked for as words: `applied` says whether all that was found has the value. Where it does not, the chip is an offer
    to narrow the search by `{field}={value}`.
    """

    field: str
    value: str
    label_en: str
    label_ko: str
    text: str
    start: int
    end: int
    stated: bool
    applied: bool


class Understood(BaseModel):
    """How `q` was understood where the answer comes from: `text` was looked for, within what `chips` say.

    `respelled` says by what other reading of the keys `text` came about, `given_up` which words are not looked for. Both
    happen only where nothing is found otherwise. `did_you_mean` has words that stand nowhere as they were typed as the best hits
    spell them.
    """

    text: str
    chips: list[ChipModel]
    respelled: Literal["keyboard", "half-typed"] | None
    given_up: list[str]
    did_you_mean: str | None


class SearchPage(BaseModel):
    """One page of hits, the best first. `relaxed` says that words were given up, because all of them together find nothing."""

    items: list[Hit]
    total: int
    total_exact: bool
    relaxed: bool
    understood: Understood
    page: int
    next_cursor: str | None
    facets: dict[str, list[FacetCount]]
    index: IndexFreshness


@router.get(
    "/v1/search",
    name="search_engagements",
    summary="Search the engagements",
    response_model=SearchPage,
    openapi_extra=documented(SearchParameters),
)
async def search_engagements(request: Request) -> Response:
    """Engagements by words in Korean or English, with filters and counts by facet; it says how fresh the answer is.

    Typing errors, missing accents, half a word, first letters and the wrong keyboard are forgiven. Countries and dates in words
    narrow the search and are shown as chips, which `as_words` takes back; `field:value`, `"a phrase"` and `-word` are understood.
    """
    parameters = read_parameters(SearchParameters, request)
    asked = _question(parameters)
    holds = await _reached(request, parameters.sync_token)
    found = await _ask(request, asked)
    answer = found.answer
    shown = asked.offset + asked.limit
    more = asked.limit > 0 and shown < min(answer.total, MAX_HITS)
    text = found.way.query.text
    items = hits(answer, text)
    if parameters.explain:
        await _explain(request, items, text)
    body = {
        "items": items,
        "total": answer.total,
        "total_exact": answer.exact,
        "relaxed": bool(found.way.given_up),
        "understood": _understood(found.way, answer),
        "page": asked.offset // asked.limit + 1 if asked.limit else 1,
        "next_cursor": _cursor(parameters, shown) if more else None,
        "facets": counts(answer, asked.facets),
        "index": index_freshness(found.source, holds, client_of(request).audience),
    }
    return answers.made(body)


def _understood(way: Try, answer: Answer) -> dict[str, Any]:
    text = way.query.text
    return {
        "text": text,
        "chips": [chip._asdict() for chip in way.chips],
        "respelled": way.respelling and way.respelling.how,
        "given_up": way.given_up,
        "did_you_mean": did_you_mean(text, map(shown_of, answer.cards)) if text else None,
    }


async def _explain(request: Request, items: list[dict[str, Any]], text: str) -> None:
    documents = await request.app.state.search.documents([hit["id"] for hit in items], client_of(request).audience)
    for hit in items:
        known = documents.get(hit["id"])
        hit["matched"] = [each._asdict() for each in explain(known, text)] if known else []


async def _ask(request: Request, asked: Question) -> Answered:
    began, mirror = time.perf_counter(), "none"
    try:
        found: Answered = await request.app.state.search.ask(asked, client_of(request).audience)
        mirror = found.source.mirror.name
    finally:
        SEARCH_SECONDS.labels(mirror).observe(time.perf_counter() - began)
    return found


async def _reached(request: Request, token: int | None) -> bool | None:
    """Whether the mirror that is asked holds the write of the token, waiting for it as long as is wanted."""
    if token is None:
        return None
    state = request.app.state
    wait = wait_seconds(request.headers.get("prefer")) or 0
    return bool(await state.tokens.reached(state.search.first.name, token, wait) == "indexed")


def question_of(asked: QuestionParameters) -> Question:
    """The question that these parameters narrow; raises `Invalid` where one names a facet that there is not."""
    return Question(
        text=asked.q,
        as_words=asked.as_words,
        wanted={name: values for name in FACETS if (values := getattr(asked, name))},
        external_ids=asked.external_id,
        parents=asked.parent,
        missing=_facets("missing", asked.missing),
        during=asked.when,
    )


def _facets(parameter: str, listed: tuple[str, ...]) -> tuple[str, ...]:
    return listed_names(parameter, listed, FACETS, NO_FACET)


def _question(asked: SearchParameters) -> Question:
    if asked.sort is not None:
        known_name("sort", asked.sort, SORTS, "There is no order {!r}")
    offset = _offset(asked)
    if offset + asked.limit > MAX_HITS:
        raise Invalid.parameter("page", asked.page, f"A search shows its first {MAX_HITS} hits; narrow it with filters")
    return replace(
        question_of(asked),
        facets=_facets("facets", asked.facets),
        count_missing=asked.count_missing,
        collapse=asked.collapse,
        sort=asked.sort,
        offset=offset,
        limit=asked.limit,
    )


def _offset(asked: SearchParameters) -> int:
    if asked.cursor is None:
        return ((asked.page or 1) - 1) * asked.limit
    if asked.page is not None:
        raise Invalid.parameter("page", asked.page, "Give either page or cursor")
    try:
        mark, offset = orjson.loads(base64.urlsafe_b64decode(asked.cursor + "=="))
    except ValueError:
        mark, offset = None, None
    if mark != _mark(asked) or not isinstance(offset, int) or offset < 0:
        raise Invalid.parameter("cursor", asked.cursor, "The cursor is not one of this search; begin again without it")
    return offset


def _cursor(asked: SearchParameters, offset: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_mark(asked), offset])).rstrip(b"=").decode()


_ANY_PAGE: Final = {"cursor", "page", "facets", "count_missing", "explain", "sync_token"}
"""Parameters that change nothing about which hits there are in which order."""


def _mark(asked: SearchParameters) -> str:
    # A cursor belongs to one search: the same words, filters and order.
    what = orjson.dumps(asked.model_dump(exclude=_ANY_PAGE), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(what).hexdigest()[:12]
