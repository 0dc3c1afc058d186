"""What came of it: the outcomes of a record, and those that only the article's statements tell."""

from collections.abc import Sequence

from service.register.assertion import AssertionShape
from service.register.codes import mapped
from service.register.engagement import ParticipationShape
from service.register.outcome import MoneyShape, OutcomeShape
from service.seeding import assertions
from service.seeding.files.told import Result, Statement
from service.seeding.matching import Contact
from service.seeding.participations import Materials

_BINDING = {"agreement", "mou", "loi", "joint-declaration", "action-plan"}
_UNITS = {"jobs": "jobs", "participants": "participants", "count": "items"}


def of(
    contact: Contact, parts: Sequence[ParticipationShape], materials: Materials
) -> tuple[list[OutcomeShape], list[AssertionShape]]:
    """The outcomes, and what the article says otherwise of those that the record has as well."""
    made = [_outcome(result, contact, parts, materials) for result in (contact.record.outcomes if contact.record else ())]
    otherwise = []
    for statement in contact.statements:
        for result in statement.outcomes:
            if same := _same_as(statement, result, materials):
                otherwise.append(assertions.same_outcome(statement, same, _in_words(result), materials.quotes, materials.ids))
            else:
                made.append(_outcome(result, contact, parts, materials))
    return made, otherwise


def _outcome(result: Result, contact: Contact, parts: Sequence[ParticipationShape], materials: Materials) -> OutcomeShape:
    kind, kind_as_stated = mapped("outcome_kind", result.type)
    status, status_as_stated = mapped("outcome_status", result.status) if result.status else (None, None)
    counted = next((field for field in _UNITS if getattr(result, field) is not None), None)
    return OutcomeShape(
        kind=kind,
        kind_as_stated=kind_as_stated,
        title_en=result.title,
        status=status,
        status_as_stated=status_as_stated,
        when=result.date,
        signed_on=result.signed,
        expires_on=result.expires or _end(result.term),
        term=result.term or (f"{result.valid_years} years" if result.valid_years else None),
        amount=MoneyShape(currency=result.currency, amount=str(result.amount))
        if result.amount is not None and result.currency
        else None,
        quantity=getattr(result, counted) if counted else None,
        unit=_UNITS[counted] if counted else None,
        parties=_parties(result, kind, contact, parts, materials),
    )


def _end(term: str | None) -> str | None:
    """When a term that is given as an interval ends."""
    return term.partition("/")[2] or None if term else None


def _parties(result: Result, kind: str, contact: Contact, parts: Sequence[ParticipationShape], materials: Materials) -> list[str]:
    """Whom an outcome binds: as decided by hand, or both organizations where there is one on each side."""
    for line in materials.seed.decisions.parties:
        if contact.record and (line.record, line.outcome) == (contact.record.id, result.title):
            return [materials.ids[party] for party in line.parties]
    sides = [list(dict.fromkeys(part.organization for part in parts if part.side == side)) for side in ("host", "counterpart")]
    if kind not in _BINDING or any(len(side) != 1 for side in sides):
        return []
    return [organization for side in sides for organization in side if organization]


def _same_as(statement: Statement, result: Result, materials: Materials) -> str | None:
    lines = materials.seed.decisions.same_outcomes
    return next((line.same_as for line in lines if (line.statement, line.title) == (statement.id, result.title)), None)


def _in_words(result: Result) -> str:
    money = f"{result.amount} {result.currency}" if result.amount is not None else None
    return ", ".join(word for word in (result.title, result.type, result.status, money) if word)
