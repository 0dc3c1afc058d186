"""A seal opens what it closed, and nothing else."""

import pytest

from service.database import Database
from service.register.seal import Seal, new_secret, seal_of


def test_what_was_sealed_can_be_opened_and_is_never_the_same_token() -> None:
    seal = Seal(new_secret())
    for words in (b"\0", b"\0" * 64, "면담".encode()):
        tokens = {seal.close(words) for _ in range(50)}
        assert len(tokens) == 50
        assert {seal.open(token) for token in tokens} == {words}


def test_whatever_was_changed_or_comes_from_elsewhere_is_refused() -> None:
    seal, other = Seal(new_secret()), Seal(new_secret())
    token = seal.close(b"fourteen bytes")
    changed = [f"{token[:n]}{'A' if token[n] != 'A' else 'B'}{token[n + 1 :]}" for n in range(len(token))]
    assert len(changed) == 51
    for forged in (
        *changed,
        f"{token}=",
        token[:-4],
        token + "AAAA",
        "",
        "A" * 32,
        "é" * 16,
        token.replace(token[3], "!"),
        other.close(b"x"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011  whatever is wrong with it
            seal.open(forged)


@pytest.mark.parametrize("words", [b"", b"x" * 65])
def test_what_does_not_fit_is_not_sealed(words: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 64 bytes"):
        Seal(new_secret()).close(words)


def test_the_secret_stays_with_its_register(database: Database) -> None:
    token = seal_of(database).close(b"place")
    assert seal_of(database).open(token) == b"place"
