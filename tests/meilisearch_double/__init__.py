"""A stand-in for a Meilisearch server: its protocol, and what goes wrong on the way to it. Never its search quality.

It is a real HTTP server on loopback, so the transport is tested too, and it answers as a 1.50 server was recorded to
answer: the tests in this folder name what it promises, and `test_transcripts.py` holds it to the recordings. It may be used
for: what is sent, in which order, what comes back, what a task does and when, every kind of failure. It must not be used for:
relevance, ranking, typos, segmentation, synonyms, speed. Its search finds documents that literally contain the words and no
test may depend on their order; what only a real engine can answer, it answers with 501.

    with MeilisearchDouble() as double:
        double.fail_next("POST */documents", CutAfter())    # taken in, the answer lost
        double.auto = False                                 # from now on tasks wait
        double.step()                                       # a batch is done; or begin(), …, finish()
        double.clock.set("2026-11-25T12:00:00Z")            # time stands
        kept = double.snapshot()                            # and restore(kept): a backup put back
"""

from tests.meilisearch_double.double import MeilisearchDouble
from tests.meilisearch_double.faults import (
    BAD_GATEWAY_PAGE,
    CAPTIVE_PAGE,
    FORBIDDEN,
    OVERLOADED,
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Drip,
    Fault,
    Late,
    Meanwhile,
    Says,
    Silent,
    TaskFails,
)

__all__ = [
    "BAD_GATEWAY_PAGE",
    "CAPTIVE_PAGE",
    "FORBIDDEN",
    "OVERLOADED",
    "Canned",
    "CutAfter",
    "CutBefore",
    "CutMidway",
    "Delay",
    "Drip",
    "Fault",
    "Late",
    "Meanwhile",
    "MeilisearchDouble",
    "Says",
    "Silent",
    "TaskFails",
]
