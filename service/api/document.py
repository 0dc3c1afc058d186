"""The OpenAPI document: what FastAPI writes, with every refusal under the media type that it is sent with."""

from typing import Any, Final

from fastapi import FastAPI

from service.api.problems import MEDIA_TYPE

PATH: Final = "/openapi.json"


def install(app: FastAPI) -> None:
    """Let the application describe itself through `describe`."""
    framework = app.openapi
    app.openapi = lambda: describe(framework())  # type: ignore[method-assign]  # the way that FastAPI documents


def describe(written: dict[str, Any]) -> dict[str, Any]:
    """The document with every refusal as a `Problem` of its own media type; doing it again changes nothing."""
    for operations in written["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if not status.startswith(("1", "2")):
                    response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for unused in ("HTTPValidationError", "ValidationError"):
        written["components"]["schemas"].pop(unused, None)
    return written
