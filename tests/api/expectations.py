"""What a test expects of every answer of a kind."""

from typing import Any

import httpx
from pydantic import BaseModel

from service.api.problems import Problem

Json = dict[str, Any]


def answered(response: httpx.Response, model: type[BaseModel], status: int = 200) -> Json:
    """The body of an answer that has exactly the members that the document promises, with values of their types."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body: Json = response.json()
    assert model.model_validate(body, strict=True).model_dump(mode="json") == body
    return body


def refused(response: httpx.Response, status: int, slug: str | None = None) -> Json:
    """The body of a refusal in the shape of RFC 9457, with everything that is always told."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: Json = response.json()
    Problem.model_validate(body)
    assert body["status"] == status
    assert body["instance"] == response.request.url.path
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["detail"]
    if slug is not None:
        assert body["type"] == f"/problems/{slug}"
    return body


def faults(response: httpx.Response, status: int = 422) -> dict[str, Json]:
    """The faults of a refusal by the place that each names."""
    return {fault.get("pointer") or fault["parameter"]: fault for fault in refused(response, status)["errors"]}
