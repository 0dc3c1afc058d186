"""`Idempotency-Key`: a POST that is sent again after a lost answer is done once, and answered with the same bytes.

The answer is kept in the transaction of the write (`service.register.replies`), so that either both are there or neither.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response
from sqlalchemy import Connection

from service.api.requests import client_of, register_of
from service.database import Database
from service.errors import Invalid
from service.register import replies
from service.register.replies import Attempt, Reply

REPLAYED: Final = "Idempotency-Replayed"
_LONGEST: Final = 255

Work = Callable[[Connection], Response]

_running: set[tuple[str, str]] = set()
_lock = threading.Lock()


class Once:
    """Does the work of a POST in one transaction, once for each Idempotency-Key."""

    def __init__(self, register: Database, attempt: Attempt | None) -> None:
        self.register = register
        self.attempt = attempt

    def __call__(self, work: Work) -> Response:
        """What the work answered, now or when it was done; raises `KeyReused`, `StillRunning`, and whatever the work raises."""
        if self.attempt is None:
            with self.register.writing() as connection:
                return work(connection)
        with _alone(self.attempt), self.register.writing() as connection:
            if kept := replies.find(connection, self.attempt):
                return Response(kept.body, kept.status, {**kept.headers, REPLAYED: "true"})
            response = work(connection)
            replies.keep(connection, self.attempt, _kept(response))
            return response


def _kept(response: Response) -> Reply:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Reply(response.status_code, headers, bytes(response.body))


@contextmanager
def _alone(attempt: Attempt) -> Iterator[None]:
    """Raise `StillRunning` while another request of this process works on the key; other processes are met in the database."""
    name = (attempt.client, attempt.key)
    with _lock:
        if name in _running:
            raise replies.running(attempt.key)
        _running.add(name)
    try:
        yield
    finally:
        _running.discard(name)


IdempotencyKey = Annotated[
    str | None,
    Header(
        description=(
            f"Names this request, 1 to {_LONGEST} visible ASCII characters: sent again within {replies.KEPT_HOURS} hours"
            " with the same key, path and body, it is answered as it was and done no second time."
        ),
        examples=["feed-2024-06-04-0017"],
    ),
]


async def _once(request: Request, idempotency_key: IdempotencyKey = None) -> Once:
    register = register_of(request)
    if idempotency_key is None:
        return Once(register, None)
    return Once(register, attempt_of(request, idempotency_key, sha256(await request.body()).hexdigest()))


def attempt_of(request: Request, key: str | None, digest: str) -> Attempt | None:
    """What a request with this key and a body of this digest is known by; raises `Invalid` for what can be no key."""
    if key is None:
        return None
    # The draft writes the key as a string in quotation marks (RFC 8941); most clients send it bare.
    stripped = key.strip()
    bare = stripped[1:-1] if len(stripped) > 1 and stripped[0] == stripped[-1] == '"' else stripped
    if not 1 <= len(bare) <= _LONGEST or not all("!" <= character <= "~" for character in bare):
        detail = f"An Idempotency-Key has 1 to {_LONGEST} visible ASCII characters without blanks, such as a UUID"
        raise Invalid.parameter("Idempotency-Key", key, detail, "idempotency_key")
    asked = f"{request.method} {request.scope['path']}?".encode() + request.scope["query_string"] + f"\n{digest}".encode()
    return Attempt(client_of(request).id, bare, sha256(asked).hexdigest())


OnlyOnce = Annotated[Once, Depends(_once)]
"""Does the work of the request, once for each Idempotency-Key."""
