"""Who took part: the participants of a record, and what the article's statements say of them or add to them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from service.register.engagement import ParticipationShape
from service.register.person import PersonShape
from service.seeding import directory
from service.seeding.directory import Directory
from service.seeding.files.folder import Seed
from service.seeding.files.told import Participant, Record, Statement
from service.seeding.matching import Contact


class Materials(NamedTuple):
    """What is needed to put engagements together: the files, what their words mean, and the ids in the register."""

    seed: Seed
    known: Directory
    people: Mapping[str, PersonShape]
    titles: Mapping[str, str]
    quotes: Mapping[int, str]
    ids: Mapping[str, str]


def of(contact: Contact, materials: Materials) -> list[ParticipationShape]:
    """Everybody who took part: the counterparts, the hosts, then third parties."""
    parts: list[ParticipationShape] = []
    if contact.record:
        parts = [_recorded(contact.record, who, side, materials) for who, side in _sides(contact.record)]
    for statement in contact.statements:
        absent = _absent(statement, materials.seed)
        for who, side in _sides(statement):
            host_is_absent = absent if side == "host" else None
            parts = _told(parts, statement, who, side, materials, host_is_absent, alone=contact.record is None)
    return [*sorted(parts, key=lambda part: part.side), *_third_parties(contact, materials)]


def _sides(told: Record | Statement) -> list[tuple[Participant, str]]:
    return [*((who, "counterpart") for who in told.counterparts), *((who, "host") for who in told.hosts)]


def _recorded(record: Record, who: Participant, side: str, materials: Materials) -> ParticipationShape:
    known = materials.known
    person, organization = directory.person(known, record.id, who), directory.organization(known, record.id, who)
    office, office_type = directory.office(known, record.id, who.office, organization)
    return ParticipationShape(
        side=side,
        role=who.role or "principal",
        person=materials.ids[person] if person else None,
        organization=materials.ids[organization] if organization else None,
        name_as_printed=_printed(record.id, who, person, organization, materials),
        name_basis=who.name_basis,
        office=who.office,
        office_type=office_type,
        former=bool(office and office.former),
        country=_country(who),
        subdivision=who.subdivision,
        headcount=_headcount(who, materials.seed),
        note=_unclear_organization(who, organization),
    )


def _told(
    parts: Sequence[ParticipationShape],
    statement: Statement,
    who: Participant,
    side: str,
    materials: Materials,
    absent: str | None,
    *,
    alone: bool,
) -> list[ParticipationShape]:
    """The participations with this one of a statement: said of somebody who is there already, or somebody more."""
    new = _stated(statement, who, side, materials, alone=alone)
    if absent:
        note = f"The statement names {who.name}, {who.office_as_titled}, as the host. {absent}"
        new = new.model_copy(
            update=dict.fromkeys(("person", "office", "office_type", "office_as_titled", "name_as_printed")) | {"note": note}
        )
    for n, there in enumerate(parts):
        if _same(there, new):
            return [*parts[:n], _both(there, new), *parts[n + 1 :]]
    return [*parts, new]


def _stated(statement: Statement, who: Participant, side: str, materials: Materials, *, alone: bool) -> ParticipationShape:
    known = materials.known
    person, organization = directory.person(known, statement.id, who), directory.organization(known, statement.id, who)
    office, office_type = directory.office(known, statement.id, who.office_as_titled, organization)
    notes = [
        _unclear_organization(who, organization),
        None if alone else f"Named in the article ({statement.id}), not in the other source.",
    ]
    return ParticipationShape(
        side=side,
        person=materials.ids[person] if person else None,
        organization=materials.ids[organization] if organization else None,
        name_as_printed=_printed(statement.id, who, person, organization, materials),
        office_as_titled=who.office_as_titled,
        office=(office.normalised or office.office) if office else None,
        office_type=office_type,
        former=bool(office and office.former),
        country=_country(who),
        subdivision=who.subdivision,
        headcount=_headcount(who, materials.seed),
        note=" ".join(note for note in notes if note) or None,
    )


def _same(there: ParticipationShape, new: ParticipationShape) -> bool:
    if there.side != new.side:
        return False
    if new.person:
        return there.person == new.person
    stands_for_organization = new.name_as_printed is None and new.headcount is None
    return new.organization is not None and there.organization == new.organization and stands_for_organization


def _both(there: ParticipationShape, new: ParticipationShape) -> ParticipationShape:
    if not new.person:
        return there
    said = {"office_as_titled": new.office_as_titled, "name_as_printed": new.name_as_printed}
    return there.model_copy(update={field: value for field, value in said.items() if value})


def _third_parties(contact: Contact, materials: Materials) -> list[ParticipationShape]:
    """People whom a guest met without us: named by statements that are no engagements of ours."""
    statements = {statement.id: statement for statement in materials.seed.statements}
    found = []
    for line in materials.seed.decisions.not_registered:
        if contact.record and line.concerns == contact.record.id:
            statement = statements[line.statement]
            theirs = [who for who in statement.counterparts if who.country == "KR"]
            note = f"Not at this meeting: {statement.title} ({statement.id})."
            made = [_stated(statement, who, "third-party", materials, alone=True) for who in theirs]
            found += [part.model_copy(update={"note": note}) for part in made]
    return found


def _printed(told_id: str, who: Participant, person: str | None, organization: str | None, materials: Materials) -> str | None:
    """The name as printed, where it differs from the one that is preferred."""
    if person is None:
        is_known = directory.bare(who.name) in materials.known.organization_names.get(organization or "", set())
        return None if organization and is_known else who.name
    if (who.name, told_id) in materials.known.named or (who.name, None) in materials.known.named:
        return who.name
    preferred = materials.people[person]
    if who.name_ko and (who.name_basis or who.name_ko != preferred.name_ko):
        return who.name_ko
    return who.name if who.name != preferred.name_en else None


def _country(who: Participant) -> str | None:
    """The country; ZZ stands for none, as of an international body."""
    return None if who.country == "ZZ" else who.country


def _headcount(who: Participant, seed: Seed) -> int | None:
    return next((line.headcount for line in seed.decisions.headcounts if line.name == who.name), None)


def _unclear_organization(who: Participant, organization: str | None) -> str | None:
    return f"Organization as stated: {who.organization}." if who.organization and organization is None else None


def _absent(statement: Statement, seed: Seed) -> str | None:
    return next((line.reason for line in seed.decisions.absent_hosts if line.statement == statement.id), None)
