"""Where a test finds the server that it speaks with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """Where a server is and what it takes to use it; `index` is a name that nobody else uses."""

    url: str
    key: str | None
    index: str
