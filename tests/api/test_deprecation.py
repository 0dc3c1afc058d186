"""A route on its way out says so in every answer and in the document; nothing of the real API is on its way out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.api import deprecation, errors, routing
from service.api.deprecation import deprecated
from service.app import create_app
from service.errors import NotFound
from service.settings import Settings

pytestmark = pytest.mark.anyio

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
SUNSET = datetime(2027, 7, 1, 8, 59, 59, tzinfo=timezone(timedelta(hours=9)))


@pytest.fixture
def sample(tmp_path: Path) -> FastAPI:
    """An application with a route that is deprecated and one that is not, made as the real one is."""
    app = FastAPI(openapi_url=None)
    app.state.settings = Settings(data_dir=tmp_path)
    router = routing.router("meetings")

    @router.get("/meetings/{id}")
    @deprecated(since=SINCE, sunset=SUNSET, successor="/v1/engagements", about="/docs#meetings")
    async def read_meeting(id: str) -> dict[str, str]:
        """One meeting."""
        if id == "none":
            raise NotFound("There is no such meeting")
        return {"id": id}

    @router.get("/calls")
    @deprecated(since=SINCE)
    async def list_calls() -> dict[str, str]:
        return {}

    @router.get("/engagements")
    async def list_engagements() -> dict[str, str]:
        return {}

    errors.install(app)
    for route in router.routes:
        deprecation.announce(route)  # type: ignore[arg-type]  # all of them are routes of the register
        app.router.routes.append(route)
    return app


@pytest.fixture
async def visitor(sample: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sample), base_url="http://register.test") as made:
        yield made


async def test_an_answer_says_since_when_until_when_and_what_instead(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/meetings/7")
    assert answer.json() == {"id": "7"}
    assert answer.headers["deprecation"] == f"@{int(SINCE.timestamp())}"
    assert answer.headers["sunset"] == "Wed, 30 Jun 2027 23:59:59 GMT"
    assert parsedate_to_datetime(answer.headers["sunset"]) == SUNSET
    links = {link["rel"]: link["url"] for link in answer.links.values()}
    assert links == {"deprecation": "/docs#meetings", "successor-version": "/v1/engagements"}


async def test_a_refusal_and_a_head_say_it_too(visitor: httpx.AsyncClient) -> None:
    for answer in (await visitor.get("/meetings/none"), await visitor.head("/meetings/7"), await visitor.get("/meetings/7?x=1")):
        assert answer.headers["deprecation"] == "@1767225600"


async def test_what_is_not_known_yet_is_not_said(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/calls")
    assert answer.headers["deprecation"] == "@1767225600"
    assert "sunset" not in answer.headers
    assert {link["rel"] for link in answer.links.values()} == {"deprecation"}


async def test_another_route_is_left_as_it_is(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/engagements")
    assert not {"deprecation", "sunset", "link"} & set(answer.headers)


def test_the_document_marks_the_operation(sample: FastAPI) -> None:
    described = sample.openapi()["paths"]
    meeting = described["/meetings/{id}"]["get"]
    assert meeting["deprecated"] is True
    assert meeting["description"] == (
        "Deprecated since 2026-01-01. Use `/v1/engagements` instead. It stops answering on 2027-06-30.\n\nOne meeting."
    )
    assert "deprecated" not in described["/engagements"]["get"]


def test_nothing_of_the_api_is_deprecated_yet(tmp_path: Path) -> None:
    described = create_app(Settings(data_dir=tmp_path)).openapi()
    assert [path for path, methods in described["paths"].items() for each in methods.values() if each.get("deprecated")] == []


def test_instants_that_cannot_be_right_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deprecated(since=datetime(2026, 1, 1))  # noqa: DTZ001  this is what is refused
    with pytest.raises(ValueError, match="before it is deprecated"):
        deprecated(since=SINCE, sunset=SINCE - timedelta(days=1))
