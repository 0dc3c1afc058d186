"""Records that are likely one: the best candidates for a record, and the likely pairs of the whole register.

What may be alike is found by names, or by days and guests, which come out of the database in one statement; what is known of
the few that remain comes in a second one. Two that were merged and unmerged are two: somebody has looked. Nothing is read of
what is beyond the audience, not even an office that somebody held at a meeting there.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final, NamedTuple

import orjson

from service.database import Ask
from service.register import likeness, spelling
from service.register.audience import Audience, shown
from service.register.likeness import LIKENESS, Likeness
from service.register.reading.json_sql import JsonSql, as_sent, same, sent
from service.register.reading.question import Question, live
from service.register.verbs.moving import Mergeable

Known = dict[str, Any]

MOST_CANDIDATES: Final = 20
_MOST_TO_COMPARE: Final = 2_000
_LARGEST_BLOCK: Final = 60
"""Records with one key in common beyond which that key tells nothing: a day on which a hundred engagements begin."""


class Candidate(NamedTuple):
    """Another record that is likely the same one."""

    record: Known
    likeness: Likeness


class Pair(NamedTuple):
    """Two records that are likely one, the earlier one first."""

    records: tuple[Known, Known]
    likeness: Likeness


def find_candidates(ask: Ask, noun: Mergeable, record_id: str, *, sqlite: bool, audience: Audience) -> list[Candidate] | None:
    """The records that are likely the same as this one, best first; None where there is no such live record."""
    alike = _alike_days(record_id, sqlite) if noun == "engagement" else _alike_names(ask, noun, record_id, sqlite, audience)
    if alike is None:
        return None
    alike.hold(live(noun, audience))
    known = {each["id"]: each for each in _read(ask, alike, noun, audience)}
    return _best(noun, known.pop(record_id), known.values()) if record_id in known else None


def find_namesakes(ask: Ask, noun: Mergeable, record: Mapping[str, Any], *, sqlite: bool, audience: Audience) -> list[Candidate]:
    """The likely ones among those that are called just as this record, or were on its day with its title or a guest of its.

    Indexes find them at once, and of many that are called alike a few are enough.
    """
    question = Question(sqlite)
    question.hold(f"{live(noun, audience)} AND r.id <> {question.value(record['id'])}")
    if noun == "engagement":
        if record["when_start"] is None:
            return []
        question.hold(f"r.sort_day = {question.value(int(record['when_start'].replace('-', '')))}")
        question.hold(_titled_or_visited(question, record))
    else:
        question.hold(_called(question, noun, record))
    known = _read(ask, question, noun, audience, limit=MOST_CANDIDATES)
    return _best(noun, _as_known(noun, record), known)


def list_pairs(ask: Ask, noun: Mergeable, limit: int, *, sqlite: bool, audience: Audience) -> list[Pair]:
    """The likeliest pairs of all live records, best first, at most so many."""
    everybody = _everybody(ask, noun, Question(sqlite), audience)
    likely = [(LIKENESS[noun](_bare(everybody[a]), _bare(everybody[b])), a, b) for a, b in _blocked(noun, everybody)]
    # Offices are not known yet, and are what a name that is only near may still lack.
    likely = sorted((each for each in likely if each[0].reasons), key=lambda each: (-each[0].score, each[1], each[2]))
    chosen = likely[:_MOST_TO_COMPARE]
    if not chosen:
        return []
    known = _details(ask, noun, {each for _, *both in chosen for each in both}, sqlite, audience)
    both = [(known[a], known[b]) for _, a, b in chosen if a in known and b in known]
    pairs = [Pair(two, LIKENESS[noun](*two)) for two in both]
    found = [pair for pair in pairs if pair.likeness.is_likely and not _told_apart(*pair.records)]
    return sorted(found, key=lambda pair: (-pair.likeness.score, pair.records[0]["id"], pair.records[1]["id"]))[:limit]


def _best(noun: Mergeable, own: Known, others: Iterable[Known]) -> list[Candidate]:
    found = [Candidate(other, LIKENESS[noun](own, other)) for other in others if not _told_apart(own, other)]
    likely = sorted(
        (each for each in found if each.likeness.is_likely), key=lambda each: (-each.likeness.score, each.record["id"])
    )
    return likely[:MOST_CANDIDATES]


def _told_apart(one: Known, other: Known) -> bool:
    return other["id"] in one["unmerged"] or one["id"] in other["unmerged"]


def _bare(record: Known) -> Known:
    return {"offices": (), **record}


def _blocked(noun: Mergeable, everybody: Mapping[str, Known]) -> Iterator[tuple[str, str]]:
    """Every two records that share a key, once."""
    first: dict[str, str] = {}
    blocks: dict[str, list[str]] = {}
    for record_id, record in everybody.items():
        for key in likeness.keys(noun, record):
            # Most keys are one record's alone, and a list for each of those would cost more than everything else.
            if (before := first.setdefault(key, record_id)) != record_id:
                blocks.setdefault(key, [before]).append(record_id)
    several = (block for block in blocks.values() if len(block) <= _LARGEST_BLOCK)
    yield from dict.fromkeys(pair for block in several for pair in combinations(sorted(block), 2))


def _as_known(noun: Mergeable, record: Mapping[str, Any]) -> Known:
    """A record that was written just now, as it is compared."""
    if noun != "engagement":
        return {**record, "offices": (), "unmerged": ()}
    place, parent = record["place"] or {}, record["parent"] or {}
    return {
        **record,
        **_guests(record),
        "city": place.get("city"),
        "country": place.get("country"),
        "parent_id": parent.get("id"),
        "unmerged": (),
    }


def _guests(record: Mapping[str, Any]) -> dict[str, list[str]]:
    """The ids of the people and organizations that are no hosts."""
    parts = [each for each in record["participations"] if each["side"] != "host"]
    return {part: [each[one]["id"] for each in parts if each[one]] for part, one in _GUESTS.items()}


_GUESTS: Final = {"people": "person", "organizations": "organization"}


# What is read.


def _everybody(ask: Ask, noun: Mergeable, question: Question, audience: Audience) -> dict[str, Known]:
    """What all live records are first compared by. Their names come in a list of their own, which takes a fifth of the time."""
    question.hold(live(noun, audience))
    j = JsonSql(question.sqlite)
    records = j.array(j.object(_compared(noun, j)), f"{noun} r WHERE {question.where()}", "r.id")
    names = "NULL" if noun == "engagement" else j.array(_name(j, noun), f"{noun}_name n", "n.id")
    (found,) = ask(f"SELECT {as_sent(records, sqlite=j.sqlite)}, {as_sent(names, sqlite=j.sqlite)}", question.values)
    known: dict[str, Known] = {record["id"]: record for record in orjson.loads(sent(found[0]))}
    if noun != "engagement":
        for record in known.values():
            record["names"] = []
        for name in orjson.loads(sent(found[1])):
            if name["of"] in known:
                known[name["of"]]["names"].append(name)
    return known


def _name(j: JsonSql, noun: Mergeable) -> str:
    return j.object({"of": f"n.{noun}_id", **same("n", "text", "kind")})


def _details(ask: Ask, noun: Mergeable, ids: Iterable[str], sqlite: bool, audience: Audience) -> dict[str, Known]:
    question = Question(sqlite)
    question.hold(live(noun, audience))
    question.hold(f"r.id IN {question.listed(dict.fromkeys(ids))}")
    return {record["id"]: record for record in _read(ask, question, noun, audience)}


def _read(ask: Ask, question: Question, noun: Mergeable, audience: Audience, limit: int | None = None) -> list[Known]:
    j = JsonSql(question.sqlite)
    bound = "" if limit is None else f" LIMIT {limit}"
    rows = j.array(j.object(_details_of(noun, j, audience)), f"{noun} r WHERE {question.where()}", f"r.id{bound}")
    ((json,),) = ask(f"SELECT {as_sent(rows, sqlite=question.sqlite)}", question.values)
    found: list[Known] = orjson.loads(sent(json))
    return found


def _alike_days(record_id: str, sqlite: bool) -> Question:
    """The engagement, and those whose days overlap its own."""
    question = Question(sqlite)
    own = question.value(record_id)
    overlap = "r.when_start <= coalesce(me.when_end, r.when_start) AND coalesce(r.when_end, me.when_start) >= me.when_start"
    question.hold(f"r.id = {own} OR EXISTS (SELECT 1 FROM engagement me WHERE me.id = {own} AND {overlap})")
    return question


def _alike_names(ask: Ask, noun: Mergeable, record_id: str, sqlite: bool, audience: Audience) -> Question | None:
    """The record, and those whose names may be its own; None where it is not live."""
    there = live(noun, audience)
    preferred = [f"SELECT r.id || r.{name} AS called FROM {noun} r WHERE r.{name} IS NOT NULL AND {there}" for name in _PREFERRED]
    further = f"SELECT r.id || n.text FROM {noun}_name n JOIN {noun} r ON r.id = n.{noun}_id WHERE {there}"
    every = JsonSql(sqlite).strings("x.called", f"({' UNION ALL '.join([*preferred, further])}) AS x", "(SELECT NULL)")
    ((json,),) = ask(f"SELECT {as_sent(every, sqlite=sqlite)}", {})
    # Ids are all of one length, and a name behind its id is one text instead of two.
    called: list[str] = orjson.loads(sent(json))
    length = len(record_id)
    own = [each[length:] for each in called if each.startswith(record_id)][: likeness.MOST_NAMES + len(_PREFERRED)]
    if not own:
        return None
    places = spelling.named_alike(noun, own, [each[length:] for each in called])
    question = Question(sqlite)
    question.one_of("r.id", sorted({record_id, *(called[place][:length] for place in places)})[:_MOST_TO_COMPARE])
    return question


_PREFERRED: Final = ("name_en", "name_ko")


def _called(question: Question, noun: Mergeable, record: Mapping[str, Any]) -> str:
    names = dict.fromkeys(
        name for name in (record["name_en"], record["name_ko"], *(each["text"] for each in record["names"])) if name
    )
    listed = question.listed(list(names)[: likeness.MOST_NAMES])
    further = f"SELECT n.{noun}_id FROM {noun}_name n WHERE n.text IN {listed}"
    either = f"SELECT p.id FROM {noun} p WHERE p.name_en IN {listed} UNION SELECT p.id FROM {noun} p WHERE p.name_ko IN {listed}"
    return f"r.id IN ({either} UNION {further})"


def _titled_or_visited(question: Question, record: Mapping[str, Any]) -> str:
    either = [f"r.{name} = {question.value(record[name])}" for name in ("title_en", "title_ko") if record[name]]
    guests = _guests(record)
    shared = [f"p.{one}_id IN {question.listed(dict.fromkeys(guests[part]))}" for part, one in _GUESTS.items() if guests[part]]
    if shared:
        same_guest = f"p.engagement_id = r.id AND p.side <> 'host' AND ({' OR '.join(shared)})"
        either.append(f"EXISTS (SELECT 1 FROM participation p WHERE {same_guest})")
    return f"({' OR '.join(either)})"


def _compared(noun: Mergeable, j: JsonSql) -> dict[str, str]:
    """What two records are first compared by, but for further names."""
    if noun == "person":
        return same("r", "id", "name_en", "name_ko", "nationality")
    if noun == "organization":
        said = same("r", "id", "name_en", "name_ko", "kind", "level", "country", "subdivision")
        return {**said, "withheld": j.boolean("r.withheld")}
    guests = "participation p WHERE p.engagement_id = r.id AND p.side <> 'host' AND p.{0}_id IS NOT NULL"
    return {
        **same("r", "id", "kind", "title_en", "title_ko"),
        "when": "r.when_edtf",
        **same("r", "when_start", "when_end", "when_precision", "parent_id"),
        "city": "r.place_city",
        "country": "r.place_country",
        **{part: j.strings(f"p.{one}_id", guests.format(one), "p.position, p.id") for part, one in _GUESTS.items()},
    }


def _details_of(noun: Mergeable, j: JsonSql, audience: Audience) -> dict[str, str]:
    """The same, with what speaks for one or two besides: offices that were held, and that somebody took a merger back."""
    other = "CASE WHEN m.merged_id = r.id THEN m.survivor_id ELSE m.merged_id END"
    undone = f"merger m WHERE m.undone_at IS NOT NULL AND m.noun = '{noun}' AND r.id IN (m.merged_id, m.survivor_id)"
    more = {"unmerged": j.strings(other, undone, "m.id")}
    if noun != "engagement":
        more["names"] = j.array(_name(j, noun), f"{noun}_name n WHERE n.{noun}_id = r.id", "n.position, n.id")
    if noun == "person":
        office = "coalesce(p.office, p.office_as_titled)"
        there = f"e.withdrawn_at IS NULL AND e.merged_into IS NULL AND {shown('engagement', audience, 'e')}"
        held = f"p.person_id = r.id AND {office} IS NOT NULL AND {there}"
        every = (
            f"SELECT DISTINCT {office} AS office FROM participation p JOIN engagement e ON e.id = p.engagement_id WHERE {held}"
        )
        more["offices"] = j.strings("o.office", f"({every}) AS o", "o.office")
    return {**_compared(noun, j), **more}
