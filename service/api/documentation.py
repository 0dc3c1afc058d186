"""`/docs` and `/openapi.json`: the documentation that a person can try out, and the document that it is made from.

The scripts are Swagger UI's, carried by a package and served from here: an office without a way to the internet reads the
documentation too.
"""

from functools import cache
from typing import Final

import orjson
from fastapi import Request, Response

from service.api import html, routing
from service.api.document import PATH
from service.api.html import Asset

router = routing.router("documentation")

_BODY: Final = """<main id="documentation"></main>
<noscript>This page needs JavaScript. The document that it shows is <a href="openapi.json">openapi.json</a>,
and <a href="problems?language=en">the problems</a> have pages of their own.</noscript>
<script src="{swagger}"></script>
<script src="{start}"></script>"""


@router.get("/docs", include_in_schema=False)
def read_documentation(request: Request) -> Response:
    """The page."""
    return html.compressible(request, _page(), {**html.HEADERS, "Cache-Control": "no-cache"})


@cache
def _page() -> Asset:
    body = _BODY.format(swagger=html.address("swagger-ui-bundle.js"), start=html.address("documentation.js"))
    page = html.framed("Engagement Register: its API", body, style="swagger-ui.css")
    return html.packed(page.encode(), "text/html; charset=utf-8")


@router.get(PATH, include_in_schema=False)
def read_document(request: Request) -> Response:
    """The OpenAPI document."""
    state = request.app.state
    described = request.app.openapi()
    # It is the same object until a route is added.
    if getattr(state, "document", (None,))[0] is not described:
        state.document = (described, html.packed(orjson.dumps(described), routing.JSON))
    return html.compressible(request, state.document[1], {"Cache-Control": "no-cache"})
