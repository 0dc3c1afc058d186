"""The hop never hangs, never mixes answers up and leaves no connection behind, whatever the server does."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from service.search.engine import EngineDown
from service.search.meilisearch.hop import Hop
from tests.search.meilisearch.scripted import Conversation, echo, hop_to, scripted

pytestmark = pytest.mark.anyio

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN: dict[str, bytes] = {
    "cut in the head": b"HTTP/1.1 200 OK\r\nContent-",
    "cut in the body": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"hits":',
    "cut in a chunk": _CHUNKED + b"5\r\nab",
    "without a length": b'HTTP/1.1 200 OK\r\n\r\n{"hits":[]}',
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "too long by its length": b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n" + b"a" * 10_001,
    "too long by its chunks": _CHUNKED + b"1000\r\n%b\r\n" % (b"a" * 4096) * 3 + b"0\r\n\r\n",
}


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_answer_is_no_answer_and_its_connection_is_not_used_again(said: bytes) -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        if client.number > 1:
            client.answer(b"fine")
            await client.left()
            return
        client.say(said)
        await client.writer.drain()
        await asyncio.sleep(0.05)

    async with hop_to(script, longest_answer=10_000) as (hop, server):
        with pytest.raises(EngineDown, match="cannot be read"):
            await hop.post("/", b"")
        assert (await hop.post("/", b"")).content == b"fine"
        assert len(server.connections) == 2


async def test_a_request_whose_answer_was_begun_is_not_sent_again() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        client.answer(b"whole")
        await client.heard()
        client.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        await client.writer.drain()

    async with hop_to(script) as (hop, server):
        await hop.post("/", b"")
        with pytest.raises(EngineDown, match="cannot be read"):
            await hop.post("/", b"")
        assert len(server.connections) == 1


async def test_a_silent_server_is_given_up_in_time_and_its_late_answer_reaches_nobody() -> None:
    async def script(client: Conversation) -> None:
        asked = (await client.heard()).split(b"\r\n\r\n", 1)[1]
        if client.number == 1:
            assert await client.left()
        client.answer(asked)
        await client.left()

    async with hop_to(script, total_seconds=0.1) as (hop, server):
        with pytest.raises(EngineDown, match=r"within 0\.1 s"):
            await hop.post("/", b"first")
        assert (await hop.post("/", b"second")).content == b"second"
        assert len(server.connections) == 2


async def test_waiting_for_a_free_connection_counts() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        await client.left()

    async with hop_to(script, connections=1, total_seconds=0.2) as (hop, server):
        answers = await asyncio.gather(*(hop.post("/", b"") for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in answers] == [EngineDown] * 3
        assert len(server.connections) <= 2


async def test_a_caller_who_leaves_takes_the_connection_down_and_frees_its_place() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def script(client: Conversation) -> None:
        content = (await client.heard()).split(b"\r\n\r\n", 1)[1]
        if client.number == 1:
            asked.set()
            assert await client.left()
            left.set()
            return
        client.answer(content)
        await client.left()

    async with hop_to(script, connections=1) as (hop, _):
        caller = asyncio.create_task(hop.post("/", b"first"))
        await asked.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        async with asyncio.timeout(2):
            await left.wait()
        assert (await hop.post("/", b"second")).content == b"second"


async def test_what_nobody_asked_for_is_not_taken_for_an_answer() -> None:
    async def script(client: Conversation) -> None:
        await client.heard()
        client.answer(b"%d" % client.number)
        if client.number == 1:
            await asyncio.sleep(0.02)
            client.answer(b"unasked")
            assert await client.left()
        await client.left()

    async with hop_to(script) as (hop, server):
        assert (await hop.post("/", b"")).content == b"1"
        await asyncio.sleep(0.1)
        assert (await hop.post("/", b"")).content == b"2"
        assert len(server.connections) == 2


async def test_a_connection_that_rested_too_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hop_to(echo) as (hop, server):
        await hop.post("/", b"")
        monkeypatch.setattr("service.search.meilisearch.hop.IDLE_SECONDS", -1.0)
        await hop.post("/", b"")
        assert len(server.connections) == 2


async def test_a_server_that_is_not_there_is_down_at_once() -> None:
    async with scripted(echo) as server:
        pass
    hop = Hop(server.address, None)
    with pytest.raises(EngineDown, match="cannot be reached"):
        await hop.post("/", b"")
    await hop.close()


async def test_closing_ends_what_is_under_way_and_everything_after() -> None:
    asked = asyncio.Event()

    async def script(client: Conversation) -> None:
        await client.heard()
        asked.set()
        await client.left()

    async with hop_to(script) as (hop, _):
        caller = asyncio.create_task(hop.post("/", b""))
        await asked.wait()
        await hop.close()
        with pytest.raises(EngineDown):
            await caller
        with pytest.raises(EngineDown, match="closed"):
            await hop.post("/", b"")


async def test_among_cuts_and_callers_who_leave_nobody_gets_the_answer_of_another() -> None:
    draw = random.Random(1)

    async def script(client: Conversation) -> None:
        while True:
            asked = (await client.heard()).split(b"\r\n\r\n", 1)[1]
            match draw.randrange(12):
                case 0:
                    return
                case 1:
                    client.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
                    await client.writer.drain()
                    return
            await asyncio.sleep(draw.random() / 500)
            client.answer(asked)

    async with hop_to(script, connections=8, total_seconds=5) as (hop, _):

        async def ask(n: int) -> bool | None:
            try:
                return (await hop.post("/", b"%d" % n)).content == b"%d" % n
            except EngineDown:
                return None

        callers = [asyncio.create_task(ask(n)) for n in range(600)]
        for caller in callers[::5]:
            asyncio.get_running_loop().call_later(draw.random() / 5, caller.cancel)
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert answers.count(False) == 0
        assert answers.count(True) > 300
        assert all(each in (True, None) or isinstance(each, asyncio.CancelledError) for each in answers)
        # Every place is free again: as many can ask at once as before.
        assert None not in await asyncio.gather(*(_persistent(ask) for _ in range(8)))


async def _persistent(ask: Callable[[int], Awaitable[bool | None]]) -> bool | None:
    """An answer within a few tries, for the server of this test cuts one connection in six."""
    for n in range(20):
        if (answer := await ask(n)) is not None:
            return answer
    return None
