"""The hop asks over few connections, once, and says what the server needs to know."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from service.search.engine import EngineDown
from service.search.meilisearch.hop import Hop
from tests.search.meilisearch.scripted import Conversation, echo, hop_to, scripted

pytestmark = pytest.mark.anyio


async def test_a_request_says_what_the_server_needs_to_know() -> None:
    heard: list[bytes] = []

    async def script(client: Conversation) -> None:
        heard.append(await client.heard())
        client.answer(b'{"hits":[]}')
        await client.left()

    async with hop_to(script, base="/behind/a/proxy/") as (hop, server):
        assert (await hop.post("/indexes/engagements/search", '{"q":"김동연"}'.encode())).content == b'{"hits":[]}'
        head, body = heard[0].split(b"\r\n\r\n")
        first, *headers = head.decode().split("\r\n")
        assert first == "POST /behind/a/proxy/indexes/engagements/search HTTP/1.1"
        assert {
            f"Host: {server.address.authority}",
            "Authorization: Bearer a-key",
            "Content-Type: application/json",
            "Content-Length: 17",
        } <= set(headers)
        assert body == '{"q":"김동연"}'.encode()


async def test_one_connection_serves_one_request_after_the_other() -> None:
    async with hop_to(echo) as (hop, server):
        for n in range(50):
            assert (await hop.post("/", b"%d" % n)).content == b"%d" % n
        assert len(server.connections) == 1


async def test_many_at_once_share_a_bounded_number_of_connections() -> None:
    async with hop_to(echo, connections=4, total_seconds=5) as (hop, server):
        answers = await asyncio.gather(*(hop.post("/", b"%d" % n) for n in range(200)))
        assert [each.content for each in answers] == [b"%d" % n for n in range(200)]
        assert len(server.connections) <= 4


async def test_an_idle_connection_that_the_server_closed_is_replaced() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        client.answer(b"%d" % client.number)

    async with hop_to(script) as (hop, _):
        assert [(await hop.post("/", b"")).content for _ in range(3)] == [b"1", b"2", b"3"]


async def test_a_request_that_an_idle_connection_swallowed_is_sent_once_more() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        client.answer(b"%d" % client.number)
        await client.heard()  # and leaves, as a server does that had just given the connection up

    async with hop_to(script) as (hop, server):
        assert (await hop.post("/", b"")).content == b"1"
        assert (await hop.post("/", b"")).content == b"2"
        assert len(server.connections) == 2


async def test_a_request_is_sent_at_most_twice() -> None:
    heard: list[int] = []

    async def script(client: Conversation) -> None:
        while True:
            await client.heard()
            heard.append(client.number)
            if heard != [1]:
                return
            client.answer()

    async with hop_to(script) as (hop, _):
        await hop.post("/", b"")
        with pytest.raises(EngineDown, match="without an answer"):
            await hop.post("/", b"")
        assert heard == [1, 1, 2]


async def test_a_new_connection_without_an_answer_is_not_tried_again() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()

    async with hop_to(script) as (hop, server):
        with pytest.raises(EngineDown, match="without an answer"):
            await hop.post("/", b"")
        assert len(server.connections) == 1


async def test_an_answer_is_put_together_from_its_pieces() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        answer = (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 -\r\nretry-AFTER: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for byte in answer + b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n':
            client.say(bytes([byte]))
            await client.writer.drain()
        await client.left()

    async with hop_to(script) as (hop, _):
        assert await hop.post("/", b"") == (503, b'{"a":1}', "7")


async def test_a_connection_that_the_server_wants_closed_is_closed() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        client.answer(b"{}", 200, "Connection: close")
        assert await client.left()

    async with hop_to(script) as (hop, server):
        await hop.post("/", b"")
        await hop.post("/", b"")
        assert len(server.connections) == 2


async def test_a_server_on_ipv6_is_reached() -> None:
    try:
        async with hop_to(echo, host="::1", total_seconds=5) as (hop, server):
            assert server.address.authority.startswith("[::1]:")
            assert (await hop.post("/", b"six")).content == b"six"
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that nobody but the test trusts, with its key in one file."""
    file = tmp_path / "localhost.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    try:
        subprocess.run([*command.split(), "-keyout", file, "-out", tmp_path / "only.pem"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    file.write_bytes(file.read_bytes() + (tmp_path / "only.pem").read_bytes())
    return file


async def test_over_tls_the_certificate_is_checked(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate)
    async with scripted(echo, host="localhost", tls=serving) as server:
        hop, wary = Hop(server.address, None, tls=trusting), Hop(server.address, None)
        assert (await hop.post("/", b"private")).content == b"private"
        assert (await hop.post("/", b"again")).content == b"again"
        with pytest.raises(EngineDown, match="cannot be reached"):
            await wary.post("/", b"")
        assert len(server.connections) == 1
        await hop.close()
        await wary.close()


@pytest.mark.parametrize("key", ["a\r\nHost: elsewhere", "열쇠"])
async def test_a_key_that_would_break_the_head_is_refused(key: str) -> None:
    async with scripted(echo) as server:
        with pytest.raises(ValueError, match="printable ASCII"):
            Hop(server.address, key)
