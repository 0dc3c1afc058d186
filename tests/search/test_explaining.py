"""Why a hit was found: the plainest way in the most telling attribute."""

import pytest

from service.search.explaining import explain
from service.search.keys import query_text
from service.search.schema import SEARCHABLE

DOCUMENT: dict[str, list[str]] = {name: [] for name in SEARCHABLE} | {
    "titles": ["Meeting with Governor Newsom", "경기도지사, 미국대사와 면담"],
    "people": ["Gavin Newsom", "개빈 뉴섬", "Han Duck-soo"],
    "aliases": ["개빈 뉴썸"],
    "labels": ["meeting", "면담"],
    "notes": ["A newsome story"],
}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("newsom", [("newsom", "titles", "exact", "newsom")]),
        ("NEWSOM", [("newsom", "titles", "exact", "newsom")]),
        ("gavi", [("gavi", "people", "prefix", "gavin")]),
        ("gavi newsom", [("newsom", "titles", "exact", "newsom")]),
        ("newsmo", [("newsmo", "titles", "typo", "newsom")]),
        ("뉴썸", [("뉴썸", "aliases", "exact", "뉴썸")]),
        ("뉴섬이", [("뉴섬", "people", "exact", "뉴섬")]),
        ("대사", [("대사", "titles", "part", "미국대사와")]),
        ("ㄱㅂㄴㅅ", [("ㄱㅂㄴㅅ", "people", "part", "개빈 뉴섬")]),
        ("개빈뉴섬", [("개빈뉴섬", "people", "joined", "개빈 뉴섬")]),
        ("handucksoo", [("handucksoo", "people", "joined", "han duck soo")]),
        ("newsom zeppelin", [("newsom", "titles", "exact", "newsom")]),
        ('"governor newsom"', [("governor newsom", "titles", "exact", "governor newsom")]),
        ("", []),
    ],
)
def test_each_word_is_explained_by_the_best_that_there_is(typed: str, expected: list[tuple[str, ...]]) -> None:
    assert [tuple(match) for match in explain(DOCUMENT, query_text(typed))] == expected
