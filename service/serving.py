"""Serving: one uvicorn process, and the few lines that tell a newcomer where everything is."""

import signal
import sys
from socket import socket

import typer
import uvicorn

from service import collector
from service.access import keys
from service.app import create_app
from service.database import Database
from service.errors import Unavailable
from service.register.table import now
from service.schema import require_current
from service.settings import Settings


class Server(uvicorn.Server):
    """uvicorn, which says where it listens as soon as it does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = create_app(settings)
        super().__init__(
            uvicorn.Config(
                self.app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=10,
            )
        )

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        collector.settle_in()
        if self.started and self.servers:
            port = self.servers[0].sockets[0].getsockname()[1]
            _announce(self.settings, port, is_open=self.app.state.keyring.is_open)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        # Whoever waits for changes would be waited for.
        if bell := getattr(self.app.state, "bell", None):
            bell.stop()
        await super().shutdown(sockets)


def refuse_without_keys(settings: Settings, database: Database) -> None:
    """Raise `Unavailable` where other machines could reach the service and nobody has a key."""
    if settings.on_loopback or settings.open_reading:
        return
    require_current(database)
    with database.reading() as connection:
        known = any(keys.is_good(row, now()) for row in keys.every(connection))
    if not known:
        raise Unavailable(
            f"Other machines can reach {settings.host}, and there is no key: make one with"
            " `engagements keys make NAME --scope write --sees internal`, or let everybody read what is public with"
            " ENGAGEMENTS_OPEN_READING=true."
        )


def serve(settings: Settings) -> None:
    """Serve until a signal says stop. Raises `Unavailable` when the service cannot start."""
    server = Server(settings)
    # uvicorn stops gracefully and then raises the signal once more, which would end the process as if it had been killed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    except SystemExit:
        # uvicorn has logged why; what follows is what can be done about it.
        raise Unavailable(
            f"The service could not start on {settings.host}:{settings.port};"
            " if the port is taken, choose another with ENGAGEMENTS_PORT."
        ) from None
    if not server.started:
        raise Unavailable("The service could not start; the lines above say why.")


def _announce(settings: Settings, port: int, *, is_open: bool) -> None:
    data = settings.data_dir.absolute() if settings.database_url is None else "the database of ENGAGEMENTS_DATABASE_URL"
    at = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{port}"
    lines = [
        f"Engagement Register is listening on {at}",
        f"  documentation  {at}/docs",
        f"  search         {at}/v1/search?q=김동연",
        f"  register       {data}",
        "  Ctrl-C stops it.",
    ]
    if is_open:
        lines.append("  There are no keys: whoever is on this machine can read and write everything.")
    typer.echo("\n".join(lines), err=True)
    sys.stderr.flush()
