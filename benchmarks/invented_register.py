"""An invented register, the same one for the same number of records: people with names in both languages, and whom they met.

It is as dense as a real one is not: a third of all records mention each office, each month is as likely as the next, and
Korean words carry their particles. What is measured on it is measured on the hard side.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.search.keys import document_keys

Label = tuple[str, str]

SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
SYLLABLES = "동연민준서지우현수진영호성재은혜미경태규상철희정원훈석나라주"
BEGINNINGS = (
    "al",
    "ba",
    "ca",
    "da",
    "el",
    "fa",
    "ga",
    "ha",
    "jo",
    "ka",
    "la",
    "ma",
    "ne",
    "o",
    "pa",
    "ra",
    "sa",
    "ta",
    "u",
    "va",
)
ENDINGS = (
    "son",
    "sen",
    "berg",
    "ez",
    "ov",
    "ski",
    "ini",
    "ard",
    "man",
    "ton",
    "ić",
    "ão",
    "ø",
    "ński",
    "nguyễn",
    "ström",
    "özer",
)
PLACES = (
    ("California", "캘리포니아주", "US"),
    ("British Columbia", "브리티시컬럼비아주", "CA"),
    ("Virginia", "버지니아주", "US"),
    ("Łódź", "우치", "PL"),
    ("Guangdong", "광둥성", "CN"),
    ("Kanagawa", "가나가와현", "JP"),
    ("Bavaria", "바이에른주", "DE"),
    ("Île-de-France", "일드프랑스", "FR"),
    ("Da Nang", "다낭", "VN"),
    ("Gyeonggi", "경기도", "KR"),
    ("Queensland", "퀸즐랜드주", "AU"),
)
OFFICES = (("governor", "지사"), ("ambassador", "대사"), ("premier", "수상"), ("minister", "장관"), ("mayor", "시장"))
TOPICS = (
    ("climate", "기후"),
    ("semiconductors", "반도체"),
    ("batteries", "배터리"),
    ("trade", "통상"),
    ("youth exchange", "청년 교류"),
    ("biotechnology", "바이오"),
    ("tourism", "관광"),
    ("education", "교육"),
    ("investment", "투자"),
    ("artificial intelligence", "인공지능"),
)
KINDS = (("meeting", "면담"), ("visit", "방문"), ("call", "통화"), ("delegation", "대표단"), ("forum session", "포럼"))


@dataclass(frozen=True)
class Person:
    id: str
    latin: str
    korean: str
    office: tuple[str, str]
    place: tuple[str, str, str]


class Register:
    """The invented register: people are drawn once, engagements one after another."""

    def __init__(self, records: int) -> None:
        self.draw = random.Random(records)
        self.names = [self._made_up() for _ in range(max(500, records // 5))]
        self.people = [self._person(number) for number in range(max(200, records // 5))]

    def _person(self, number: int) -> Person:
        latin = f"{self._name()} {self._name()}".title()
        korean = self.draw.choice(SURNAMES) + "".join(self.draw.sample(SYLLABLES, 2))
        return Person(f"p{number}", latin, korean, self.draw.choice(OFFICES), self.draw.choice(PLACES))

    def _made_up(self) -> str:
        return "".join(self.draw.choices(BEGINNINGS, k=self.draw.randint(2, 3))) + self.draw.choice(ENDINGS)

    def _name(self) -> str:
        return self.draw.choice(self.names)

    def someone(self) -> Person:
        """A few people are met again and again, most of them once."""
        return self.people[int(len(self.people) * self.draw.random() ** 3)]

    def documents(self, records: int) -> Iterator[dict[str, Any]]:
        return (self._document(number) for number in range(records))

    def _document(self, number: int) -> dict[str, Any]:
        host, guest, kind, topic = self.someone(), self.someone(), self.draw.choice(KINDS), self.draw.choice(TOPICS)
        day = self.draw.randint(2000, 2025) * 10_000 + self.draw.randint(1, 12) * 100 + self.draw.randint(1, 28)
        texts = self._texts(host, guest, kind, topic, day)
        return {
            "id": f"e{number}",
            **texts,
            "keys": document_keys(text for values in texts.values() for text in values),
            "kind": kind[0],
            "countries": sorted({host.place[2], guest.place[2]}),
            "people_facet": [f"{one.id}\t{one.latin}\t{one.korean}" for one in (host, guest)],
            "organizations_facet": ["\t".join((guest.place[0], *texts["organizations"]))],
            "topics_facet": ["\t".join((topic[0], *topic))],
            "years": [day // 10_000],
            "start_day": day,
            "recorded_at": 1_700_000_000_000 + number,
            "visibility": "public",
            "card": card(number, day, texts["titles"], (host, guest)),
            "sync_generation": 1,
            "sync_hash": f"{number:016x}",
            "sync_bucket": number % 64,
        }

    def _texts(self, host: Person, guest: Person, kind: Label, topic: Label, day: int) -> dict[str, list[str]]:
        place, year, month = guest.place, day // 10_000, day // 100 % 100
        return {
            "titles": [
                f"{guest.office[0].title()} {guest.latin} of {place[0]}: {kind[0]} on {topic[0]}",
                f"{host.korean} {host.office[1]}, {place[1]} {guest.korean} {guest.office[1]}와 {kind[1]}",
            ],
            "people": [host.latin, host.korean, guest.latin, guest.korean],
            "organizations": [f"Government of {place[0]}", f"{place[1]} 정부"],
            "offices": [*host.office, *guest.office],
            "places": [*place, *host.place],
            "topics": [*topic],
            "labels": [*kind, f"{year}", f"{year}년 {month}월"],
            "summaries": [self._english(guest, topic), self._korean(host, guest, topic)],
            "notes": [f"Press release no. {self.draw.randint(1, 9999)}, {self._name()} {self._name()} reporting"],
        }

    def _english(self, guest: Person, topic: Label) -> str:
        return (
            f"The two sides discussed cooperation on {topic[0]} and {self.draw.choice(TOPICS)[0]} between Gyeonggi Province and "
            f"{guest.place[0]}; {guest.latin} thanked the province and invited a delegation to {self._name().title()} in spring."
        )

    def _korean(self, host: Person, guest: Person, topic: Label) -> str:
        return (
            f"{host.korean}{host.office[1]}는 {guest.place[1]}의 {guest.korean}을 만나 {topic[1]} 분야에서의 협력을 논의하고 "
            f"경기도와 {guest.place[1]} 사이의 교류를 넓혀 나가기로 했다."
        )

    def questions(self, number: int) -> list[str]:
        """Different questions as people type them: names, misspelt or half typed, offices, topics, places, in both languages."""
        asked: dict[str, None] = {}
        while len(asked) < number:
            asked[self.draw.choice(self._ways())()] = None
        return list(asked)

    def beginnings(self, number: int) -> list[str]:
        """What is in the box while names, topics and places are typed: their first letters, the more the later."""
        words = (self.draw.choice((*self.someone().latin.split(), self.someone().korean, *pick)) for pick in self._named())
        return [word[: self.draw.randint(1, 5)].lower() for word in islice(words, number)]

    def _named(self) -> Iterator[tuple[str, str]]:
        while True:
            yield self.draw.choice((*TOPICS, *(place[:2] for place in PLACES)))

    def _ways(self) -> list[Callable[[], str]]:
        pick = self.draw.choice
        return [
            lambda: self.someone().latin,
            lambda: self.someone().korean,
            self._surname,
            lambda: self._surname()[: self.draw.randint(2, 4)],
            lambda: self._misspelt(self._surname()),
            lambda: f"{pick(OFFICES)[0]} {self._surname()}",
            lambda: f"{pick(PLACES)[0]} {pick(TOPICS)[0]}",
            lambda: f"{pick(PLACES)[1]} {pick(OFFICES)[1]} {pick(KINDS)[1]}",
            lambda: f"{self.someone().korean} {pick(TOPICS)[1]}",
            lambda: f"{pick(KINDS)[0]} {pick(PLACES)[0]} {self.draw.randint(2000, 2025)}",
            lambda: f"{pick(OFFICES)[0]} {pick(PLACES)[0]} {pick(TOPICS)[0]} {pick(KINDS)[0]}",
            lambda: pick(pick((OFFICES, TOPICS, KINDS)))[self.draw.randrange(2)],
        ]

    def _surname(self) -> str:
        return self.someone().latin.split()[-1]

    def _misspelt(self, word: str) -> str:
        at = self.draw.randrange(1, max(2, len(word) - 1))
        return word[:at] + word[at + 1 :]


def card(number: int, day: int, titles: Sequence[str], people: Sequence[Person]) -> dict[str, Any]:
    listed = [{"id": one.id, "name_en": one.latin, "name_ko": one.korean, "office": one.office[0]} for one in people]
    when = f"{day // 10_000}-{day // 100 % 100:02}-{day % 100:02}"
    named = {"title_en": titles[0], "title_ko": titles[1], "when": when, "place": people[-1].place[0]}
    return {"id": f"e{number}", "kind": "meeting", **named, "people": listed}


def shown(card: dict[str, Any]) -> dict[str, str]:
    """The texts of a card in which words are marked."""
    names = {f"people/{n}/{name}": one[name] for n, one in enumerate(card["people"]) for name in ("name_en", "name_ko")}
    return {"title_en": card["title_en"], "title_ko": card["title_ko"], "place": card["place"]} | names
