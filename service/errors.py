"""What can go wrong, as one family: each problem knows its HTTP status, its type and what would be right.

Any room may raise a `Problem`; the API turns it into `application/problem+json` (RFC 9457), the command line into one
line and an exit code. A problem that concerns particular values carries a `Fault` for each of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from rapidfuzz import fuzz, process


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that is wrong: where it stands, what it is, and what would be right.

    `pointer` is a JSON Pointer as a URI fragment (RFC 6901 §6: `#/when`) into the body; `parameter` names a query or
    path parameter. Exactly one of them is set.
    """

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None
    value: Any = None

    def as_json(self) -> dict[str, Any]:
        """The members of one entry of `errors`; an over-long value is shortened so that the answer stays readable."""
        where = {"pointer": self.pointer} if self.pointer is not None else {"parameter": self.parameter}
        return {**where, "code": self.code, "detail": self.detail, "value": shortened(self.value)}


class Problem(Exception):
    """A request that cannot be fulfilled, in the terms of RFC 9457. Subclasses set the class attributes."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        detail: str,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.members = members


class Invalid(Problem):
    """What was sent cannot be right, whatever the register holds."""

    status = 422
    type = "invalid"
    title = "The request has values that cannot be right"

    @classmethod
    def field(cls, pointer: str, value: Any, detail: str, code: str = "invalid") -> "Invalid":
        """One wrong value of the body; `pointer` as in `#/when`."""
        return cls(detail, faults=[Fault(detail=detail, code=code, pointer=pointer, value=value)])

    @classmethod
    def parameter(cls, name: str, value: Any, detail: str, code: str = "invalid") -> "Invalid":
        """One wrong parameter."""
        return cls(detail, faults=[Fault(detail=detail, code=code, parameter=name, value=value)])


class NotFound(Problem):
    status = 404
    type = "not-found"
    title = "There is no such record"


class Gone(Problem):
    """The record was withdrawn; it can be restored."""

    status = 410
    type = "withdrawn"
    title = "The record was withdrawn"


class Merged(Problem):
    """The record lives on in another one: `location` is the survivor's id (RFC 9110 §15.4.9)."""

    status = 308
    type = "merged"
    title = "The record was merged into another"

    def __init__(self, detail: str, *, noun: str, survivor: str) -> None:
        super().__init__(detail, noun=noun, survivor=survivor)
        self.noun = noun
        self.survivor = survivor


class Conflict(Problem):
    """What was asked contradicts what the register holds now."""

    status = 409
    type = "conflict"
    title = "The request contradicts the register"


class Stale(Problem):
    """The record has another version than the one that the change was made for (RFC 9110 §15.5.13)."""

    status = 412
    type = "stale"
    title = "The record is not the one that was read"


class ConditionRequired(Problem):
    """A change has to say which version it is made for (RFC 6585 §3)."""

    status = 428
    type = "if-match-required"
    title = "The change does not say which version it is made for"


class KeyReused(Problem):
    """An Idempotency-Key stands for one request only."""

    status = 422
    type = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"


class StillRunning(Problem):
    """The request with this Idempotency-Key is being worked on."""

    status = 409
    type = "idempotency-key-running"
    title = "The request with this Idempotency-Key is still running"


class Unauthorized(Problem):
    """A key is needed, or the one that was sent is none (RFC 9110 §15.5.2)."""

    status = 401
    type = "unauthorized"
    title = "A key is needed"


class Forbidden(Problem):
    """The key is good, but not for this."""

    status = 403
    type = "forbidden"
    title = "The key does not allow this"


class TooMany(Problem):
    """More requests than are answered in a while (RFC 6585 §4)."""

    status = 429
    type = "too-many-requests"
    title = "Too many requests"


class Unavailable(Problem):
    """The database cannot be reached or is not migrated; nothing was done."""

    status = 503
    type = "unavailable"
    title = "The register is unavailable"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one most probably meant, or None when none is near."""
    found = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=60)
    return found[0] if found else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """The second half of an error message: the nearest known name, or the list of all of them."""
    names = sorted(known)
    if close := nearest(name, names):
        return f"did you mean {close!r}?"
    return f"known are: {', '.join(names)}"


def shortened(value: Any, limit: int = 200) -> Any:
    """The value as it may be shown in an answer: text cut at `limit` characters, lone surrogates escaped."""
    if isinstance(value, str):
        text = value.encode("utf-8", "backslashreplace").decode("utf-8")
        return text if len(text) <= limit else text[:limit] + "…"
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return shortened(str(value), limit)
