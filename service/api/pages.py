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
    items: list[EngagementSummary]


class PersonPage(Page):
    items: list[Person]


class OrganizationPage(Page):
    items: list[Organization]


class TopicPage(Page):
    items: list[Topic]


class SourcePage(Page):
    items: list[Source]


class OutcomePage(Page):
    items: list[EngagementOutcome]


class RevisionPage(Page):
    items: list[Revision]


class ParticipationList(BaseModel):
    items: list[Participation]


class OutcomeList(BaseModel):
    items: list[Outcome]


class CitationList(BaseModel):
    items: list[Citation]


class AssertionList(BaseModel):
    items: list[Assertion]
