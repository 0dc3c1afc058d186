"""A small register to ask about: the governors, the province, a press release, and what they are in."""

from dataclasses import dataclass
from typing import Any

from service.database import Database
from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.source import SourceShape
from service.register.topic import TopicShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor

Json = dict[str, Any]

UNKNOWN = "01a2072e-ce22-70f0-89c5-5923ef79b856"


@dataclass(frozen=True, slots=True)
class Office:
    """Ids of what is recorded."""

    newsom: str
    eby: str
    kim: str
    california: str
    british_columbia: str
    climate: str
    trade: str
    release: str
    trip: str
    meeting: str
    visit: str
    undated: str


def furnished(database: Database, by: Actor) -> Office:
    """Record the office's people, organizations, topics, a source and four engagements."""
    with database.writing() as connection:

        def recorded(noun: Any, *shapes: Any) -> list[str]:
            return [record["id"] for record in recording.record(connection, noun, shapes, by=by)]

        newsom, eby, kim = recorded(
            "person",
            PersonShape(name_en="Gavin Newsom", name_ko="개빈 뉴섬", nationality="US", external_ids=["wikidata:Q461391"]),
            PersonShape.model_validate({"name_en": "David Eby", "name_ko": "데이비드 이비", "names": [{"text": "Premier Eby"}]}),
            PersonShape(name_en="Kim Dong-yeon", name_ko="김동연", nationality="KR"),
        )
        california, british_columbia = recorded(
            "organization",
            OrganizationShape(name_en="State of California", name_ko="캘리포니아주", level="subnational", country="US"),
            OrganizationShape(name_en="Government of British Columbia", level="subnational", country="CA", subdivision="CA-BC"),
        )
        climate, trade = recorded(
            "topic",
            TopicShape(label_en="climate", label_ko="기후", synonyms=["탄소중립", "net zero"]),
            TopicShape(label_en="trade", label_ko="통상"),
        )
        (release,) = recorded(
            "source",
            SourceShape(
                title="김동연 지사, 개빈 뉴섬 주지사와 회담", url="https://gg.go.kr/1", publisher="Gyeonggi", grade="own-primary"
            ),
        )
        (trip,) = recorded(
            "engagement", engagement("trip", "Trip to North America", when="2024-05-06/2024-05-18", countries=["US", "CA"])
        )
        meeting, visit, undated = recorded(
            "engagement",
            EngagementShape.model_validate(
                {
                    "kind": "meeting",
                    "title_en": "Meeting with Governor Newsom",
                    "title_ko": "개빈 뉴섬 주지사 면담",
                    "when": "2024-05-07",
                    "place": {"city": "San Francisco", "country": "US", "subdivision": "US-CA"},
                    "countries": ["US"],
                    "topics": [climate],
                    "parent": trip,
                    "external_ids": ["gg-2024-05-07", "press:7"],
                    "participations": [
                        {
                            "side": "host",
                            "person": newsom,
                            "organization": california,
                            "office": "Governor",
                            "office_type": "governor",
                        },
                        {"side": "counterpart", "person": kim, "office_as_titled": "지사", "office_type": "governor"},
                        {"side": "counterpart", "headcount": 12, "note": "delegation"},
                    ],
                    "outcomes": [
                        {
                            "kind": "agreement",
                            "title_en": "Climate cooperation",
                            "status": "agreed",
                            "expires_on": "2026-12",
                            "parties": [california],
                        },
                        {"kind": "mou", "title_en": "Start-up exchange", "status": "proposed", "due_on": "2025-06-30"},
                    ],
                    "citations": [{"source": release, "locator": "line 3", "quote": "회담"}],
                    "assertions": [{"field": "when", "value": "2024-05-08", "reason": "another time zone", "source": release}],
                }
            ),
            EngagementShape.model_validate(
                {
                    "kind": "visit",
                    "status": "planned",
                    "title_en": "Visit of Premier Eby",
                    "when": "2023-10~",
                    "countries": ["CA"],
                    "topics": [trade],
                    "visibility": "internal",
                    "in_scope": False,
                    "participations": [{"side": "counterpart", "person": eby, "organization": british_columbia}],
                    "outcomes": [
                        {
                            "kind": "investment",
                            "title_en": "Hydrogen",
                            "status": "signed",
                            "amount": {"currency": "CAD", "amount": "12.50"},
                        }
                    ],
                }
            ),
            engagement("letter", "Letter without a date"),
        )
    return Office(newsom, eby, kim, california, british_columbia, climate, trade, release, trip, meeting, visit, undated)


def engagement(kind: str, title: str, **fields: Any) -> EngagementShape:
    """An engagement with hardly more than a title."""
    return EngagementShape(kind=kind, title_en=title, **fields)
