"""What goes wrong on the way to an engine: nothing is lost by it, and nothing is said to be in step that is not."""

import socket
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from service.register.verbs import revising
from tests.meilisearch_double import (
    BAD_GATEWAY_PAGE,
    CAPTIVE_PAGE,
    OVERLOADED,
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Drip,
    Fault,
    Late,
    MeilisearchDouble,
    Silent,
)
from tests.mirror.faults.scene import PATIENCE, Clock, Scene

WRITES = "POST */documents*"
LONG = 2.0
"""Seconds after which the adapter has given up long ago."""

ROUND_AND_ROUND = Canned(307, b"", headers={"Location": "/indexes/engagements/documents"})


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        pytest.param(Silent(LONG), False, id="no answer, request lost", marks=pytest.mark.scenario(12)),
        pytest.param(Delay(LONG), True, id="no answer, request accepted", marks=pytest.mark.scenario(13)),
        pytest.param(CutMidway(), True, id="answer cut in the middle", marks=pytest.mark.scenario(16)),
        pytest.param(BAD_GATEWAY_PAGE, False, id="a proxy's page", marks=pytest.mark.scenario(17)),
        pytest.param(CAPTIVE_PAGE, False, id="a captive page", marks=pytest.mark.scenario(18)),
        pytest.param(ROUND_AND_ROUND, False, id="a redirect to itself", marks=pytest.mark.scenario(19)),
        pytest.param(Drip(0.1), True, id="an answer that drips", marks=pytest.mark.scenario(22)),
        pytest.param(CutBefore(), False, id="closed while it is sent", marks=pytest.mark.scenario(23)),
        pytest.param(CutAfter(), True, id="closed before the answer", marks=pytest.mark.scenario(23)),
    ],
)
def test_a_write_without_a_proper_answer_is_looked_for_before_anything_else_is_sent(
    scene: Scene, double: MeilisearchDouble, fault: Fault, arrives: bool
) -> None:
    double.fail_next(WRITES, fault)
    scene.edit()
    scene.rounds_until(lambda: scene.status.open_batches == 1)
    assert not scene.status.in_step
    sent = scene.sent()
    scene.edit("While nobody knows")
    assert scene.sent() == sent
    scene.settle()
    scene.assert_mirrored()
    assert len(scene.sent()) == len(set(scene.sent())), "no batch is sent twice"
    resolution = "adopted" if arrives else "superseded"
    assert scene.counted("unknown", resolution) >= 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Silent(LONG), id="no answer", marks=pytest.mark.scenario(12)),
        pytest.param(CutMidway(), id="answers cut in the middle", marks=pytest.mark.scenario(16)),
        pytest.param(BAD_GATEWAY_PAGE, id="a proxy's page", marks=pytest.mark.scenario(17)),
        pytest.param(CAPTIVE_PAGE, id="a captive page", marks=pytest.mark.scenario(18)),
        pytest.param(ROUND_AND_ROUND, id="redirects in a circle", marks=pytest.mark.scenario(19)),
        pytest.param(Drip(0.1), id="answers that drip", marks=pytest.mark.scenario(22)),
    ],
)
def test_while_no_answer_can_be_believed_the_mirror_is_in_trouble_and_afterwards_in_step(
    scene: Scene, double: MeilisearchDouble, fault: Fault
) -> None:
    double.fail_next("*", fault, times=5)
    scene.edit()
    for title in ("During", "Still during"):
        scene.round()
        assert scene.status.state == "in-trouble"
        assert scene.status.last_error
        scene.edit(title)
    scene.settle()
    scene.assert_mirrored()


@pytest.mark.scenario(11)
def test_ten_minutes_without_a_connection_cost_few_tries_and_no_change(
    scene: Scene, double: MeilisearchDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("service.mirror.keeper.time", clock)
    scene.keeper.patience = replace(PATIENCE, retry=60)
    with double.down():
        for second in range(600):
            if second % 200 == 0:
                scene.edit(f"In second {second}")
            clock.now += 1
            scene.keeper.cycle()
        down = scene.status
        assert (down.state, down.breaker) == ("in-trouble", "open")
        assert "refused" in (down.last_error or "")
        assert down.pending == 7
        assert 10 < scene.keeper.failures < 30
    for _ in range(61):
        clock.now += 1
        while scene.keeper.cycle():
            pass
    scene.assert_mirrored()
    assert scene.counted("unknown", "superseded") == 0, "what could not be sent was not sent"


@pytest.mark.scenario(14)
def test_a_write_that_arrives_when_its_document_has_long_been_changed_again_is_overwritten(
    scene: Scene, double: MeilisearchDouble
) -> None:
    double.fail_next(WRITES, Late())
    scene.edit("Old")
    scene.rounds_until(lambda: scene.counted("unknown", "superseded") == 1)
    scene.edit("New")
    scene.settle()
    assert double.deliver_late() == 1
    assert "Old" in titles(scene)
    scene.settle()
    scene.assert_mirrored()
    assert scene.counted("late_write_repairs") >= 1


@pytest.mark.scenario(15)
def test_a_write_that_arrives_after_its_document_was_removed_does_not_bring_it_back(
    scene: Scene, double: MeilisearchDouble
) -> None:
    double.fail_next(WRITES, Late())
    scene.edit("Old")
    scene.rounds_until(lambda: scene.counted("unknown", "superseded") == 1)
    with scene.database.writing() as connection:
        revising.withdraw(connection, "engagement", [scene.changed], by=scene.by)
    scene.settle()
    assert double.deliver_late() == 1
    assert scene.changed in scene.held()
    scene.settle()
    scene.assert_mirrored()
    assert scene.changed not in scene.held()
    assert scene.counted("late_write_repairs") >= 1


@pytest.mark.scenario(20)
def test_a_server_that_asks_for_ten_seconds_gets_them(
    scene: Scene, double: MeilisearchDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("service.mirror.keeper.time", clock)
    scene.keeper.patience = replace(PATIENCE, retry=60)
    double.fail_next("POST */documents", OVERLOADED)
    scene.edit()
    scene.keeper.cycle()
    assert scene.status.state == "in-trouble"
    asked = len(double.requests)
    for _ in range(9):
        clock.now += 1
        scene.keeper.cycle()
    assert len(double.requests) == asked, "nothing is asked before that"
    clock.now += 1.1
    while scene.keeper.cycle() or not scene.is_at_rest:
        pass
    scene.assert_mirrored()
    assert scene.counted("unknown", "superseded") == 0, "an overloaded server has not taken it in"


@pytest.mark.scenario(21)
def test_a_name_that_is_not_known_for_a_while_is_a_server_that_is_down(
    scene: Scene, double: MeilisearchDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, known = socket.getaddrinfo, SimpleNamespace(now=True)

    def answer(host: Any, *rest: Any, **options: Any) -> Any:
        if host == "search.test" and not known.now:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve("127.0.0.1" if host == "search.test" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    scene.die()
    scene.server = replace(scene.server, url=f"http://search.test:{double.port}")
    scene.start()
    scene.settle()
    with double.down():  # Connections that are open need no name.
        known.now = False
    scene.edit()
    for _ in range(7):
        scene.round()
    down = scene.status
    assert (down.state, down.breaker) == ("in-trouble", "open")
    assert "name resolution" in (down.last_error or "")
    known.now = True
    scene.settle()
    scene.assert_mirrored()
    assert scene.counted("unknown", "superseded") == 0


@pytest.mark.scenario(23)
def test_a_connection_that_the_server_closed_meanwhile_is_not_a_failure(scene: Scene, double: MeilisearchDouble) -> None:
    for title in ("Once", "Twice"):
        with double.down():
            pass
        scene.edit(title)
        scene.round()
        assert scene.status.last_error is None
        scene.settle()
        scene.assert_mirrored()
    assert len(scene.sent()) == len(set(scene.sent()))
    assert (scene.counted("unknown", "superseded"), scene.counted("unknown", "adopted")) == (0, 0)


def titles(scene: Scene) -> set[str]:
    return {title for document in scene.held().values() for title in document["titles"]}
