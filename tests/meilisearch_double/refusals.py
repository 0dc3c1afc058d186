"""The server's own errors: the status and type that belong to a code, and the body they come in."""

from dataclasses import replace

from tests.meilisearch_double.wire import Reply, reply

_AUTH = {"missing_authorization_header": 401, "invalid_api_key": 403}
_STATUS = {
    "index_not_found": 404,
    "document_not_found": 404,
    "task_not_found": 404,
    "batch_not_found": 404,
    "api_key_not_found": 404,
    "api_key_already_exists": 409,
    "payload_too_large": 413,
    "missing_content_type": 415,
    "invalid_content_type": 415,
    "no_space_left_on_device": 422,
    "io_error": 422,
    "internal": 500,
    "database_size_limit_reached": 500,
    "too_many_search_requests": 503,
}
_SYSTEM = ("no_space_left_on_device", "io_error", "too_many_search_requests")
_INTERNAL = ("internal", "database_size_limit_reached")


class Refused(Exception):
    """An error with its code; raised by a route it is the answer, raised by a task's effect it is the task's error."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status or _AUTH.get(code) or _STATUS.get(code, 400)

    def body(self) -> dict[str, str]:
        return {
            "message": self.message,
            "code": self.code,
            "type": _type(self.code),
            "link": f"https://docs.meilisearch.com/errors#{self.code}",
        }


def refusal(refused: Refused) -> Reply:
    """An error as an answer. Every 503 says when to come again."""
    answer = reply(refused.status, refused.body())
    return replace(answer, headers={"Retry-After": "10"}) if refused.status == 503 else answer


class NotTheDoubles(Exception):
    """What only a real engine may answer: asked for it, the double says so, and no test can take it for an answer."""


def index_not_found(uid: str) -> Refused:
    return Refused("index_not_found", f"Index `{uid}` not found.")


def _type(code: str) -> str:
    if code in _AUTH:
        return "auth"
    if code in _SYSTEM:
        return "system"
    return "internal" if code in _INTERNAL else "invalid_request"
