"""What people and organizations are called, besides the names that we prefer.

The preferred names stand in the record itself (`name_en`, `name_ko`); every other one is kept here with its kind, so that
a name as printed, or misprinted, by a source still finds whom it means.
"""

from sqlmodel import Field

from service.register.codes import NameKind
from service.register.table import Part
from service.register.text import Language, Line, Shape
from service.register.when import Edtf


class NameShape(Shape):
    """A further name, as it is recorded."""

    text: Line
    kind: NameKind = "alias"
    language: Language | None = None
    since: Edtf | None = None
    until: Edtf | None = None
    note: Line | None = None


class NameColumns(Part):
    """The columns of a further name; `since` and `until` are EDTF strings."""

    text: str = Field(index=True)
    kind: str = "alias"
    language: str | None = None
    since: str | None = None
    until: str | None = None
    note: str | None = None
