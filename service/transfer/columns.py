"""The columns of tables: what each is called in English and Korean, what it stands for, and how a value is written in a cell.

Several values in a cell are separated by `;`; a semicolon that belongs to a value is written `\\;`. A person in a cell is written
`Gavin Newsom (Governor)`, the office in brackets.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.register import codes
from service.register.reading.records import Noun
from service.transfer.trouble import Language

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its headings, other headings that mean it, and the text of a record's cell in it.

    `coded` names the coded list of its values. Without `cell` it is only read, never written.
    """

    name: str
    en: str
    ko: str
    also: tuple[str, ...] = ()
    coded: str | None = None
    cell: Callable[[Record], Any] | None = None


def joined(values: Iterable[str]) -> str:
    """Several values in one cell."""
    return "; ".join(value.replace("\\", "\\\\").replace(";", "\\;") for value in values)


def separated(cell: str) -> list[str]:
    """The values in a cell."""
    parts = re.findall(r"((?:\\.|[^;\\])+)", cell)
    return [value for part in parts if (value := re.sub(r"\\(.)", r"\1", part).strip())]


def _plain(name: str) -> Callable[[Record], Any]:
    return lambda record: record[name]


def _listed(name: str) -> Callable[[Record], str]:
    return lambda record: joined(record[name])


def _of_place(part: str) -> Callable[[Record], Any]:
    return lambda record: (record["place"] or {}).get(part)


def _names(record: Record) -> str:
    return joined(name["text"] for name in record["names"])


def _people(side: str) -> Callable[[Record], str]:
    return lambda record: joined(_person(part) for part in record["participations"] if part["side"] == side and _name(part))


def _person(part: Record) -> str:
    office = part["office"] or part["office_as_titled"]
    return f"{_name(part)} ({office})" if office else str(_name(part))


def _name(part: Record) -> Any:
    person = part["person"] or {}
    return person.get("name_en") or person.get("name_ko") or part["name_as_printed"]


def _organizations(side: str) -> Callable[[Record], str]:
    def cell(record: Record) -> str:
        bodies = [part["organization"] for part in record["participations"] if part["side"] == side and part["organization"]]
        return joined(dict.fromkeys(body["name_en"] or body["name_ko"] for body in bodies))

    return cell


def _parent(record: Record) -> Any:
    return record["parent"] and record["parent"]["id"]


def _topics(record: Record) -> str:
    return joined(topic["label_en"] or topic["label_ko"] for topic in record["topics"])


def _outcomes(record: Record) -> str:
    return joined(outcome["title_en"] or outcome["title_ko"] or outcome["kind"] for outcome in record["outcomes"])


def _sources(record: Record) -> str:
    return joined(dict.fromkeys(cited["source"]["url"] or cited["source"]["title"] for cited in record["citations"]))


_ID: Final = Column("id", "Id", "기록 ID", cell=_plain("id"))
_EXTERNAL: Final = Column(
    "external_ids",
    "External ids",
    "외부 ID",
    ("external id", "ref", "reference", "번호", "관리번호", "연번"),
    cell=_listed("external_ids"),
)
_NOTE: Final = Column("note", "Note", "비고", ("remarks", "comment", "notes", "메모", "참고"), cell=_plain("note"))
_NAME_EN: Final = Column("name_en", "Name (English)", "영문 이름", ("name", "english name", "영문명"), cell=_plain("name_en"))
_NAME_KO: Final = Column(
    "name_ko", "Name (Korean)", "한글 이름", ("korean name", "이름", "성명", "한글명", "국문명"), cell=_plain("name_ko")
)
_NAMES: Final = Column("names", "Other names", "다른 이름", ("aliases", "별칭"), cell=_names)

COLUMNS: Final[dict[Noun, tuple[Column, ...]]] = {
    "engagement": (
        _ID,
        _EXTERNAL,
        Column("kind", "Kind", "유형", ("type", "구분", "종류"), "kind", _plain("kind")),
        Column("status", "Status", "상태", ("진행상태",), "status", _plain("status")),
        Column("mode", "Mode", "방식", ("format", "진행방식"), "mode", _plain("mode")),
        Column("direction", "Direction", "방향", ("방문구분",), "direction", _plain("direction")),
        Column("title_en", "Title (English)", "영문 제목", ("title", "subject", "영문제목"), cell=_plain("title_en")),
        Column(
            "title_ko", "Title (Korean)", "제목", ("한글 제목", "국문 제목", "행사명", "교류명", "건명"), cell=_plain("title_ko")
        ),
        Column("summary_en", "Summary (English)", "영문 개요", ("summary", "description"), cell=_plain("summary_en")),
        Column("summary_ko", "Summary (Korean)", "개요", ("내용", "주요내용", "한글 개요"), cell=_plain("summary_ko")),
        Column("when", "When", "일자", ("date", "dates", "period", "날짜", "일시", "기간", "교류일자"), cell=_plain("when")),
        Column("start", "Start", "시작일", ("start date", "from", "시작일자", "시작")),
        Column("end", "End", "종료일", ("end date", "until", "to", "종료일자", "종료")),
        Column("venue", "Venue", "장소", ("location", "place"), cell=_of_place("venue")),
        Column("city", "City", "도시", ("town",), cell=_of_place("city")),
        Column("place_country", "Country of the place", "장소 국가", ("host country",), cell=_of_place("country")),
        Column("place_subdivision", "State or province of the place", "장소 지역", cell=_of_place("subdivision")),
        Column("countries", "Countries", "상대국", ("country", "국가", "국가명", "상대 국가"), cell=_listed("countries")),
        Column("topics", "Topics", "주제", ("topic", "분야"), cell=_topics),
        Column("parent", "Part of", "상위 일정", ("trip", "출장"), cell=_parent),
        Column("hosts", "Hosts", "주최 측 인사", ("host",), cell=_people("host")),
        Column("host_organizations", "Host organizations", "주최 기관", ("our side",), cell=_organizations("host")),
        Column(
            "counterparts",
            "Counterparts",
            "상대 인사",
            ("counterpart", "visitor", "visitors", "met with", "person", "people", "면담자", "상대방", "방문자"),
            cell=_people("counterpart"),
        ),
        Column(
            "counterpart_organizations",
            "Counterpart organizations",
            "상대 기관",
            ("organization", "organisation", "상대기관", "기관", "기관명"),
            cell=_organizations("counterpart"),
        ),
        Column("office", "Office of the counterpart", "상대 직위", ("office", "role", "직위", "직책")),
        Column("outcomes", "Outcomes", "성과", ("results", "outcome", "결과"), cell=_outcomes),
        Column("sources", "Sources", "출처", ("source", "url", "link", "근거"), cell=_sources),
        Column("visibility", "Visibility", "공개 범위", ("공개여부",), "visibility", _plain("visibility")),
        Column("in_scope", "In scope", "집계 대상", cell=_plain("in_scope")),
        _NOTE,
    ),
    "person": (
        _ID,
        _EXTERNAL,
        _NAME_EN,
        _NAME_KO,
        Column("nationality", "Nationality", "국적", ("country", "국가"), cell=_plain("nationality")),
        _NAMES,
        _NOTE,
    ),
    "organization": (
        _ID,
        _EXTERNAL,
        _NAME_EN,
        _NAME_KO,
        Column("kind", "Kind", "유형", ("type", "구분"), "organization_kind", _plain("kind")),
        Column("level", "Level", "단위", (), "level", _plain("level")),
        Column("country", "Country", "국가", ("국가명",), cell=_plain("country")),
        Column("subdivision", "State or province", "지역", ("region", "시도"), cell=_plain("subdivision")),
        _NAMES,
        _NOTE,
    ),
    "topic": (
        _ID,
        _EXTERNAL,
        Column("label_en", "Label (English)", "영문 이름", ("label", "name", "topic"), cell=_plain("label_en")),
        Column("label_ko", "Label (Korean)", "이름", ("한글 이름", "주제"), cell=_plain("label_ko")),
        Column("synonyms", "Synonyms", "동의어", (), cell=_listed("synonyms")),
        _NOTE,
    ),
    "source": (
        _ID,
        _EXTERNAL,
        Column("url", "URL", "주소", ("link", "링크"), cell=_plain("url")),
        Column("title", "Title", "제목", (), cell=_plain("title")),
        Column("publisher", "Publisher", "발행처", ("매체", "언론사"), cell=_plain("publisher")),
        Column("published", "Published", "발행일", ("date", "보도일"), cell=_plain("published")),
        Column("accessed", "Accessed", "확인일", (), cell=_plain("accessed")),
        Column("language", "Language", "언어", (), cell=_plain("language")),
        Column("grade", "Grade", "등급", (), "grade", _plain("grade")),
        _NOTE,
    ),
}


def written(noun: Noun) -> tuple[Column, ...]:
    """The columns that a table of this noun is written with."""
    return tuple(column for column in COLUMNS[noun] if column.cell)


def headings(columns: Sequence[Column], language: Language) -> list[str]:
    """The first row."""
    return [column.ko if language == "ko" else column.en for column in columns]


def cells(columns: Sequence[Column], record: Record, language: Language) -> list[str]:
    """The row of a record; codes are told by their labels in Korean, and as they are in English."""
    return [_written(column, column.cell(record) if column.cell else None, language) for column in columns]


def _written(column: Column, value: Any, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return ("예" if value else "아니오") if language == "ko" else str(value).lower()
    if column.coded and language == "ko":
        return codes.label(column.coded, value).ko
    return str(value)
