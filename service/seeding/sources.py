"""The sources of the files: the article itself, and the page where each record was read, one source for one page."""

import hashlib
from collections.abc import Mapping

from service.register.source import SourceShape
from service.seeding import directory
from service.seeding.files.folder import Seed
from service.seeding.files.lists import Publisher
from service.seeding.files.told import FoundAt, Sentence

ARTICLE = "seed:article"
LOADED = "seed-files"


def external_id(found: FoundAt) -> str:
    """What a page is called in the register; a feed has one address for several pages, told apart by their dates."""
    return "seed:source-" + hashlib.sha256(f"{found.url}\n{found.published}".encode()).hexdigest()[:12]


def shapes(seed: Seed, mark: str | None = None) -> dict[str, SourceShape]:
    """Every source by external id; with the fingerprint of the files the article says that they were loaded."""
    publishers = {each.publisher: each for each in seed.publishers}
    fullest = titles(seed)
    made = {}
    with directory.building(ARTICLE):
        made[ARTICLE] = _article(seed, [loaded(mark)] if mark else [])
    for record in seed.records:
        source_id = external_id(record.source)
        with directory.building(record.id):
            made[source_id] = made.get(source_id) or _page(source_id, record.source, fullest[source_id], publishers)
    return made


def titles(seed: Seed) -> dict[str, str]:
    """For each page the longest of the titles under which it is cited: the others are cut short."""
    found: dict[str, str] = {}
    for record in seed.records:
        source_id = external_id(record.source)
        found[source_id] = max(found.get(source_id, ""), record.source.title, key=len)
    return found


def loaded(mark: str) -> str:
    """The external id that the article carries once the files with this fingerprint were loaded."""
    return f"{LOADED}:{mark}"


def _article(seed: Seed, marks: list[str]) -> SourceShape:
    article = seed.article
    return SourceShape(
        title=article.title,
        title_is_descriptive=article.title_is_descriptive,
        publisher=article.publisher,
        published=article.published,
        language=article.language,
        grade=article.grade,
        note="\n".join([article.note, "How its sentences begin:", *map(_sentence, seed.sentences)]),
        external_ids=[ARTICLE, *marks],
    )


def _sentence(sentence: Sentence) -> str:
    return f"S{sentence.n} (line {sentence.line}): {sentence.begins}"


def _page(source_id: str, found: FoundAt, title: str, publishers: Mapping[str, Publisher]) -> SourceShape:
    publisher = publishers.get(found.publisher)
    return SourceShape(
        url=found.url,
        title=title,
        title_is_descriptive=found.title_is_descriptive,
        publisher=found.publisher,
        published=found.published or None,
        language=directory.language(title),
        grade=publisher.grade if publisher else "press",
        note=publisher.note if publisher else None,
        external_ids=[source_id],
    )
