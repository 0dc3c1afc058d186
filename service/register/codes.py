"""The coded lists of the register: each code with its English and Korean label, and the words that sources use for it.

Codes are stable and lower case with hyphens. Where a source words a thing differently, the record keeps the source's
word in the `…_as_stated` twin of the field; `AS_STATED` is the one table that says which code such a word means.
"""

from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.errors import shortened, suggestion


class Label(NamedTuple):
    """What a code is called."""

    en: str
    ko: str


CodeList = dict[str, Label]

KIND: Final[CodeList] = {
    "meeting": Label("meeting", "면담"),
    "visit": Label("visit", "방문"),
    "trip": Label("trip", "해외출장"),
    "delegation": Label("delegation visit", "대표단 방문"),
    "call": Label("phone call", "전화통화"),
    "videoconference": Label("videoconference", "화상회의"),
    "agreement-signing": Label("agreement signing", "협약 체결"),
    "investment-signing": Label("investment agreement signing", "투자협약 체결"),
    "forum-session": Label("forum session", "포럼 세션"),
    "webinar": Label("webinar", "웨비나"),
    "event": Label("event", "행사"),
    "letter": Label("letter", "서한"),
    "invitation": Label("invitation", "초청"),
    "proposal": Label("proposal", "제안"),
    "statement": Label("statement", "성명"),
}

MODE: Final[CodeList] = {
    "in-person": Label("in person", "대면"),
    "remote": Label("remote", "비대면"),
    "hybrid": Label("hybrid", "혼합"),
    "written": Label("written", "서면"),
}

DIRECTION: Final[CodeList] = {
    "inbound": Label("inbound", "방한·내방"),
    "outbound": Label("outbound", "해외 방문"),
    "domestic": Label("domestic", "국내"),
    "third-place": Label("third place", "제3지"),
    "remote": Label("remote", "원격"),
    "unknown": Label("unknown", "미상"),
}

STATUS: Final[CodeList] = {
    "planned": Label("planned", "예정"),
    "announced": Label("announced", "발표"),
    "held": Label("held", "개최"),
    "postponed": Label("postponed", "연기"),
    "cancelled": Label("cancelled", "취소"),
}

VISIBILITY: Final[CodeList] = {
    "public": Label("public", "공개"),
    "internal": Label("internal", "내부"),
    "confidential": Label("confidential", "대외비"),
}

CONFIDENCE: Final[CodeList] = {
    "stated": Label("plainly stated by a source", "출처에 명시"),
    "partly-stated": Label("partly stated by a source", "일부 명시"),
    "inferred": Label("inferred from a later text", "사후 자료에서 추정"),
    "announced": Label("announced only", "발표만 확인"),
    "uncertain": Label("uncertain", "불확실"),
    "weak-source": Label("weak source only", "출처 신뢰도 낮음"),
    "headline-only": Label("headline only", "제목만 확인"),
    "context": Label("known from context", "정황으로 확인"),
    "undated": Label("stated without a date", "날짜 없음"),
}

SIDE: Final[CodeList] = {
    "host": Label("our side", "우리측"),
    "counterpart": Label("counterpart", "상대측"),
    "third-party": Label("third party", "제3자"),
}

ROLE: Final[CodeList] = {
    "principal": Label("principal", "대표"),
    "attendee": Label("attendee", "배석"),
    "signatory": Label("signatory", "서명자"),
    "moderator": Label("moderator", "좌장"),
}

OFFICE_TYPE: Final[CodeList] = {
    "head-of-state": Label("head of state", "국가원수"),
    "head-of-government": Label("head of government, prime minister", "정부수반, 총리"),
    "deputy-prime-minister": Label("deputy prime minister, vice premier", "부총리"),
    "minister": Label("minister", "장관"),
    "governor": Label("governor, head of a region", "주지사, 도지사, 지사"),
    "deputy-governor": Label("vice governor", "부지사"),
    "party-secretary": Label("party secretary", "당서기"),
    "mayor": Label("mayor", "시장"),
    "ambassador": Label("ambassador", "대사"),
    "diplomat": Label("diplomat", "외교관"),
    "legislator": Label("member of an assembly", "의원"),
    "speaker": Label("head of an assembly", "의장"),
    "military-commander": Label("military commander", "사령관"),
    "international-official": Label("official of an international body", "국제기구 인사"),
    "executive": Label("executive of a company, chief executive", "기업인, 최고경영자"),
    "academic": Label("academic", "교수, 총장"),
    "official": Label("official", "공무원"),
}

NAME_KIND: Final[CodeList] = {
    "canonical": Label("name we prefer", "대표 표기"),
    "native": Label("native script", "원어 표기"),
    "romanisation": Label("romanisation", "로마자 표기"),
    "as-printed": Label("as printed by a source", "출처 표기"),
    "misprint": Label("misprint", "오기"),
    "former": Label("former name", "옛 이름"),
    "alias": Label("other name", "다른 이름"),
    "abbreviation": Label("abbreviation", "약칭"),
}

ORGANIZATION_KIND: Final[CodeList] = {
    "government": Label("government", "정부"),
    "legislature": Label("legislature", "의회"),
    "embassy": Label("embassy or mission", "대사관·대표부"),
    "political-party": Label("political party", "정당"),
    "military": Label("armed forces", "군"),
    "international-body": Label("international body", "국제기구"),
    "company": Label("company", "기업"),
    "university": Label("university", "대학"),
    "association": Label("association", "협회·단체"),
    "public-body": Label("public body", "공공기관"),
    "group": Label("group", "집단"),
}

LEVEL: Final[CodeList] = {
    "national": Label("national", "국가"),
    "subnational": Label("subnational", "광역"),
    "city": Label("city", "도시"),
    "international": Label("international", "국제"),
    "private": Label("private", "민간"),
}

OUTCOME_KIND: Final[CodeList] = {
    "agreement": Label("agreement", "협약·합의"),
    "mou": Label("memorandum of understanding", "양해각서·업무협약"),
    "loi": Label("letter of intent", "투자의향서·의향서"),
    "joint-declaration": Label("joint declaration", "공동선언"),
    "action-plan": Label("action plan", "실행계획"),
    "investment": Label("investment", "투자"),
    "trade": Label("trade deal", "수출 계약"),
    "donation": Label("donation", "기증·무상양여"),
    "invitation": Label("invitation", "초청"),
    "programme": Label("programme", "사업·프로그램"),
    "office": Label("office opened", "사무소 개소"),
    "correspondence": Label("correspondence", "서신"),
    "award": Label("award", "수여"),
    "report": Label("report", "보고"),
    "follow-up": Label("follow-up", "후속조치"),
}

OUTCOME_STATUS: Final[CodeList] = {
    "proposed": Label("proposed", "제안"),
    "intent": Label("intent", "의향"),
    "loi": Label("letter of intent", "의향서"),
    "agreed": Label("agreed", "합의"),
    "signed": Label("signed", "체결"),
    "in-force": Label("in force", "발효"),
    "executed": Label("executed", "이행"),
    "lapsed": Label("lapsed", "만료"),
}
"""The ladder that an outcome climbs, lowest first; where sources differ, the weakest supported step is kept."""

SOURCE_GRADE: Final[CodeList] = {
    "own-primary": Label("our own record", "자체 1차 자료"),
    "counterpart-primary": Label("the counterpart's own record", "상대측 1차 자료"),
    "press": Label("press", "언론"),
    "blog": Label("blog", "블로그"),
}

AS_STATED: Final[dict[str, dict[str, str]]] = {
    "kind": {
        "delegation-visit": "delegation",
        "investment-mou": "investment-signing",
        "decision": "meeting",
    },
    "confidence": {
        "inferred-from-retrospect": "inferred",
        "low-source": "weak-source",
    },
    "organization_kind": {
        "province": "government",
        "state": "government",
        "city": "government",
        "ministry": "government",
        "regional government": "government",
        "regional assembly": "legislature",
        "party committee": "political-party",
        "international organization": "international-body",
    },
    "outcome_kind": {
        "alliance": "agreement",
        "intent": "follow-up",
        "proposal": "follow-up",
        "reaffirmation": "follow-up",
        "letter-of-intent": "loi",
        "declaration": "joint-declaration",
        "investment-agreement": "investment",
        "investment-intent": "investment",
        "investment-plan": "investment",
        "investment-total": "investment",
        "export-deals": "trade",
    },
    "outcome_status": {
        "extended": "proposed",
        "planned": "proposed",
        "discussed": "proposed",
        "to-be-studied": "proposed",
        "formed (article) / proposed (other sources)": "proposed",
        "announced": "intent",
        "stated": "intent",
        "agreed-to-sign": "intent",
        "accepted": "agreed",
        "adopted": "agreed",
        "decided": "agreed",
        "opened": "executed",
        "received": "executed",
        "sent": "executed",
        "delivered": "executed",
    },
}
"""Per field, which code a source's own word means. A code means itself and needs no line."""

FIELDS: Final[dict[str, CodeList]] = {
    "kind": KIND,
    "mode": MODE,
    "direction": DIRECTION,
    "status": STATUS,
    "visibility": VISIBILITY,
    "confidence": CONFIDENCE,
    "side": SIDE,
    "role": ROLE,
    "office_type": OFFICE_TYPE,
    "name_kind": NAME_KIND,
    "organization_kind": ORGANIZATION_KIND,
    "level": LEVEL,
    "outcome_kind": OUTCOME_KIND,
    "outcome_status": OUTCOME_STATUS,
    "grade": SOURCE_GRADE,
}


def mapped(field: str, word: str) -> tuple[str, str | None]:
    """The code that a source's word means for a field, and the word itself where it is not the code.

    Raises ValueError for a word that is neither a code nor in `AS_STATED`.
    """
    if word in FIELDS[field]:
        return word, None
    if code := AS_STATED.get(field, {}).get(word):
        return code, word
    raise ValueError(f"{word!r} is no {field}: {suggestion(word, FIELDS[field])}")


def label(field: str, code: str) -> Label:
    """What a code of a field is called in English and Korean."""
    return FIELDS[field][code]


def _check(field: str) -> AfterValidator:
    def known(value: str) -> str:
        if value in FIELDS[field]:
            return value
        hint = f"{shortened(value)!r} is not known here; {suggestion(value, FIELDS[field])}"
        raise PydanticCustomError("unknown_code", "{hint}", {"hint": hint})

    return AfterValidator(known)


def _schema(field: str) -> WithJsonSchema:
    meanings = "; ".join(f"`{code}` {label.en} / {label.ko}" for code, label in FIELDS[field].items())
    return WithJsonSchema({"type": "string", "enum": list(FIELDS[field]), "description": meanings})


Kind = Annotated[str, _check("kind"), _schema("kind")]
Mode = Annotated[str, _check("mode"), _schema("mode")]
Direction = Annotated[str, _check("direction"), _schema("direction")]
Status = Annotated[str, _check("status"), _schema("status")]
Visibility = Annotated[str, _check("visibility"), _schema("visibility")]
Confidence = Annotated[str, _check("confidence"), _schema("confidence")]
Side = Annotated[str, _check("side"), _schema("side")]
Role = Annotated[str, _check("role"), _schema("role")]
OfficeType = Annotated[str, _check("office_type"), _schema("office_type")]
NameKind = Annotated[str, _check("name_kind"), _schema("name_kind")]
OrganizationKind = Annotated[str, _check("organization_kind"), _schema("organization_kind")]
Level = Annotated[str, _check("level"), _schema("level")]
OutcomeKind = Annotated[str, _check("outcome_kind"), _schema("outcome_kind")]
OutcomeStatus = Annotated[str, _check("outcome_status"), _schema("outcome_status")]
SourceGrade = Annotated[str, _check("grade"), _schema("grade")]
