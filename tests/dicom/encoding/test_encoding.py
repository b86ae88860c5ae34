"""Headers become the bytes that pydicom would write, whichever way they go, where the standard allows them."""

import base64
import io
import json
import struct
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.charset import python_encoding
from pydicom.data.data_manager import DATA_ROOT
from pydicom.datadict import dictionary_has_tag
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from orchestration.dicom.encoding import HeaderError
from tests.dicom.encoding.oracle import IMAGE, PIXELS, assembled, file_of, written_by_pydicom

REMARKS_ON_BUNDLED_FILES = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
BUNDLED = {
    path.name: path
    for path in sorted(Path(DATA_ROOT).glob("*_files/**/*"))
    if path.is_file() and path.suffix in ("", ".dcm")
}

LETTERS = "aZ9 .-+_^=\n\t\x00\x1b"  # those that are the same in every character set
TEXTS = st.text(LETTERS, max_size=9)
WHOLE_NUMBERS = st.one_of(
    st.integers(-3, 300), st.sampled_from([2**15, 2**16 - 1, -(2**15), 2**31, 2**32 - 1, 2**63, 2**64 - 1, 2**64])
)
NAMES = st.one_of(
    TEXTS,
    st.none(),
    st.dictionaries(
        st.sampled_from(["Alphabetic", "Ideographic", "Phonetic"]), TEXTS.filter(lambda text: "=" not in text)
    ),
)
UIDS = st.sampled_from(["1.2.840.10008.1.2", "2.25.17", "1.2.3 ", " 1", "", "1." * 40 + "1"])
AGES_AND_DATES = st.sampled_from(["010Y", "20040119", "2004.01.19", "072731.5", "20040119072731+0100", ""])
TAGS_AS_TEXT = st.sampled_from(["00080018", "7fe00010", "FFFFFFFF", "00000000"])
ODD_VALUES = st.sampled_from([{}, "a"])

PLAIN = {
    **dict.fromkeys(["AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"], TEXTS),
    **dict.fromkeys(["AS", "DA", "DT", "TM"], AGES_AND_DATES),
    **dict.fromkeys(["SL", "SS", "SV", "UL", "US", "UV"], WHOLE_NUMBERS),
    "FD": st.one_of(st.integers(-3, 300), st.floats(), st.floats(width=32)),
    "FL": st.one_of(st.integers(-3, 300), st.floats(width=32)),
    "AT": TAGS_AS_TEXT,
    "PN": NAMES,
    "UI": UIDS,
}
WORD_BYTES = {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
BINARY = list(WORD_BYTES)

MADE_ANEW = {"7FE00001", "7FE00002", "7FE00003", "7FE00008", "7FE00009", "7FE00010"}
GROUPS = ["0008", "0009", "0010", "0018", "0021", "0028", "0040", "5400", "6002", "7FDF", "7FE1", "FFFC"]
TAGS = st.one_of(
    st.sampled_from(["00290010", "7FE0000A"]),
    st.builds("{}{:04X}".format, st.sampled_from(GROUPS), st.integers(0, 0xFFFF)),
    st.builds("{}{:04X}".format, st.sampled_from(GROUPS), st.sampled_from([0, 1, 0x10, 0xFF, 0x1000, 0x10FF])),
).filter(lambda tag: tag not in MADE_ANEW and not dictionary_has_tag(int(tag, 16)))  # any VR may be theirs


def several(values, vr):
    return st.lists(values, max_size=1 if vr in ("LT", "ST", "UR", "UT") else 3)


def base64_of(vr):
    size = WORD_BYTES[vr]
    data = st.integers(0, 9 // size).flatmap(lambda words: st.binary(min_size=words * size, max_size=words * size))
    return data.map(lambda value: base64.b64encode(value).decode())


def elements_of(vr):
    if vr in BINARY:
        encoded = base64_of(vr)
        values = st.one_of(encoded, encoded.map(lambda text: [text]))
        filled = values.map(lambda value: {"vr": vr, "InlineBinary": value})
    else:
        filled = st.one_of(several(PLAIN[vr], vr), ODD_VALUES).map(lambda values: {"vr": vr, "Value": values})
    return st.one_of(filled, filled, filled, st.just({"vr": vr}))


LEAVES = st.one_of([elements_of(vr) for vr in [*PLAIN, *BINARY]])
CHARACTER_SETS = st.one_of(
    st.sampled_from(sorted(python_encoding)).map(lambda name: [name]),
    st.sampled_from([[], [None], ["", "ISO 2022 IR 87"], ["ISO 2022 IR 6", "ISO 2022 IR 149"], ["ISO-IR 100"]]),
    st.sampled_from([["bogus"], ["ISO_IR 192", "ISO_IR 100"], ["ISO_IR 100 "]]),
).map(lambda names: {"vr": "CS", "Value": names})


def data_sets(element):
    return st.builds(
        lambda elements, character_set: {**elements, **({"00080005": character_set} if character_set else {})},
        st.dictionaries(TAGS, element, max_size=6),
        st.one_of(st.none(), CHARACTER_SETS),
    )


def sequences(element):
    items = st.lists(st.one_of(st.none(), data_sets(element)), max_size=2)
    return items.map(lambda values: {"vr": "SQ", "Value": values})


DATA_SETS = data_sets(st.recursive(LEAVES, sequences, max_leaves=6))


def assert_written_as_pydicom_writes(elements):
    try:
        expected = written_by_pydicom(elements, PIXELS)
    except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
        with pytest.raises(HeaderError):
            assembled(elements)
    else:
        assert file_of(assembled(elements)) == expected


@pytest.mark.parametrize("vr", [*PLAIN, *BINARY])
@settings(max_examples=60)
@given(data=st.data(), tag=TAGS, character_set=CHARACTER_SETS)
def test_an_element_of_each_vr_is_written_as_pydicom_writes_it(vr, data, tag, character_set):
    element = data.draw(elements_of(vr))
    assert_written_as_pydicom_writes({**IMAGE, "00080005": character_set, tag: element})


@settings(max_examples=400)
@given(elements=DATA_SETS)
def test_a_data_set_with_sequences_is_written_as_pydicom_writes_it(elements):
    assert_written_as_pydicom_writes({**IMAGE, **elements})


@pytest.mark.parametrize(
    "elements",
    [
        {"00281101": {"vr": "SS", "Value": [-5, 0, 16]}},
        {"00281101": {"vr": "SS", "Value": [40000, -5, 16]}},
        {"00090010": {"vr": "UN", "InlineBinary": "QUJDRA=="}},
        {"00091001": {"vr": "UN", "InlineBinary": "QUJD"}},
        {"00091001": {"vr": "UN", "InlineBinary": "QUJDRA=="}},
        {"00081030": {"vr": "UN", "InlineBinary": "QUJDRA=="}},
        {"00280106": {"vr": "US or SS", "Value": [1]}},
        {"00280106": {"vr": "US or SS", "Value": [1]}, "00280103": {"vr": "US"}},
        {"00282000": {"vr": "OB or OW", "InlineBinary": "QUI="}},
        {"00081030": {"vr": "UT", "Value": ["x" * 70_000]}},
        {"00081030": {"vr": "LO", "Value": ["x" * 65_535]}},
        {"00081030": {"vr": "LO", "Value": ["x" * 65_534]}},
        {"00041200": {"vr": "UL", "Value": [1]}, "00040000": {"vr": "UL", "Value": [12]}},
        {"7FE0000A": {"vr": "OB", "InlineBinary": "QUI="}, "7FE00000": {"vr": "UL", "Value": [12]}},
    ],
)
def test_known_traps_are_written_as_pydicom_writes_them(elements):
    assert_written_as_pydicom_writes({**IMAGE, **elements})


def test_without_pixel_representation_a_vr_that_depends_on_it_is_refused():
    elements = {**IMAGE, "00280106": {"vr": "US or SS", "Value": [1]}}
    del elements["00280103"]
    with pytest.raises(HeaderError, match="depends"):
        assembled(elements)


WORDS = st.text(st.characters(codec="latin-1", exclude_characters="\\"), max_size=12)
GROUPS_OF_NAMES = WORDS.filter(lambda text: "=" not in text)
ASCII_WORDS = st.text(st.characters(codec="ascii", exclude_characters="\\"), max_size=12)
ORDINARY = {
    **dict.fromkeys(["LO", "LT", "SH", "ST", "UC", "UT"], WORDS),
    **dict.fromkeys(["AE", "AS", "CS", "DA", "DT", "TM", "UR"], ASCII_WORDS),
    "AT": st.from_regex(r"[0-9A-F]{8}", fullmatch=True),
    "FD": st.floats(),
    "FL": st.floats(width=32),
    "PN": st.dictionaries(st.sampled_from(["Alphabetic", "Ideographic", "Phonetic"]), GROUPS_OF_NAMES, max_size=3),
    "SL": st.integers(-(2**31), 2**31 - 1),
    "SS": st.integers(-(2**15), 2**15 - 1),
    "SV": st.integers(-(2**63), 2**63 - 1),
    "UI": st.from_regex(r"1(\.[1-9][0-9]{0,9}){1,5}", fullmatch=True),
    "UL": st.integers(0, 2**32 - 1),
    "US": st.integers(0, 2**16 - 1),
    "UV": st.integers(0, 2**64 - 1),
}
ORDINARY_LEAVES = st.one_of(
    *[several(values, vr).map(lambda given, vr=vr: {"vr": vr, "Value": given}) for vr, values in ORDINARY.items()],
    *[base64_of(vr).map(lambda text, vr=vr: {"vr": vr, "InlineBinary": text}) for vr in BINARY if vr != "UN"],
    st.sampled_from([*ORDINARY, *BINARY, "SQ"]).filter(lambda vr: vr != "UN").map(lambda vr: {"vr": vr}),
)
ORDINARY_TAGS = TAGS.filter(lambda tag: tag[:4] != "0028" and tag != "7FE0000A")
ORDINARY_ITEMS = st.recursive(
    ORDINARY_LEAVES,
    lambda element: st.lists(st.dictionaries(ORDINARY_TAGS, element, max_size=3), max_size=3).map(
        lambda items: {"vr": "SQ", "Value": items}
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("character_set", ["ISO_IR 100", "ISO_IR 192", "GB18030"])
@given(elements=st.dictionaries(ORDINARY_TAGS, ORDINARY_ITEMS, max_size=9))
def test_what_is_ordinary_needs_no_pydicom(character_set, elements):
    elements = {**IMAGE, "00080005": {"vr": "CS", "Value": [character_set]}, **elements}
    result = assembled(elements)
    assert file_of(result) == written_by_pydicom(elements, PIXELS)
    assert not result.through_pydicom


@pytest.mark.parametrize("item", [{"00080005": {"vr": "CS", "Value": ["ISO_IR 144"]}}, {}])
@pytest.mark.parametrize("character_set", ["ISO_IR 192", "ISO_IR 144", "ISO 2022 IR 87"])
def test_an_item_has_its_own_character_set_or_that_around_it(item, character_set):
    text = {"00081030": {"vr": "LO", "Value": ["Ж"]}}
    elements = {
        "00080005": {"vr": "CS", "Value": [character_set]},
        "00081140": {"vr": "SQ", "Value": [{**item, **text}]},
    }
    assert_written_as_pydicom_writes({**IMAGE, **text, **elements})


@given(order=st.permutations([*IMAGE, "00081030", "00090010", "00091001", "7FE11001", "FFFB0010"]))
def test_elements_are_written_in_the_order_of_tags_whatever_their_order_in_the_header(order):
    elements = {tag: IMAGE.get(tag, {"vr": "LO", "Value": ["x"]}) for tag in order}
    result = assembled(elements)
    assert file_of(result) == written_by_pydicom(elements, PIXELS)
    assert not result.through_pydicom


@REMARKS_ON_BUNDLED_FILES
def test_bundled_files_are_written_as_pydicom_writes_them():
    """Split into header and pixels and joined again; nine of 171 go through pydicom."""
    ways = Counter()
    for _, (elements, pixels, frames) in bundled_pairs():
        result = assembled(elements, pixels)
        theirs = written_by_pydicom(elements, pixels, result.transfer_syntax, frames)
        assert_same_but_for_decimals(read(file_of(result)), read(theirs))
        ways["through pydicom" if result.through_pydicom else "fast"] += 1
    assert ways == {"fast": 162, "through pydicom": 9}


def assert_same_but_for_decimals(ours, theirs):
    """Decimal numbers are equal where pydicom adds a ".0"; of all else the bytes are."""
    assert ours.keys() == theirs.keys()
    for tag in list(ours.keys()):
        one, other = ours.get_item(tag), theirs.get_item(tag)
        if one.VR == "SQ":
            for inner, other_inner in zip(ours[tag].value, theirs[tag].value, strict=True):
                assert_same_but_for_decimals(inner, other_inner)
        elif one.VR == "DS" and one.value != other.value:
            assert ours[tag] == theirs[tag]
        else:
            assert (one.VR, one.value) == (other.VR, other.value)


@REMARKS_ON_BUNDLED_FILES
@pytest.mark.parametrize("name", ["chrH31.dcm", "chrH32.dcm", "chrI2.dcm", "chrKoreanMulti.dcm"])
def test_character_sets_with_escape_sequences_go_through_pydicom(name):
    elements, pixels, _ = split(dcmread(BUNDLED[name]))
    assert assembled(elements, pixels).through_pydicom


@REMARKS_ON_BUNDLED_FILES
@pytest.mark.parametrize(
    "name", ["chrArab.dcm", "chrGreek.dcm", "chrRuss.dcm", "chrX1.dcm", "chrX2.dcm", "chrGerm.dcm"]
)
def test_single_character_sets_need_no_pydicom(name):
    elements, pixels, _ = split(dcmread(BUNDLED[name]))
    assert not assembled(elements, pixels).through_pydicom


def test_what_is_made_anew_replaces_what_the_header_has():
    replaced = {
        "00020000": {"vr": "UL", "Value": [1]},
        "00020010": {"vr": "UI", "Value": ["1.2.840.10008.1.2.2"]},
        "7FE00001": {"vr": "OV", "InlineBinary": base64.b64encode(bytes(8)).decode()},
        "7FE00010": {"vr": "OW", "BulkDataURI": "https://pacs.example/frames"},
    }
    assert file_of(assembled({**IMAGE, **replaced})) == written_by_pydicom(IMAGE, PIXELS)


def test_the_file_meta_information_is_that_of_the_instance():
    dataset = read(file_of(assembled(IMAGE)))
    meta = dataset.file_meta
    assert meta.MediaStorageSOPClassUID == dataset.SOPClassUID == IMAGE["00080016"]["Value"][0]
    assert meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID == "2.25.1"
    assert meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert meta.ImplementationVersionName.startswith("DOUBLEREAD")


def test_the_size_is_that_of_the_parts():
    result = assembled(IMAGE)
    assert result.size == len(file_of(result))


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ({"vr": "OB", "BulkDataURI": "file:///lut"}, "BulkDataURI"),
        ({"vr": "LO", "Value": ["x"], "InlineBinary": "eA=="}, "InlineBinary and Value"),
        ({"vr": "XX", "Value": ["x"]}, "cannot be encoded"),
        ({"vr": ["LO"], "Value": ["x"]}, "its VR is no text"),
        ({"vr": "LO", "Value": "x"}, "cannot be encoded"),
        ({"vr": "US", "Value": [70000]}, "cannot be encoded"),
        ({"vr": "OB", "InlineBinary": "A"}, "no base64"),
        ({"vr": "LO", "Value": [[[["secret"]]]]}, "something other than text"),
    ],
)
def test_an_element_that_cannot_be_written_is_named_and_its_value_is_not(element, reason):
    for elements in ({"00091001": element}, {"00091001": {"vr": "SQ", "Value": [{"00091002": element}]}}):
        with pytest.raises(HeaderError, match=reason) as raised:
            assembled({**IMAGE, **elements})
        assert "(0009,100" in str(raised.value)
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize("tag", ["FFFEE00D", "0008001", "0008001G", "PatientID", "00000002", "00080018 "])
def test_a_tag_that_belongs_to_no_element_of_a_file_is_refused(tag):
    with pytest.raises(HeaderError):
        assembled({**IMAGE, tag: {"vr": "US", "Value": [1]}})
    if tag != "00000002":
        with pytest.raises(HeaderError):
            assembled({**IMAGE, "00081140": {"vr": "SQ", "Value": [{tag: {"vr": "US", "Value": [1]}}]}})


@pytest.mark.parametrize("tag", ["00080016", "00280002", "00280010", "00280011", "00280100"])
def test_an_element_that_a_file_needs_must_be_there(tag):
    elements = {key: value for key, value in IMAGE.items() if key != tag}
    with pytest.raises(HeaderError, match=rf"\({tag[:4]},{tag[4:]}\)"):
        assembled(elements)


def test_remarks_of_pydicom_reach_neither_warnings_nor_logs(caplog, recwarn):
    elements = {
        **IMAGE,
        "00080005": {"vr": "CS", "Value": ["ISO 2022 IR 6", "ISO 2022 IR 87"]},
        "00080020": {"vr": "DA", "Value": ["secret"]},
        "00081030": {"vr": "LO", "Value": ["secret" * 20]},
    }
    assert assembled(elements).through_pydicom
    assert not caplog.records
    assert not recwarn.list


def read(file):
    return dcmread(io.BytesIO(file))


def split(dataset):
    """A data set as its header in JSON, its pixels, and its frames where they are compressed."""
    elements = json.loads(json.dumps(dataset.to_json_dict()))
    elements = {tag: element for tag, element in elements.items() if tag != "7FE00010"}
    for tag in ("00080016", "00080018"):
        if not elements.get(tag, {}).get("Value"):
            elements[tag] = IMAGE[tag]
    if "PixelData" not in dataset:
        image = {tag: element for tag, element in IMAGE.items() if tag.startswith("0028")}
        return {**{tag: value for tag, value in elements.items() if tag[:4] != "0028"}, **image}, PIXELS, None
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated or syntax == DeflatedExplicitVRLittleEndian:
        return elements, dataset.PixelData, None
    frames = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)))
    if frames[0].startswith(b"\xff"):
        frames = [frame[: frame.rfind(b"\xff\xd9") + 2] for frame in frames]
    return elements, b"".join(frames), frames


# Truncated, frames in JP2 files, a damaged frame, VRs that are none; padded ones, whose padding is left out.
NOT_TO_BE_JOINED = {
    "GDCMJ2K_TextGBR.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
    "MR_small_padded.dcm",
    "MR_truncated.dcm",
    "badVR.dcm",
    "rtdose_rle.dcm",
}


def bundled_pairs():
    for name, path in BUNDLED.items():
        if name in NOT_TO_BE_JOINED:
            continue
        try:
            dataset = dcmread(path)
        except (InvalidDicomError, struct.error):
            continue
        if "PixelData" not in dataset or "Rows" in dataset:
            yield name, split(dataset)
