"""From pydantic's findings to our faults: each names the field as a JSON Pointer, the value, and what would be right."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from service.errors import Fault, Invalid, suggestion

_TOO_MANY = 50

_CLEARER: Final = {
    "string_unicode": "The text has half of a surrogate pair, which is no character; send the whole character or leave it out",
    "model_attributes_type": "A JSON object is expected",
    "model_type": "A JSON object is expected",
    "dict_type": "A JSON object is expected",
}


def faults_of(error: ValidationError, root: str = "#", shape: Any = None) -> list[Fault]:
    """A fault for each finding, at most fifty; `shape` is the type that was expected, whose fields an unknown one may mean."""
    return [fault_of(found, root, shape) for found in error.errors(include_url=False)[:_TOO_MANY]]


def fault_of(found: ErrorDetails, root: str = "#", shape: Any = None) -> Fault:
    """The fault that one finding of pydantic is, with its place as a JSON Pointer below `root`."""
    pointer = "/".join([root, *(escaped(step) for step in found["loc"])])
    detail = _CLEARER.get(found["type"], found["msg"].removeprefix("Value error, "))
    if found["type"] == "extra_forbidden":
        name, known = str(found["loc"][-1]), _known(shape, found["loc"][:-1])
        detail = f"There is no field {name!r}" + (f"; {suggestion(name, known)}" if known else " here")
    value = None if found["type"] == "missing" else found.get("input")
    return Fault(detail=detail, code=found["type"], pointer=pointer, value=value if not isinstance(value, dict | list) else None)


def _known(shape: Any, steps: Sequence[int | str]) -> list[str]:
    """The fields of the model that these steps lead to, from the type `shape` on."""
    model = next(_models(shape), None)
    for step in steps:
        if model is not None and isinstance(step, str):
            field = model.model_fields.get(step)
            model = next(_models(field.annotation), None) if field else None
    return list(model.model_fields) if model else []


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type speaks of, at any depth: of `list[NameShape] | None` it is `NameShape`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def escaped(step: Any) -> str:
    """One step of a JSON Pointer (RFC 6901 §3)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def checked(kind: Any, value: Any, root: str = "#") -> Any:
    """The value as this type takes it; raises `Invalid` with a fault for everything that is wrong."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        faults = faults_of(error, root, kind)
        raise Invalid(faults[0].detail, faults=faults) from None
