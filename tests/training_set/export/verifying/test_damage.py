"""Each kind of damage is named by a problem of the right kind, and nothing raises or hangs."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.training_set.export.verifying.problems import LONGEST_PATH
from orchestration.training_set.export.verifying.verification import Verified
from tests.training_set.export.verifying.damage import (
    annotations,
    card,
    destinations,
    files,
    label_folders,
    plain,
    tables,
    yolo,
)
from tests.training_set.export.verifying.damage.table import DAMAGES, Damage

Look = Callable[..., Verified]
# Imported, so that they fill the table.
ROOMS = (annotations, card, destinations, files, label_folders, plain, tables, yolo)


def is_named(found: Verified, damage: Damage, named: str) -> bool:
    return any(one.kind == damage.kind and named.strip() in f"{one.path} {one.what}" for one in found.problems)


def test_there_are_more_than_a_hundred_kinds_in_every_room() -> None:
    assert len(ROOMS) == 7
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES) > 200
    assert min(Counter(damage.where for damage in DAMAGES).values()) > 15


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_named(damage: Damage, copy_of: Callable[[str], Path], look: Look) -> None:
    folder = copy_of(damage.where)
    named = damage.act(folder)
    found = look(folder)
    assert is_named(found, damage, named), (named, found.problems)
    assert all(
        len(one.path) < 2 * LONGEST_PATH and one.path.isprintable() and one.what.isprintable() for one in found.problems
    )
    assert all(one.advice for one in found.problems)


@pytest.mark.parametrize("where", ["generation", "destination", "training set"])
def test_what_was_not_damaged_is_right(where: str, copy_of: Callable[[str], Path], look: Look) -> None:
    found = look(copy_of(where))
    assert (found.problems, found.notes) == ([], [])
    assert found.pictures_decoded >= 22


@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_of_any_file_counts(seed: int, copy_of: Callable[[str], Path], look: Look) -> None:
    chance = random.Random(seed)  # noqa: S311
    folder = copy_of("generation")
    path = chance.choice(
        sorted(one for one in folder.rglob("*") if one.is_file() and one.stat().st_size and not one.is_symlink())
    )
    plain.flip(path, chance.randrange(path.stat().st_size))
    found = look(folder)
    expected = "manifest" if path.name == "generation.json" else "changed"
    name = path.relative_to(folder).as_posix()
    assert (expected, name) in {(one.kind, one.path) for one in found.problems}


@given(
    paths=st.lists(st.sampled_from(plain.FILES), min_size=2, max_size=4, unique=True),
    acts=st.lists(st.sampled_from(sorted(plain.ANY_FILE)), min_size=4, max_size=4),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_several_damages_each_is_named(
    paths: list[str], acts: list[str], copy_of: Callable[[str], Path], look: Look
) -> None:
    folder = copy_of("generation")
    expected = set()
    for path, name in zip(paths, acts, strict=False):
        kind, act = plain.ANY_FILE[name]
        act(folder / path)
        expected.add((kind, path))
    assert expected <= {(one.kind, one.path) for one in look(folder).problems}
