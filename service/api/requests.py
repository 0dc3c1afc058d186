"""What the endpoints ask for in their signatures: the database, the id in the path, who is acting."""

from typing import Annotated

from fastapi import Depends, Path, Request

from service.access.client import Client
from service.database import Database
from service.register.audience import Audience
from service.register.reading.records import Noun
from service.register.verbs.journal import Actor

_PLURAL: dict[str, str] = {"person": "people"}
_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Id = Annotated[str, Path(pattern=_ID, description="UUIDv7 (RFC 9562)", json_schema_extra={"format": "uuid"})]
PartId = Annotated[str, Path(pattern=_ID, description="UUIDv7 (RFC 9562) of the part", json_schema_extra={"format": "uuid"})]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version that the revision led to.")]


# All are coroutines although they wait for nothing: FastAPI would run a plain function in a thread of its own.
async def _database(request: Request) -> Database:
    return register_of(request)


def register_of(request: Request) -> Database:
    """The database of the register."""
    database: Database = request.app.state.database
    return database


def client_of(request: Request) -> Client:
    """On whose behalf the request is made, as the gate found it."""
    client: Client = request.scope["state"]["client"]
    return client


async def _audience(request: Request) -> Audience:
    return client_of(request).audience


async def _actor(request: Request) -> Actor:
    client = client_of(request)
    return Actor(client.name, audience=client.audience)


Register = Annotated[Database, Depends(_database)]
Reader = Annotated[Audience, Depends(_audience)]
"""Who is asking, as far as it decides what they are shown."""
By = Annotated[Actor, Depends(_actor)]
"""Who is acting, as it is kept in the revision."""


def path_of(noun: Noun, record_id: str) -> str:
    """The path at which a record is read."""
    return f"/v1/{plural(noun)}/{record_id}"


def plural(noun: Noun | str) -> str:
    """The noun as it stands in paths."""
    return _PLURAL.get(noun, f"{noun}s")
