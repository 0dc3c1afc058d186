"""What was probably meant by words that stand nowhere as they were typed.

What is nearest to them in the best hits is what an engine took them for. It is offered in the spelling of the hit, so that a
person sees what she was answered and can search for exactly that.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from rapidfuzz.distance import OSA

from service.search import keys
from service.search.hangul import letters, stem

_LOOKED_AT: Final = 10
"""How many hits are looked at, the best ones."""


def did_you_mean(text: str, shown: Iterable[Mapping[str, str]]) -> str | None:
    """The query text with misspelt words put right by what is shown of the hits; None where nothing is to be put right."""
    suspects = {word for word in keys.parts(text).words if keys.allowed_typos(word)}
    best: list[str] = []
    for hit in islice(shown, _LOOKED_AT):
        if not suspects:
            return None
        best += hit.values()
        folded = keys.fold("\n".join(hit.values()))
        suspects = {word for word in suspects if word not in folded}
    spelt = [(keys.fold(word), word) for said in best for word in _as_spelt(said)] if suspects else []
    right = {word: meant for word in suspects if (meant := _meant(word, spelt))}
    if not right:
        return None
    return " ".join(right.get(keys.fold(piece), piece) for piece in keys.pieces(text))


def _as_spelt(text: str) -> Iterator[str]:
    """The words of a text in its own spelling, Korean ones without their particles."""
    return (stem(match[0]) for match in keys.WORD.finditer(text))


def _meant(word: str, spelt: Sequence[tuple[str, str]]) -> str | None:
    typed, allowed = letters(word), keys.allowed_typos(word)
    near: Counter[str] = Counter()
    for folded, spelling in spelt:
        other = letters(folded)
        if other.startswith(typed):
            return None  # It is the beginning of a word.
        distance = OSA.distance(typed, other, score_cutoff=allowed)
        if distance <= allowed:
            near[spelling] += 3 - distance
    return near.most_common(1)[0][0] if near else None
