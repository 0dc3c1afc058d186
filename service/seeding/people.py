"""The people of the files: those whom the article's file describes, and those who only occur in the records."""

from collections.abc import Mapping, Sequence

from service.register.assertion import AssertionShape
from service.register.name import NameShape
from service.register.person import PersonShape
from service.seeding import directory
from service.seeding.directory import Directory
from service.seeding.files.folder import Seed
from service.seeding.files.lists import Name
from service.seeding.files.told import KnownPerson


def shapes(seed: Seed, known: Directory, assertions: Mapping[str, Sequence[AssertionShape]]) -> dict[str, PersonShape]:
    """Every person by external id."""
    described = {each.id: each for each in seed.people}
    further = {each.name: each.names for each in seed.names.further}
    made = {}
    for person_id, printed in _printed(seed, known).items():
        said = assertions.get(person_id, ())
        with directory.building(person_id):
            if person_id in described:
                made[person_id] = _described(described[person_id], seed, printed, said)
            else:
                made[person_id] = _only_recorded(person_id, printed, further, said)
    return made


def typed(text: str, seed: Seed) -> NameShape:
    """An alias of the article's files with the kind that `names.json` gives it."""
    kinds = {name.text: name for name in seed.names.kinds}
    return shape(kinds.get(text, Name(text=text, kind="alias")))


def shape(name: Name) -> NameShape:
    """A further name of the files as it is recorded."""
    return NameShape(text=name.text, kind=name.kind, language=name.language or directory.language(name.text), note=name.note)


def _printed(seed: Seed, known: Directory) -> dict[str, list[tuple[str, str | None]]]:
    """How the records and the statements write each person: pairs of the name and its Korean form."""
    printed: dict[str, list[tuple[str, str | None]]] = {each.id: [] for each in seed.people}
    for told, who in directory.participants(seed):
        person_id = directory.person(known, told.id, who)
        if (
            person_id
            and (who.name, told.id) not in known.named
            and (who.name, who.name_ko) not in printed.setdefault(person_id, [])
        ):
            printed[person_id].append((who.name, who.name_ko))
    return printed


def _described(
    each: KnownPerson, seed: Seed, printed: Sequence[tuple[str, str | None]], assertions: Sequence[AssertionShape]
) -> PersonShape:
    native = [Name(text=text, kind="native", language="ko" if each.nationality == "KR" else "zh") for text in _hanja(each)]
    names = [*map(shape, native), *(typed(alias, seed) for alias in each.aliases)]
    return PersonShape(
        name_en=each.name,
        name_ko=each.name_ko,
        nationality=each.nationality,
        note=f"Office: {each.office}. {each.note}".strip(),
        external_ids=[each.id],
        names=_with(names, printed, {each.name, each.name_ko}),
        assertions=list(assertions),
    )


def _only_recorded(
    person_id: str,
    printed: Sequence[tuple[str, str | None]],
    further: Mapping[str, Sequence[Name]],
    assertions: Sequence[AssertionShape],
) -> PersonShape:
    name, name_ko = printed[0]
    return PersonShape(
        name_en=name,
        name_ko=name_ko,
        external_ids=[person_id],
        names=_with([shape(each) for each in further.get(name, ())], printed, {name, name_ko}),
        assertions=list(assertions),
    )


def _with(names: Sequence[NameShape], printed: Sequence[tuple[str, str | None]], preferred: set[str | None]) -> list[NameShape]:
    known = preferred | {name.text for name in names}
    others = dict.fromkeys(text for pair in printed for text in pair if text and text not in known)
    return [*names, *(NameShape(text=text, kind="as-printed", language=directory.language(text)) for text in others)]


def _hanja(each: KnownPerson) -> list[str]:
    return each.name_hanja.split(" / ") if each.name_hanja else []
