"""PATCH /v1/engagements/{id}."""

import httpx
import pytest

from service.api.records import Engagement
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


async def revise(client: httpx.AsyncClient, record_id: str, patch: object) -> httpx.Response:
    return await client.patch(f"/v1/engagements/{record_id}", json=patch, headers=MERGE_PATCH)


async def test_what_is_named_is_set_and_everything_else_stays(client: httpx.AsyncClient, office: Office) -> None:
    before = (await client.get(f"/v1/engagements/{office.meeting}")).json()
    after = answered(
        await revise(client, office.meeting, {"title_ko": "캘리포니아 주지사 면담", "when": "2024-05-08"}), Engagement
    )
    assert (after["title_ko"], after["when_start"], after["version"]) == ("캘리포니아 주지사 면담", "2024-05-08", 2)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"title_ko", "when", "when_start", "when_end", "version", "revised_at"}


async def test_null_removes_and_lists_are_replaced(client: httpx.AsyncClient, office: Office) -> None:
    after = answered(
        await revise(client, office.meeting, {"title_ko": None, "topics": [office.trade], "parent": None}), Engagement
    )
    assert after["title_ko"] is None
    assert [topic["id"] for topic in after["topics"]] == [office.trade]
    assert after["parent"] is None


async def test_an_object_within_is_merged_in_its_turn(client: httpx.AsyncClient, office: Office) -> None:
    after = (await revise(client, office.meeting, {"place": {"city": "Sacramento", "subdivision": None}})).json()
    assert after["place"] == {"venue": None, "city": "Sacramento", "country": "US", "subdivision": None}
    assert (await revise(client, office.meeting, {"place": None})).json()["place"] is None


async def test_a_patch_that_changes_nothing_makes_no_revision(client: httpx.AsyncClient, office: Office) -> None:
    assert (await revise(client, office.meeting, {"kind": "meeting", "countries": ["US"]})).json()["version"] == 1
    assert (await revise(client, office.meeting, {})).json()["version"] == 1


async def test_plain_json_is_taken_as_a_merge_patch_too(client: httpx.AsyncClient, office: Office) -> None:
    response = await client.patch(f"/v1/engagements/{office.meeting}", json={"status": "cancelled"})
    assert answered(response, Engagement)["status"] == "cancelled"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json-patch+json", "application/xml", "multipart/form-data; boundary=x"]
)
async def test_another_media_type_is_415_and_says_what_is_taken(
    client: httpx.AsyncClient, office: Office, media_type: str
) -> None:
    response = await client.patch(f"/v1/engagements/{office.meeting}", content="{}", headers={"Content-Type": media_type})
    refused(response, 415, "unsupported-media-type")
    assert response.headers["accept-patch"] == "application/merge-patch+json, application/json"


@pytest.mark.parametrize(
    ("patch", "pointer", "told"),
    [
        ({"kind": None}, "#/kind", "required"),
        ({"title_en": None, "title_ko": None}, "#", "title_en, title_ko"),
        ({"tittle_en": "x"}, "#/tittle_en", "did you mean 'title_en'?"),
        ({"place": {"town": "Suwon"}}, "#/place/town", "venue"),
        ({"participations": []}, "#/participations", "There is no field 'participations'"),
        ({"when": "2024-02-30"}, "#/when", "2024-02-30"),
        ({"countries": ["US", "USA"]}, "#/countries/1", "USA"),
        ({"topics": [UNKNOWN]}, "#/topics/0", "no topic"),
        ({"parent": UNKNOWN}, "#/parent", "no engagement"),
        ({"version": 7}, "#/version", "There is no field 'version'"),
        ([], "#", "object"),
        ("title", "#", "object"),
        (None, "#", "object"),
    ],
)
async def test_what_cannot_be_right_is_named_and_nothing_is_changed(
    client: httpx.AsyncClient, office: Office, patch: object, pointer: str, told: str
) -> None:
    found = faults(await revise(client, office.meeting, patch))
    assert told in found[pointer]["detail"]
    assert (await client.get(f"/v1/engagements/{office.meeting}")).json()["version"] == 1


async def test_it_cannot_be_its_own_parent_nor_the_child_of_its_part(client: httpx.AsyncClient, office: Office) -> None:
    for child, parent in ((office.trip, office.trip), (office.trip, office.meeting)):
        fault = faults(await revise(client, child, {"parent": parent}))["#/parent"]
        assert (fault["code"], fault["value"]) == ("cycle", parent)


async def test_only_what_is_there_can_be_revised(client: httpx.AsyncClient, office: Office) -> None:
    refused(await revise(client, UNKNOWN, {"status": "held"}), 404)
    await client.delete(f"/v1/engagements/{office.visit}")
    refused(await revise(client, office.visit, {"status": "held"}), 410)
