"""`POST /v1/bulk/…`: many operations in one request and one transaction, with a result for each.

The body may be long, so it is checked in the thread that then does the work, item by item.
"""

from collections import Counter
from typing import Annotated, Any, Final, Literal, Union, get_args

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field, GetJsonSchemaHandler, TypeAdapter, ValidationError, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema
from sqlalchemy import Connection

from service.api import answers, examples, patches, problems, routing
from service.api.idempotency import OnlyOnce
from service.api.members import RecordId
from service.api.problems import ItemProblem, refusals
from service.api.requests import By, plural
from service.errors import Fault, Invalid, Problem, suggestion
from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.reading.records import Noun
from service.register.source import SourceShape
from service.register.text import Prose, Reference, Shape
from service.register.topic import TopicShape
from service.register.validation import fault_of
from service.register.verbs import carrying_out
from service.register.verbs.carrying_out import Operation, Result

MOST_ITEMS: Final = 10_000
_MOST_FAULTS: Final = 20

_SHAPES: Final[dict[Noun, tuple[type[Shape], Any]]] = {
    "engagement": (EngagementShape, patches.EngagementPatch),
    "person": (PersonShape, patches.PersonPatch),
    "organization": (OrganizationShape, patches.OrganizationPatch),
    "topic": (TopicShape, patches.TopicPatch),
    "source": (SourceShape, patches.SourcePatch),
}
_EXAMPLES: Final[dict[Noun, dict[str, Any]]] = {
    "engagement": examples.ENGAGEMENT,
    "person": examples.PERSON,
    "organization": examples.ORGANIZATION,
    "topic": examples.TOPIC,
    "source": examples.SOURCE,
}
_NEW: Final[Any] = Literal["record", "upsert"]
_REVISE: Final[Any] = Literal["revise"]
_STATUSES: Final = {"recorded": 201, "revised": 200, "unchanged": 200, "withdrawn": 200, "restored": 200}


class _ToOne(Shape):
    """An operation on a record that is there."""

    record: Annotated[Reference, Field(description="The record: its id, or one of its external ids.")]
    version: Annotated[int | None, Field(ge=1, description="The version that it has to have; any unless given.")] = None


class WithdrawItem(_ToOne):
    """Withdraw a record, or restore a withdrawn one."""

    do: Literal["withdraw", "restore"]
    reason: Prose | None = None


class BulkResult(BaseModel):
    """What became of an item; `status` is what a request of its own would have been answered with."""

    status: int
    what: Literal["recorded", "revised", "unchanged", "withdrawn", "restored", "refused"]
    id: RecordId | None
    version: int | None
    problem: ItemProblem | None


class BulkResults(BaseModel):
    """A result for each item, in the order given, and how many there are of each kind."""

    items: list[BulkResult]
    counts: dict[str, int]


def routes(noun: Noun) -> APIRouter:
    """The route for many operations on the records of one noun."""
    router = routing.router(plural(noun), "/v1/bulk")
    model, items = _bulk(noun)

    @router.post(
        f"/{plural(noun)}",
        name=f"change_many_{plural(noun)}",
        response_model=BulkResults,
        responses=refusals(400, 409, 413, 415, 422),
    )
    def change_many(body: Annotated[Any, Unchecked(model), Body(examples=[_example(noun)])], once: OnlyOnce, by: By) -> Response:
        """Record, upsert, revise, withdraw and restore many records in one transaction, in the order given.

        With `atomic`, which is the default, either all is done or nothing, and a refusal lists everything that is wrong. Without
        it, what can be done is done. An upsert knows a record by its external ids: it records what is not there, and sets what
        the item names of what is. A feed may be sent again and again: what does not differ makes no version.
        """
        atomic, raw = _read(body)
        operations, refused = _operations(items, raw)
        if atomic and refused:
            faults = [fault for n in sorted(refused) for fault in refused[n].faults]
            detail = f"{len(refused)} of {len(raw)} items cannot be right, so none was carried out: {faults[0].detail}"
            raise carrying_out.Refused(detail, faults=faults, refused=len(refused))

        def work(connection: Connection) -> Response:
            done = carrying_out.carry_out(connection, noun, operations, by=by)
            if atomic:
                carrying_out.refuse_all(operations, done)
            return answers.made(_results(len(raw), operations, done, refused))

        return once(work)

    return router


def _example(noun: Noun) -> dict[str, Any]:
    record = {**_EXAMPLES[noun], "external_ids": ["feed:2024-0017"]}
    return {"atomic": True, "items": [{"do": "upsert", "record": record}, {"do": "withdraw", "record": "feed:2023-0004"}]}


class Unchecked:
    """Marks a body that is described as this model, and is checked later, item by item."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


def _bulk(noun: Noun) -> tuple[type[BaseModel], TypeAdapter[Any]]:
    """The model of the whole body, and what checks an item of it."""
    shape, patch = _SHAPES[noun]
    name = noun.capitalize()
    record = create_model(
        f"{name}RecordItem",
        __base__=Shape,
        __doc__="Record what is new, or upsert what may be there.",
        do=(_NEW, ...),
        record=(shape, ...),
    )
    revise = create_model(
        f"{name}ReviseItem",
        __base__=_ToOne,
        __doc__="Revise a record by merge patch (RFC 7396).",
        do=(_REVISE, ...),
        patch=(patch, ...),
        reason=(Prose | None, None),
    )
    item = Annotated[Union[record, revise, WithdrawItem], Field(discriminator="do")]  # noqa: UP007  models known only here
    whole = create_model(
        f"{name}Bulk",
        __base__=Shape,
        __doc__="What is to be done, in this order.",
        atomic=(bool, Field(True, description="Whether either all is done or nothing.")),
        items=(_list_of(item), Field(min_length=1, max_length=MOST_ITEMS)),
    )
    return whole, TypeAdapter(item)


def _list_of(item: Any) -> Any:
    return list[item]


def _read(parsed: Any) -> tuple[bool, list[Any]]:
    """Whether all or nothing is wanted, and the items as they were sent."""
    if not isinstance(parsed, dict):
        raise Invalid.field("#", None, "A JSON object with `items` is expected", "dict_type")
    if unknown := sorted(parsed.keys() - {"atomic", "items"}):
        raise Invalid.field(
            f"#/{unknown[0]}", None, f"There is no field {unknown[0]!r}; known are: atomic, items", "extra_forbidden"
        )
    atomic, raw = parsed.get("atomic", True), parsed.get("items")
    if not isinstance(atomic, bool):
        raise Invalid.field("#/atomic", atomic, "true or false is expected", "bool_type")
    if not isinstance(raw, list):
        raise Invalid.field("#/items", None, "A list of items is expected", "list_type")
    carrying_out.refuse_too_many(len(raw), MOST_ITEMS)
    return atomic, raw


def _operations(items: TypeAdapter[Any], raw: list[Any]) -> tuple[list[Operation], dict[int, Invalid]]:
    operations: list[Operation] = []
    refused: dict[int, Invalid] = {}
    for n, each in enumerate(raw):
        try:
            operations.append(_operation(items.validate_python(each), f"#/items/{n}"))
        except ValidationError as error:
            faults = [fault_of(_untagged(found), f"#/items/{n}") for found in error.errors(include_url=False)[:_MOST_FAULTS]]
            refused[n] = Invalid(faults[0].detail, faults=faults)
    return operations, refused


def _operation(item: Any, root: str) -> Operation:
    if item.do in ("record", "upsert"):
        return Operation(item.do, root, shape=item.record)
    patch = item.patch if item.do == "revise" else None
    return Operation(item.do, root, record=item.record, patch=patch, version=item.version, reason=item.reason)


def _untagged(found: ErrorDetails) -> ErrorDetails:
    """The finding without the name of the alternative that it was found in, which is no part of the body."""
    steps = found["loc"][1:] if found["loc"] and found["loc"][0] in get_args(carrying_out.Do) else found["loc"]
    if found["type"] == "union_tag_invalid":
        given = str(found["ctx"]["tag"])
        found = {**found, "msg": f"There is nothing to do called {given!r}; {suggestion(given, get_args(carrying_out.Do))}"}
        steps = (*steps, "do")
    elif found["type"] == "union_tag_not_found":
        found = {**found, "msg": f"`do` says what is to be done: {', '.join(get_args(carrying_out.Do))}"}
        steps = (*steps, "do")
    return {**found, "loc": steps}


def _results(count: int, operations: list[Operation], done: list[Result], refused: dict[int, Invalid]) -> dict[str, Any]:
    carried_out = iter(zip(operations, done, strict=True))
    told = []
    for n in range(count):
        if n in refused:
            told.append(_refusal(refused[n], list(refused[n].faults)))
        else:
            operation, result = next(carried_out)
            told.append(_told(operation, result))
    return {"items": told, "counts": Counter(each["what"] for each in told)}


def _told(operation: Operation, result: Result) -> dict[str, Any]:
    if result.problem:
        return _refusal(result.problem, carrying_out.faults_of(operation, result.problem))
    record = result.record
    if record is None:
        raise ValueError("what was carried out has a record")
    known = {"id": record["id"], "version": record["version"]}
    return {"status": _STATUSES[result.what], "what": result.what, **known, "problem": None}


def _refusal(problem: Problem, faults: list[Fault]) -> dict[str, Any]:
    told = problems.told(problem) | {"errors": [fault.as_json() for fault in faults]}
    return {"status": problem.status, "what": "refused", "id": None, "version": None, "problem": told}
