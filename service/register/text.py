"""Text as the register keeps it: composed (Unicode NFC), trimmed, within a bound, and of characters that text has.

Decomposed Hangul and composed Hangul are the same text and become the same bytes. A NUL, another control character or a
lone surrogate is no text, and is refused with its position.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_BREAKS = "\t\n\r"
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates."""


def clean(value: str, allowed: str = _BREAKS) -> str:
    """The text as it is kept; raises a validation error that names the first character that cannot be."""
    for found in _NO_TEXT.finditer(value):
        if found[0] not in allowed:
            raise PydanticCustomError(
                "not_text",
                "Character {position} is U+{codepoint}, which cannot stand here; send the text without it",
                {"position": found.start() + 1, "codepoint": f"{ord(found[0]):04X}"},
            )
    return unicodedata.normalize("NFC", value).strip()


def _one_line(value: str) -> str:
    # A break at the end came with the copying and says nothing.
    return clean(value.rstrip(f" {_BREAKS}"), allowed="")


def _not_empty(value: str) -> str:
    if not value:
        raise PydanticCustomError("empty", "The text is empty; leave the field out, or null, when there is nothing to say")
    return value


def _at_most(limit: int) -> Callable[[str], str]:
    def bounded(value: str) -> str:
        if len(value) <= limit:
            return value
        raise PydanticCustomError(
            "string_too_long",
            "The text has {length} characters; {limit} are kept at most",
            {"length": len(value), "limit": limit},
        )

    return bounded


def _bounded(limit: int, as_kept: Callable[[str], str], **schema: str) -> tuple[object, ...]:
    # An enormous text is refused before it is looked at character by character. Text may come in decomposed, a Hangul
    # syllable as three characters; what is bounded is the text as it is kept.
    return (
        StringConstraints(max_length=4 * limit),
        AfterValidator(as_kept),
        AfterValidator(_not_empty),
        AfterValidator(_at_most(limit)),
        WithJsonSchema({"type": "string", "minLength": 1, "maxLength": limit, **schema}),
    )


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        found = parts.scheme in ("http", "https") and parts.hostname and not any(character.isspace() for character in value)
    except ValueError:
        found = False
    if not found:
        raise PydanticCustomError("url", "A web address is expected, such as https://www.gg.go.kr/")
    return value


Line = Annotated[str, *_bounded(500, _one_line)]
"""A title, a name, an office: one line of at most 500 characters, without tabs or line breaks."""

Prose = Annotated[str, *_bounded(20_000, clean)]
"""A summary, a note, a quotation: at most 20,000 characters."""

Url = Annotated[str, *_bounded(2_000, _one_line, format="uri"), AfterValidator(_web_address)]
"""An http or https address, kept as it was given."""

ExternalId = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[^\s\x00-\x1f]+$"),
    AfterValidator(clean),
    Field(description="An id that another system gave: `system:key`, or a bare key."),
]

RecordId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
    Field(description="UUIDv7 (RFC 9562)"),
]

Reference = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[^\s\x00-\x1f]+$"),
    AfterValidator(clean),
    Field(description="Another record: its id, or one of its external ids.", examples=["gg-2024-05-06-newsom"]),
]

Language = Annotated[
    str,
    StringConstraints(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"),
    Field(description="BCP 47, such as ko or zh-Hant"),
]


class Shape(BaseModel):
    """The base of every shape in which something is recorded: no unknown fields, nothing converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


S = TypeVar("S", bound=Shape)


def need_one(shape: S, *fields: str) -> S:
    """The shape itself, if at least one of these fields says something."""
    if all(getattr(shape, field) is None for field in fields):
        raise PydanticCustomError("missing", "At least one of {fields} is needed", {"fields": ", ".join(fields)})
    return shape
