"""`/docs` works without a way to the internet, under a policy that lets a browser load nothing else."""

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import uvicorn

from service.api import html
from service.app import create_app
from service.settings import Settings

pytestmark = pytest.mark.anyio


class Page(HTMLParser):
    """What a page loads and leads to, and what stands in it that a strict policy forbids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.forbidden: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe"):
            self.loaded.append(given.get("src") or "")
        elif tag == "link":
            self.loaded.append(given["href"] or "")
        elif tag == "a":
            self.links.append(given["href"] or "")
        self.forbidden += [name for name in given if name.startswith("on") or name == "style"]
        self.forbidden += [tag] if tag == "style" else []
        self._in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.forbidden.append(data)


async def page_at(reader: httpx.AsyncClient, path: str) -> Page:
    answer = await reader.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


PAGES = ["/docs", "/problems", "/problems/invalid"]


@pytest.mark.parametrize("path", PAGES)
async def test_all_that_a_page_loads_or_leads_to_is_here(reader: httpx.AsyncClient, path: str) -> None:
    page = await page_at(reader, path)
    own = [each for each in page.loaded if each != "data:,"]
    assert own
    for address in (*own, *page.links):
        assert not urlsplit(address).netloc
        assert not address.startswith("/"), "it would not be found below a path of a proxy"
        answer = await reader.get(urljoin(f"http://register.test{path}", address))
        assert answer.status_code == 200, address
        if address in own:
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_under_a_policy_without_exceptions(reader: httpx.AsyncClient, path: str) -> None:
    answer = await reader.get(path, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert Page(answer.text).forbidden == []


async def test_the_style_sheets_load_nothing(reader: httpx.AsyncClient) -> None:
    for name in ("swagger-ui.css", "pages.css"):
        style = (await reader.get(f"/documentation/{name}")).text
        loaded = re.findall(r"url\(\s*[\"']?([^\"')]{0,40})", style)
        assert [address for address in loaded if not address.startswith("data:")] == []
        assert "@import" not in style


async def test_a_file_is_kept_for_good_only_under_its_own_fingerprint(reader: httpx.AsyncClient) -> None:
    old = await reader.get("/documentation/pages.css", params={"v": "0" * 18})
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    again = await reader.get("/documentation/pages.css", headers={"If-None-Match": old.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_file_is_sent_in_the_form_that_the_client_reads(reader: httpx.AsyncClient) -> None:
    path = "/documentation/swagger-ui-bundle.js"
    plain = await reader.get(path, headers={"Accept-Encoding": "identity"})
    refused = await reader.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    zipped = await reader.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert int(zipped.headers["content-length"]) < len(plain.content) / 2
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in plain.headers["vary"]


@pytest.mark.parametrize("name", ["nothing.js", "..%2fhtml.py", "pages.css%00", "documentation.json"])
async def test_no_other_file_is_served(reader: httpx.AsyncClient, name: str) -> None:
    answer = await reader.get(f"/documentation/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_document_is_not_sent_again_to_who_has_it(reader: httpx.AsyncClient) -> None:
    first = await reader.get("/openapi.json")
    assert first.headers["content-type"] == "application/json"
    assert (await reader.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})).status_code == 304


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of an application that listens."""
    app = create_app(Settings(data_dir=tmp_path))
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_a_browser_that_reaches_nothing_else_shows_the_documentation(served: str, tmp_path: Path) -> None:
    shown = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--virtual-time-budget=20000",
            "--enable-logging=stderr",
            "--dump-dom",
            f"{served}/docs",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Engagement Register" in shown.stdout
    assert 'id="operations-tag-engagements"' in shown.stdout
    assert "Content Security Policy" not in shown.stderr
    assert "Failed to load" not in shown.stderr


def test_the_validator_on_the_internet_is_not_asked() -> None:
    assert b"validatorUrl: null" in html.asset("documentation.js").body
