"""One element: its averages as exact fractions give them, and an error of its own for each thing that is wrong."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.measurements import ElementError, NotNormalisableError, measure, read_element, short_numbers
from orchestration.measurements.errors import RepeatedIdError, RepeatedIdsError, UnreadableElementError

GOLDEN = ["54 26 34 47 95 23 79 41 97 55", "75 87 75 89 81 45 52 51 79 32", "71 8 67 9 12 97 18 59 58 17"]
SMALLEST, LARGEST = -(2**63), 2**63 - 1

integers = st.one_of(
    st.integers(0, 99), st.integers(-5, 5), st.integers(SMALLEST, LARGEST), st.sampled_from([SMALLEST, LARGEST, 0])
)
spaces = st.sampled_from([" ", "  ", "\t", "\n", "\r\n", "\v\f", "\u00a0", "\u2003", "\x1c"])
written = st.sampled_from(["{:d}", "{:+d}", "{:04d}", "{:021d}"])


def element(data: object, **fields: object) -> dict[str, object]:
    return {"id": "a", "data": data, "deviceName": "CT SCAN", **fields}


def averages(rows: list[str]) -> tuple[float, float, int]:
    measured = measure(read_element(element(rows)))
    return measured.average_before_normalization, measured.average_after_normalization, measured.data_size


@st.composite
def rows_of_integers(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """Rows as a device may write them, and their values."""
    # Long ones take another way through the program than short ones.
    rows = draw(st.lists(st.lists(integers, max_size=8), min_size=1, max_size=4)) * draw(st.sampled_from([1, 1, 60]))
    one_way = draw(st.booleans())
    style, space = draw(written), draw(spaces)
    texts = [
        space.join((style if one_way else draw(written)).format(value) for value in row)
        + draw(st.sampled_from(["", space]))
        if not one_way
        else space.join(style.format(value) for value in row)
        for row in rows
    ]
    return texts, [value for row in rows for value in row]


def test_golden_values() -> None:
    before, after, size = averages(GOLDEN)
    assert (f"{before:.6f}", f"{after:.6f}", size) == ("54.433333", "0.561168", 30)


@given(rows_of_integers())
@example((["9223372036854775807 9223372036854775807"], [LARGEST] * 2))
@example(([" ".join(["9223372036854775806"] * 100)], [LARGEST - 1] * 100))
@example((["-0 7"], [0, 7]))
def test_averages_are_the_exact_ones_correctly_rounded(given_rows: tuple[list[str], list[int]]) -> None:
    rows, values = given_rows
    if not values or max(values) == 0:
        with pytest.raises(ElementError) as raised:
            averages(rows)
        assert raised.value.code == ("not_normalisable" if values else "empty_data")
        return
    exact = Fraction(sum(values), len(values))
    assert averages(rows) == (float(exact), float(exact / max(values)), len(values))


@given(
    st.lists(st.integers(0, 10**18 - 1) | st.integers(0, 120), min_size=1, max_size=40),
    st.sampled_from(["{:d}", "{:02d}"]),
    st.integers(20, 60),
    st.sampled_from([" ", "  ", "\n ", " \t"]),
)
@example([99, 100, 7], "{:d}", 25, " ")
@example([0], "{:d}", 20, " ")
def test_numbers_added_up_place_by_place_give_the_same(
    values: list[int], style: str, piece_bytes: int, space: str
) -> None:
    text = space.join(style.format(value) for value in values).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(short_numbers, "PIECE_BYTES", piece_bytes)
        found = short_numbers.total_of_short_numbers(text)
    expected = (sum(values), max(values), len(values))
    assert found == expected if style == "{:d}" else found in {None, expected}


@pytest.mark.parametrize(("more", "largest"), [("0", 97), ("100", 100), ("007 98", 98)])
def test_a_long_element_of_short_numbers_is_measured_like_a_short_one(more: str, largest: int) -> None:
    rows = [*GOLDEN * 100, more]
    values = [int(word) for row in rows for word in row.split()]
    exact = Fraction(sum(values), len(values))
    assert averages(rows) == (float(exact), float(exact / largest), len(values))


@pytest.mark.parametrize(
    "word",
    ["four", "1.0", "1e3", "1_000", "٣", "²", "0x10", "--1", "1-2", "+", "-", "1,2", "[1]", "NaN", "\ud800", "1\0"],
)
@pytest.mark.parametrize("around", [[], ["5"] * 400])
def test_a_word_that_is_no_integer_is_named_by_its_place_and_never_shown(word: str, around: list[str]) -> None:
    with pytest.raises(ElementError) as raised:
        averages(["1 2", " ".join(["3", word, *around])])
    assert raised.value.code == "not_an_integer"
    assert str(raised.value) == "value 2 of row 2 of data is not an integer"


@pytest.mark.parametrize("word", [str(LARGEST + 1), str(SMALLEST - 1), str(2**64), "9" * 5000, "-" + "9" * 300])
@pytest.mark.parametrize("around", [[], ["5"] * 400])
def test_a_number_of_more_than_64_bits_is_too_large(word: str, around: list[str]) -> None:
    with pytest.raises(ElementError, match="value 2 of row 1 of data is outside") as raised:
        averages([" ".join(["3", word, *around])])
    assert raised.value.code == "number_too_large"


@pytest.mark.parametrize("data", [[], [""], ["  ", "\n"]])
def test_data_without_a_number_are_empty(data: list[str]) -> None:
    with pytest.raises(ElementError, match="data hold no number") as raised:
        averages(data)
    assert raised.value.code == "empty_data"


@pytest.mark.parametrize("data", [["0"], ["-3 0", "-1"], ["0 " * 700]])
def test_a_largest_value_of_0_cannot_normalise(data: list[str]) -> None:
    with pytest.raises(NotNormalisableError, match="the largest value is 0") as raised:
        averages(data)
    assert raised.value.code == "not_normalisable"


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ([1], "wrong_type", "an element must be an object, not a list"),
        ({"data": [], "deviceName": "x"}, "missing_field", "id is missing"),
        ({"id": "a", "deviceName": "x"}, "missing_field", "data is missing"),
        ({"id": "a", "data": []}, "missing_field", "deviceName is missing"),
        (element("1 2"), "wrong_type", "data must be a list of rows, not text"),
        (element(["1", 2]), "wrong_type", "row 2 of data must be text, not a number"),
        (element(["1"], id=7), "wrong_type", "id must be text, not a number"),
        (element(["1"], id=True), "wrong_type", "id must be text, not true or false"),
        (element(["1"], deviceName=None), "wrong_type", "deviceName must be text, not null"),
        (element(["1"], id=""), "unusable_text", "id is empty"),
        (element(["1"], id=" \n"), "unusable_text", "id is empty"),
        (element(["1"], id="x" * 201), "unusable_text", "id has 201 characters, 200 at most"),
        (element(["1"], deviceName="a\0b"), "unusable_text", "deviceName holds a NUL character"),
        (element(["1"], id="a\ud800"), "unusable_text", "id holds half a surrogate pair, which is no character"),
    ],
)
def test_a_field_that_is_wrong_is_named(value: object, code: str, message: str) -> None:
    with pytest.raises(ElementError) as raised:
        read_element(value)
    assert (raised.value.code, str(raised.value)) == (code, message)


def test_further_fields_are_passed_over_and_hostile_texts_are_kept_as_they_are() -> None:
    read = read_element(element(["1"], id="a\n[red]'; --", unit="mGy"))
    assert read.id == "a\n[red]'; --"


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    kinds = ElementError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds) >= 8
    assert {RepeatedIdError, UnreadableElementError} < set(kinds)
    assert str(RepeatedIdsError(["a\nb", "c"])) == "stored already: a\\nb and 1 more"
