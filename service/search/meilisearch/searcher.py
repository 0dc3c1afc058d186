"""The asking half: one object for all searches of a process."""

import orjson

from service.search.engine import Answer, EngineDown, EngineRefused, Query
from service.search.meilisearch import query as words
from service.search.meilisearch.answers import meaning
from service.search.meilisearch.hop import Hop


class MeilisearchSearcher:
    """Asks one index over one hop."""

    def __init__(self, hop: Hop, index: str) -> None:
        self._hop = hop
        self._path = f"/indexes/{index}/search"

    async def search(self, query: Query) -> Answer:
        reply = await self._hop.post(self._path, _json(query))
        try:
            said = meaning(reply.status, reply.content, reply.retry_after, changes=False)
        except EngineRefused as no:
            if no.status == 400:
                raise
            # Only a 400 is about the question. A missing index is one that is being made or has been lost.
            raise EngineDown(f"Meilisearch cannot search now ({no})") from no
        return words.answer(said, query)

    async def close(self) -> None:
        await self._hop.close()


def _json(query: Query) -> bytes:
    try:
        return orjson.dumps(words.body(query))
    except orjson.JSONEncodeError as error:
        raise EngineRefused("invalid_search_q", f"the question cannot be written as JSON: {error}", status=400) from error
