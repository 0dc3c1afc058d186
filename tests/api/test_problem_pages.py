"""Every type of problem has a page at its address, in both languages, for people and for programs."""

import importlib
import pkgutil
from collections.abc import Iterator

import httpx
import pytest
from pydantic import BaseModel

import service
from service.api.negotiation import language_of, reads_html
from service.api.problem_pages import ProblemType, ProblemTypeList
from service.api.problem_texts import texts
from service.api.problems import Problem as ProblemModel
from service.errors import Problem
from tests.api.expectations import Json, refused

pytestmark = pytest.mark.anyio


def answered(response: httpx.Response, model: type[BaseModel]) -> Json:
    """The body of an answer that the model describes; an example of a problem leaves out what not every problem has."""
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    body: Json = response.json()
    assert model.model_validate(body, strict=True).model_dump(mode="json", exclude_unset=True) == body
    return body


def kinds(parent: type[Problem]) -> Iterator[type[Problem]]:
    yield parent
    for kind in parent.__subclasses__():
        yield from kinds(kind)


def raised() -> list[type[Problem]]:
    """Every problem that some module of the service knows; those that are made up for a status have no type of their own."""
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.startswith("service.migrations") and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [kind for kind in kinds(Problem) if kind.__module__.startswith("service") and kind.type != "about:blank"]


def test_each_type_that_can_be_raised_has_a_page_and_no_page_is_for_another() -> None:
    assert {kind.type for kind in raised()} == set(texts())


def test_each_type_has_one_title_and_one_status() -> None:
    told = {(kind.type, kind.title, kind.status) for kind in raised()}
    assert len(told) == len(texts())


@pytest.mark.parametrize("kind", raised(), ids=lambda kind: kind.__name__)
def test_a_page_tells_of_the_problem_that_is_raised(kind: type[Problem]) -> None:
    page = texts()[kind.type]
    assert page["en"]["title"] == kind.title
    example = page["example"]
    assert ProblemModel.model_validate(example, strict=True).model_dump(mode="json", exclude_unset=True) == example
    assert (example["type"], example["title"], example["status"]) == (f"/problems/{kind.type}", kind.title, kind.status)


@pytest.mark.parametrize("slug", texts())
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_page_says_everything_in_its_language(reader: httpx.AsyncClient, slug: str, language: str) -> None:
    answer = await reader.get(f"/problems/{slug}", params={"language": language})
    page = answered(answer, ProblemType)
    assert answer.headers["content-language"] == language
    assert page["type"] == f"/problems/{slug}"
    for name in ("title", "meaning", "remedy", "again"):
        assert any("가" <= letter <= "힣" for letter in page[name]) == (language == "ko"), name
    shown = await reader.get(f"/problems/{slug}", params={"language": language}, headers={"Accept": "text/html"})
    assert f'<html lang="{language}">' in shown.text
    assert page["title"] in shown.text
    assert "`" not in shown.text.partition("<pre")[0]


async def test_the_list_has_all_of_them(reader: httpx.AsyncClient) -> None:
    listed = answered(await reader.get("/problems"), ProblemTypeList)
    assert [each["type"] for each in listed["items"]] == [f"/problems/{slug}" for slug in sorted(texts())]
    shown = (await reader.get("/problems?language=ko", headers={"Accept": "text/html"})).text
    assert all(f'"problems/{slug}?language=ko"' in shown for slug in texts())


async def test_the_address_of_a_problem_that_happened_leads_to_its_page(reader: httpx.AsyncClient) -> None:
    happened = refused(await reader.get("/docs?page=2"), 422)
    page = answered(await reader.get(happened["type"]), ProblemType)
    assert (page["title"], page["status"]) == (happened["title"], 422)


async def test_a_type_that_there_is_not_is_a_problem_itself(reader: httpx.AsyncClient) -> None:
    for accept in ("application/json", "text/html"):
        problem = refused(await reader.get("/problems/invlid", headers={"Accept": accept}), 404, "no-such-path")
        assert "did you mean 'invalid'?" in problem["detail"]


async def test_a_language_that_there_is_not_is_refused(reader: httpx.AsyncClient) -> None:
    refused(await reader.get("/problems/invalid?language=fr"), 422, "invalid")


async def test_people_get_a_page_and_programs_get_json(reader: httpx.AsyncClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    seen = await reader.get("/problems/stale", headers={"Accept": browser, "Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"})
    assert seen.headers["content-type"] == "text/html; charset=utf-8"
    assert seen.headers["content-language"] == "ko"
    assert set(seen.headers["vary"].split(", ")) == {"Accept", "Accept-Language"}
    assert (await reader.get("/problems/stale")).headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html", True),
        ("text/html, application/json;q=0.9", True),
        ("TEXT/HTML;q=0.5", True),
        ("application/json, text/html;q=0.9", False),
        ("text/html;q=0, application/json", False),
        ("*/*", False),
        ("", False),
        ("text/html;q=much", False),
        (";;,=,q", False),
    ],
)
def test_who_reads_html(accept: str, html: bool) -> None:
    assert reads_html(accept) is html


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ko", "ko"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("fr, ko;q=0.2", "ko"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("ko;q=0", "en"),
        ("ko;q=nan", "en"),
        ("\xff;q==;,", "en"),
    ],
)
def test_which_language_is_preferred(header: str, language: str) -> None:
    assert language_of(header) == language
