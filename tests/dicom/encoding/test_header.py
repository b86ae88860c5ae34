"""Headers in DICOM JSON are read, whatever holds them, or refused before they cost memory."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.dicom.encoding import HeaderError, PixelDataError, assemble, matches, parse_header
from orchestration.dicom.encoding.header import MAX_HEADER_BYTES, MAX_HEADER_VALUES, MAX_SEQUENCE_DEPTH
from tests.dicom.encoding.oracle import IMAGE, PIXELS

UID = {"00080018": {"vr": "UI", "Value": ["1.2.3"]}}
TEXT = json.dumps(UID)

JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        st.text('aé\ud800\x00\U0001f600\\"'),
    ),
    lambda values: st.one_of(
        st.lists(values, max_size=3), st.dictionaries(st.text("ab", max_size=2), values, max_size=3)
    ),
    max_leaves=8,
)


def header_of(**elements):
    return parse_header(json.dumps({**UID, **elements}).encode())


@given(value=JSON_VALUES)
def test_values_are_read_as_json_has_them(value):
    elements = {**UID, "00091001": {"vr": "LO", "Value": value}}
    header = parse_header(json.dumps(elements).encode())
    assert header.uid == "1.2.3"
    assert repr(header.elements) == repr(json.loads(json.dumps(elements)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-0.0", "-0", "0.1234567890123456789e-5"])
def test_unusual_numbers_are_read_as_json_reads_them(number):
    header = parse_header(TEXT[:-1].encode() + b', "00181210": {"vr": "FD", "Value": [' + number.encode() + b"]}}")
    assert repr(header.elements["00181210"]["Value"]) == repr([float(number)] if number != "-0" else [0])


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-32-be"),
        b" \r\n" + TEXT.encode() + b"\n",
        json.dumps(TEXT).encode(),
        json.dumps(TEXT).encode("utf-8-sig"),
        f"[{TEXT}]".encode(),
        json.dumps(f"[{TEXT}]").encode(),
    ],
)
def test_a_header_is_read_in_any_encoding_and_within_a_string_or_list(data):
    header = parse_header(data)
    assert (header.uid, header.elements) == ("1.2.3", UID)


def test_half_a_surrogate_pair_is_kept_within_a_string_too():
    elements = {**UID, "00081030": {"vr": "LO", "Value": ["\ud800"]}}
    data = json.dumps(json.dumps(elements, ensure_ascii=False)).encode()
    assert parse_header(data).elements == elements


def test_tags_in_lower_case_are_turned_to_upper_case():
    header = header_of(**{"0008103e": {"vr": "LO", "Value": ["x"]}})
    assert list(header.elements) == ["00080018", "0008103E"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b"\xc3\x28",
        TEXT[:-1].encode(),
        TEXT.encode() * 2,
        f"[{TEXT}, {TEXT}]".encode(),
        json.dumps(json.dumps(TEXT)).encode(),
        b'{"00080018": null}',
        b'{"00080018": ["vr"]}',
        b'{"00080018": {"Value": ["1.2"]}}',
        b'{"00080018": {"vr": "UI", "Value": ["1.2"]}, "00081140": {"vr": "SQ", "Value": [1]}}',
        b'{"00080018": {"vr": "UI", "Value": ["1.2"]}, "00081140": {"vr": "SQ", "Value": 1}}',
        b'{"00080018": {"vr": "UI", "Value": ["1.2"]}, "00091001": {"vr": "IS", "Value": [' + b"9" * 5000 + b"]}}",
    ],
)
def test_what_is_no_data_set_in_json_is_refused(data):
    with pytest.raises(HeaderError):
        parse_header(data)


@pytest.mark.parametrize("depth", [201, 5_000, 500_000])
@pytest.mark.parametrize("brackets", ["[]", ['{"a":', "}"]])
def test_json_nested_too_deeply_is_refused(depth, brackets):
    value = brackets[0] * depth + "1" + brackets[1] * depth
    with pytest.raises(HeaderError):
        assemble(
            parse_header(
                json.dumps(IMAGE)[:-1].encode() + f', "00091001": {{"vr": "LO", "Value": [{value}]}}}}'.encode()
            ),
            PIXELS,
        )


def nested(depth):
    element = {"vr": "SQ"}
    for _ in range(depth - 1):
        element = {"vr": "SQ", "Value": [{"00081140": element}]}
    return {**IMAGE, "00081140": element}


def test_sequences_may_be_nested_as_deeply_as_is_promised_and_no_deeper():
    assemble(parse_header(json.dumps(nested(MAX_SEQUENCE_DEPTH)).encode()), PIXELS)
    with pytest.raises(HeaderError, match="nested"):
        parse_header(json.dumps(nested(MAX_SEQUENCE_DEPTH + 2)).encode())


def test_sequences_nested_as_deeply_as_is_promised_go_through_pydicom_too():
    elements = {"00080005": {"vr": "CS", "Value": ["ISO 2022 IR 87"]}, **nested(MAX_SEQUENCE_DEPTH)}
    assert assemble(parse_header(json.dumps(elements).encode()), PIXELS).through_pydicom


def test_a_header_that_is_too_long_is_refused_unread():
    with pytest.raises(HeaderError, match=str(MAX_HEADER_BYTES)):
        parse_header(bytes(MAX_HEADER_BYTES + 1))


def test_a_header_of_too_many_values_is_refused_unread():
    with pytest.raises(HeaderError, match=str(MAX_HEADER_VALUES)):
        parse_header(b"[" + b"0," * MAX_HEADER_VALUES + b"0]")


@pytest.mark.parametrize(
    "elements",
    [
        '"00100040": {"vr": "CS", "Value": ["F"]}, "00100040": {"vr": "CS", "Value": ["M"]}',
        '"00100040": {"vr": "CS", "vr": "LO", "Value": ["M"]}',
        '"0008103E": {"vr": "LO"}, "0008103e": {"vr": "LO"}',
        '"00081140": {"vr": "SQ", "Value": [{"00100040": {"vr": "CS"}, "00100040": {"vr": "CS"}}]}',
    ],
)
def test_a_key_that_stands_twice_is_refused(elements):
    for data in (f"{TEXT[:-1]}, {elements}}}", json.dumps(f"{TEXT[:-1]}, {elements}}}")):
        with pytest.raises(HeaderError, match="twice"):
            parse_header(data.encode())


def test_a_value_may_be_the_name_of_a_key():
    assert header_of(**{"00081030": {"vr": "LO", "Value": ["vr"]}}).uid == "1.2.3"


@pytest.mark.parametrize("uid", ["1", "2.25.32906972551432148964768", "1.02.3", "1." * 31 + "22"])
def test_uids_of_digits_and_dots_are_taken(uid):
    assert header_of(**{"00080018": {"vr": "UI", "Value": [uid]}}).uid == uid


@pytest.mark.parametrize(
    "value", [[], None, [""], ["1."], [".1"], ["1..2"], ["1.2 "], ["1." * 32 + "1"], ["1", "2"], [1], "1.2", ["\u0661"]]
)
def test_a_header_without_a_valid_uid_is_refused(value):
    with pytest.raises(HeaderError, match="SOP Instance UID"):
        header_of(**{"00080018": {"vr": "UI", "Value": value}})


PATIENT = {
    "00080060": {"vr": "CS", "Value": ["MR", " SECOND "]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]},
    "00101010": {"vr": "AS"},
    "00101020": {"vr": "DS", "Value": [1.5, "2.50", None]},
    "00200013": {"vr": "IS", "Value": [7]},
    "00281050": {"vr": "FD", "Value": [0.1, 2**53 + 1]},
    "00081140": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}}]},
    "00091001": {"vr": "OB", "InlineBinary": "TVI="},
}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("00080060", "MR"),
        ("00080060", "SECOND"),
        ("00080018", "1.2.3"),
        ("00100010", "Yamada^Tarou"),
        ("00100010", "山田^太郎"),
        ("00101020", "1.50"),
        ("00101020", "2.5"),
        ("00200013", "7"),
        ("00200013", "7.0"),
        ("00281050", "1e-1"),
        ("00281050", "9007199254740993"),
    ],
)
def test_a_header_matches_any_of_its_values(tag, value):
    assert matches(header_of(**PATIENT), tag, value)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("00080060", "M"),
        ("00080060", "mr"),
        ("00080060", "MR\\SECOND"),
        ("00080060", "*"),
        ("00100010", "Yamada"),
        ("00101010", ""),
        ("00101020", "None"),
        ("00101020", "x"),
        ("00281050", "9007199254740992"),
        ("00081140", "CT"),
        ("00091001", "TVI="),
        ("00091001", "MR"),
        ("00100020", ""),
    ],
)
def test_a_header_matches_nothing_else(tag, value):
    assert not matches(header_of(**PATIENT), tag, value)


def test_tags_to_look_for_may_be_in_lower_case():
    assert matches(header_of(**{"0008103E": {"vr": "LO", "Value": ["x"]}}), "0008103e", "x")


def test_no_number_is_found_by_what_is_none():
    header = header_of(**{"00181210": {"vr": "FD", "Value": [math.pi]}})
    assert not matches(header, "00181210", "pi")


def test_an_empty_file_of_pixels_is_refused():
    with pytest.raises(PixelDataError, match="empty"):
        assemble(parse_header(json.dumps(IMAGE).encode()), b"")
