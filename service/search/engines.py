"""Which engine a mirror's settings mean. Each is loaded only where it is used, so that none costs memory for nothing."""

from pathlib import Path

from service.search.engine import Engine, Searcher
from service.settings import MirrorSettings


def open_engine(mirror: MirrorSettings, data_dir: Path) -> Engine:
    """The writing half of a mirror's engine; opens no connection and no file yet."""
    if mirror.engine == "embedded":
        from service.search.embedded import EmbeddedEngine

        return EmbeddedEngine(data_dir / "index", mirror.index)
    from service.search.meilisearch import MeilisearchEngine

    key, search_key = (each.get_secret_value() if each else None for each in (mirror.key, mirror.search_key))
    return MeilisearchEngine(mirror.url or "", key, mirror.index, search_key=search_key)


def open_searcher(mirror: MirrorSettings, data_dir: Path) -> Searcher:
    """The asking half of a mirror's engine."""
    return open_engine(mirror, data_dir).searcher()
