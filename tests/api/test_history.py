"""The record as it was, what differs between two of its versions, and going back to one of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import text

from service.api import records
from service.database import Database
from service.register.reading.difference import applied, difference
from service.register.table import now
from tests.api.expectations import Json, answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

MERGE = {"Content-Type": "application/merge-patch+json"}


async def revised(client: httpx.AsyncClient, path: str, **fields: Any) -> Json:
    answer = await client.patch(path, json=fields, headers=MERGE)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def set_back(database: Database, record_id: str, version: int, minutes: int) -> str:
    """Let a revision have happened so many minutes ago; gives the moment."""
    moment = now() - timedelta(minutes=minutes)
    with database.writing() as connection:
        connection.execute(
            text("UPDATE revision SET at = :at WHERE record_id = :id AND version = :version").bindparams(
                at=moment if not database.is_sqlite else moment.strftime("%Y-%m-%d %H:%M:%S.%f"), id=record_id, version=version
            )
        )
    return moment.isoformat()


async def test_a_record_is_read_as_it_was_at_a_moment(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    path = f"/v1/engagements/{office.meeting}"
    first = (await client.get(path)).json()
    await revised(client, path, title_en="Second title")
    await revised(client, path, title_en="Third title")
    moments = [set_back(database, office.meeting, version, minutes) for version, minutes in ((1, 30), (2, 20), (3, 10))]
    for version, moment in enumerate(moments, 1):
        then = await client.get(path, params={"as_of": moment})
        assert answered(then, records.Engagement)["version"] == version
        assert then.headers["etag"].startswith(f'"{version}-')
    assert (await client.get(path, params={"as_of": moments[0]})).json() == first
    early = refused(await client.get(path, params={"as_of": "2001-01-01T00:00:00+09:00"}), 404, "not-found")
    assert "it was recorded at" in early["detail"]
    assert (await client.get(f"{path}?as_of=2001-01-01T00:00:00+09:00")).status_code == 404
    refused(await client.get(f"/v1/engagements/{UNKNOWN}", params={"as_of": moments[0]}), 404)


async def test_the_moment_that_the_history_shows_leads_to_its_version(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    path = f"/v1/engagements/{office.meeting}"
    await revised(client, path, title_en="Second title")
    await revised(client, path, title_en="Third title")
    # Kept to the microsecond and shown to the millisecond, rounded up or down.
    for version, microseconds in ((1, 100_400), (2, 100_700), (3, 989_999)):
        at = datetime(2026, 1, 5, 10, version, 7, microseconds, UTC)
        with database.writing() as connection:
            connection.execute(
                text("UPDATE revision SET at = :at WHERE record_id = :id AND version = :version").bindparams(
                    at=at if not database.is_sqlite else at.strftime("%Y-%m-%d %H:%M:%S.%f"), id=office.meeting, version=version
                )
            )
    for revision in (await client.get(f"{path}/revisions")).json()["items"]:
        then = await client.get(path, params={"as_of": revision["at"]})
        assert answered(then, records.Engagement)["version"] == revision["version"]


async def test_a_day_stands_for_its_end(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    path = f"/v1/people/{office.newsom}"
    await revised(client, path, note="New")
    set_back(database, office.newsom, 1, 3 * 24 * 60)
    yesterday, today = ((now() - timedelta(days=days)).date().isoformat() for days in (1, 0))
    assert (await client.get(path, params={"as_of": yesterday})).json()["version"] == 1
    assert (await client.get(path, params={"as_of": today})).json()["version"] == 2


@pytest.mark.parametrize("moment", ["yesterday", "2024-06-04T09:00:00", "2024-13-01", "", "2999-01-01", "2999-01-01T00:00:00Z"])
async def test_what_is_no_moment_that_has_passed_is_refused(client: httpx.AsyncClient, office: Office, moment: str) -> None:
    assert "as_of" in faults(await client.get(f"/v1/engagements/{office.meeting}", params={"as_of": moment}))


async def test_what_was_withdrawn_or_merged_then_is_told_as_it_was_then(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    path = f"/v1/engagements/{office.undated}"
    await client.post(f"{path}/withdraw", json={"reason": "twice"})
    await client.post(f"{path}/restore")
    await client.post(f"{path}/merge", json={"into": office.meeting})
    moments = [set_back(database, office.undated, version, 50 - 10 * version) for version in (1, 2, 3, 4)]
    assert (await client.get(path, params={"as_of": moments[0]})).status_code == 200
    assert "twice" in refused(await client.get(path, params={"as_of": moments[1]}), 410, "withdrawn")["detail"]
    assert (await client.get(path, params={"as_of": moments[2]})).json()["version"] == 3
    merged = await client.get(path, params={"as_of": moments[3]})
    assert merged.status_code == 308
    assert merged.headers["location"].startswith(f"/v1/engagements/{office.meeting}?as_of=")


async def test_two_versions_are_compared_field_by_field_and_part_by_part(client: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    before = (await client.get(path)).json()
    await revised(client, path, title_en="New title", countries=["US", "MX"])
    host, kim, group = (each["id"] for each in before["participations"])
    await client.delete(f"{path}/participations/{group}")
    await revised(client, f"{path}/participations/{kim}", role="signatory")
    added = (await client.post(f"{path}/participations", json={"side": "host", "headcount": 4})).json()["id"]
    answer = await client.get(f"{path}/differences", params={"from": 1})
    body = answer.json()
    records.Comparison.model_validate(body)
    assert (body["from"], body["to"]) == (1, 5)
    found = {each["field"]: each for each in body["differences"]}
    assert set(found) == {"title_en", "countries", "participations"}
    assert found["countries"] == {"field": "countries", "before": ["US"], "after": ["US", "MX"]}
    parts = found["participations"]
    assert [each["id"] for each in parts["added"]] == [added]
    assert [each["id"] for each in parts["removed"]] == [group]
    changes = [{"field": "role", "before": "principal", "after": "signatory"}]
    assert parts["changed"] == [{"id": kim, "changes": changes}]
    assert parts["order"] == [host, kim, added]
    newest = (await client.get(f"{path}/differences")).json()
    assert (newest["from"], newest["to"]) == (4, 5)
    back = (await client.get(f"{path}/differences", params={"from": 5, "to": 1})).json()
    assert applied((await client.get(path)).json(), back["differences"])["participations"] == before["participations"]
    unknown = refused(await client.get(f"{path}/differences", params={"from": 1, "to": 9}), 404)
    assert unknown["detail"].endswith("its versions are 1 to 5.")
    assert (await client.get(f"{path}/revisions/9")).json()["detail"] == unknown["detail"]
    assert "from" in faults(await client.get(f"{path}/differences", params={"from": 0}))
    assert "form" in faults(await client.get(f"{path}/differences", params={"form": 1}))


things = some.lists(
    some.fixed_dictionaries({"id": some.sampled_from("abcde"), "note": some.none() | some.sampled_from(["x", "y"])}),
    unique_by=lambda each: str(each["id"]),
    max_size=4,
)
saying = some.fixed_dictionaries(
    {
        "title": some.none() | some.sampled_from(["x", "y"]),
        "countries": some.lists(some.sampled_from(["US", "KR"])),
        "parts": things,
    }
)


@given(before=saying, after=saying)
def test_a_difference_applied_to_the_one_gives_the_other(before: Json, after: Json) -> None:
    assert applied(before, difference(before, after)) == after


async def test_going_back_is_a_new_version_that_says_what_the_old_one_said(client: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    first = (await client.get(path)).json()
    await revised(client, path, title_en="Wrong", when=None, countries=["MX"], topics=[], external_ids=[], parent=None)
    for part in ("participations", "outcomes", "citations", "assertions"):
        await client.delete(f"{path}/{part}/{first[part][0]['id']}")
    await client.post(f"{path}/participations", json={"side": "host", "headcount": 4})
    await revised(client, f"{path}/outcomes/{first['outcomes'][1]['id']}", title_en="Wrong", parties=[office.california])
    version = (await client.get(path)).json()["version"]
    answer = await client.post(f"{path}/revert", json={"version": 1, "reason": "All wrong"})
    back = answered(answer, records.Engagement)
    life = ("version", "revised_at")
    assert {name: back[name] for name in back if name not in life} == {name: first[name] for name in first if name not in life}
    assert back["version"] == version + 1
    latest = (await client.get(f"{path}/revisions")).json()["items"][0]
    assert (latest["verb"], latest["reason"]) == ("revise", "All wrong")
    again = await client.post(f"{path}/revert", json={"version": 1})
    assert again.json()["version"] == version + 1


async def test_every_noun_goes_back(client: httpx.AsyncClient, office: Office) -> None:
    for plural, record_id, change in (
        ("people", office.newsom, {"name_en": "X", "names": [{"text": "Y"}], "external_ids": []}),
        ("organizations", office.california, {"name_en": "X", "level": None}),
        ("topics", office.climate, {"label_en": "X", "synonyms": []}),
        ("sources", office.release, {"title": "X", "url": None}),
    ):
        path = f"/v1/{plural}/{record_id}"
        first = (await client.get(path)).json()
        await revised(client, path, **change)
        back = (await client.post(f"{path}/revert", json={"version": 1})).json()
        life = ("version", "revised_at")
        assert {name: back[name] for name in back if name not in life} == {
            name: first[name] for name in first if name not in life
        }


async def test_what_stands_in_the_way_of_going_back_is_named(client: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.visit}"
    participation = (await client.get(path)).json()["participations"][0]["id"]
    await client.delete(f"{path}/participations/{participation}")
    assert (await client.post(f"/v1/people/{office.eby}/withdraw")).status_code == 200
    answer = await client.post(f"{path}/revert", json={"version": 1})
    assert "was withdrawn" in refused(answer, 422)["detail"]
    refused(await client.post(f"{path}/revert", json={"version": 9}), 404)
    assert "its versions are 1 to 2" in (await client.post(f"{path}/revert", json={"version": 9})).json()["detail"]
    assert "#/version" in faults(await client.post(f"{path}/revert", json={"version": 0}))
    person = f"/v1/people/{office.newsom}"
    await revised(client, person, external_ids=[])
    await revised(client, f"/v1/people/{office.kim}", external_ids=["wikidata:Q461391"])
    refused(await client.post(f"{person}/revert", json={"version": 1}), 409, "conflict")
    await client.post(f"/v1/topics/{office.trade}/withdraw")
    assert (await client.get(path)).json()["version"] == 2


async def test_a_part_that_went_elsewhere_with_a_merger_keeps_its_id_there(client: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.undated}"
    part = (await client.post(f"{path}/participations", json={"side": "host", "headcount": 4})).json()["id"]
    await client.post(f"{path}/merge", json={"into": office.trip})
    await client.post(f"{path}/unmerge")
    # The trip's version 2 has the part, which is the letter's again.
    back = await client.post(f"/v1/engagements/{office.trip}/revert", json={"version": 2})
    assert back.status_code == 200, back.text
    assert [each["headcount"] for each in back.json()["participations"]] == [4]
    assert back.json()["participations"][0]["id"] != part
    assert (await client.get(path)).json()["participations"][0]["id"] == part


async def test_what_was_withdrawn_stays_so_though_somebody_in_it_was_merged(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    path = f"/v1/engagements/{office.meeting}"
    await client.post(f"{path}/withdraw", json={"reason": "twice"})
    await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    set_back(database, office.meeting, 1, 30)
    set_back(database, office.meeting, 2, 20)
    then = set_back(database, office.meeting, 3, 10)
    assert (await client.get(f"{path}/revisions")).json()["items"][0]["verb"] == "revise"
    assert "twice" in refused(await client.get(path, params={"as_of": then}), 410, "withdrawn")["detail"]


@pytest.mark.parametrize("moment", ["0001-01-02", "0999-01-01T00:00:00Z"])
async def test_long_before_it_was_recorded_there_was_nothing(client: httpx.AsyncClient, office: Office, moment: str) -> None:
    refused(await client.get(f"/v1/engagements/{office.meeting}", params={"as_of": moment}), 404, "not-found")
