"""`/problems`: a page for each type of problem, at the address that is its `type`, in English and Korean.

People get HTML and programs JSON; the texts are in `problem_texts.json`. The `title` and `detail` of a problem itself are always
English, so that a program and a log have one text; what is here is for whoever has to do something about it.
"""

import json
from html import escape
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from service.api import answers, html, routing
from service.api.negotiation import Language, language_of, reads_html
from service.api.problem_texts import texts
from service.api.problems import NoSuchPath, Problem, refusal
from service.errors import suggestion

router = routing.router("documentation", "/problems")

InLanguage = Annotated[Language | None, Query(description="The language of the texts, instead of what Accept-Language says.")]

_HTML: Final = {"text/html": {"schema": {"type": "string"}}}
_ONE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": _HTML},
    **refusal(404, "There is no such type of problem"),
}
_LABELS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "all": "Problems",
        "api": "API documentation",
        "other": "한국어",
        "intro": "Every refusal of the API is a problem of one of these types (RFC 9457).",
        "remedy": "What to do",
        "again": "Does sending it again help?",
        "example": "An example",
    },
    "ko": {
        "all": "문제 유형",
        "api": "API 문서",
        "other": "English",
        "intro": "API가 요청을 거부할 때의 응답은 모두 다음 유형 가운데 하나입니다(RFC 9457).",
        "remedy": "해결 방법",
        "again": "다시 보내면 도움이 됩니까?",
        "example": "예시",
    },
}


class ProblemType(BaseModel):
    """What a type of problem means, and what to do about it."""

    type: Annotated[str, Field(description="The `type` of the problem, at which this page is.", examples=["/problems/invalid"])]
    status: Annotated[int, Field(description="The HTTP status that it comes with.")]
    language: Annotated[Language, Field(description="The language of the texts.")]
    title: Annotated[str, Field(description="What kind of problem it is, in this language.")]
    meaning: Annotated[str, Field(description="What it means.")]
    remedy: Annotated[str, Field(description="What to do about it.")]
    retry: Annotated[bool, Field(description="Whether the same request may succeed when it is sent again.")]
    again: Annotated[str, Field(description="When sending it again helps.")]
    example: Problem


class ProblemTypeList(BaseModel):
    """All types of problems, by name."""

    items: list[ProblemType]


@router.get("", response_model=ProblemTypeList, responses={200: {"content": _HTML}})
async def list_problem_types(request: Request, language: InLanguage = None) -> Response:
    """All types of problems: what each means, what to do about it, and whether sending the request again helps."""
    told = language or language_of(request.headers.get("accept-language", ""))
    if reads_html(request.headers.get("accept", "")):
        return _answered(Response(_list_as_html(told), media_type="text/html"), told)
    return _answered(answers.made({"items": [_told(slug, told) for slug in texts()]}), told)


@router.get("/{slug}", response_model=ProblemType, responses=_ONE)
async def read_problem_type(slug: str, request: Request, language: InLanguage = None) -> Response:
    """What a type of problem means, what to do about it, and whether sending the request again helps."""
    if slug not in texts():
        raise NoSuchPath(f"There is no type of problem {slug!r}; {suggestion(slug, texts())}")
    told = language or language_of(request.headers.get("accept-language", ""))
    if reads_html(request.headers.get("accept", "")):
        return _answered(Response(_type_as_html(slug, told), media_type="text/html"), told)
    return _answered(answers.made(_told(slug, told)), told)


def _answered(response: Response, language: Language) -> Response:
    response.headers.update({"Content-Language": language, "Vary": "Accept, Accept-Language", "Cache-Control": "max-age=300"})
    if response.media_type == "text/html":
        response.headers.update(html.HEADERS)
    return response


def _told(slug: str, language: Language) -> dict[str, Any]:
    known = texts()[slug]
    example = known["example"]
    same = {"type": example["type"], "status": example["status"], "language": language}
    return {**same, **known[language], "retry": known["retry"], "example": example}


def _type_as_html(slug: str, language: Language) -> str:
    told, labels = _told(slug, language), _LABELS[language]
    example = json.dumps(told["example"], ensure_ascii=False, indent=2)
    body = (
        f"{_navigation(language, slug, root='../')}\n<main>\n<h1>{escape(told['title'])}</h1>\n"
        f'<p class="type"><code>{told["status"]}</code> · <code>{escape(told["type"])}</code></p>\n'
        f"<p>{_marked(told['meaning'])}</p>\n"
        f"<h2>{labels['remedy']}</h2>\n<p>{_marked(told['remedy'])}</p>\n"
        f"<h2>{labels['again']}</h2>\n<p>{_marked(told['again'])}</p>\n"
        f'<h2>{labels["example"]}</h2>\n<pre lang="en" tabindex="0">{escape(example)}</pre>\n</main>'
    )
    return html.framed(told["title"], body, language=language, root="../")


def _list_as_html(language: Language) -> str:
    labels = _LABELS[language]
    by_status = sorted((_told(slug, language) for slug in texts()), key=lambda told: told["status"])
    rows = "\n".join(_row(told, language) for told in by_status)
    body = (
        f"{_navigation(language, '')}\n<main>\n<h1>{labels['all']}</h1>\n<p>{labels['intro']}</p>\n"
        f"<table>\n<tbody>\n{rows}\n</tbody>\n</table>\n</main>"
    )
    return html.framed(labels["all"], body, language=language)


def _row(told: dict[str, Any], language: Language) -> str:
    address = f"{told['type'].removeprefix('/')}?language={language}"
    return f'<tr><th scope="row">{told["status"]}</th><td><a href="{escape(address)}">{escape(told["title"])}</a></td></tr>'


def _navigation(language: Language, slug: str, root: str = "") -> str:
    labels, other = _LABELS[language], "en" if language == "ko" else "ko"
    return (
        f'<nav>\n<a href="{root}problems?language={language}">{labels["all"]}</a>\n<a href="{root}docs">{labels["api"]}</a>\n'
        f'<a href="{slug or "problems"}?language={other}" hreflang="{other}" lang="{other}">{labels["other"]}</a>\n</nav>'
    )


def _marked(text: str) -> str:
    """The text as HTML; what stands between backquotes is code."""
    parts = text.split("`")
    return "".join(f"<code>{escape(part)}</code>" if at % 2 else escape(part) for at, part in enumerate(parts))
