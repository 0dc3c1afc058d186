"""What others do to an engine: it is noticed, nothing is written to what is not ours, and it is made good."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.meilisearch_double import FORBIDDEN, MeilisearchDouble
from tests.mirror.faults.scene import Scene
from tests.search.meilisearch.test_rights import RIGHTS


@pytest.mark.scenario(30)
def test_an_index_that_somebody_removed_is_built_anew(anywhere: Scene) -> None:
    anywhere.operate("DELETE", f"/indexes/{anywhere.server.index}")
    anywhere.edit()
    anywhere.settle()
    anywhere.assert_mirrored()
    assert anywhere.status.build.reason == "the index is not there"


@pytest.mark.scenario(31)
@pytest.mark.parametrize(
    ("key", "reason"), [("number", "somebody else's index goes by its name"), ("id", "the index was replaced")]
)
def test_an_index_that_a_stranger_made_in_place_of_ours_is_replaced(anywhere: Scene, key: str, reason: str) -> None:
    live = f"/indexes/{anywhere.server.index}"
    anywhere.operate("DELETE", live)
    anywhere.operate("POST", f"{live}/documents?primaryKey={key}", [{key: 1, "title": "A stranger's"}])
    anywhere.edit()
    anywhere.settle()
    anywhere.assert_mirrored()
    assert anywhere.status.build.reason == reason


@pytest.mark.scenario(32)
def test_settings_that_somebody_changed_are_put_back(anywhere: Scene) -> None:
    changed = {"searchableAttributes": ["card"], "sortableAttributes": [], "searchCutoffMs": 1}
    anywhere.operate("PATCH", f"/indexes/{anywhere.server.index}/settings", changed)
    assert anywhere.engine.differences() == sorted(changed)
    anywhere.edit()
    anywhere.settle()
    anywhere.assert_mirrored()
    assert anywhere.engine.differences() == []
    assert anywhere.counted("settings_repairs") == 1


@pytest.mark.scenario(33)
def test_an_index_that_somebody_emptied_is_built_anew(anywhere: Scene) -> None:
    anywhere.operate("DELETE", f"/indexes/{anywhere.server.index}/documents")
    assert anywhere.held() == {}
    anywhere.edit()
    anywhere.settle()
    anywhere.assert_mirrored()
    assert anywhere.counted("doubts") >= 1


@pytest.mark.scenario(34)
def test_an_instance_that_was_wiped_is_built_anew(scene: Scene, double: MeilisearchDouble) -> None:
    double.wipe()
    scene.edit()
    scene.settle()
    scene.assert_mirrored()
    assert scene.status.build.reason == "the index is not there"
    assert scene.engine.read_marker() is not None


@pytest.mark.scenario(35)
def test_an_instance_that_was_restored_from_an_older_copy_is_brought_up_to_date(scene: Scene, double: MeilisearchDouble) -> None:
    older = double.snapshot()
    withdrawn = scene.others[-1]
    scene.edit("Lost by the restore")
    scene.settle()
    double.restore(older)
    assert withdrawn in scene.held()
    scene.edit("After the restore")
    scene.settle()
    scene.assert_mirrored()
    assert scene.counted("doubts") >= 1


@pytest.mark.scenario(37)
@pytest.mark.parametrize("what", ["revoked", "wrong", "expired"])
def test_a_key_that_is_not_accepted_is_the_operators_matter_and_costs_no_document(
    scene: Scene, double: MeilisearchDouble, what: str
) -> None:
    key = double.add_key(RIGHTS, ["engagements*"])
    scene.die()
    scene.start(key=key.value if what != "wrong" else "a key of another server")
    if what == "revoked":
        scene.settle()
        del double._world.keys[key.uid]
    elif what == "expired":
        scene.settle()
        double.fail_next("*", FORBIDDEN, times=7)
    scene.edit()
    for _ in range(7):
        scene.round()
    assert (scene.status.state, scene.status.breaker) == ("in-trouble", "open")
    assert "does not accept our key" in (scene.status.last_error or "")
    if what == "revoked":
        double._world.keys[key.uid] = key
    elif what == "wrong":
        scene.die()
        scene.start(key=key.value)
    scene.edit("Meanwhile")
    scene.settle()
    scene.assert_mirrored()


@pytest.mark.scenario(37)
@pytest.mark.parametrize("anywhere", ["real"], indirect=True)
@pytest.mark.parametrize("what", ["revoked", "expired"])
def test_a_key_that_a_real_server_takes_back_costs_no_document(anywhere: Scene, what: str) -> None:
    uid, soon = str(uuid.uuid4()), datetime.now(UTC) + timedelta(seconds=3)
    ends = soon.isoformat() if what == "expired" else None
    anywhere.die()
    anywhere.start(key=new_key(anywhere, uid, ends))
    anywhere.settle()
    if what == "revoked":
        anywhere.operator.delete(f"/keys/{uid}").raise_for_status()
    anywhere.rounds_until(lambda: anywhere.status.breaker == "open")
    anywhere.edit()
    anywhere.round()
    assert "does not accept our key" in (anywhere.status.last_error or "")
    if what == "revoked":
        new_key(anywhere, uid)  # A key of the same uid is the same key.
    else:
        anywhere.die()
        anywhere.start()
    anywhere.settle()
    anywhere.assert_mirrored()
    anywhere.operator.delete(f"/keys/{uid}")


def new_key(scene: Scene, uid: str, ends: str | None = None) -> str:
    asked = {"uid": uid, "actions": RIGHTS, "indexes": [f"{scene.server.index}*"], "expiresAt": ends}
    return str(scene.operator.post("/keys", json=asked).raise_for_status().json()["key"])
