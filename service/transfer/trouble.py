"""What is wrong with a row or a whole file, in English and Korean."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from service.errors import Problem, shortened

Language = Literal["en", "ko"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: in which row (the header is row 1) and column, what stands there, and why it cannot.

    `detail` is the reason in English where there are no words of our own for the code.
    """

    row: int
    column: str | None
    code: str
    detail: str
    value: Any = None

    def told(self, language: Language) -> dict[str, Any]:
        """The trouble as it is told."""
        words = _words().get(self.code, {}).get(language)
        if words is None:
            words = self.detail if language == "en" else f"값을 확인해 주세요: {self.detail}"
        elif language == "en":
            words = self.detail
        shown = {"row": self.row, "column": self.column, "code": self.code, "value": shortened(self.value)}
        return {**shown, "detail": words.replace("{value}", str(shortened(self.value, 60)))}


class Unreadable(Problem):
    """The file cannot be read at all, or not from some place on."""

    status = 422
    type = "unreadable-file"
    title = "The file cannot be read"


class TooMuch(Problem):
    """The file is larger than is taken in, or would be once it is unpacked."""

    status = 413
    type = "file-too-large"
    title = "The file is too large"


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("trouble.json").read_text(encoding="utf-8"))
    return words
