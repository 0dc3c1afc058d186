"""What a load of the seed did, for people and for programs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from service.errors import shortened
from service.register.reading.records import Noun
from service.register.verbs.revising import PARTS

PLURAL: dict[Noun, str] = {
    "topic": "topics",
    "source": "sources",
    "person": "people",
    "organization": "organizations",
    "engagement": "engagements",
}


class Difference(NamedTuple):
    """A field that a changed seed file has otherwise than the register, which was left as it is."""

    noun: Noun
    external_id: str
    field: str
    register: Any
    file: Any

    def in_words(self) -> str:
        """The difference in one line; of lists, what only the register has and what only the file has."""
        there, wanted = _short(self.register), _short(self.file)
        return f"{self.noun} {self.external_id}, {self.field}: the register has {there}, the file has {wanted}"


@dataclass
class Report:
    """What was recorded, what was there already, what was merged, and what a changed file has otherwise."""

    fingerprint: str
    unchanged: bool = False
    recorded: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The report as it is printed."""
        if self.unchanged:
            return [f"Nothing to do: these seed files were loaded before (fingerprint {self.fingerprint})."]
        lines = [
            f"{PLURAL[noun]}: {self.recorded[noun]} recorded"
            + (f", {self.found[noun]} there already" if self.found[noun] else "")
            for noun in PLURAL
        ]
        if self.parts:
            lines.append("with " + ", ".join(f"{self.parts[part]} {part}" for part in PARTS))
        if self.merged:
            lines.append(f"engagements: {self.merged} marked duplicates merged, {self.recorded['engagement'] - self.merged} left")
        return [*lines, f"in {self.seconds:.1f} seconds (fingerprint {self.fingerprint})", *self._differing()]

    def _differing(self) -> list[str]:
        if not self.differences:
            return []
        records = len({(each.noun, each.external_id) for each in self.differences})
        return [
            f"Changed in the seed files since they were loaded, and left in the register as recorded ({_counted(records)}):",
            *(f"  {each.in_words()}" for each in self.differences),
            "Revise them in the register where the file is right; a load never overwrites what is recorded.",
        ]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "fingerprint": self.fingerprint,
            "unchanged": self.unchanged,
            "recorded": dict(self.recorded),
            "found": dict(self.found),
            "parts": dict(self.parts),
            "merged": self.merged,
            "differences": [each._asdict() for each in self.differences],
            "seconds": round(self.seconds, 3),
        }


def _counted(records: int) -> str:
    return f"{records} record{'' if records == 1 else 's'}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_short(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return str(shortened(", ".join(f"{key} {item}" for key, item in value.items() if item not in (None, [], False))))
    return "nothing" if value is None else repr(shortened(value))
