"""No surface tells of what a reader may not see: a canary of each level, and a walk over everything that can be asked.

Every GET of the OpenAPI document is walked, so that a new surface is held to this too. The same is done in the moment after a
level was tightened, while the mirror still holds what was public.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.access import keys
from service.register.codes import VISIBILITY
from service.search.facets import FACETS
from tests.served.conftest import Json, Search, create, titles

pytestmark = pytest.mark.anyio

WORDS: Final = {"public": "Quagga", "internal": "Okapi", "confidential": "Axolotl"}
"""The canary of each level: a word that stands in every text of what belongs to it, and nowhere else."""

MERGE: Final = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}


@dataclass
class Nest:
    """What was recorded of one level: the engagement, what belongs to it alone, and every id that tells of it."""

    word: str
    ids: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def signs(self) -> list[str]:
        return [self.word, self.word.lower(), *self.ids.values(), *self.parts.values()]


@pytest.fixture
async def nests(client: httpx.AsyncClient, search: Search) -> dict[str, Nest]:
    """A canary of each level. The public one belongs to the confidential one, and its outcome was closed by the internal one."""
    made: dict[str, Nest] = {}
    for level in reversed(VISIBILITY):
        made[level] = await laid(client, level, made)
    assert (await search())["total"] == 3
    return made


async def laid(client: httpx.AsyncClient, level: str, above: dict[str, Nest]) -> Nest:
    nest = Nest(WORDS[level])
    word = nest.word
    nest.ids["person"] = (await create(client, "people", name_en=f"Ada {word}", names=[{"text": f"{word} Ada"}]))["id"]
    nest.ids["organization"] = (await create(client, "organizations", name_en=f"City of {word}", level="city"))["id"]
    nest.ids["source"] = (await create(client, "sources", title=f"{word} in the press", publisher=f"{word} News"))["id"]
    outcome: Json = {"kind": "mou", "title_en": f"{word} memorandum", "parties": [nest.ids["organization"]]}
    record: Json = {
        "kind": "meeting",
        "title_en": f"Meeting about {word}",
        "title_ko": f"{word} 면담",
        "summary_en": f"All of {word}.",
        "note": f"Of {word}",
        "when": "2024-05-06",
        "countries": ["US"],
        "place": {"venue": f"{word} House"},
        "visibility": level,
        "external_ids": [f"zoo:{word}"],
        "participations": [
            {"side": "host", "person": nest.ids["person"], "organization": nest.ids["organization"], "office": f"{word} keeper"},
            {"side": "counterpart", "name_as_printed": f"A {word}"},
        ],
        "citations": [{"source": nest.ids["source"], "quote": f"{word}!"}],
        "assertions": [{"field": "title_en", "value": f"{word}?", "source": nest.ids["source"]}],
    }
    if "confidential" in above:
        record["parent"] = above["confidential"].ids["engagement"]
    if "internal" in above:
        outcome["closed_by"] = above["internal"].ids["engagement"]
    made = await create(client, "engagements", **record, outcomes=[outcome])
    nest.ids["engagement"] = made["id"]
    nest.parts = {part: made[part][0]["id"] for part in ("participations", "outcomes", "citations", "assertions")}
    # A second version, so that there is a history.
    answer = await client.patch(f"/v1/engagements/{made['id']}", json={"note": f"More of {word}"}, headers=MERGE)
    assert answer.status_code == 200, answer.text
    return nest


@pytest.fixture
async def readers(app: FastAPI, nests: dict[str, Nest]) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A client with an admin's key for each level, so that nothing but the level keeps anything from it."""
    with app.state.database.writing() as connection:
        made = {level: keys.make(connection, level, "admin", level) for level in VISIBILITY}
    app.state.keyring.take()
    clients = {
        level: httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://register.test", headers={"Authorization": f"Bearer {key}"}
        )
        for level, key in made.items()
    }
    yield clients
    for client in clients.values():
        await client.aclose()


NOUNS: Final = {"engagements": "engagement", "people": "person", "organizations": "organization", "sources": "source"}
NOT_OF_RECORDS: Final = {"/metrics", "/v1/index", "/healthz", "/readyz"}
ENDLESS: Final = {"/v1/changes/stream"}
"""What never ends is read in tests of its own."""


def questions(app: FastAPI, nests: dict[str, Nest]) -> list[str]:
    """Something to ask at every path that can be read, about every canary."""
    asked: list[str] = []
    for path, methods in app.openapi()["paths"].items():
        if "get" in methods and path not in NOT_OF_RECORDS | ENDLESS and path.startswith("/v1/"):
            asked += filled(path, nests) if "{" in path else [path, *more(path, nests)]
    return asked


def filled(path: str, nests: dict[str, Nest]) -> list[str]:
    if "{facet}" in path:
        return [f"{path.replace('{facet}', facet)}?value={nest.word}" for facet in FACETS for nest in nests.values()]
    plural = path.split("/")[2]
    made = []
    for nest in nests.values():
        part = next((nest.parts[name] for name in nest.parts if f"/{name}/" in path), "")
        own = nest.parts["outcomes"] if path.startswith("/v1/outcomes") else nest.ids.get(NOUNS.get(plural, ""), "")
        for version in ("1", "2"):
            one = path.replace("{id}", own).replace("{part_id}", part).replace("{version}", version)
            made.append(one.replace("{external_id}", f"zoo:{nest.word}"))
    return list(dict.fromkeys(made))


def more(path: str, nests: dict[str, Nest]) -> list[str]:
    every = [f"{path}?limit=50"]
    for nest in nests.values():
        if path == "/v1/search":
            facets = ",".join(FACETS)
            every += [
                f"{path}?facets={facets}&count_missing=true&explain=true&q=",
                f"{path}?explain=true&facets={facets}&q={nest.word}",
                f"{path}?q={nest.word[:-1]}",
                f"{path}?q=meeting&collapse=true",
                f"{path}?q=person:{nest.word}",
                f"{path}?person={nest.ids['person']}&facets={facets}",
                f"{path}?parent={nest.ids['engagement']}",
                f"{path}?external_id=zoo:{nest.word}",
            ]
        elif path == "/v1/suggest":
            every += [f"{path}?q={nest.word}", f"{path}?q=ada", f"{path}?q=city", f"{path}?q=meeting"]
        elif path == "/v1/engagements":
            every += [f"{path}?total=exact&{name}={nest.ids[name]}" for name in ("person", "organization")]
            every += [f"{path}?external_id=zoo:{nest.word}", f"{path}?parent={nest.ids['engagement']}", f"{path}?total=exact"]
        elif path in ("/v1/people", "/v1/organizations", "/v1/sources"):
            every += [f"{path}?total=exact", f"{path}?name={nest.word}"]
        elif path.startswith("/v1/duplicates/"):
            every += [f"{path}?limit=200"]
        elif path == "/v1/changes":
            every += [f"{path}?include=record&limit=500"]
    return every


def told(answer: httpx.Response, asked: str) -> str:
    """What an answer says, without what it says again of the question."""
    said = answer.text + json.dumps(dict(answer.headers))
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        body: dict[str, Any] = answer.json()
        body.pop("instance")
        said = json.dumps(body, ensure_ascii=False)
    asked_for = [asked, *httpx.URL(asked).params.values(), *re.findall(r"[\w-]{5,}", asked)]
    for part in asked_for:
        said = re.sub(re.escape(part), "", said, flags=re.IGNORECASE) if len(part) > 4 else said
    return said


def leaks(nests: dict[str, Nest], level: str, asked: str, answer: httpx.Response) -> list[str]:
    hidden = [nest for name, nest in nests.items() if list(VISIBILITY).index(name) > list(VISIBILITY).index(level)]
    said = told(answer, asked)
    return [sign for nest in hidden for sign in nest.signs if sign in said]


async def test_no_surface_tells_of_what_its_reader_may_not_see(
    app: FastAPI, nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]
) -> None:
    asked = questions(app, nests)
    assert len(asked) > 150
    for level, reader in readers.items():
        found = 0
        for each in asked:
            answer = await reader.get(each)
            assert answer.status_code < 500, (each, answer.text)
            assert not leaks(nests, level, each, answer), (level, each, answer.text)
            found += any(sign in answer.text for sign in nests[level].signs)
        # The walk would find the canary where it may be: it meets the reader's own on most surfaces.
        assert found > 30, (level, found)


async def test_totals_and_counts_are_those_of_what_is_seen(nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]) -> None:
    for total, (_, reader) in enumerate(readers.items(), 1):
        listed = (await reader.get("/v1/engagements?total=exact")).json()
        found = (await reader.get("/v1/search?facets=country,person,organization,publisher&q=")).json()
        people = (await reader.get("/v1/people?total=exact")).json()
        assert (listed["total"], found["total"], people["total"]) == (total, total, total)
        assert found["facets"]["country"] == [{"value": "US", "label_en": "United States", "label_ko": "미국", "count": total}]
        for facet in ("person", "organization", "publisher"):
            assert len(found["facets"][facet]) == total, facet
        similar = await reader.get(f"/v1/engagements/{nests['public'].ids['engagement']}/similar")
        assert len(similar.json()["items"]) == total - 1


async def test_what_is_beyond_a_reader_is_as_if_it_never_was(
    nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]
) -> None:
    never = "01a2072e-ce22-70f0-89c5-5923ef79b856"
    for plural, noun in NOUNS.items():
        hidden = nests["confidential"].ids[noun]
        for path in ("", "/revisions", "/revisions/1"):
            for method in ("GET", "HEAD"):
                one = await readers["internal"].request(method, f"/v1/{plural}/{hidden}{path}")
                other = await readers["internal"].request(method, f"/v1/{plural}/{never}{path}")
                assert one.status_code == other.status_code == 404, (method, plural, path)
                same = {"request_id": "", "instance": ""}
                if method == "GET":
                    assert {**one.json(), **same} == json.loads(json.dumps({**other.json(), **same}).replace(never, hidden))


async def test_nobody_changes_or_refers_to_what_they_may_not_see(
    nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]
) -> None:
    internal, hidden, own = readers["internal"], nests["confidential"], nests["internal"]
    free = await create(internal, "engagements", kind="call", title_en="Call")
    mine, theirs = f"/v1/engagements/{own.ids['engagement']}", f"/v1/engagements/{hidden.ids['engagement']}"
    tries: list[tuple[str, str, Json | None, int]] = [
        ("PATCH", theirs, {"title_en": "X"}, 404),
        ("DELETE", theirs, None, 404),
        ("POST", f"{theirs}/withdraw", None, 404),
        ("POST", f"{theirs}/participations", {"side": "host", "headcount": 3}, 404),
        ("POST", f"{theirs}/merge", {"into": own.ids["engagement"]}, 404),
        ("POST", f"{mine}/merge", {"into": hidden.ids["engagement"]}, 422),
        ("POST", f"{mine}/participations", {"side": "host", "person": hidden.ids["person"]}, 422),
        ("POST", f"{mine}/citations", {"source": hidden.ids["source"]}, 422),
        ("PATCH", f"/v1/engagements/{free['id']}", {"parent": hidden.ids["engagement"]}, 422),
        ("PATCH", mine, {"visibility": "confidential"}, 422),
        ("PATCH", mine, {"external_ids": [f"zoo:{hidden.word}"]}, 409),
        ("POST", "/v1/engagements", {"kind": "meeting", "title_en": "X", "visibility": "confidential"}, 422),
        ("POST", f"/v1/people/{hidden.ids['person']}/withdraw", None, 404),
        ("PATCH", f"/v1/people/{hidden.ids['person']}", {"name_en": "X"}, 404),
    ]
    before = (await readers["confidential"].get(theirs)).json()
    for method, path, body, status in tries:
        headers = MERGE if method == "PATCH" else {"If-Match": "*"}
        answer = await internal.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, (method, path, body, answer.text)
        said = told(answer, path)
        for sent in (body or {}).values():
            said = said.replace(sent[0] if isinstance(sent, list) else str(sent), "")
        assert not [sign for sign in hidden.signs if sign in said], (method, path, body, answer.text)
    assert (await readers["confidential"].get(theirs)).json() == before


async def test_whoever_changes_something_else_leaves_what_they_cannot_see(
    nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]
) -> None:
    path = f"/v1/engagements/{nests['public'].ids['engagement']}"
    outcome = f"{path}/outcomes/{nests['public'].parts['outcomes']}"
    for reader in (readers["public"], readers["internal"]):
        shown = (await reader.get(path)).json()
        assert shown["parent"] is None
        answer = await reader.patch(path, json={"note": "New", "parent": shown["parent"]}, headers=MERGE)
        assert answer.status_code == 200, answer.text
    answer = await readers["public"].patch(outcome, json={"title_en": "Quagga treaty", "closed_by": None}, headers=MERGE)
    assert (answer.status_code, answer.json()["closed_by"]) == (200, None), answer.text
    whole = (await readers["confidential"].get(path)).json()
    assert (whole["parent"]["id"], whole["note"]) == (nests["confidential"].ids["engagement"], "New")
    assert whole["outcomes"][0]["closed_by"] == nests["internal"].ids["engagement"]


async def test_what_was_withdrawn_is_gone_for_those_who_may_know_and_never_was_for_the_public(
    nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient], client: httpx.AsyncClient
) -> None:
    own = nests["public"]
    path = f"/v1/engagements/{own.ids['engagement']}"
    done = await readers["confidential"].post(f"{path}/withdraw", json={"reason": "Recorded twice"})
    assert done.status_code == 200, done.text
    known = await readers["internal"].get(path)
    assert known.status_code == 410
    assert "Recorded twice" in known.json()["detail"]
    for each in (path, f"{path}/revisions", f"{path}/revisions/1", f"{path}/participations"):
        answer = await readers["public"].get(each)
        assert answer.status_code == 404, each
        assert "Recorded twice" not in answer.text


async def test_nothing_leaks_between_a_tightening_and_the_mirror_s_catching_up(
    app: FastAPI, nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]
) -> None:
    with app.state.database.writing() as connection:
        connection.execute(text("UPDATE lease SET holder = 'another', epoch = epoch + 1, expires_at = '2999-01-01'"))
    path = f"/v1/engagements/{nests['public'].ids['engagement']}"
    answer = await readers["confidential"].patch(path, json={"visibility": "confidential"}, headers=MERGE)
    assert answer.status_code == 200
    tightened = {"public": Nest(""), "internal": nests["internal"], "confidential": nests["public"]}
    for level in ("public", "internal"):
        for each in questions(app, nests):
            answer = await readers[level].get(each)
            assert answer.status_code < 500, (each, answer.text)
            # That something was there once may be known: the feed says that it is there no more.
            if not each.startswith("/v1/changes"):
                assert not leaks(tightened, level, each, answer), (level, each, answer.text)
            assert nests["public"].word not in told(answer, each), (level, each)
    # The mirror still holds it, and those who may see everything are told that it is left out.
    found = (await readers["confidential"].get("/v1/search?q=Quagga")).json()
    assert (found["total"], found["index"]["left_out"]) == (0, 1)
    with app.state.database.writing() as connection:
        connection.execute(text("DELETE FROM lease"))


async def test_what_is_opened_up_is_found_by_more(
    nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient], client: httpx.AsyncClient, app: FastAPI
) -> None:
    path = f"/v1/engagements/{nests['internal'].ids['engagement']}"
    answer = await readers["confidential"].patch(path, json={"visibility": "public"}, headers={**MERGE, "Prefer": "wait=15"})
    assert answer.headers["search-sync"] == "indexed"
    assert titles((await readers["public"].get("/v1/search?q=Okapi")).json()) == ["Meeting about Okapi"]


async def test_duplicates_of_what_a_reader_may_not_see_are_not_hinted(
    nests: dict[str, Nest], readers: dict[str, httpx.AsyncClient]
) -> None:
    client = readers["confidential"]
    for level, nest in nests.items():
        twins = {
            "person": await create(client, "people", name_en=f"{nest.word} Ada"),
            "organization": await create(client, "organizations", name_en=f"City of {nest.word}"),
        }
        parts = [{"side": "host", noun: twin["id"]} for noun, twin in twins.items()]
        twin = await create(
            client,
            "engagements",
            kind="meeting",
            title_en=f"Meeting about {nest.word}",
            when="2024-05-06",
            visibility=level,
            participations=parts,
        )
        for noun, made in (*twins.items(), ("engagement", twin)):
            nest.ids[f"second {noun}"] = made["id"]
    for seen, (level, reader) in enumerate(readers.items(), 1):
        for plural in ("people", "organizations", "engagements"):
            path = f"/v1/duplicates/{plural}"
            answer = await reader.get(path)
            assert not leaks(nests, level, path, answer), (level, path, answer.text)
            assert len(answer.json()["items"]) == seen, (level, path, answer.text)
            for name, nest in nests.items():
                path = f"/v1/{plural}/{nest.ids[NOUNS[plural]]}/duplicates"
                answer = await reader.get(path)
                assert not leaks(nests, level, path, answer), (level, path, answer.text)
                hidden = list(VISIBILITY).index(name) >= seen
                assert answer.status_code == (404 if hidden else 200)
                assert hidden or [each["record"]["id"] for each in answer.json()["items"]] == [
                    nest.ids[f"second {NOUNS[plural]}"]
                ]
