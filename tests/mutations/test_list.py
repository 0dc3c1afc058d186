"""The list cannot rot: every change still fits the code as it is, and leaves it code."""

import ast

import pytest

from tests.mutations.__main__ import CHECKOUT
from tests.mutations.rules import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_change_fits_once_and_leaves_the_file_code(mutation: Mutation) -> None:
    source = (CHECKOUT / mutation.file).read_text(encoding="utf-8")
    assert source.count(mutation.old) == 1
    changed = source.replace(mutation.old, mutation.new)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), "the change changes nothing"


def test_every_rule_has_its_own_name_and_its_tests_are_there() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))
    named = {named for mutation in MUTATIONS for named in mutation.tests}
    assert {each for each in named if not is_there(*each.split("::"))} == set()


def is_there(path: str, test: str = "") -> bool:
    file = CHECKOUT / path
    return file.exists() and f"def {test}" in file.read_text(encoding="utf-8")
