"""Which ids came before: as a set of all of them tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.measurements import ids
from orchestration.measurements.ids import SeenIds


@given(st.lists(st.lists(st.integers(0, 40).map(str), max_size=8), max_size=40), st.integers(1, 9))
def test_an_id_was_seen_when_a_set_holds_it(blocks: list[list[str]], recent: int) -> None:
    known: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "RECENT", recent)
        seen = SeenIds()
        for block in blocks:
            expected = []
            for id_ in block:
                expected.append(id_ in known)
                known.add(id_)
            assert seen.add(block) == expected


def test_ids_that_agree_in_half_of_their_digest_are_different_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "RECENT", 4)
    monkeypatch.setattr(ids, "hash", lambda text: hash(text) if text.endswith("\n") else len(text), raising=False)
    seen = SeenIds()
    names = [f"{number:02d}" for number in range(40)]
    for name in names:
        assert seen.add([name]) == [False]
    assert seen.add(names) == [True] * 40
    assert seen.add(["xx"]) == [False]
