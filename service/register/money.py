"""Currencies by ISO 4217."""

from typing import Annotated

import pycountry
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.errors import shortened


def _check(code: str) -> str:
    # The library finds a code in any case of letters; the register keeps the one that the standard writes.
    found = pycountry.currencies.get(alpha_3=code)
    if found and found.alpha_3 == code:
        return code
    meant = f"; write {found.alpha_3!r}" if found else ", such as 'KRW' or 'USD'"
    raise PydanticCustomError("unknown_currency", "{hint}", {"hint": f"{shortened(code)!r} is no ISO 4217 code{meant}"})


Currency = Annotated[
    str, AfterValidator(_check), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217"})
]
