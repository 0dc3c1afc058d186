"""Content negotiation (RFC 9110 §12): whether a client reads a type or a coding, and in which language it is answered."""

from collections.abc import Iterator
from typing import Literal, TypeVar

Language = Literal["en", "ko"]
T = TypeVar("T", bound=str)


def quality(header: str, *names: str) -> float:
    """How much the client wants what goes by any of these names, from 0 to 1; 0 where it names none of them."""
    given = dict(_ranges(header))
    return next((given[name] for name in names if name in given), 0.0)


def reads_html(accept: str) -> bool:
    """Whether this is a person's browser: programs ask for JSON, or say that they take anything."""
    html = quality(accept, "text/html")
    return html > 0 and html >= quality(accept, "application/json")


def language_of(accept_language: str) -> Language:
    """Korean where it is preferred to English, English otherwise."""
    wanted: dict[str, float] = {}
    for tag, weight in _ranges(accept_language):
        language = tag.partition("-")[0]
        wanted[language] = max(wanted.get(language, 0.0), weight)
    return "ko" if wanted.get("ko", 0.0) > wanted.get("en", 0.0) else "en"


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        yield name, next((_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0)


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
