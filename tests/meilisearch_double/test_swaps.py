"""The exchange of two indexes' names. Seen live on 1.50.0."""

import pytest

from tests.meilisearch_double.speaking import Asked, Speaker


def swap(*pairs: list[str], rename: bool = False) -> Asked:
    return Asked("POST", "/swap-indexes", [{"indexes": pair, **({"rename": True} if rename else {})} for pair in pairs])


def put(index: str, key: int) -> Asked:
    return Asked("POST", f"/indexes/{index}/documents", [{"id": key}])


@pytest.fixture
def pair(speaker: Speaker) -> list[str]:
    """An index with document 1, and one with document 2 and a setting."""
    one, other = speaker.make("one"), speaker.make("other", sortableAttributes=["day"])
    speaker.ended(speaker.send(put(one, 1)))
    speaker.ended(speaker.send(put(other, 2)))
    return [one, other]


def look(speaker: Speaker, index: str) -> tuple[object, ...]:
    """What goes with a content: when it was made, its settings, its documents."""
    settings = speaker.ask("GET", f"/indexes/{index}/settings").json()
    return speaker.ask("GET", f"/indexes/{index}").json()["createdAt"], settings, speaker.held(index)


def test_a_swap_exchanges_documents_settings_and_identity_and_again_undoes_it(speaker: Speaker, pair: list[str]) -> None:
    before = [look(speaker, each) for each in pair]
    task = speaker.ended(speaker.send(swap(pair)))
    assert (task["status"], task["indexUid"]) == ("succeeded", None)
    assert task["details"] == {"swaps": [{"indexes": pair, "rename": False}]}
    assert [look(speaker, each) for each in pair] == before[::-1]
    speaker.ended(speaker.send(swap(pair)))
    assert [look(speaker, each) for each in pair] == before


def test_a_swap_is_a_barrier_for_both_its_indexes(speaker: Speaker, pair: list[str]) -> None:
    """What was asked for before it is done before it, and what comes after it goes to the new content of the name."""
    one, other = pair
    tasks = speaker.together([put(one, 11), put(other, 22), swap(pair), put(one, 33), put(other, 44)])
    assert len({task["batchUid"] for task in tasks}) == 5
    assert [task["uid"] for task in sorted(tasks, key=lambda task: task["finishedAt"])][2] == tasks[2]["uid"]
    assert [sorted(speaker.held(each)) for each in pair] == [[2, 22, 33], [1, 11, 44]]


def test_a_missing_index_fails_the_task_and_no_pair_is_exchanged(speaker: Speaker, pair: list[str]) -> None:
    nothing, third = speaker.name("nothing"), speaker.make("third")
    task = speaker.ended(speaker.send(swap(pair, [third, nothing])))
    assert (task["status"], task["error"]["code"]) == ("failed", "index_not_found")
    assert [list(speaker.held(each)) for each in pair] == [[1], [2]]


def test_a_rename_takes_a_name_that_is_free(speaker: Speaker, pair: list[str]) -> None:
    new = speaker.name("new")
    before = look(speaker, pair[0])
    assert speaker.ended(speaker.send(swap([pair[0], new], rename=True)))["status"] == "succeeded"
    assert look(speaker, new) == before
    assert speaker.ask("GET", f"/indexes/{pair[0]}").status_code == 404


def test_a_rename_does_not_take_a_name_that_is_in_use(speaker: Speaker, pair: list[str]) -> None:
    task = speaker.ended(speaker.send(swap(pair, rename=True)))
    assert (task["status"], task["error"]["code"]) == ("failed", "index_already_exists")


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([["a", "b"], ["b", "c"]], "invalid_swap_duplicate_index_found"),
        ([["a", "a"]], "invalid_swap_duplicate_index_found"),
        ([["a"]], "invalid_swap_indexes"),
    ],
)
def test_pairs_that_make_no_sense_are_refused_at_once(speaker: Speaker, names: list[list[str]], code: str) -> None:
    answer = speaker.send(swap(*([speaker.name(each) for each in pair] for pair in names)))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_custom_metadata_of_a_swap_is_accepted_and_dropped(speaker: Speaker, pair: list[str]) -> None:
    answer = speaker.ask("POST", "/swap-indexes?customMetadata=mine", [{"indexes": pair}])
    assert answer.status_code == 202
    assert "customMetadata" not in answer.json()
    assert "customMetadata" not in speaker.ended(answer)


def test_what_was_done_to_a_content_is_listed_under_the_name_that_it_has_now(speaker: Speaker, pair: list[str]) -> None:
    def of(index: str) -> list[int]:
        listed = speaker.ask("GET", f"/tasks?indexUids={index}&types=documentAdditionOrUpdate").json()["results"]
        assert all(task["indexUid"] == index for task in listed)
        return [task["uid"] for task in listed]

    before = [of(each) for each in pair]
    speaker.ended(speaker.send(swap(pair)))
    assert [of(each) for each in pair] == before[::-1]
    later = speaker.ended(speaker.send(put(pair[0], 3)))
    assert of(pair[0]) == [later["uid"], *before[1]]


def test_earlier_swaps_are_rewritten_too(speaker: Speaker, pair: list[str]) -> None:
    new = speaker.name("new")
    first = speaker.ended(speaker.send(swap(pair)))
    speaker.ended(speaker.send(swap([pair[1], new], rename=True)))
    assert speaker.task(first["uid"])["details"]["swaps"] == [{"indexes": [pair[0], new], "rename": False}]
