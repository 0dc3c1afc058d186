"""`/.well-known/api-catalog`: where a program that knows only the host finds the API, its document and its state (RFC 9727).

The answer is a link set (RFC 9264) with the relations of RFC 8631.
"""

from typing import Final

import orjson
from fastapi import Request, Response

from service.api import routing
from service.api.document import PATH

router = routing.router("documentation")

_LINKSET: Final = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
_CATALOGUE: Final = ".well-known/api-catalog"


@router.get(f"/{_CATALOGUE}", include_in_schema=False)
async def read_catalogue(request: Request) -> Response:
    """The one API that is here, with absolute addresses as the client reached them."""
    top = str(request.base_url)
    links = {
        "linkset": [
            {"anchor": f"{top}{_CATALOGUE}", "item": [{"href": f"{top}v1/"}]},
            {
                "anchor": f"{top}v1/",
                "service-desc": [{"href": f"{top}{PATH[1:]}", "type": routing.JSON}],
                "service-doc": [
                    {"href": f"{top}docs", "type": "text/html", "hreflang": ["en"]},
                    {"href": f"{top}problems", "type": "text/html", "hreflang": ["en", "ko"]},
                ],
                "status": [{"href": f"{top}readyz", "type": routing.JSON}],
            },
        ]
    }
    # HEAD has no body, so the relations stand in the header as well (RFC 9727 §2).
    link = f'<{top}{_CATALOGUE}>; rel="api-catalog", <{top}v1/>; rel="item"'
    return Response(orjson.dumps(links), 200, {"Link": link, "Cache-Control": "no-cache", "Content-Type": _LINKSET})
