"""How likely two records are one: a score from 0 to 1, and the reasons, as codes.

Rather silent than wrong: a family name alone says nothing, and neither does a near name without anything else in common. What
speaks against it counts as well: another nationality, another place, other people on the same day. Records are compared as
`reading.duplicates` gives them, each a mapping with the members that the API shows of it and a few more.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final, Literal, NamedTuple

from rapidfuzz import fuzz

from service.register import spelling
from service.register.spelling import Spelling

Reason = Literal[
    "same-name",
    "same-further-name",
    "near-name",
    "same-family-name",
    "same-nationality",
    "same-office",
    "same-country",
    "same-subdivision",
    "same-title",
    "near-title",
    "same-day",
    "overlapping-days",
    "shared-people",
    "shared-organizations",
    "same-place",
]

LIKELY: Final = 0.7
"""The score from which on two records are hinted as one."""

MOST_NAMES: Final = 50
"""Further names of a record that are compared, the first ones."""

_SURE: Final = 99
_LONGEST_DAYS: Final = 10
_ROMANISED: Final = 75
_SAME_TITLE, _NEAR_TITLE, _LIKE_TITLE = 100, 85, 70

Record = Mapping[str, Any]


class Likeness(NamedTuple):
    """How likely two records are one, from 0 to 1, and why."""

    score: float
    reasons: tuple[Reason, ...]

    @property
    def is_likely(self) -> bool:
        """Whether it is worth a hint."""
        return self.score >= LIKELY


class _Said(NamedTuple):
    """What something that two records have in common, or not, is worth in hundredths."""

    worth: int
    reason: Reason | None = None


_NOTHING: Final = _Said(0)


class _Name(NamedTuple):
    spelling: Spelling
    preferred: bool
    language: str


def people(one: Record, other: Record) -> Likeness:
    """Whether two people are one, by their names, `nationality` and `offices`."""
    names = _names_alike(_names(one, spelling.person), _names(other, spelling.person))
    telling = bool(names) and max(each.worth for each in names) >= 80
    office = _shared_office(one["offices"], other["offices"], 8 if telling else 30 if names else 0, any_office=telling)
    return _likeness([*names, _compared(one["nationality"], other["nationality"], "same-nationality", 4, -35), office])


def organizations(one: Record, other: Record) -> Likeness:
    """Whether two organizations are one, by their names, place, `kind` and `level`. A withheld name is like no other."""
    if one["withheld"] or other["withheld"]:
        return Likeness(0.0, ())
    said = [
        *_names_alike(_names(one, spelling.organization), _names(other, spelling.organization)),
        _compared(one["country"], other["country"], "same-country", 4, -35),
        _compared(one["subdivision"], other["subdivision"], "same-subdivision", 6, -35),
        *(_compared(one[field], other[field], None, 0, -20) for field in ("kind", "level")),
    ]
    return _likeness(said)


def engagements(one: Record, other: Record) -> Likeness:
    """Whether two engagements are one: days that overlap, and the same guests or a near title. A trip is none of its parts."""
    if one["id"] == other["parent_id"] or other["id"] == one["parent_id"]:
        return Likeness(0.0, ())
    days = _days_alike(one, other)
    said = [
        days,
        _titles_alike(one, other),
        _shared(one["people"], other["people"], "shared-people", (30, 20, 8), -25),
        _shared(one["organizations"], other["organizations"], "shared-organizations", (8, 4, 0), 0),
        _compared(one["kind"], other["kind"], None, 8, -5),
        _compared(_folded(one["city"]), _folded(other["city"]), "same-place", 5, -10),
        _compared(one["country"], other["country"], None, 0, -20),
    ]
    return _likeness(said if days.worth else [])


LIKENESS: Final[Mapping[str, Callable[[Record, Record], Likeness]]] = {
    "person": people,
    "organization": organizations,
    "engagement": engagements,
}
"""By noun, how two records are compared."""


def keys(noun: str, record: Record) -> set[str]:
    """What records have in common that may be one: any two that are likely share at least one of these."""
    if noun == "engagement":
        return set(_engagement_keys(record))
    return {key for name in _names(record, spelling.SPELLINGS[noun]) for key in spelling.keys(name.spelling)}


def _likeness(said: Iterable[_Said]) -> Likeness:
    counted = [each for each in said if each.worth]
    score = min(max(sum(each.worth for each in counted), 0), _SURE) / 100
    # The strongest reason comes first.
    counted.sort(key=lambda each: -each.worth)
    return Likeness(score, tuple(dict.fromkeys(each.reason for each in counted if each.reason)))


def _compared(one: Any, other: Any, reason: Reason | None, same: int, different: int) -> _Said:
    if one is None or other is None:
        return _NOTHING
    return _Said(same, reason) if one == other else _Said(different)


# Names.


def _names(record: Record, spelt: Callable[[str], Spelling]) -> list[_Name]:
    found = [_Name(spelt(record[f"name_{language}"]), True, language) for language in ("en", "ko") if record[f"name_{language}"]]
    for name in record["names"][:MOST_NAMES]:
        read = spelt(name["text"])
        found.append(_Name(read._replace(full=False) if name["kind"] == "abbreviation" else read, False, ""))
    return found


def _names_alike(ours: list[_Name], theirs: list[_Name]) -> list[_Said]:
    if _generations(ours).isdisjoint(_generations(theirs)):
        return []
    best = max((_name_alike(one, other) for one in ours for other in theirs), default=_NOTHING)
    if not best.worth:
        return []
    pairs = [
        (one, other) for one in ours for other in theirs if one.preferred and other.preferred and one.language == other.language
    ]
    agreeing = [spelling.is_same(one.spelling, other.spelling) for one, other in pairs]
    if best.worth >= 80 and len(pairs) == 2 and all(agreeing):
        return [best, _Said(8)]
    # Whoever goes by a further name is called something else by preference.
    unlike = any(not same and _unlike(one.spelling, other.spelling) for same, (one, other) in zip(agreeing, pairs, strict=True))
    differing = unlike and best.reason != "same-further-name"
    return [best, _Said(-20)] if differing else [best]


def _name_alike(one: _Name, other: _Name) -> _Said:
    if spelling.is_same(one.spelling, other.spelling):
        if not (one.spelling.full and other.spelling.full):
            return _Said(40, "same-family-name")
        return _Said(85, "same-name") if one.preferred and other.preferred else _Said(80, "same-further-name")
    if spelling.is_near(one.spelling, other.spelling):
        return _Said(68 if spelling.is_slip(one.spelling, other.spelling) else 60, "near-name")
    return _NOTHING


def _generations(names: list[_Name]) -> set[str]:
    """The generations that somebody goes by, "" where it is left out. Hangul mostly leaves it out and says nothing about it."""
    latin = [name for name in names if name.spelling.letters[:1] < "\u2e80"]
    return {name.spelling.generation for name in latin or names}


def _unlike(one: Spelling, other: Spelling) -> bool:
    """Whether two names are further apart than the ways to romanise one, or to write it in Hangul, usually are."""
    return fuzz.ratio(_apart("".join(sorted(one.words))), _apart("".join(sorted(other.words)))) < _ROMANISED


def _apart(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def _shared_office(ours: Iterable[str], theirs: Iterable[str], worth: int, *, any_office: bool) -> _Said:
    shared = {_folded(each) for each in ours} & {_folded(each) for each in theirs}
    telling = [each for each in shared if each and (any_office or " " in each or (each[0] >= "가" and len(each) >= 5))]
    return _Said(worth, "same-office") if telling else _NOTHING


def _folded(text: str | None) -> str | None:
    return None if text is None else spelling.folded(text).strip()


# Engagements.


def _days_alike(one: Record, other: Record) -> _Said:
    if not (one["when_start"] and other["when_start"]):
        return _NOTHING
    precise = {one["when_precision"], other["when_precision"]} <= {"day", "interval"}
    if precise and (one["when_start"], one["when_end"]) == (other["when_start"], other["when_end"]):
        return _Said(35, "same-day")
    begun = max(one["when_start"], other["when_start"])
    over = min(each["when_end"] or "9999-12-31" for each in (one, other))
    return _Said(12, "overlapping-days") if begun <= over else _NOTHING


def _titles_alike(one: Record, other: Record) -> _Said:
    both = [(one[field], other[field]) for field in ("title_en", "title_ko") if one[field] and other[field]]
    if not both or any(_numbers(mine) != _numbers(yours) for mine, yours in both):
        return _NOTHING
    alike = sum(fuzz.token_sort_ratio(spelling.folded(mine), spelling.folded(yours)) for mine, yours in both) / len(both)
    if alike >= _NEAR_TITLE:
        return _Said(45, "same-title") if alike >= _SAME_TITLE else _Said(36, "near-title")
    return _Said(15) if alike >= _LIKE_TITLE else _NOTHING


def _numbers(text: str) -> set[str]:
    return {word for word in text.split() if any(each.isdigit() for each in word)}


def _shared(ours: Iterable[str], theirs: Iterable[str], reason: Reason, worths: tuple[int, int, int], none: int) -> _Said:
    mine, yours = set(ours), set(theirs)
    if not (mine and yours):
        return _NOTHING
    share = len(mine & yours) / len(mine | yours)
    if not share:
        return _Said(none)
    whole, half, some = worths
    return _Said(whole if share == 1 else half if share >= 0.5 else some, reason)


def _engagement_keys(record: Record) -> Iterator[str]:
    if not record["when_start"]:
        return
    start = date.fromisoformat(record["when_start"])
    end = date.fromisoformat(record["when_end"] or record["when_start"])
    if (end - start).days < _LONGEST_DAYS:
        yield from (str(start + timedelta(days=n)) for n in range((end - start).days + 1))
    else:
        yield f"{start}/{end}"
    told = [*record["people"], *(spelling.folded(record[title]) for title in ("title_en", "title_ko") if record[title])]
    for month in dict.fromkeys((str(start)[:7], str(end)[:7])):
        yield from (f"{month} {each}" for each in told)
