"""Filters: a small part of the server's language, enough to see that what was meant arrived."""

import re
from collections.abc import Callable
from typing import Any

from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.world import Document

Matches = Callable[[Document], bool]

_TOKEN = re.compile(r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([<>!]=|[=<>()\[\],])|([^\s=<>!()\[\],"']+))""")
_KEYWORDS = {"AND", "OR", "NOT", "IN", "TO", "EXISTS", "IS", "NULL", "EMPTY", "STARTS", "WITH", "CONTAINS"}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def compiled(wanted: Any, filterable: list[str], index: str) -> Matches:
    """A filter as a function; a list holds all together, a list in it any of its parts."""
    wanted = [] if wanted is None else wanted
    if isinstance(wanted, list):
        parts = [_any(each, filterable, index) for each in wanted]
        return lambda document: all(part(document) for part in parts)
    return _Reader(str(wanted), filterable, index).whole()


def _any(wanted: Any, filterable: list[str], index: str) -> Matches:
    if not isinstance(wanted, list):
        return compiled(wanted, filterable, index)
    parts = [compiled(each, filterable, index) for each in wanted]
    return lambda document: not parts or any(part(document) for part in parts)


class _Reader:
    """Reads one expression by recursive descent. A token is (its text, whether it was quoted)."""

    def __init__(self, text: str, filterable: list[str], index: str) -> None:
        self._tokens = [(m[1] or m[2] or m[3], bool(m[1])) for m in _TOKEN.finditer(text)]
        self._at = 0
        self._filterable = filterable
        self._index = index

    def whole(self) -> Matches:
        matches = self._either()
        if self._at < len(self._tokens):
            raise Refused("invalid_search_filter", f"Found unexpected characters: `{self._tokens[self._at][0]}`.")
        return matches

    def _either(self) -> Matches:
        parts = [self._both()]
        while self._took("OR"):
            parts.append(self._both())
        return lambda document: any(part(document) for part in parts)

    def _both(self) -> Matches:
        parts = [self._one()]
        while self._took("AND"):
            parts.append(self._one())
        return lambda document: all(part(document) for part in parts)

    def _one(self) -> Matches:
        if self._took("NOT"):
            inner = self._one()
            return lambda document: not inner(document)
        if self._took("("):
            inner = self._either()
            self._took(")")
            return inner
        return self._condition()

    def _condition(self) -> Matches:
        field = self._value()
        if field not in self._filterable:
            known = ", ".join(f"`{each}`" for each in sorted(self._filterable))
            message = f"Index `{self._index}`: Attribute `{field}` is not filterable. Available are: {known}."
            raise Refused("invalid_search_filter", message)
        if self._took("NOT"):
            inner = self._comparison(field)
            return lambda document: not inner(document)
        return self._comparison(field)

    def _comparison(self, field: str) -> Matches:
        if self._took("EXISTS"):
            return lambda document: field in document
        if self._took("IS"):
            empty: tuple[Any, ...] = ("", [], {}) if self._took("EMPTY") else (None,)
            self._took("NULL")
            return lambda document: field in document and document[field] in empty
        if self._took("IN"):
            wanted = {_folded(each) for each in self._list()}
            return lambda document: any(_folded(each) in wanted for each in _values(document, field))
        if self._took("STARTS") and self._took("WITH"):
            start = _folded(self._value())
            return lambda document: any(_folded(each).startswith(start) for each in _values(document, field))
        if self._took("CONTAINS"):
            message = "Using `CONTAINS` in a filter requires enabling the `contains filter` experimental feature."
            raise Refused("feature_not_enabled", message)
        return self._operator(field)

    def _operator(self, field: str) -> Matches:
        for sign in ("!=", "="):
            if self._took(sign):
                wanted = _folded(self._value())
                return lambda document: (sign == "=") is any(_folded(each) == wanted for each in _values(document, field))
        for sign, compare in _COMPARED.items():
            if self._took(sign):
                end = self._value()
                return lambda document: any(compare(*_alike(each, end)) for each in _values(document, field))
        low = self._value()
        if not self._took("TO"):
            raise Refused("invalid_search_filter", "Was expecting an operation `=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `TO` …")
        ends = float(low), float(self._value())
        return lambda document: any(ends[0] <= each <= ends[1] for each in _numbers(document, field))

    def _list(self) -> list[str]:
        self._took("[")
        values = []
        while not self._took("]"):
            values.append(self._value())
            self._took(",")
        return values

    def _took(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == (word, False):
            self._at += 1
            return True
        return False

    def _value(self) -> str:
        if self._at >= len(self._tokens):
            raise Refused("invalid_search_filter", "Was expecting a value but instead got nothing.")
        text, quoted = self._tokens[self._at]
        if not quoted and text in _KEYWORDS:
            raise Refused(
                "invalid_search_filter", f"Was expecting a value but instead got `{text}`, which is a reserved keyword."
            )
        self._at += 1
        return _unescaped(text[1:-1]) if quoted else text


def _unescaped(text: str) -> str:
    escapes = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else escapes.get(m[1], m[1]), text)


def _values(document: Document, field: str) -> list[Any]:
    value = document.get(field)
    values = value if isinstance(value, list) else [value]
    return [each for each in values if each is not None]


def _numbers(document: Document, field: str) -> list[float]:
    return [each for each in _values(document, field) if isinstance(each, int | float)]


def _folded(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).casefold()


def _alike(value: Any, end: str) -> tuple[Any, Any]:
    """Both sides as numbers where the document holds one, else as text, character by character."""
    if isinstance(value, int | float):
        return value, float(end)
    return str(value), end
