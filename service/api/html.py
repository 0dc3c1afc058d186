"""Pages for people: how they are framed, the files that they load, and the rules under which a browser shows them.

Everything comes from this service. A file is asked for with the fingerprint of its content, so that a browser keeps it for good
(RFC 8246) and never shows an old one; addresses are relative, so that the pages work below a path of a proxy as well.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from html import escape
from importlib import resources
from typing import Final

from fastapi import Request, Response

from service.api import routing
from service.api.negotiation import Language, quality
from service.api.problems import NoSuchPath

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""What a page leaves with: no script, style or connection of another origin, none within the page, and no frame around it."""

router = routing.router("documentation", "/documentation")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load, also in its compressed form."""

    body: bytes
    compressed: bytes
    media_type: str
    digest: str


_ASSETS: Final = {
    "swagger-ui-bundle.js": ("fastapi_swagger.resources", "text/javascript; charset=utf-8"),
    "swagger-ui.css": ("fastapi_swagger.resources", "text/css; charset=utf-8"),
    "documentation.js": ("service.api", "text/javascript; charset=utf-8"),
    "pages.css": ("service.api", "text/css; charset=utf-8"),
}
"""The files by name, the package that has each, and its type."""


@router.get("/{name}", include_in_schema=False)
def read_asset(name: str, request: Request, v: str | None = None) -> Response:
    """A file of the pages. With the fingerprint of its content as `v` it can be kept for good."""
    if name not in _ASSETS:
        raise NoSuchPath(f"There is no file {name!r} of the documentation")
    found = asset(name)
    for_good = "public, max-age=31536000, immutable" if v == found.digest else "no-cache"
    return compressible(request, found, {"Cache-Control": for_good, "Cross-Origin-Resource-Policy": "same-origin"})


@cache
def asset(name: str) -> Asset:
    """The file of that name."""
    package, media_type = _ASSETS[name]
    folder = resources.files(package)
    return packed(((folder / "static" / name) if package == "service.api" else folder / name).read_bytes(), media_type)


def packed(body: bytes, media_type: str) -> Asset:
    """Content that is sent often, with its fingerprint and compressed once."""
    return Asset(body, gzip.compress(body, mtime=0), media_type, blake2b(body, digest_size=9).hexdigest())


def compressible(request: Request, content: Asset, headers: Mapping[str, str]) -> Response:
    """The content in the form that the client reads; each form has a tag of its own (RFC 9110 §8.8.3.3)."""
    zipped = quality(request.headers.get("accept-encoding", ""), "gzip", "*") > 0
    form = {"Content-Encoding": "gzip", "ETag": f'"{content.digest}-gzip"'} if zipped else {"ETag": f'"{content.digest}"'}
    body = content.compressed if zipped else content.body
    return Response(body, 200, {"Vary": "Accept-Encoding", **form, **headers}, content.media_type)


def address(name: str, root: str = "") -> str:
    """The relative address of a file, from a page whose own address needs `root` to lead to the top."""
    return f"{root}documentation/{name}?v={asset(name).digest}"


def framed(title: str, body: str, *, language: Language = "en", root: str = "", style: str = "pages.css") -> str:
    """A whole page; the title is text, the body is HTML."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="icon" href="data:,">\n'
        f'<link rel="stylesheet" href="{address(style, root)}">\n</head>\n<body>\n{body}\n</body>\n</html>\n'
    )
