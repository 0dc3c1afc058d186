"""How a request of the register is taken in: its parameters known, its body of a type that is read, and strictly JSON.

What FastAPI finds wrong becomes an `Invalid` that names the nearest field; what cannot be an id is the id of no record.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from service.api.json_body import parse
from service.api.parameters import refuse_unknown
from service.api.patches import models
from service.api.problems import UnsupportedMediaType
from service.errors import Fault, Invalid, NotFound, Problem
from service.register.validation import fault_of

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_LONG_BODY_BYTES = 100_000

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """A request whose body is read by our own rules of JSON."""

    async def json(self) -> Any:
        body = await self.body()
        # What is long would keep all other requests waiting.
        return parse(body) if len(body) < _LONG_BODY_BYTES else await to_thread.run_sync(parse, body)


class RegisterRoute(APIRoute):
    """A route of the register."""

    def get_route_handler(self) -> Handler:
        """The handler, with the checks around it that every request of the register passes."""
        handle = super().get_route_handler()
        shape = _shape(self)
        accepted = None if shape is None else (MERGE_PATCH, JSON) if "PATCH" in (self.methods or ()) else (JSON,)
        known = None if (self.openapi_extra or {}).get("parameters") else [field.alias for field in self.dependant.query_params]

        async def strict(request: Request) -> Response:
            if known is not None and request.scope["query_string"]:
                refuse_unknown(request, known)
            if accepted is not None:
                check_media_type(request, accepted)
                request = StrictRequest(request.scope, request.receive)
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise refusal_of(error, shape) from None
            except HTTPException as error:
                # FastAPI wraps what the reading of a body raises.
                raise error.__cause__ if isinstance(error.__cause__, Problem) else error from None

        return strict


def router(tag: str, prefix: str = "") -> APIRouter:
    """A router whose requests are taken in by these rules."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=RegisterRoute)


def check_media_type(request: Request, accepted: tuple[str, ...]) -> None:
    """Raise `UnsupportedMediaType` for a body of another type than these; without a body there is nothing to object to."""
    given = request.headers.get("content-type")
    if given is None and request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return
    if (given or "").partition(";")[0].strip().lower() in accepted:
        return
    named = f"is {given!r}" if given else "is not said"
    header = "Accept-Patch" if MERGE_PATCH in accepted else "Accept"
    raise UnsupportedMediaType(
        f"The type of the body {named}; send {' or '.join(accepted)} in Content-Type",
        faults=[Fault(f"{' or '.join(accepted)} is expected", "media_type", parameter="Content-Type", value=given)],
        headers={header: ", ".join(accepted)},
    )


def _shape(route: APIRoute) -> Any:
    """The type that the body is expected to be, of a merge patch its model; None where no body is read."""
    body = route.body_field
    return None if body is None else next(models(body.field_info.metadata), body.field_info.annotation)


def refusal_of(error: RequestValidationError, shape: Any = None) -> Problem:
    """What FastAPI found wrong, as a problem of ours; `shape` is the type that the body is expected to be."""
    faults = []
    for found in cast(Sequence[ErrorDetails], error.errors()):
        where, *rest = found["loc"]
        if where == "path":
            return NotFound(f"There is no record with the id {found['input']!r}; an id is a UUIDv7 in lower case.")
        if found["loc"] == ("body",) and found["msg"] == "Field required":
            faults.append(Fault("There is no body; a JSON object is expected", "missing", pointer="#"))
        elif where == "body":
            faults.append(fault_of(cast(ErrorDetails, {**found, "loc": tuple(rest)}), shape=shape))
        else:
            faults.append(Fault(found["msg"], found["type"], parameter=str(rest[0]), value=found.get("input")))
    return Invalid(faults[0].detail, faults=faults[:50])
