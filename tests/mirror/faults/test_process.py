"""What happens to the worker's process: killed at each step of a batch, frozen, doubled, or with a wrong clock."""

import signal
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from service.mirror import ledger
from service.mirror.lease import HostLock, Lease
from service.settings import MirrorSettings, Settings
from tests.meilisearch_double import CutBefore, Late, Meanwhile, MeilisearchDouble
from tests.mirror.conftest import MIRROR
from tests.mirror.faults import lives
from tests.mirror.faults.scene import PATIENCE, SECONDS, Scene

WRITES = "POST */documents*"


@pytest.fixture
def settings(on_either: Scene) -> Settings:
    """Settings of a worker process that takes the scene's mirror over; the one in this process has ended."""
    on_either.die()
    return settings_of(on_either, on_either.folder)


def settings_of(scene: Scene, folder: Path) -> Settings:
    key = SecretStr(scene.server.key) if scene.server.key else None
    mirror = MirrorSettings(name=MIRROR.name, engine="meilisearch", url=scene.server.url, key=key, index=scene.server.index)
    return Settings(
        data_dir=folder,
        database_url=scene.database.url.render_as_string(hide_password=False),
        mirrors=(mirror,),
        lease_seconds=2,
        poll_seconds=0.02,
        log_level="error",
    )


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        pytest.param("before fold", {"touches": True}, id="committed, not folded", marks=pytest.mark.scenario(1)),
        pytest.param("after fold", {"dirty": True}, id="folded, no batch", marks=pytest.mark.scenario(2)),
        pytest.param("before sending", {"batch": "prepared"}, id="prepared, not sent", marks=pytest.mark.scenario(3)),
        pytest.param(
            "before the ticket is kept",
            {"batch": "prepared", "sent": True},
            id="accepted, its number not kept",
            marks=pytest.mark.scenario(5),
        ),
        pytest.param(
            "before the acknowledgement",
            {"batch": "sent", "sent": True},
            id="succeeded, not acknowledged",
            marks=pytest.mark.scenario(6),
        ),
        pytest.param(
            "in the acknowledgement",
            {"batch": "sent", "sent": True},
            id="in the acknowledgement",
            marks=pytest.mark.scenario(7),
        ),
    ],
)
def test_a_worker_that_is_killed_at_any_step_leaves_all_to_the_next(
    on_either: Scene, settings: Settings, moment: str, left: dict[str, Any]
) -> None:
    scene = on_either
    before = len(scene.sent())
    scene.edit()
    life = lives.start(settings, moment)
    lives.until_killed(life)
    assert what_is_left(scene, before) == {"touches": False, "dirty": "touches" not in left, "batch": None, "sent": False} | left
    scene.edit("After its death")
    scene.start()
    scene.settle()
    scene.assert_mirrored()
    assert len(scene.sent()) == len(set(scene.sent())), "no batch is sent twice"
    if "batch" in left:
        assert scene.counted("unknown", "adopted" if left.get("sent") else "superseded") == 1


@pytest.mark.scenario(4)
def test_a_worker_that_is_killed_while_it_waits_for_the_answer_leaves_all_to_the_next(
    on_either: Scene, double: MeilisearchDouble, settings: Settings
) -> None:
    scene = on_either
    life = lives.start(settings)
    double.fail_next(WRITES, Meanwhile(lambda: lives.end(life)))
    scene.edit()
    lives.until_killed(life)
    assert scene.batches("prepared") == scene.sent()[-1:]
    scene.edit("After its death")
    scene.start()
    scene.settle()
    scene.assert_mirrored()
    assert scene.counted("unknown", "adopted") == 1


def what_is_left(scene: Scene, before: int) -> dict[str, Any]:
    """What the database says after a death; `before` is how many batches had been sent."""
    with scene.database.reading() as connection:
        touches = connection.execute(text("SELECT count(*) FROM touch")).scalar_one()
        dirty = connection.execute(text("SELECT count(*) FROM ledger WHERE state = 'dirty'")).scalar_one()
        batch = connection.execute(text("SELECT state FROM batch WHERE state IN ('prepared', 'sent', 'unknown')")).scalar()
    return {"touches": touches > 0, "dirty": dirty > 0, "batch": batch, "sent": len(scene.sent()) > before}


@pytest.mark.scenario(8)
@pytest.mark.parametrize("moment", ["before sending", "while sending"])
def test_a_worker_that_was_frozen_while_another_took_over_does_no_harm_when_it_goes_on(
    on_either: Scene, settings: Settings, moment: str
) -> None:
    scene = on_either
    life = lives.start(settings, moment, signal.SIGSTOP)
    try:
        scene.edit("Held by the frozen")
        lives.until_stopped(life)
        [held] = scene.batches("prepared")
        scene.start()
        frozen_at = time.monotonic()
        scene.rounds_until(lambda: scene.lease.epoch > 0)
        assert time.monotonic() - frozen_at < settings.lease_seconds + 5
        scene.edit("By the next")
        scene.settle()
        scene.assert_mirrored()
        lives.resume(life)
        late = moment == "while sending"
        if late:
            scene.rounds_until(lambda: held in scene.sent())
        until_it_has_given_up(scene, life)
        scene.settle()
        scene.assert_mirrored()
        assert (held in scene.sent()) == late, "who sees that time has passed sends nothing"
        assert held not in scene.batches("done")
        assert (scene.counted("late_write_repairs") >= 1) == late
    finally:
        lives.end(life)


def until_it_has_given_up(scene: Scene, life: lives.Life) -> None:
    """As long as a process that goes on needs for a few rounds: it must not get the lease back."""
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        scene.round()
    assert life.is_alive()
    assert scene.lease.epoch > 0


@pytest.mark.scenario(9)
@pytest.mark.parametrize("where", ["on one host", "on two hosts"])
def test_of_two_workers_that_start_together_one_sends_and_the_other_takes_over_when_it_dies(
    on_either: Scene, double: MeilisearchDouble, settings: Settings, where: str
) -> None:
    scene = on_either
    double.requests.clear()
    assert ledger.want_rebuild(scene.database, MIRROR.name, "so that there is much to do")
    other = settings if where == "on one host" else settings_of(scene, scene.folder / "another host")
    workers = [lives.start(each) for each in (settings, other)]
    try:
        for number in range(8):
            scene.edit(f"Edit {number}")
            until_at_rest(scene)
        scene.assert_mirrored()
        assert (lease_of(scene)[1], epochs(scene)) == (2, {2}), "only one of them has sent anything"
        assert [each.path for each in double.requests].count("/swap-indexes") == 1
        assert len(scene.sent()) == len(set(scene.sent()))
        holder = next(each for each in workers if f"#{each.pid}." in lease_of(scene)[0])
        lives.end(holder)
        died_at = time.monotonic()
        scene.edit("After one has died")
        until_at_rest(scene)
        assert time.monotonic() - died_at < settings.lease_seconds + 10
        scene.assert_mirrored()
        assert f"#{holder.pid}." not in lease_of(scene)[0]
        assert (lease_of(scene)[1], epochs(scene)) == (3, {2, 3})
    finally:
        for each in workers:
            lives.end(each)


def until_at_rest(scene: Scene) -> None:
    """Wait until the workers elsewhere have brought the mirror in step."""
    until = time.monotonic() + SECONDS
    while not scene.is_at_rest:
        assert time.monotonic() < until, f"not in step after {SECONDS} s: {scene.status}"
        time.sleep(0.02)


def epochs(scene: Scene) -> set[int]:
    """In which epochs of the lease the processes have sent something; the worker in this one had the first."""
    with scene.database.reading() as connection:
        return set(connection.execute(text("SELECT DISTINCT epoch FROM batch WHERE epoch > 1")).scalars())


def lease_of(scene: Scene) -> tuple[str, int]:
    """Who holds the lease, in which epoch."""
    with scene.database.reading() as connection:
        holder, epoch = connection.execute(text("SELECT holder, epoch FROM lease")).one()
    return holder, epoch


@pytest.mark.scenario(10)
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_in_the_worker_neither_ends_a_lease_nor_a_wait(
    on_either: Scene, double: MeilisearchDouble, monkeypatch: pytest.MonkeyPatch, hours: int, tmp_path: Path
) -> None:
    scene = on_either
    scene.die()
    scene.start(patience=replace(PATIENCE, drain=600))
    scene.edit()
    double.fail_next(WRITES, Late())
    scene.rounds_until(lambda: scene.status.open_batches == 1)
    sent = scene.sent()
    set_clock(monkeypatch, hours)
    with Lease(scene.database, MIRROR.name, 30, HostLock(tmp_path / "another host" / "mirror.lock")) as elsewhere:
        assert not elsewhere.acquire()
    scene.edit("By the wrong clock")
    for _ in range(20):
        scene.round()
    assert scene.sent() == sent, "by the database's clock it may still arrive"
    double.deliver_late()
    scene.settle()
    scene.assert_mirrored()
    assert (scene.counted("unknown", "adopted"), scene.counted("unknown", "superseded")) == (1, 0)


@pytest.mark.scenario(10)
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_while_names_are_exchanged_keeps_nobody_waiting(
    on_either: Scene, double: MeilisearchDouble, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    scene = on_either
    double.fail_next("POST /swap-indexes", CutBefore())
    assert ledger.want_rebuild(scene.database, MIRROR.name, "an operator asked for it")
    scene.rounds_until(lambda: scene.counted_requests("/swap-indexes") == 2)
    set_clock(monkeypatch, hours)
    scene.edit()
    scene.settle()
    scene.assert_mirrored()
    assert scene.status.build.last_error is None
    assert scene.counted("rebuilds", "abandoned") == 1


def set_clock(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """From now on the process reads a clock that is wrong by so many hours; the database has its own."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(hours=hours)

    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 3600 * hours)
    for name, module in list(sys.modules.items()):
        if name.startswith("service.") and vars(module).get("datetime") is datetime:
            monkeypatch.setattr(module, "datetime", Wrong)
