"""How an index that is filled beside another one is called."""

import re
from datetime import datetime


def beside_name(index: str, at: datetime, chance: str) -> str:
    """The name of an index that is filled beside another: `engagements__20261125t044349_1f2e3d`."""
    return f"{index}__{at:%Y%m%dt%H%M%S}_{chance}"


def is_beside(index: str, name: str) -> bool:
    """Whether a name is one that `beside_name` gives."""
    return re.fullmatch(rf"{re.escape(index)}__\d{{8}}t\d{{6}}_[0-9a-f]{{6}}", name) is not None
