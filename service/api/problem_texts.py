"""What is told of each type of problem, in both languages, with an example; read by its page and by the OpenAPI document."""

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def texts() -> dict[str, dict[str, Any]]:
    """The texts of every type, by its name."""
    found: dict[str, dict[str, Any]] = json.loads((resources.files("service.api") / "problem_texts.json").read_bytes())
    return found
