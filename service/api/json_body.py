"""Reading a JSON body so that it means one thing only (RFC 8259, and I-JSON's rules where that one leaves a choice).

Python's parser takes NaN for a number, lets the last of two equal names win and guesses at UTF-16; a register must not.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from service.api.problems import Malformed
from service.errors import Fault
from service.register.validation import escaped


class _Unfit(NamedTuple):
    """Stands in the parsed body for what JSON does not have."""

    code: str
    detail: str
    value: str


def parse(body: bytes) -> Any:
    """The value that the body is. Raises `Malformed` with the place of what cannot be read."""
    unfit: list[_Unfit] = []

    def constant(name: str) -> _Unfit:
        unfit.append(_Unfit("not_a_number", f"{name} is no JSON number; leave the field out when there is none", name))
        return unfit[-1]

    def members(pairs: list[tuple[str, Any]]) -> Any:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        twice = next(name for n, (name, _) in enumerate(pairs) if any(name == other for other, _ in pairs[:n]))
        unfit.append(_Unfit("duplicate_name", f"The name {twice!r} is given twice in one object; give it once", twice))
        return unfit[-1]

    try:
        parsed = json.loads(body.decode("utf-8-sig"), parse_constant=constant, object_pairs_hook=members)
    except UnicodeDecodeError as error:
        raise _malformed("not_utf8", f"The body is not UTF-8 from byte {error.start + 1} on") from None
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise _malformed("json_invalid", detail, error.doc[error.pos : error.pos + 20], position=error.pos) from None
    except RecursionError:
        raise _malformed("too_deep", "The body is nested too deeply; nothing here is nested more than a few levels") from None
    except ValueError as error:
        raise _malformed("json_invalid", f"The body has a number that cannot be read: {error}") from None
    if unfit:
        faults = [Fault(found.detail, found.code, pointer=pointer, value=found.value) for pointer, found in _places(parsed)]
        raise Malformed(faults[0].detail, faults=faults)
    return parsed


def _malformed(code: str, detail: str, value: Any = None, **members: Any) -> Malformed:
    return Malformed(detail, faults=[Fault(detail, code, pointer="#", value=value)], **members)


def _places(parsed: Any) -> Iterator[tuple[str, _Unfit]]:
    # A stack instead of recursion: a body may be nested as deeply as the parser allows.
    waiting = [("#", parsed)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, _Unfit):
            yield pointer, value
        elif isinstance(value, dict):
            waiting.extend((f"{pointer}/{escaped(name)}", member) for name, member in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{n}", member) for n, member in enumerate(value))
