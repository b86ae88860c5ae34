"""Values and texts are written unchanged and as the standard allows them, or the element is named."""

import base64
import io
import math
import re
import struct
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom import dcmread

from orchestration.dicom.encoding import HeaderError
from tests.dicom.encoding.oracle import IMAGE, assembled, file_of

DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SLOW_WAY = {"00080005": {"vr": "CS", "Value": ["ISO 2022 IR 6", "ISO 2022 IR 87"]}}
WAYS = pytest.mark.parametrize("around", [{}, SLOW_WAY], ids=["fast", "slow"])
LETTERS = "aZ9 äÿ\xa0ŁżЖяΩאبกヤマ山田김中𝄞~¥"
TEXTS = st.text(LETTERS, min_size=1, max_size=9).map(str.strip).filter(bool)
CHARACTER_SETS = [
    *(None, [], [""], ["ISO_IR 6"], ["ISO_IR 100"], ["ISO_IR 144"], ["ISO_IR 13"], ["ISO_IR 192"], ["GB18030"]),
    *(["", "ISO 2022 IR 87"], ["ISO 2022 IR 6", "ISO 2022 IR 149"], ["ISO 2022 IR 100", "ISO 2022 IR 126"]),
    *(["bogus"], ["ISO_IR 100", "ISO_IR 192"], ["ISO_IR 192", "ISO_IR 100"], ["", "ISO 2022 IR 100"]),
]


def in_file(tag, element, around=None):
    """The raw bytes of one element in the file that is written."""
    result = assembled({**IMAGE, **(around or {}), tag: element})
    assert result.through_pydicom == bool(around)
    return dcmread(io.BytesIO(file_of(result))).get_item(int(tag, 16)).value


def in_slow_way(around):
    """Text that makes the encoder leave a data set to pydicom."""
    return {**around, "00100010": {"vr": "PN", "Value": [{"Ideographic": "山田"}]}} if around else {}


@WAYS
@given(number=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**17), 10**17))
@example(number=90)
@example(number=90.0)
@example(number=-0.0)
@example(number=1 / 3)
@example(number=1.23456789012e-10)
@example(number=10**30)
def test_a_decimal_number_is_written_in_16_bytes_with_its_value_or_refused(around, number):
    digits = re.sub(r"[-.]|e.*", "", repr(number)).strip("0")
    if len(digits) > 9:  # 16 bytes may be too few
        with suppress(HeaderError):
            text = in_file("00181149", {"vr": "DS", "Value": [number]}, in_slow_way(around)).decode().strip()
            assert float(text) == number
        return
    text = in_file("00181149", {"vr": "DS", "Value": [number]}, in_slow_way(around)).decode().strip()
    assert len(text) <= 16
    assert DECIMAL.fullmatch(text)
    assert float(text) == number if isinstance(number, float) else Decimal(text) == number
    assert not text.endswith(".0")


@WAYS
@given(
    text=st.from_regex(
        re.compile(r"[+-]?([0-9]{1,9}(\.[0-9]{0,5})?|\.[0-9]{1,9})([eE][+-]?[0-9])?", re.ASCII), fullmatch=True
    )
)
def test_a_decimal_number_that_was_legal_text_once_can_be_written_again_as_number_and_as_text(around, text):
    around = in_slow_way(around)
    if len(text) <= 16:
        assert in_file("00181149", {"vr": "DS", "Value": [text]}, around).decode().strip() == text
        written = in_file("00181149", {"vr": "DS", "Value": [float(text)]}, around).decode()
        assert float(written) == float(text)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 1 / 3, "x", "1_0", "0x1", "nan", True, [], {}, 2**60 + 1]
)
def test_what_is_no_decimal_number_of_16_bytes_is_refused(value):
    for around in ({}, in_slow_way(SLOW_WAY)):
        with pytest.raises(HeaderError, match=r"\(0018,1149\) \(DS\) cannot be written with its value unchanged"):
            assembled({**IMAGE, **around, "00181149": {"vr": "DS", "Value": [1, value]}})


@WAYS
@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (5.0, "5"), (" 12 ", "12"), ("+7", "7"), (-(2**31), "-2147483648"), ("", ""), (None, "")],
)
def test_a_whole_number_is_written_with_its_value(around, value, text):
    written = in_file("00200013", {"vr": "IS", "Value": [3, value]}, in_slow_way(around))
    assert written.decode().rstrip(" ") == f"3\\{text}"


@pytest.mark.parametrize("value", [5.7, math.nan, math.inf, 2**31, -(2**31) - 1, "1_0", "5.0", "x", True, "٣"])
def test_what_is_no_whole_number_of_32_bits_is_refused(value):
    for around in ({}, in_slow_way(SLOW_WAY)):
        with pytest.raises(HeaderError, match=r"\(0020,0013\) \(IS\) cannot be written with its value unchanged"):
            assembled({**IMAGE, **around, "00200013": {"vr": "IS", "Value": [value]}})


@pytest.mark.parametrize("vr", ["SL", "SS", "SV", "UL", "US", "UV"])
@pytest.mark.parametrize("value", [5.7, True, "x", math.nan])
def test_numbers_that_are_not_whole_are_refused_where_whole_ones_belong(vr, value):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)"):
        assembled({**IMAGE, "00091001": {"vr": vr, "Value": [value]}})


@WAYS
@given(number=st.floats(width=32, allow_nan=False))
@example(number=0.1)
@example(number=1e-44)
def test_a_float_of_32_bits_is_written_whether_it_is_given_as_a_double_or_in_its_own_digits(around, number):
    exact = struct.unpack("<f", struct.pack("<f", number))[0]
    for given_as in (exact, *(float(f"{exact:.{digits}g}") for digits in (9, 17))):
        element = {"vr": "FL", "Value": [given_as, 2.5]}
        result = assembled({**IMAGE, **in_slow_way(around), "00091001": element})
        dataset = dcmread(io.BytesIO(file_of(result)))
        assert dataset.get_item(0x00091001).value == struct.pack("<2f", exact, 2.5)


@pytest.mark.parametrize("value", [1 / 3, 2**24 + 1, 1e-50, 3.5e38, True, "x"])
def test_what_is_no_float_of_32_bits_is_refused(value):
    for around in ({}, in_slow_way(SLOW_WAY)):
        with pytest.raises(HeaderError, match=r"\(0009,1001\) \(FL\) cannot be written with its value unchanged"):
            assembled({**IMAGE, **around, "00091001": {"vr": "FL", "Value": [1, value]}})


@pytest.mark.parametrize("value", ["0018106", "0018,1063", "(0018,1063)", "0x181063", "001810630", None, 5, "Rows"])
def test_what_is_no_tag_is_refused(value):
    for around in ({}, in_slow_way(SLOW_WAY)):
        with pytest.raises(HeaderError, match=r"\(0028,0009\)"):
            assembled({**IMAGE, **around, "00280009": {"vr": "AT", "Value": ["00181063", value]}})


@pytest.mark.parametrize("vr", ["AE", "AT", "CS", "DS", "FD", "IS", "LO", "LT", "PN", "SQ", "UI", "UL", "US", "UT"])
def test_a_value_in_a_form_that_its_vr_does_not_have_is_refused(vr):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)"):
        assembled({**IMAGE, "00091001": {"vr": vr, "InlineBinary": "MTIzNA=="}})


@pytest.mark.parametrize("vr", ["OB", "OD", "OF", "OL", "OV", "OW", "UN"])
def test_so_are_numbers_where_bytes_belong(vr):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)"):
        assembled({**IMAGE, "00091001": {"vr": vr, "Value": [1, 2]}})


@pytest.mark.parametrize("vr", ["AE", "AS", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT"])
@pytest.mark.parametrize("value", [5, ["x"], {"Alphabetic": "x"}, True])
def test_what_is_no_text_is_refused_where_text_belongs(vr, value):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)"):
        assembled({**IMAGE, "00091001": {"vr": vr, "Value": [value]}})


@pytest.mark.parametrize(
    "name", [{"Alphabetic": "A=B"}, {"Phonetic": "="}, {"Alphabetic": "A", "Other": "B"}, {"Alphabetic": 5}, 5, ["A"]]
)
def test_a_name_that_would_come_out_as_another_is_refused(name):
    for around in ({}, SLOW_WAY):
        with pytest.raises(HeaderError, match=r"\(0010,0010\)"):
            assembled({**IMAGE, **around, "00100010": {"vr": "PN", "Value": [name]}})


def test_an_empty_number_among_others_stays_empty():
    """pydicom writes the word None there."""
    for around in ({}, in_slow_way(SLOW_WAY)):
        item = {"00189999": {"vr": "DS", "Value": [1, None, 2]}, "00189998": {"vr": "IS", "Value": [1, None, 2]}}
        elements = {**IMAGE, **around, "00081140": {"vr": "SQ", "Value": [item]}, **item}
        dataset = dcmread(io.BytesIO(file_of(assembled(elements))))
        for data_set in (dataset, dataset[0x00081140][0]):
            assert (
                data_set.get_item(0x00189999).value.rstrip()
                == data_set.get_item(0x00189998).value.rstrip()
                == b"1\\\\2"
            )


@given(data=st.binary(max_size=30), breaks=st.sampled_from(["", "\n", "\r\n", " "]))
def test_binary_values_are_the_bytes_that_base64_says(data, breaks):
    text = base64.b64encode(data).decode()
    text = breaks.join(text[start : start + 4] for start in range(0, len(text), 4))
    written = in_file("00091001", {"vr": "OB", "InlineBinary": text})
    assert (written or b"") == data + bytes(len(data) % 2)


@pytest.mark.parametrize("vr", ["OB", "OW", "UN"])
@pytest.mark.parametrize("text", ["!!!!####", "A", "AAA", "QUJDR", "QU=JD", "QÜJD", "_-8="])
def test_what_is_no_base64_is_refused(vr, text):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)"):
        assembled({**IMAGE, "00091001": {"vr": vr, "InlineBinary": text}})


@pytest.mark.parametrize(("vr", "size"), [("OW", 3), ("OF", 6), ("OL", 2), ("OD", 4), ("OV", 12)])
def test_a_part_of_a_number_is_refused(vr, size):
    with pytest.raises(HeaderError, match="a part of a number"):
        assembled({**IMAGE, "00091001": {"vr": vr, "InlineBinary": base64.b64encode(bytes(size)).decode()}})


@pytest.mark.parametrize(
    ("tag", "element"),
    [
        ("00280010", {"vr": "LO", "Value": ["2"]}),
        ("00280008", {"vr": "US", "Value": [1]}),
        ("00181149", {"vr": "FD", "Value": [1.5]}),
        ("00080020", {"vr": "US", "Value": [1]}),
        ("00081140", {"vr": "LO", "Value": ["x"]}),
        ("00080060", {"vr": "SQ", "Value": []}),
    ],
)
def test_an_element_of_another_kind_than_the_dictionary_has_is_refused(tag, element):
    with pytest.raises(HeaderError, match=rf"\({tag[:4]},{tag[4:]}\) has .*VR"):
        assembled({**IMAGE, tag: element})


@pytest.mark.parametrize(("vr", "tag"), [("SH", "00081030"), ("UT", "00104000")])
def test_an_odd_vr_of_the_same_kind_is_kept(vr, tag):
    assert in_file(tag, {"vr": vr, "Value": ["xy"]}) == b"xy"


@pytest.mark.parametrize("vr", ["OB or OW", "OW", "OB", "UN"])
def test_curve_data_are_kept(vr):
    assert in_file("50003000", {"vr": vr, "InlineBinary": "QUJDRA=="}) == b"ABCD"


@pytest.mark.parametrize("vr", ["AE", "AS", "CS", "DA", "LO", "PN", "SH", "UC", "UI"])
def test_a_backslash_within_a_value_would_make_two_of_it(vr):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)"):
        assembled({**IMAGE, "00091001": {"vr": vr, "Value": ["1\\2"]}})


@pytest.mark.parametrize("vr", ["LT", "ST", "UR", "UT"])
def test_elsewhere_a_backslash_is_a_letter_and_several_values_would_become_one(vr):
    assert in_file("00091001", {"vr": vr, "Value": ["1\\22"]}) == b"1\\22"
    with pytest.raises(HeaderError, match="several values"):
        assembled({**IMAGE, "00091001": {"vr": vr, "Value": ["1", "2"]}})


@pytest.mark.parametrize("vr", ["AE", "CS", "UI", "UR"])
def test_letters_beyond_the_default_repertoire_are_refused_where_no_other_may_be(vr):
    with pytest.raises(HeaderError, match=r"\(0009,1001\)") as raised:
        assembled({**IMAGE, "00091001": {"vr": vr, "Value": ["HÜFTE"]}})
    assert "FTE" not in str(raised.value)


@given(
    text=TEXTS, item_text=TEXTS, character_set=st.sampled_from(CHARACTER_SETS), item_set=st.sampled_from(CHARACTER_SETS)
)
@example(text="Dvořák^Jiří", item_text="a", character_set=None, item_set=None)
@example(text="山田", item_text="a", character_set=["ISO_IR 6"], item_set=None)
@example(text="Müller", item_text="a", character_set=None, item_set=None)
@example(text="Müller", item_text="a", character_set=["", "ISO 2022 IR 87"], item_set=None)
@example(text="a", item_text="山田", character_set=["ISO_IR 100"], item_set=["ISO_IR 100"])
@example(text="a", item_text="山田", character_set=["ISO_IR 192"], item_set=[])
@example(text="9", item_text="9", character_set=None, item_set=[""])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # of the reader, on character sets that are none
def test_every_text_is_read_as_it_was_whatever_character_set_was_declared(text, item_text, character_set, item_set):
    def with_text(text, character_set):
        declared = {} if character_set is None else {"00080005": {"vr": "CS", "Value": character_set}}
        return {
            **declared,
            "00081030": {"vr": "LO", "Value": ["x", text]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^B", "Ideographic": text}]},
        }

    elements = {
        **IMAGE,
        **with_text(text, character_set),
        "00081140": {"vr": "SQ", "Value": [with_text(item_text, item_set)]},
    }
    result = assembled(elements)
    dataset = dcmread(io.BytesIO(file_of(result)))
    item = dataset[0x00081140][0]
    for data_set, expected in ((dataset, text), (item, item_text)):
        assert list(data_set.StudyDescription) == ["x", expected]
        assert data_set.PatientName.ideographic == expected
    raw = [data_set.get("SpecificCharacterSet") for data_set in (dataset, item)]
    given_sets = [character_set, item_set]
    if not result.character_set_changed:
        assert [names if any(names or ()) else None for names in given_sets] == [
            None if not n else [n] if isinstance(n, str) else list(n) for n in raw
        ]
    else:
        assert "ISO_IR 192" in raw


@pytest.mark.parametrize("character_set", ["ISO_IR 100", "ISO_IR 192"])
def test_a_character_set_that_holds_the_text_is_kept(character_set):
    elements = {"00080005": {"vr": "CS", "Value": [character_set]}, "00081030": {"vr": "LO", "Value": ["Müller"]}}
    result = assembled({**IMAGE, **elements})
    assert not result.character_set_changed
    assert dcmread(io.BytesIO(file_of(result))).SpecificCharacterSet == character_set


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(HeaderError, match=r"\(0008,1030\)"):
        assembled({**IMAGE, "00081030": {"vr": "LO", "Value": ["\ud800"]}})
