"""The topics of the files: each label with the words that the files and people use for it."""

from service.register.topic import TopicShape
from service.seeding import directory
from service.seeding.files.folder import Seed


def shapes(seed: Seed) -> dict[str, TopicShape]:
    """Every topic by external id."""
    made = {}
    for each in seed.topics:
        with directory.building(each.id):
            made[each.id] = TopicShape(
                label_en=each.label_en, label_ko=each.label_ko, synonyms=each.synonyms, external_ids=[each.id]
            )
    return made
