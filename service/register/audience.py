"""Who is asking, as far as it decides what they are shown: the highest level of visibility that they may see.

An engagement says `public`, `internal` or `confidential`, and is there only for those who may see that level. A person, an
organization or a source is there for everybody, unless engagements speak of it and all of those are beyond the reader.
Topics are a thesaurus, open to all.
"""

# ruff: noqa: S608  only codes and names from this package are put into SQL

from dataclasses import dataclass
from typing import Final

from service.register.codes import VISIBILITY

_LEVELS: Final = tuple(VISIBILITY)


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who see engagements up to this level."""

    sees: str

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that they see, the most open one first."""
        return _LEVELS[: _LEVELS.index(self.sees) + 1]

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from them, so that no condition is needed."""
        return self.sees == _LEVELS[-1]

    @property
    def knows_withdrawn(self) -> bool:
        """Whether they are told that a record was withdrawn, and why. The public is told that there is no such record."""
        return self.sees != _LEVELS[0]

    def may_see(self, level: str) -> bool:
        """Whether they see engagements of this level."""
        return level in self.levels


EVERYBODY: Final = Audience(_LEVELS[0])
"""The public."""

OFFICE: Final = Audience(_LEVELS[-1])
"""Those who see everything."""


def shown(noun: str, audience: Audience, row: str = "r") -> str:
    """The condition, as SQL, that the record in this row is there for the audience; `TRUE` where nothing is kept from them."""
    if audience.sees_all or noun == "topic":
        return "TRUE"
    itself = _shown(noun, audience, row)
    if noun == "source":
        return itself
    # What was merged has nothing of its own any more, and is there as far as the record that it lives on in.
    survivor = f"SELECT 1 FROM {noun} survivor WHERE survivor.id = {row}.merged_into AND {_shown(noun, audience, 'survivor')}"
    return f"({itself} AND ({row}.merged_into IS NULL OR EXISTS ({survivor})))"


def _shown(noun: str, audience: Audience, row: str) -> str:
    levels = ", ".join(f"'{level}'" for level in audience.levels)
    if noun == "engagement":
        return f"{row}.visibility IN ({levels})"
    spoken_of = _SPOKEN_OF[noun].format(row=row)
    return f"(NOT EXISTS ({spoken_of}) OR EXISTS ({spoken_of} AND e.visibility IN ({levels})))"


_SPOKEN_OF: Final = {
    "person": "SELECT 1 FROM participation x JOIN engagement e ON e.id = x.engagement_id WHERE x.person_id = {row}.id",
    "organization": (
        "SELECT 1 FROM (SELECT engagement_id FROM participation WHERE organization_id = {row}.id UNION ALL SELECT o.engagement_id"
        " FROM outcome_party p JOIN outcome o ON o.id = p.outcome_id WHERE p.organization_id = {row}.id) AS x"
        " JOIN engagement e ON e.id = x.engagement_id WHERE TRUE"
    ),
    "source": (
        "SELECT 1 FROM (SELECT engagement_id FROM citation WHERE source_id = {row}.id UNION ALL SELECT engagement_id"
        " FROM assertion WHERE source_id = {row}.id) AS x JOIN engagement e ON e.id = x.engagement_id WHERE TRUE"
    ),
}
"""Per noun, the engagements `e` that speak of the record."""
