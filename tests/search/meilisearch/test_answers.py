"""What an answer means: whether a thing was refused, cannot be done now, or may have happened."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from service.search.engine import EngineDown, EngineRefused, OutcomeUnknown
from service.search.meilisearch.answers import KeyRefused, meaning, seconds

PAGE = b"<html>502 Bad Gateway</html>"


def own(code: str) -> bytes:
    return json.dumps({"message": "as the server says", "code": code, "type": "t", "link": "l"}).encode()


@pytest.mark.parametrize("status", [200, 202])
def test_a_json_object_is_what_was_asked_for(status: int) -> None:
    assert meaning(status, b'{"taskUid":7}', None, changes=True) == {"taskUid": 7}


@pytest.mark.parametrize(
    ("status", "content", "asked", "changed"),
    [
        (400, own("invalid_search_filter"), EngineRefused, EngineRefused),
        (404, own("index_not_found"), EngineRefused, EngineRefused),
        (413, own("payload_too_large"), EngineRefused, EngineRefused),
        (413, PAGE, EngineRefused, EngineRefused),
        (401, own("missing_authorization_header"), KeyRefused, KeyRefused),
        (403, own("invalid_api_key"), KeyRefused, KeyRefused),
        (422, own("no_space_left_on_device"), EngineDown, EngineDown),
        (429, PAGE, EngineDown, EngineDown),
        (503, own("too_many_search_requests"), EngineDown, EngineDown),
        (404, PAGE, EngineDown, EngineDown),
        (405, b"", EngineDown, EngineDown),
        (408, PAGE, EngineDown, OutcomeUnknown),
        (500, own("internal"), EngineDown, OutcomeUnknown),
        (500, PAGE, EngineDown, OutcomeUnknown),
        (502, PAGE, EngineDown, OutcomeUnknown),
        (503, PAGE, EngineDown, OutcomeUnknown),
        (504, b"", EngineDown, OutcomeUnknown),
        (200, PAGE, EngineDown, OutcomeUnknown),
        (200, b"[]", EngineDown, OutcomeUnknown),
        (202, b'{"taskUid":', EngineDown, OutcomeUnknown),
        (302, b"", EngineDown, OutcomeUnknown),
    ],
)
def test_every_other_answer_has_its_meaning(
    status: int, content: bytes, asked: type[Exception], changed: type[Exception]
) -> None:
    for changes, expected in ((False, asked), (True, changed)):
        with pytest.raises(expected) as raised:
            meaning(status, content, None, changes=changes)
        assert type(raised.value) is expected


def test_a_refusal_keeps_the_servers_code_and_words() -> None:
    with pytest.raises(EngineRefused) as refused:
        meaning(400, own("invalid_document_id"), None, changes=True)
    assert (refused.value.code, refused.value.message, refused.value.status) == ("invalid_document_id", "as the server says", 400)


def test_an_overloaded_server_is_asked_again_when_it_says() -> None:
    with pytest.raises(EngineDown) as down:
        meaning(503, own("too_many_search_requests"), "12", changes=True)
    assert down.value.retry_after == 12
    assert down.value.headers == {"Retry-After": "12"}


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        (None, 5, 5),
        ("soon", 5, 5),
        ("-1", 5, 5),
        ("0", 1, 1),
        ("999999", 600, 600),
    ],
)
def test_retry_after_is_a_number_within_reason(header: str | None, least: float, most: float) -> None:
    assert least <= seconds(header) <= most


@pytest.mark.parametrize(("ahead", "least", "most"), [(90, 80, 90), (-86_400, 1, 1)])
def test_retry_after_may_be_a_date(ahead: int, least: float, most: float) -> None:
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    assert least <= seconds(header) <= most
