"""Documents as the mirror sends them, of engagements that took place."""

import time
from typing import Any

from service.search.engine import Engine, Ticket, Verdict

NEWSOM = "0197a000-0000-7000-8000-000000000001"
EBY = "0197a000-0000-7000-8000-000000000002"
SHENYANG = "0197a000-0000-7000-8000-000000000003"


def document(engagement_id: str, **attributes: Any) -> dict[str, Any]:
    """A document with its card and the mirror's marks."""
    card = {"id": engagement_id, "title": attributes.get("titles", [""])[0]}
    return {"id": engagement_id, "card": card, "sync_generation": 1, "sync_hash": "a1b2", "sync_bucket": 7, **attributes}


def three() -> list[dict[str, Any]]:
    """Governor Newsom, Premier Eby, and a week in Shenyang without a date of its own."""
    return [
        document(
            NEWSOM,
            titles=["Governor Newsom meets Governor Kim", "김동연 경기도지사, 뉴섬 주지사 면담"],
            people=["Gavin Newsom", "김동연"],
            people_facet=[f"{NEWSOM}\tGavin Newsom\t개빈 뉴섬"],
            kind="meeting",
            countries=["US"],
            years=[2024],
            start_day=20240506,
            end_day=20240506,
            in_scope=True,
        ),
        document(
            EBY,
            titles=["Premier Eby signs with Governor Kim", "이비 주총리와 서명"],
            people=["David Eby", "김동연"],
            people_facet=[f'{EBY}\tDavid "Dave" Eby \\ \t데이비드 이비'],
            kind="agreement_signing",
            countries=["CA", "US"],
            years=[2023, 2025],
            start_day=20230510,
            end_day=20250201,
            in_scope=False,
        ),
        document(
            SHENYANG, titles=["Shenyang week"], people=[], kind="event", countries=[], years=[], in_scope=True, parent_id=None
        ),
    ]


def settled(engine: Engine, ticket: Ticket) -> Verdict:
    """The final word on a ticket; a real server needs a moment for it."""
    deadline = time.monotonic() + 20
    while (verdict := engine.settle(ticket)) is None:
        assert time.monotonic() < deadline, f"no word on {ticket} for 20 s"
        time.sleep(0.02)
    return verdict
