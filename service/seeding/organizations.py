"""The organizations of the files: the article's own list, and those that only occur in the records."""

from collections.abc import Mapping, Sequence

from service.register.assertion import AssertionShape
from service.register.codes import mapped
from service.register.name import NameShape
from service.register.organization import OrganizationShape
from service.seeding import directory, people
from service.seeding.files.folder import Seed
from service.seeding.files.lists import Organization
from service.seeding.files.told import KnownOrganization

_LEVELS = {
    "province": "subnational",
    "state": "subnational",
    "regional government": "subnational",
    "regional assembly": "subnational",
    "party committee": "subnational",
    "city": "city",
    "government": "national",
    "ministry": "national",
    "embassy": "national",
    "military": "national",
    "international organization": "international",
    "company": "private",
    "association": "private",
}


def shapes(seed: Seed, assertions: Mapping[str, Sequence[AssertionShape]]) -> dict[str, OrganizationShape]:
    """Every organization by external id."""
    stated = {each.id: each.as_stated for each in seed.organizations}
    made = {}
    for article in seed.article_organizations:
        with directory.building(article.id):
            made[article.id] = _of_article(article, seed, stated.get(article.id, []), assertions.get(article.id, ()))
    for ours in seed.organizations:
        if ours.name_en:
            with directory.building(ours.id):
                made[ours.id] = _of_records(ours, assertions.get(ours.id, ()))
    return made


def _of_article(
    each: KnownOrganization, seed: Seed, stated: Sequence[str], assertions: Sequence[AssertionShape]
) -> OrganizationShape:
    kind, as_stated = mapped("organization_kind", each.type)
    names = [people.typed(alias, seed) for alias in each.aliases]
    return OrganizationShape(
        name_en=each.name,
        name_ko=each.name_ko,
        kind=kind,
        kind_as_stated=as_stated,
        level=_LEVELS.get(each.type),
        country=each.country,
        subdivision=each.subdivision,
        withheld="withheld" in each.name,
        external_ids=[each.id],
        names=_with(names, stated, each.name),
        assertions=list(assertions),
    )


def _of_records(each: Organization, assertions: Sequence[AssertionShape]) -> OrganizationShape:
    return OrganizationShape(
        name_en=each.name_en,
        name_ko=each.name_ko,
        kind=each.kind or "government",
        level=each.level,
        country=each.country,
        subdivision=each.subdivision,
        note=each.note,
        external_ids=[each.id],
        names=_with([people.shape(name) for name in each.names], each.as_stated, each.name_en),
        assertions=list(assertions),
    )


def _with(names: Sequence[NameShape], stated: Sequence[str], preferred: str | None) -> list[NameShape]:
    known = {preferred, *(name.text for name in names)}
    return [*names, *(NameShape(text=text, kind="as-printed", language="en") for text in stated if text not in known)]
