"""Merge patches (RFC 7396) of the shapes in which things are recorded: every field may be left out, and null removes.

A patch is checked field by field before it is applied; whether the patched record is right as a whole, the verb decides.
"""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from service.register.assertion import AssertionShape
from service.register.engagement import EngagementHeader, ParticipationShape
from service.register.organization import OrganizationHeader
from service.register.outcome import OutcomeShape
from service.register.person import PersonHeader
from service.register.source import CitationShape, SourceShape
from service.register.text import Shape
from service.register.topic import TopicShape


class PatchOf:
    """Marks a dictionary as a merge patch of a shape; what is left of it after the check is what was given, cleaned."""

    def __init__(self, shape: type[Shape]) -> None:
        self.model = _patch_model(shape)

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of the patch's model, whose result is a dictionary again."""
        return core_schema.no_info_after_validator_function(_as_given, handler.generate_schema(self.model))


def _as_given(patch: BaseModel) -> dict[str, Any]:
    return patch.model_dump(exclude_unset=True)


def _patch_model(shape: type[Shape]) -> type[Shape]:
    hints = get_type_hints(shape, include_extras=True)
    fields: dict[str, Any] = {name: (_patched(hints[name]) | None, None) for name in shape.model_fields}
    noun = shape.__name__.removesuffix("Shape").removesuffix("Header")
    meaning = f"A merge patch: what is named is set, null removes. {(shape.__doc__ or '').partition(chr(10))[0]}"
    return create_model(f"{noun}Patch", __base__=Shape, __doc__=meaning, **fields)


def _patched(hint: Any) -> Any:
    """The type of a field in a patch: an object within the record is patched in its turn, everything else is replaced."""
    if isinstance(hint, type) and issubclass(hint, Shape):
        return _patch_model(hint)
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(_patched(part) for part in get_args(hint))]  # noqa: UP007  made of types known only here
    return hint


def models(metadata: Any) -> Iterator[type[Shape]]:
    """The models of the patches that a parameter's metadata speaks of."""
    return (mark.model for mark in metadata if isinstance(mark, PatchOf))


EngagementPatch = Annotated[dict[str, Any], PatchOf(EngagementHeader)]
ParticipationPatch = Annotated[dict[str, Any], PatchOf(ParticipationShape)]
OutcomePatch = Annotated[dict[str, Any], PatchOf(OutcomeShape)]
CitationPatch = Annotated[dict[str, Any], PatchOf(CitationShape)]
AssertionPatch = Annotated[dict[str, Any], PatchOf(AssertionShape)]
PersonPatch = Annotated[dict[str, Any], PatchOf(PersonHeader)]
OrganizationPatch = Annotated[dict[str, Any], PatchOf(OrganizationHeader)]
TopicPatch = Annotated[dict[str, Any], PatchOf(TopicShape)]
SourcePatch = Annotated[dict[str, Any], PatchOf(SourceShape)]
