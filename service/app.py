"""The composition root: the settings become a database, mirrors, a searcher and the HTTP application that uses them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio.to_thread
from anyio import create_task_group
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from service import __version__
from service.access.keyring import Keyring
from service.api import catalogue, deprecation, documentation, errors, html, index, metrics, problem_pages, routes
from service.api.bell import Bell
from service.database import Database
from service.mirror.asking import Search
from service.mirror.freshness import Watch
from service.mirror.tokens import Tokens
from service.mirror.worker import Worker
from service.register.seal import seal_of
from service.schema import require_current
from service.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The application for these settings. Nothing is opened before it starts."""
    app = FastAPI(
        title="Engagement Register",
        version=__version__,
        summary="Who met whom, when, where, about what, with what outcome, and which source says so.",
        lifespan=_lifespan,
        # The framework's own pages load their scripts from the internet.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    errors.install(app)
    # A request is held against the routes in this order, so the one that is asked most comes first; they are the
    # application's own, because FastAPI looks through a router that is included three times for each request.
    about = (documentation.router, html.router, problem_pages.router, catalogue.router)
    for router in (*routes.routers, index.router, metrics.router, *about):
        for route in router.routes:
            app.router.routes.append(_named(route))
    return app


def _named(route: BaseRoute) -> BaseRoute:
    """The route, whose operation in the OpenAPI document is called as the function that answers it."""
    if isinstance(route, APIRoute):
        route.operation_id = route.name
        deprecation.announce(route)
    return route


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
    database = Database(settings.database, pool_size=settings.threads + 1)
    require_current(database)
    async with AsyncExitStack() as stack:
        stack.callback(database.dispose)
        keyring = Keyring(settings.database, on_loopback=settings.on_loopback, open_reading=settings.open_reading)
        stack.callback(keyring.close)
        keyring.take()
        watch = Watch(database, settings.poll_seconds)
        tokens = Tokens(database)
        database.before_commit.append(tokens.note)
        database.on_commit.append(watch.committed)
        if settings.worker == "inside":
            worker = stack.enter_context(Worker(settings))
            database.on_commit.append(worker.wake)
        asking = Search(settings.mirrors, settings.data_dir, settings.database, watch)
        stack.push_async_callback(asking.close)
        watch.start()
        stack.callback(watch.stop)
        bell = Bell(database, settings.poll_seconds)
        database.on_commit.append(bell.ring)
        app.state.bell = bell
        app.state.seal = seal_of(database)
        app.state.database = database
        app.state.keyring = keyring
        app.state.tokens = tokens
        app.state.search = asking
        async with create_task_group() as beside:
            beside.start_soon(keyring.keep)
            beside.start_soon(bell.listen)
            yield
            beside.cancel_scope.cancel()
