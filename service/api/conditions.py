"""Conditional requests (RFC 9110 §13): which version a change is made for, and what a client has already.

The tag of a record is `"<version>-<digest>"`. A change is held against the version alone, because what a record shows of others
(the name of a person who was renamed meanwhile) is not what is changed; so `If-Match: "3"`, with the version that a list shows,
does as well. What a client has already is held against the whole tag.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from starlette.types import Message, Scope, Send

from service.api.requests import client_of
from service.errors import Forbidden, Invalid
from service.register.verbs.expecting import Expected

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST: Final = re.compile(rf"[\s,]*{_TAG.pattern}(\s*,[\s,]*{_TAG.pattern})*[\s,]*")
_VERSION: Final = re.compile(r"(\d{1,9})(-[0-9a-f]+)?")


async def _expected(
    request: Request,
    if_match: Annotated[  # noqa: ARG001  documents the header; there may be several, which are one list
        str | None,
        Header(description='The ETag of the record as it was read; `"3"`, its version alone, does as well.', examples=['"3"']),
    ] = None,
) -> Expected:
    given = ", ".join(request.headers.getlist("if-match"))
    if not given.strip():
        return None
    if given.strip() == "*":
        if not client_of(request).is_admin:
            raise Forbidden("If-Match: * changes whatever is there, which only a key with the scope admin may do")
        return "any"
    if not _LIST.fullmatch(given):
        detail = 'If-Match is an ETag as it was answered, quotation marks and all, such as "3-5f0c4d1f9a2b"'
        raise Invalid.parameter("If-Match", given, detail, "entity_tag")
    return frozenset(_versions(given))


def _versions(given: str) -> Iterator[int]:
    # A weak tag matches nothing here, and a tag that is none of ours is of no version.
    for weak, tag in _TAG.findall(given):
        if not weak and (version := _VERSION.fullmatch(tag)):
            yield int(version[1])


Expects = Annotated[Expected, Depends(_expected)]
"""The versions that the change may be made for, by If-Match."""


async def _only_new(
    if_none_match: Annotated[str | None, Header(description="`*` puts only what is not there yet.", examples=["*"])] = None,
) -> bool:
    if if_none_match is None:
        return False
    if if_none_match.strip() != "*":
        detail = "Where something is put, If-None-Match is `*`: only if there is nothing yet"
        raise Invalid.parameter("If-None-Match", if_none_match, detail, "entity_tag")
    return True


OnlyNew = Annotated[bool, Depends(_only_new)]
"""Whether only what is not there yet is to be put, by If-None-Match."""


def without_what_is_known(scope: Scope, send: Send) -> Send:
    """Let an answer be 304 without a body where the client names its tag in If-None-Match (RFC 9110 §13.1.2)."""
    known = b",".join(value for name, value in scope["headers"] if name == b"if-none-match").decode("latin-1")
    if not known:
        return send
    tags = {tag for _, tag in _TAG.findall(known)}
    held = False

    async def sending(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and message["status"] == 200:
            tag = next((value for name, value in message["headers"] if name == b"etag"), None)
            held = tag is not None and (known.strip() == "*" or tag.decode("latin-1").strip('"') in tags)
            if held:
                kept = [pair for pair in message["headers"] if pair[0] not in (b"content-length", b"content-type")]
                message = {**message, "status": 304, "headers": kept}
        elif held and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending
