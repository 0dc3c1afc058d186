"""A stand-in for a Meilisearch server: its protocol, and what goes wrong on the way to it. Never its search quality.

It is a real HTTP server on loopback, so the transport is tested too, and it answers as a 1.50 server was recorded to
answer; `test_transcripts.py` holds it to those recordings. It may be used for: what is sent, in which order, what comes
back, what a task does and when, every kind of failure. It must not be used for: relevance, ranking, typos, segmentation,
synonyms, speed. Its search finds documents that literally contain the words and no test may depend on their order.

    with MeilisearchDouble() as double:
        double.fail_next("POST */documents", CutAfter())    # taken in, the answer lost
        ...
        double.step()                                       # with auto=False, tasks wait for this
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
    Fault,
    Late,
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
    "Fault",
    "Late",
    "MeilisearchDouble",
    "TaskFails",
]
