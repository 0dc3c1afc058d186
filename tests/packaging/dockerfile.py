"""The Dockerfile as a list of instructions: enough of its grammar to hold the file to its promises without an engine."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Instruction:
    stage: int
    name: str
    flags: dict[str, str]
    rest: str

    @property
    def array(self) -> list[str]:
        """The arguments of the exec form, which is a JSON list; anything else raises."""
        words = json.loads(self.rest.removeprefix("CMD ") if self.name == "HEALTHCHECK" else self.rest)
        if not isinstance(words, list):
            raise TypeError(f"{self.name} is not in the exec form: {self.rest}")
        return [str(word) for word in words]


def instructions() -> list[Instruction]:
    text = (CHECKOUT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: list[Instruction] = []
    stage = -1
    for logical in "\n".join(lines).replace("\\\n", "").splitlines():
        name, rest = logical.split(maxsplit=1)
        stage += name == "FROM"
        flags = {}
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        found.append(Instruction(stage, name, flags, rest.strip()))
    return found


def named(name: str) -> list[Instruction]:
    return [each for each in instructions() if each.name == name]


def copied_from_checkout() -> list[str]:
    """The files and folders of the checkout that go into the build, in the Dockerfile's order."""
    return [source for each in named("COPY") if "from" not in each.flags for source in shlex.split(each.rest)[:-1]]


def environment() -> dict[str, str]:
    """What the final image sets for every process in it."""
    last = instructions()[-1].stage
    return dict(word.split("=", 1) for each in named("ENV") if each.stage == last for word in shlex.split(each.rest))
