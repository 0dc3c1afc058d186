"""Where a test finds the server that it speaks with, and how it leaves it."""

from dataclasses import dataclass

from service.search.engine import Engine


@dataclass(frozen=True)
class Server:
    """Where a server is and what it takes to use it; `index` is a name that nobody else uses."""

    url: str
    key: str | None
    index: str


def leave_nothing(engine: Engine) -> None:
    """Remove the index with all that was made beside it."""
    for name in (*engine.others(), f"{engine.index}__marker", engine.index):
        each = engine.beside(name)
        each.clear()
        each.close()
