"""Questions that the office is asked, answered by SQL over the seeded register; the answers were worked out from the sources.

The rules: what was merged does not count, trips and their engagements do not both count, calls and letters are no meetings,
a country is that of the counterpart's organization, and whom a guest met without us, we did not meet.
"""

from typing import Any

import pytest
from sqlalchemy import text

from service.database import Database
from service.seeding import Report

Seeded = tuple[Database, Report]

LIVE = "e.merged_into IS NULL AND e.withdrawn_at IS NULL"
GUESTS = "engagement e JOIN participation p ON p.engagement_id = e.id AND p.side = 'counterpart'"


def asked(seeded: Seeded, question: str) -> list[Any]:
    with seeded[0].reading() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def record_ids(seeded: Seeded, where: str) -> list[str]:
    """The ids that the records' file gave to the live engagements of which this holds, oldest first."""
    question = f"""
        SELECT x.key FROM engagement e JOIN external_id x ON x.engagement_id = e.id AND x.key LIKE 'gg-%'
        WHERE {LIVE} AND {where} ORDER BY e.when_start, x.key"""
    return [key for (key,) in asked(seeded, question)]


def test_nine_us_governors_were_met_in_twelve_meetings_until_24_december_2024(seeded: Seeded) -> None:
    """The office's own published figure: who met them is the governor himself, in person. So the Florida delegation's event,
    where his presence is not stated, is none of the twelve."""
    meetings = asked(
        seeded,
        f"""SELECT DISTINCT pe.name_en, e.id FROM {GUESTS} JOIN person pe ON pe.id = p.person_id
            WHERE {LIVE} AND p.office_type = 'governor' AND NOT p.former AND p.country = 'US' AND p.role = 'principal'
            AND e.kind <> 'trip' AND e.mode = 'in-person' AND e.status = 'held' AND e.when_start <= '2024-12-24'
            AND EXISTS (SELECT 1 FROM participation h JOIN external_id x ON x.person_id = h.person_id
                        WHERE h.engagement_id = e.id AND h.side = 'host' AND x.key = 'p-kim-dong-yeon')""",
    )
    assert len(meetings) == 12
    assert sorted({name for name, _ in meetings}) == [
        *("Brian Kemp", "Gavin Newsom", "Glenn Youngkin", "Gretchen Whitmer", "Jay Inslee"),
        *("Kathy Hochul", "Katie Hobbs", "Ron DeSantis", "Spencer J. Cox"),
    ]


def test_three_trips_to_the_united_states_until_24_december_2024_and_five_in_all(seeded: Seeded) -> None:
    leg = "e.kind = 'trip' AND EXISTS (SELECT 1 FROM engagement_country c WHERE c.engagement_id = e.id AND c.country = 'US')"
    first = ["gg-2023-04-us-japan-trip", "gg-2024-05-06-north-america-trip", "gg-2024-10-15-us-east-trip"]
    assert record_ids(seeded, f"{leg} AND e.when_start <= '2024-12-24'") == first
    assert record_ids(seeded, leg) == [*first, "gg-2025-04-09-michigan-trip", "gg-2025-10-26-us-trip"]


@pytest.mark.parametrize(
    ("start", "end", "persons", "countries"), [("2022-07-01", "2024-06-04", 79, 19), ("2023-01-01", "2023-12-31", 47, 13)]
)
def test_dignitaries_and_countries_of_a_period(seeded: Seeded, start: str, end: str, persons: int, countries: int) -> None:
    """80 and 48 persons of 19 and 14 countries, counted by names, take a delegation of Peruvian mayors without names for one
    person, and Peru for a country of 2023; by persons it is one less."""
    question = f"""
        SELECT count(DISTINCT p.person_id), count(DISTINCT p.country)
        FROM {GUESTS} LEFT JOIN organization o ON o.id = p.organization_id
        WHERE {LIVE} AND p.office IS NOT NULL AND p.person_id IS NOT NULL AND NOT coalesce(o.withheld, false)
        AND coalesce(p.country, '') <> 'KR' AND e.when_start BETWEEN '{start}' AND '{end}'"""
    assert asked(seeded, question) == [(persons, countries)]


def test_the_last_contact_with_british_columbia_is_the_latest_of_six(seeded: Seeded) -> None:
    found = record_ids(seeded, "EXISTS (SELECT 1 FROM participation p WHERE p.engagement_id = e.id AND p.subdivision = 'CA-BC')")
    assert (len(found), found[-1]) == (6, "gg-2025-06-09-eby")


def test_only_two_signed_agreements_state_a_term(seeded: Seeded) -> None:
    question = f"""
        SELECT o.title_en, o.expires_on FROM outcome o JOIN engagement e ON e.id = o.engagement_id
        WHERE {LIVE} AND o.kind = 'agreement' AND o.expires_on IS NOT NULL AND o.expires_on < '2028' ORDER BY o.expires_on"""
    assert asked(seeded, question) == [
        ("Gyeonggi Youth Ladder Program agreement, University of Michigan", "2025"),
        ("Friendly cooperation MOU Gyeonggi-California", "2027-05~"),
    ]


def test_the_five_meetings_with_ambassador_goldberg_come_out(seeded: Seeded) -> None:
    """The office counts five; at one of them he only attended a meeting with the governor of Michigan."""
    goldberg = (
        "SELECT p.role FROM participation p JOIN external_id x ON x.person_id = p.person_id AND x.key = 'p-philip-goldberg'"
    )
    found = asked(seeded, f"{goldberg} JOIN engagement e ON e.id = p.engagement_id WHERE {LIVE} AND p.side = 'counterpart'")
    assert sorted(role for (role,) in found) == ["attendee", "principal", "principal", "principal", "principal"]
