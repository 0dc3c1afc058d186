"""Pages of lists and lists of parts, as the OpenAPI document describes them."""

from typing import Annotated

from pydantic import BaseModel, Field

from service.api.members import Assertion, Citation, EngagementOutcome, Outcome, Participation
from service.api.records import EngagementSummary, Organization, Person, Revision, Source, Topic


class Page(BaseModel):
    """What every page has besides its items."""

    next_cursor: Annotated[str | None, Field(description="Give it as `cursor` for the next page; null on the last.")]
    total: Annotated[int | None, Field(description="How many items pass the filters, if `total=exact` asked for it.")]


class EngagementPage(Page):
    """A page of engagements."""

    items: list[EngagementSummary]


class PersonPage(Page):
    """A page of people."""

    items: list[Person]


class OrganizationPage(Page):
    """A page of organizations."""

    items: list[Organization]


class TopicPage(Page):
    """A page of topics."""

    items: list[Topic]


class SourcePage(Page):
    """A page of sources."""

    items: list[Source]


class OutcomePage(Page):
    """A page of outcomes, each with the engagement that it came of."""

    items: list[EngagementOutcome]


class RevisionPage(Page):
    """A page of what became of a record."""

    items: list[Revision]


class ParticipationList(BaseModel):
    """All participations of an engagement, in their order."""

    items: list[Participation]


class OutcomeList(BaseModel):
    """All outcomes of an engagement, in their order."""

    items: list[Outcome]


class CitationList(BaseModel):
    """All citations of an engagement, in their order."""

    items: list[Citation]


class AssertionList(BaseModel):
    """All assertions of a record, in their order."""

    items: list[Assertion]
