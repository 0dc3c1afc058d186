"""What goes wrong on the way to the double: planned by a test, told by which request, before or after its effect."""

import time

import httpx
import pytest

from tests.meilisearch_double import (
    BAD_GATEWAY_PAGE,
    CAPTIVE_PAGE,
    FORBIDDEN,
    OVERLOADED,
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Fault,
    Late,
    MeilisearchDouble,
    Says,
    TaskFails,
)
from tests.meilisearch_double.speaking import Asked, Speaker

MAKE = Asked("POST", "/indexes", {"uid": "engagements"})


@pytest.mark.parametrize(("fault", "happened"), [(CutBefore(), False), (CutAfter(), True), (CutMidway(), True), (Late(), False)])
def test_a_connection_that_is_cut(double: MeilisearchDouble, on_double: Speaker, fault: Fault, happened: bool) -> None:
    double.fail_next("POST /indexes", fault)
    with pytest.raises(httpx.RemoteProtocolError):
        on_double.send(MAKE)
    assert ("engagements" in double.indexes) is happened
    assert double.requests[-1].method == "POST", "it was read in any case"


def test_an_answer_that_comes_late_had_its_effect_at_once(double: MeilisearchDouble, on_double: Speaker) -> None:
    double.fail_next("POST /indexes", Delay(0.3))
    with pytest.raises(httpx.ReadTimeout):
        on_double.ask(MAKE.method, MAKE.path, MAKE.body, timeout=0.1)
    assert "engagements" in double.indexes
    began = time.monotonic()
    double.fail_next("GET /health", Delay(0.1))
    assert on_double.ask("GET", "/health").status_code == 200
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(("effect", "happened"), [(False, False), (True, True)])
def test_somebody_else_answers(double: MeilisearchDouble, on_double: Speaker, effect: bool, happened: bool) -> None:
    double.fail_next("POST /indexes", Canned(504, b"<html>", effect=effect))
    answer = on_double.send(MAKE)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (504, "<html>", "text/html")
    assert ("engagements" in double.indexes) is happened


@pytest.mark.parametrize("page", [BAD_GATEWAY_PAGE, CAPTIVE_PAGE])
def test_a_page_of_a_proxy_is_no_json(double: MeilisearchDouble, on_double: Speaker, page: Canned) -> None:
    double.fail_next("/health", page)
    answer = on_double.ask("GET", "/health")
    assert (answer.status_code, answer.text.startswith("<html>")) == (page.status, True)


def test_an_overloaded_server_says_when_to_come_again(double: MeilisearchDouble, on_double: Speaker) -> None:
    """`Retry-After: 10` is on every 503 of Meilisearch's."""
    double.fail_next("POST /indexes", OVERLOADED)
    answer = on_double.send(MAKE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert (answer.json()["code"], answer.json()["type"]) == ("too_many_search_requests", "system")
    assert "engagements" not in double.indexes


def test_a_key_that_was_revoked_is_refused(double: MeilisearchDouble, on_double: Speaker) -> None:
    double.fail_next("POST /indexes", FORBIDDEN)
    answer = on_double.send(MAKE)
    assert (answer.status_code, answer.json()["code"]) == (403, "invalid_api_key")


def test_a_task_fails_as_planned_though_it_was_accepted(double: MeilisearchDouble, on_double: Speaker) -> None:
    double.fail_next("POST /indexes", TaskFails("no_space_left_on_device", "the disk is full"))
    task = on_double.ended(on_double.send(MAKE))
    assert (task["status"], task["error"]["code"], task["error"]["message"]) == (
        "failed",
        "no_space_left_on_device",
        "the disk is full",
    )
    assert "engagements" not in double.indexes


def test_an_answer_may_say_more_than_we_know(double: MeilisearchDouble, on_double: Speaker) -> None:
    """As a later version's does: a member more, or a status of its own."""
    task = on_double.ended(on_double.send(MAKE))
    double.fail_next("GET /tasks/*", Says({"status": "hibernating", "network": None}))
    said = double_answer(double, f"/tasks/{task['uid']}")
    assert said == {**task, "status": "hibernating", "network": None}
    assert on_double.task(task["uid"]) == task


def double_answer(double: MeilisearchDouble, path: str) -> object:
    """An answer that is not held to the document, because it is not in it."""
    return httpx.get(f"{double.url}{path}", headers={"Authorization": f"Bearer {double.master_key}"}, trust_env=False).json()


def test_a_fault_is_for_the_requests_that_it_names_and_for_so_many_of_them(double: MeilisearchDouble, on_double: Speaker) -> None:
    double.fail_next("GET /indexes/*", BAD_GATEWAY_PAGE, times=2)
    on_double.send(MAKE)
    statuses = [on_double.ask("GET", path).status_code for path in ("/health", "/indexes", *["/indexes/engagements"] * 3)]
    assert statuses == [200, 200, 502, 502, 200]


def test_a_server_that_is_down_refuses_connections_and_holds_what_it_held(double: MeilisearchDouble, on_double: Speaker) -> None:
    on_double.send(MAKE)
    with double.down(), pytest.raises(httpx.ConnectError):
        on_double.ask("GET", "/health")
    assert on_double.ask("GET", "/indexes/engagements").status_code == 200


def test_connections_are_kept_open_and_end_when_it_goes_down(double: MeilisearchDouble, on_double: Speaker) -> None:
    for _ in range(3):
        on_double.ask("GET", "/health")
    assert double.connections == 1
    with double.down():
        pass
    on_double.ask("GET", "/health")
    assert (double.connections, double.requests[-1].connection) == (2, 2)
