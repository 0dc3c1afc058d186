"""Which route answers what, the right that each needs, and the query parameters that it knows."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError

from tests.meilisearch_double import batches, documents, indexes, keys, more_searches, searching, tasks
from tests.meilisearch_double.call import Call, admit
from tests.meilisearch_double.faults import TaskFails
from tests.meilisearch_double.refusals import NotTheDoubles, Refused, refusal
from tests.meilisearch_double.wire import Reply, Request, reply
from tests.meilisearch_double.world import World


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    action: str | None
    answer: Callable[[Call], Reply]
    parameters: tuple[str, ...]


def _route(line: str, action: str | None, answer: Callable[[Call], Reply], *parameters: str) -> Route:
    method, path = line.split()
    return Route(method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), action, answer, parameters)


def _health(call: Call) -> Reply:
    return reply(200, {"status": "available"})


def _version(call: Call) -> Reply:
    return reply(200, {"commitSha": "unknown", "commitDate": "unknown", "pkgVersion": "1.50.0"})


def _metrics(call: Call) -> Reply:
    raise Refused("feature_not_enabled", "Getting metrics requires enabling the `metrics` experimental feature.")


def _experimental_features(call: Call) -> Reply:
    """None is switched on; these are the ones that 1.50 knows."""
    return reply(200, dict.fromkeys(_EXPERIMENTAL, False))


_EXPERIMENTAL = (
    "metrics", "logsRoute", "editDocumentsByFunction", "containsFilter", "dynamicSearchRules", "network",
    "getTaskDocumentsRoute", "taskQueueCompactionRoute", "compositeEmbedders", "chatCompletions", "multimodal",
    "foreignKeys", "disableDocumentsFetchQueue", "legacySearch", "renderRoute",
)  # fmt: skip
_ADDING = ("primaryKey", "csvDelimiter", "customMetadata", "skipCreation")

ROUTES = (
    _route("GET /health", None, _health),
    _route("GET /version", "version", _version),
    _route("GET /stats", "stats.get", indexes.all_stats),
    _route("POST /keys", "keys.create", keys.create),
    _route("GET /keys", "keys.get", keys.list_all),
    _route("POST /indexes", "indexes.create", indexes.create),
    _route("GET /indexes", "indexes.get", indexes.list_all, "limit", "offset"),
    _route("GET /indexes/{index}", "indexes.get", indexes.get),
    _route("PATCH /indexes/{index}", "indexes.update", indexes.update),
    _route("DELETE /indexes/{index}", "indexes.delete", indexes.delete),
    _route("GET /indexes/{index}/stats", "stats.get", indexes.stats),
    _route("GET /indexes/{index}/settings", "settings.get", indexes.get_settings),
    _route("PATCH /indexes/{index}/settings", "settings.update", indexes.update_settings, "customMetadata"),
    _route("GET /indexes/{index}/settings/{setting}", "settings.get", indexes.get_one_setting),
    _route("POST /indexes/{index}/documents", "documents.add", documents.add, *_ADDING),
    _route("PUT /indexes/{index}/documents", "documents.add", documents.add, *_ADDING),
    _route("GET /indexes/{index}/documents", "documents.get", documents.list_all, "limit", "offset", "fields"),
    _route("DELETE /indexes/{index}/documents", "documents.delete", documents.delete_all, "customMetadata"),
    _route("POST /indexes/{index}/documents/fetch", "documents.get", documents.fetch),
    _route("POST /indexes/{index}/documents/delete-batch", "documents.delete", documents.delete_batch, "customMetadata"),
    _route("POST /indexes/{index}/documents/delete", "documents.delete", documents.delete_by_filter, "customMetadata"),
    _route("GET /indexes/{index}/documents/{document}", "documents.get", documents.get),
    _route("DELETE /indexes/{index}/documents/{document}", "documents.delete", documents.delete_one, "customMetadata"),
    _route("POST /indexes/{index}/search", "search", searching.search),
    _route("POST /indexes/{index}/facet-search", "search", more_searches.of_facet_values),
    _route("POST /multi-search", "search", more_searches.several),
    _route("POST /swap-indexes", "indexes.swap", indexes.swap, "customMetadata"),
    _route("GET /tasks", "tasks.get", tasks.list_all, *tasks.LISTED),
    _route("DELETE /tasks", "tasks.delete", tasks.delete, *tasks.FILTERS),
    _route("POST /tasks/cancel", "tasks.cancel", tasks.cancel, *tasks.FILTERS),
    _route("GET /tasks/{task}", "tasks.get", tasks.get),
    _route("GET /batches", "tasks.get", batches.list_all, *tasks.LISTED),
    _route("GET /batches/{batch}", "tasks.get", batches.get),
    _route("GET /metrics", "metrics.get", _metrics),
    _route("GET /experimental-features", "experimental.get", _experimental_features),
)


def answer(world: World, request: Request, doom: TaskFails | None = None) -> Reply:
    """The server's answer to one request, and its effect; `doom` is what becomes of the task that it makes."""
    found = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(request.path))]
    if not found:
        return Reply(404)
    for route, match in found:
        if route.method == request.method:
            return _answer(world, request, route, match.groupdict(), doom)
    return Reply(405)


def _answer(world: World, request: Request, route: Route, arguments: dict[str, str], doom: TaskFails | None) -> Reply:
    world.doom = doom
    try:
        call = admit(world, request, route.action, arguments)
        _check_parameters(route, request)
        return route.answer(call)
    except Refused as refused:
        return refusal(refused)
    except JSONDecodeError as error:
        return refusal(Refused("malformed_payload", f"The json payload provided is malformed: {error}"))
    except NotTheDoubles as asked:
        return Reply(501, f"The double does not do this: {asked}".encode(), "text/plain")
    finally:
        world.doom = None


def _check_parameters(route: Route, request: Request) -> None:
    for name in request.query:
        if name not in route.parameters:
            known = ", ".join(f"`{each}`" for each in route.parameters)
            raise Refused("bad_request", f"Unknown parameter `{name}`: expected one of {known}")
