"""The composition root: the settings become a database, mirrors, a searcher and the HTTP application that uses them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio.to_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from service import __version__
from service.api import errors, index, routes, search
from service.database import Database
from service.mirror.freshness import Watch
from service.mirror.worker import Worker
from service.schema import require_current
from service.search.engine import Searcher
from service.search.engines import open_searcher
from service.settings import MirrorSettings, Settings


@dataclass(frozen=True, slots=True)
class Search:
    """What answers searches: the first mirror's engine, and how fresh it is."""

    mirror: MirrorSettings
    searcher: Searcher
    freshness: Watch


def create_app(settings: Settings) -> FastAPI:
    """The application for these settings. Nothing is opened before it starts."""
    app = FastAPI(
        title="Engagement Register",
        version=__version__,
        summary="Who met whom, when, where, about what, with what outcome, and which source says so.",
        lifespan=_lifespan,
    )
    app.state.settings = settings
    errors.install(app)
    # A request is held against the routes in this order, so the one that is asked most comes first; they are the
    # application's own, because FastAPI looks through a router that is included three times for each request.
    for router in (search.router, *routes.routers, index.router):
        for route in router.routes:
            app.router.routes.append(_named(route))
    return app


def _named(route: BaseRoute) -> BaseRoute:
    """The route, whose operation in the OpenAPI document is called as the function that answers it."""
    if isinstance(route, APIRoute):
        route.operation_id = route.name
    return route


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
    database = Database(settings.database, pool_size=settings.threads + 1)
    require_current(database)
    asked = settings.mirrors[0]
    async with AsyncExitStack() as stack:
        stack.callback(database.dispose)
        watch = Watch(database, settings.poll_seconds)
        database.on_commit.append(watch.committed)
        if settings.worker == "inside":
            worker = stack.enter_context(Worker(settings))
            database.on_commit.append(worker.wake)
        searcher = open_searcher(asked, settings.data_dir)
        stack.push_async_callback(searcher.close)
        watch.start()
        stack.callback(watch.stop)
        app.state.database = database
        app.state.search = Search(asked, searcher, watch)
        yield
