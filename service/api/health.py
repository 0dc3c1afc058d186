"""`/healthz`: the process lives. `/readyz`: it can do its work; search being down does not keep the register from working."""

from functools import cache
from typing import Literal

from pydantic import BaseModel

from service import schema
from service.api import routing
from service.api.problems import refusals
from service.api.requests import Register
from service.errors import Unavailable

router = routing.router("health")


class Health(BaseModel):
    """That all is well; what is not well is a problem."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def read_health() -> Health:
    """Whether the process answers; nothing else is asked."""
    return Health()


@router.get("/readyz", responses=refusals())
def read_readiness(register: Register) -> Health:
    """Whether the database can be reached and stands at the migration that this version needs."""
    there, wanted = schema.current(register), _wanted()
    if there != wanted:
        raise Unavailable(f"The database stands at migration {there or 'none'} instead of {wanted}: run `engagements migrate`.")
    return Health()


@cache
def _wanted() -> str:
    # The scripts do not change while the process runs, and reading them takes milliseconds.
    return schema.head()
