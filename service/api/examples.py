"""Bodies that can be sent as they stand, for the OpenAPI document."""

from typing import Any, Final

_PERSON: Final = "01a2072e-ce22-70f0-89c5-5923ef79b856"
_ORGANIZATION: Final = "01a2072e-ce22-70f0-89c5-5923ef79b857"
_SOURCE: Final = "01a2072e-ce22-70f0-89c5-5923ef79b858"

Example = dict[str, Any]

ENGAGEMENT: Final[Example] = {
    "kind": "meeting",
    "direction": "inbound",
    "mode": "in-person",
    "title_en": "Governor Kim meets Governor Gavin Newsom of California",
    "title_ko": "김동연 지사, 개빈 뉴섬 캘리포니아 주지사 면담",
    "when": "2024-05~",
    "place": {"city": "Sacramento", "country": "US", "subdivision": "US-CA"},
    "countries": ["US"],
    "external_ids": ["press:2024-0507"],
    "participations": [
        {"side": "host", "name_as_printed": "Kim Dong-yeon", "office": "Governor of Gyeonggi", "office_type": "governor"},
        {"side": "counterpart", "name_as_printed": "Gavin Newsom", "office": "Governor of California", "country": "US"},
    ],
    "outcomes": [{"kind": "agreement", "title_en": "Cooperation on climate and start-ups", "status": "agreed"}],
}
ENGAGEMENT_PATCH: Final[Example] = {"when": "2024-05-07", "summary_en": None, "place": {"city": "San Francisco"}}

PARTICIPATION: Final[Example] = {
    "side": "counterpart",
    "role": "principal",
    "name_as_printed": "David Eby",
    "office_as_titled": "B.C. Premier",
    "office": "Premier of British Columbia",
    "office_type": "governor",
    "country": "CA",
    "subdivision": "CA-BC",
}
PARTICIPATION_PATCH: Final[Example] = {"person": _PERSON, "office_as_titled": None}

OUTCOME: Final[Example] = {
    "kind": "investment",
    "title_en": "Semiconductor equipment plant",
    "title_ko": "반도체 장비 공장 투자",
    "status": "signed",
    "signed_on": "2023-04-13",
    "amount": {"currency": "USD", "amount": "500000000"},
    "parties": [_ORGANIZATION],
}
OUTCOME_PATCH: Final[Example] = {"status": "executed", "amount": {"amount": "520000000"}}

CITATION: Final[Example] = {"source": _SOURCE, "locator": "paragraph 3", "quote": "양 지역 간 협력을 강화하기로 했다"}
CITATION_PATCH: Final[Example] = {"locator": "paragraphs 3 and 4"}

ASSERTION: Final[Example] = {
    "field": "when",
    "value": "2023-10",
    "reason": "The article says October in one place and November in another",
    "source": _SOURCE,
    "locator": "line 40",
}
ASSERTION_PATCH: Final[Example] = {"reason": "The travel record says November"}

PERSON: Final[Example] = {
    "name_en": "Gavin Newsom",
    "name_ko": "개빈 뉴섬",
    "nationality": "US",
    "names": [{"text": "개빈 뉴솜", "kind": "as-printed", "language": "ko"}],
}
PERSON_PATCH: Final[Example] = {"note": "Governor of California since 2019", "external_ids": ["wikidata:Q461391"]}

ORGANIZATION: Final[Example] = {
    "name_en": "Government of British Columbia",
    "name_ko": "브리티시컬럼비아주 정부",
    "kind": "government",
    "level": "subnational",
    "country": "CA",
    "subdivision": "CA-BC",
}
ORGANIZATION_PATCH: Final[Example] = {"names": [{"text": "B.C. Government", "kind": "abbreviation", "language": "en"}]}

TOPIC: Final[Example] = {"label_en": "climate", "label_ko": "기후", "synonyms": ["climate change", "기후변화", "탄소중립"]}
TOPIC_PATCH: Final[Example] = {"synonyms": ["climate change", "기후위기"]}

SOURCE: Final[Example] = {
    "url": "https://news.gg.go.kr/briefing/2024-0507",
    "title": "김동연, 개빈 뉴섬 주지사와 회담",
    "publisher": "Gyeonggi Province",
    "published": "2024-05-07",
    "language": "ko",
    "grade": "own-primary",
}
SOURCE_PATCH: Final[Example] = {"accessed": "2026-11-23"}
