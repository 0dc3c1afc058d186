"""A round through the register with the generated Python client: `round.py URL KEY`, on a register that holds the seed.

An engagement is recorded twice with one Idempotency-Key and is there once; of two revisions of one version one is refused; it is
found at once by who asks to wait; a list is paged through; the feed of changes tells what was done, and an export has it.
"""

import json
import sys
from threading import Barrier, Thread
from uuid import UUID

from register_client import AuthenticatedClient
from register_client.api.changes import list_changes
from register_client.api.engagements import create_engagement, list_engagements, read_engagement, revise_engagement
from register_client.api.exports import export_engagements
from register_client.api.search import search_engagements
from register_client.models.change_page import ChangePage
from register_client.models.engagement import Engagement
from register_client.models.engagement_page import EngagementPage
from register_client.models.engagement_patch import EngagementPatch
from register_client.models.engagement_shape import EngagementShape
from register_client.models.engagement_shape_kind import EngagementShapeKind
from register_client.models.list_changes_start import ListChangesStart
from register_client.models.list_engagements_total import ListEngagementsTotal
from register_client.models.problem import Problem
from register_client.models.search_page import SearchPage

TITLE = "Zanzibarische Runde of the Python client"


def went_round(url: str, key: str) -> None:
    client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
    before = list_changes.sync(client=client, start=ListChangesStart.LATEST)
    assert isinstance(before, ChangePage)
    made = created_once(client)
    revised = raced(client, made)
    found_at_once(client, made.id)
    paged_through(client, made.id)
    told(client, str(before.next_cursor), revised)
    taken_out(client, made.id)


def created_once(client: AuthenticatedClient) -> Engagement:
    """Two requests with one key, and one engagement."""
    shape = EngagementShape(kind=EngagementShapeKind.MEETING, title_en=TITLE, when="2026-05-07", countries=["US"])
    first, again = (create_engagement.sync_detailed(client=client, body=shape, idempotency_key="round-py-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    other = EngagementShape(kind=EngagementShapeKind.CALL, title_en="Another")
    refused = create_engagement.sync_detailed(client=client, body=other, idempotency_key="round-py-1")
    assert refused.status_code == 422
    assert isinstance(refused.parsed, Problem)
    assert isinstance(first.parsed, Engagement)
    return first.parsed


def raced(client: AuthenticatedClient, made: Engagement) -> Engagement:
    """Two revisions of the same version at once: one is made, the other is told of a newer version."""
    tag = read_engagement.sync_detailed(made.id, client=client).headers["ETag"]
    start, answers = Barrier(2), list[int]()

    def revise(note: str) -> None:
        start.wait()
        answer = revise_engagement.sync_detailed(made.id, client=client, body=EngagementPatch(note=note), if_match=tag)
        answers.append(answer.status_code)

    racers = [Thread(target=revise, args=(note,)) for note in ("one", "the other")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(answers) == [200, 412], answers
    now = read_engagement.sync(made.id, client=client)
    assert isinstance(now, Engagement)
    assert now.version == made.version + 1
    assert now.note in ("one", "the other")
    return now


def found_at_once(client: AuthenticatedClient, made: UUID) -> None:
    """A write that asks to wait is answered when it can be found."""
    tag = read_engagement.sync_detailed(made, client=client).headers["ETag"]
    last = EngagementPatch(note="last")
    answer = revise_engagement.sync_detailed(made, client=client, body=last, if_match=tag, prefer="wait=5")
    assert answer.status_code == 200, answer.content
    assert answer.headers["Preference-Applied"] == "wait=5"
    page = search_engagements.sync(client=client, q=TITLE, sync_token=int(answer.headers["Sync-Token"]), prefer="wait=5")
    assert isinstance(page, SearchPage)
    assert page.items[0].id == made


def paged_through(client: AuthenticatedClient, made: UUID) -> None:
    """Page after page has every engagement once, as many as the list says it has."""
    first = list_engagements.sync(client=client, limit=1, total=ListEngagementsTotal.EXACT)
    assert isinstance(first, EngagementPage)
    seen = list[UUID]()
    page = list_engagements.sync(client=client, limit=50)
    while isinstance(page, EngagementPage):
        seen += [each.id for each in page.items]
        if not page.next_cursor:
            break
        page = list_engagements.sync(client=client, limit=50, cursor=page.next_cursor)
    assert len(seen) == len(set(seen)) == first.total
    assert len(seen) > 100
    assert made in seen


def told(client: AuthenticatedClient, cursor: str, revised: Engagement) -> None:
    """The feed tells each version once, in order."""
    changes = list_changes.sync(client=client, after=cursor, wait=5)
    assert isinstance(changes, ChangePage)
    versions = [each.version for each in changes.items if each.id == revised.id]
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) >= revised.version


def taken_out(client: AuthenticatedClient, made: UUID) -> None:
    """The export has a line for every engagement, and it says what the register says."""
    lines = [json.loads(line) for line in export_engagements.sync_detailed(client=client).content.splitlines()]
    counted = list_engagements.sync(client=client, limit=1, total=ListEngagementsTotal.EXACT)
    assert isinstance(counted, EngagementPage)
    assert len(lines) == counted.total
    assert [line["note"] for line in lines if line["id"] == str(made)] == ["last"]


if __name__ == "__main__":
    went_round(*sys.argv[1:])
    sys.stdout.write("The Python client went round.\n")
