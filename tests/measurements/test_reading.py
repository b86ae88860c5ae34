"""Files of elements, block by block: together the blocks give what Python's parser gives for the whole file."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.measurements import reading
from orchestration.measurements.errors import UnreadableElementError
from orchestration.measurements.reading import ElementsFileError, read_blocks

texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"', "\\", "}", "é", "🩻", "\u2028", "{[,"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(params=[1, 7, 1 << 18])
def block_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(reading, "BLOCK_BYTES", request.param)
    return int(request.param)


def read(data: bytes) -> tuple[list[tuple[str, object]], str | None]:
    """The elements, and what the file was then said to be."""
    found: list[tuple[str, object]] = []
    try:
        for block in read_blocks(io.BytesIO(data)):
            assert block
            found += [tuple(element) for element in block]
    except ElementsFileError as error:
        return found, str(error)
    return found, None


@given(
    st.dictionaries(texts, values, max_size=5),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.sampled_from([1, 5, 1 << 18]),
)
def test_an_object_gives_its_members_in_order(
    object_: dict[str, object], indent: int | None, escaped: bool, size: int
) -> None:
    data = json.dumps(object_, indent=indent, ensure_ascii=escaped).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BLOCK_BYTES", size)
        assert read(data) == (list(object_.items()), None)
        assert read(b"\xef\xbb\xbf" + data + b" \n") == (list(object_.items()), None)


@given(st.dictionaries(texts, values, min_size=1, max_size=3), st.data())
def test_a_file_that_is_cut_off_gives_what_came_before_and_says_so(
    object_: dict[str, object], data: st.DataObject
) -> None:
    whole = json.dumps(object_)
    cut = data.draw(st.integers(1, len(whole) - 1))
    found, said = read(whole[:cut].encode())
    assert found == list(object_.items())[: len(found)]
    assert said is not None


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize(
    ("data", "elements", "said"),
    [
        (b"", [], "it must be a JSON object of elements"),
        (b"[]", [], "it must be a JSON object of elements"),
        (b'"{"', [], "it must be a JSON object of elements"),
        (b"{} x", [], "it is not JSON from character 4 on: something follows the end of the object"),
        (b'{"1":1}}', [("1", 1)], "it is not JSON from character 8 on: something follows the end of the object"),
        (
            b'{"1":1,}',
            [("1", 1)],
            'it is not JSON from character 8 on: the key of an element, such as "1":, is missing',
        ),
        (b'{"1":12', [], "it is not JSON from character 8 on: the file is cut off"),
        (b'{"1":{"a":[tru]}, "2":3, "3":4}', [], "it is not JSON from character 12 on: Expecting value"),
        (b'{"1":"a\nb","2":"c"}', [], "it is not JSON from character 8 on: Invalid control character at"),
        (b'{"1":1,"1":2}', [("1", 1), ("1", 2)], None),
        (b'{"1":{"a":1,"a":2}}', [("1", {"a": 2})], None),
        ('{"1":1}'.encode("utf-16"), [], "it is not UTF-8 text (invalid start byte)"),
    ],
)
def test_what_is_no_object_of_elements_is_said_where_it_stops_being_one(
    data: bytes, elements: list[tuple[str, object]], said: str | None
) -> None:
    assert read(data) == (elements, said)


@pytest.mark.parametrize("value", [b"[" * 99_999 + b'"]"' + b"]" * 99_999, b"9" * 5000, b'{"id": NaN}', b"-Infinity"])
def test_an_element_that_no_parser_goes_through_fails_alone(value: bytes) -> None:
    found, said = read(b'{"1":' + value + b',"2":[1]}')
    assert said is None
    assert isinstance(found[0][1], UnreadableElementError)
    assert found[1:] == [("2", [1])]


def test_an_element_beyond_the_bound_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 10)
    monkeypatch.setattr(reading, "LONGEST_ELEMENT", 100)
    found, said = read(b'{"1":1,"2":"' + b"x" * 500 + b'","3":3}')
    assert found == [("1", 1)]
    assert said == "it is not JSON from character 8 on: an element is longer than 100 characters"
