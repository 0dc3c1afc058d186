"""Participations, outcomes, citations and assertions of an engagement; assertions of people and organizations."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from service.api import examples
from service.api.members import Assertion, Citation, Outcome, Participation
from service.api.pages import AssertionList, CitationList, OutcomeList, ParticipationList
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of part: where it lives, what is sent, and what is answered."""

    holder: str
    path: str
    added: Json
    patch: Json
    one: type[BaseModel]
    all: type[BaseModel]


KINDS = [
    Kind(
        "meeting",
        "participations",
        {"side": "third-party", "name_as_printed": "관계자"},
        {"note": "관계자 3명"},
        Participation,
        ParticipationList,
    ),
    Kind(
        "meeting",
        "outcomes",
        {"kind": "loi", "title_en": "Letter of intent"},
        {"status": "signed", "signed_on": "2024-05"},
        Outcome,
        OutcomeList,
    ),
    Kind("meeting", "citations", {"source": "release", "locator": "p. 9"}, {"quote": "협력"}, Citation, CitationList),
    Kind("meeting", "assertions", {"field": "place", "value": "Sacramento"}, {"source": "release"}, Assertion, AssertionList),
    Kind("newsom", "assertions", {"field": "name_ko", "value": "개빈 뉴솜"}, {"reason": "misprint"}, Assertion, AssertionList),
    Kind("california", "assertions", {"field": "level", "value": "city"}, {"locator": "line 2"}, Assertion, AssertionList),
]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind.holder}-{kind.path}")
def kind(request: pytest.FixtureRequest, office: Office) -> Kind:
    """A kind of part, with the ids of this register in the place of names."""
    of: Kind = request.param
    where = {"meeting": "engagements", "newsom": "people", "california": "organizations"}[of.holder]
    ids = {"release": office.release}
    filled = [{name: ids.get(value, value) for name, value in body.items()} for body in (of.added, of.patch)]
    return Kind(f"/v1/{where}/{getattr(office, of.holder)}", of.path, filled[0], filled[1], of.one, of.all)


def told(part: Json, sent: Json) -> Json:
    """What an answer says of the members that were sent, with references by id as they were sent."""
    return {name: part[name]["id"] if isinstance(part[name], dict) else part[name] for name in sent}


async def test_one_that_is_added_is_answered_listed_and_readable(client: httpx.AsyncClient, kind: Kind) -> None:
    before = (await client.get(f"{kind.holder}/{kind.path}")).json()["items"]
    response = await client.post(f"{kind.holder}/{kind.path}", json=kind.added)
    added = answered(response, kind.one, 201)
    assert told(added, kind.added) == kind.added
    assert response.headers["location"] == f"{kind.holder}/{kind.path}/{added['id']}"
    assert answered(await client.get(response.headers["location"]), kind.one) == added
    assert answered(await client.get(f"{kind.holder}/{kind.path}"), kind.all)["items"] == [*before, added]
    record = (await client.get(kind.holder)).json()
    assert record[kind.path][-1] == added
    assert record["version"] == 2


async def test_one_is_revised_in_its_place(client: httpx.AsyncClient, kind: Kind) -> None:
    first = (await client.post(f"{kind.holder}/{kind.path}", json=kind.added)).json()
    await client.post(f"{kind.holder}/{kind.path}", json=kind.added)
    after = answered(await client.patch(f"{kind.holder}/{kind.path}/{first['id']}", json=kind.patch), kind.one)
    assert told(after, kind.patch) == kind.patch
    assert {name: value for name, value in after.items() if name not in kind.patch} == {
        name: value for name, value in first.items() if name not in kind.patch
    }
    record = (await client.get(kind.holder)).json()
    assert record[kind.path][-2] == after
    assert record["version"] == 4


async def test_one_that_is_removed_is_gone_but_in_the_history(client: httpx.AsyncClient, kind: Kind) -> None:
    added = (await client.post(f"{kind.holder}/{kind.path}", json=kind.added)).json()
    removed = await client.delete(f"{kind.holder}/{kind.path}/{added['id']}")
    assert (removed.status_code, removed.content) == (204, b"")
    refused(await client.get(f"{kind.holder}/{kind.path}/{added['id']}"), 404)
    revision = (await client.get(f"{kind.holder}/revisions/2")).json()
    assert added in revision["record"][kind.path]


async def test_an_id_that_the_record_has_not_is_404(client: httpx.AsyncClient, kind: Kind) -> None:
    for response in (
        await client.get(f"{kind.holder}/{kind.path}/{UNKNOWN}"),
        await client.patch(f"{kind.holder}/{kind.path}/{UNKNOWN}", json=kind.patch),
        await client.delete(f"{kind.holder}/{kind.path}/{UNKNOWN}"),
    ):
        refused(response, 404, "not-found")


async def test_a_mistyped_field_is_named_with_the_nearest_one(client: httpx.AsyncClient, kind: Kind) -> None:
    known = next(iter(kind.added))
    mistyped = {f"{known}x": "x"}
    posted = faults(await client.post(f"{kind.holder}/{kind.path}", json=kind.added | mistyped))
    assert f"did you mean {known!r}?" in posted[f"#/{known}x"]["detail"]
    added = (await client.post(f"{kind.holder}/{kind.path}", json=kind.added)).json()
    patched = faults(await client.patch(f"{kind.holder}/{kind.path}/{added['id']}", json=mistyped))
    assert f"did you mean {known!r}?" in patched[f"#/{known}x"]["detail"]


async def test_a_record_that_was_withdrawn_takes_no_part(client: httpx.AsyncClient, office: Office) -> None:
    await client.delete(f"/v1/engagements/{office.visit}")
    refused(await client.post(f"/v1/engagements/{office.visit}/participations", json=examples.PARTICIPATION), 410)
    refused(await client.get(f"/v1/engagements/{office.visit}/participations"), 410)


async def test_an_amount_is_patched_member_by_member(client: httpx.AsyncClient, office: Office) -> None:
    (outcome,) = (await client.get(f"/v1/engagements/{office.visit}/outcomes")).json()["items"]
    where = f"/v1/engagements/{office.visit}/outcomes/{outcome['id']}"
    assert (await client.patch(where, json={"amount": {"amount": "13.75"}})).json()["amount"] == {
        "currency": "CAD",
        "amount": "13.75",
    }
    assert (await client.patch(where, json={"amount": None})).json()["amount"] is None


async def test_a_participation_is_somebody(client: httpx.AsyncClient, office: Office) -> None:
    fault = faults(
        await client.post(f"/v1/engagements/{office.meeting}/participations", json={"side": "host", "office": "Mayor"})
    )["#"]
    assert "person, organization, name_as_printed, headcount" in fault["detail"]


async def test_a_whole_list_is_replaced_and_what_stays_keeps_its_id(client: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    host, kim, group = (await client.get(f"{path}/participations")).json()["items"]
    wanted = [
        {"side": "counterpart", "person": office.kim, "office_as_titled": "지사", "office_type": "governor"},
        {"side": "host", "person": "wikidata:Q461391", "role": "signatory"},
        {"side": "host", "headcount": 2},
    ]
    answer = await client.put(f"{path}/participations", json={"items": wanted})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [each["id"] for each in items[:2]] == [kim["id"], host["id"]]
    assert items[2]["id"] not in (host["id"], kim["id"], group["id"])
    assert items[0] == kim
    assert (items[1]["role"], items[1]["office"]) == ("signatory", None)
    read = await client.get(f"{path}/participations")
    assert (read.json(), read.headers["etag"]) == (answer.json(), answer.headers["etag"])
    assert (await client.get(path)).json()["version"] == 2
    again = await client.put(f"{path}/participations", json={"items": wanted})
    assert again.headers["etag"] == answer.headers["etag"]
    for part in ("outcomes", "citations", "assertions"):
        assert (await client.put(f"{path}/{part}", json={"items": []})).json() == {"items": []}
    refused(await client.put(f"{path}/outcomes", json={"items": []}, headers={"If-Match": '"1"'}), 412, "stale")
    wrong = await client.put(f"{path}/participations", json={"items": [wanted[0], {"side": "host", "person": UNKNOWN}]})
    assert "#/items/1/person" in faults(wrong)
    assert "#/items/0" in faults(await client.put(f"{path}/participations", json={"items": [{"side": "host"}]}))
