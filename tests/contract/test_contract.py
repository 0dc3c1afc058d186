"""Bounded samples of the proofs in this folder; docs/contract.md tells of the full runs."""

import pytest

from tests.contract import campaign, races, retries
from tests.contract.service import Kind

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


@pytest.mark.slow
def test_random_requests_find_nothing_that_the_document_does_not_say() -> None:
    outcome = campaign.run("sqlite", cases=1000, seed=1, phases="examples,fuzzing")
    assert not outcome.failures, "\n".join(outcome.told)
    assert outcome.cases >= 1000
    assert outcome.tested == outcome.operations > 100


@BOTH
@pytest.mark.slow
def test_a_post_whose_answer_was_lost_is_done_once(kind: Kind) -> None:
    outcome = retries.run(kind, posts=200, kills=2)
    assert outcome.violations == []
    assert outcome.kills == 2
    assert outcome.cuts > 50
    assert outcome.replayed >= 200


@BOTH
@pytest.mark.slow
def test_of_many_writers_one_wins_each_version(kind: Kind) -> None:
    outcome = races.run(kind, writers=30, rounds=3, words=10)
    assert outcome.violations == []
    assert outcome.statuses == {200: 3, 412: 87}
    assert outcome.appended == 10
