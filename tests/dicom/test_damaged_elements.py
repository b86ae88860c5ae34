"""Whatever an element of a real file holds, its pixels are read or it is refused, and nothing quotes the element."""

import logging
import struct
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

from orchestration.dicom.encoding.file_meta import preamble_and_file_meta
from orchestration.dicom.identity import IDENTITY_ELEMENTS
from orchestration.dicom.reading import IMAGE_ELEMENTS, read_identity
from orchestration.imaging import ImageError, read_image, read_stored, stored_bytes
from tests.dicom.dicoms import file_bytes, image_dataset, lut

FILES = ["CT_small.dcm", "JPEG2000.dcm", "SC_ybr_full_422_uncompressed.dcm", "examples_palette.dcm", "of tables"]
PATIENT = b"Curie^Marie"
TEXT_VRS = ("CS", "DS", "IS", "LO", "UI", "SH", "PN")
NOT_THEIRS = ["LO", "DS", "US", "FD", "UN", "SQ", "OB", "PN"]
LONG_HEADS = ("OB", "OW", "OV", "SQ", "UN")
UNDEFINED = 0xFFFFFFFF

Path = tuple[int, ...]


Tree = dict[int, "Element | Tree"]


class Element(NamedTuple):
    """An element as it lies in a file."""

    vr: str
    value: bytes
    length: int


def of_tables() -> Dataset:
    """An image with every table and window that frames may have, in sequences within sequences."""
    dataset = image_dataset(np.arange(128, dtype="i2").reshape(2, 8, 8)[0], bits=12, PixelPaddingValue=3)
    dataset.PixelPaddingRangeLimit = 5
    dataset.ModalityLUTSequence = [lut(range(64), -3)]
    dataset.VOILUTSequence = [lut(range(100), 0, 8)]
    group, measures, window, rescaling = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [0.1, 0.2]
    window.WindowCenter, window.WindowWidth, window.VOILUTFunction = 30, 60, "SIGMOID"
    rescaling.RescaleSlope, rescaling.RescaleIntercept = 2, -1
    group.PixelMeasuresSequence, group.FrameVOILUTSequence = [measures], [window]
    group.PixelValueTransformationSequence = [rescaling]
    dataset.SharedFunctionalGroupsSequence = [group]
    return dataset


@cache
def opened(name: str) -> tuple[str, Tree]:
    """The transfer syntax of an image, and the elements that make it up."""
    file = BytesIO(file_bytes(of_tables())) if name == "of tables" else get_testdata_file(name, download=False)
    dataset = dcmread(file, specific_tags=[*IMAGE_ELEMENTS, *IDENTITY_ELEMENTS])
    syntax = dataset.file_meta.TransferSyntaxUID
    return syntax if syntax.is_encapsulated else ExplicitVRLittleEndian, tree(dataset)


def tree(dataset: Dataset) -> Tree:
    """The elements by tag; a sequence as the tree of its first item."""
    elements: Tree = {}
    for tag in sorted(dataset.keys()):
        raw = dataset.get_item(tag)
        vr = str(raw.VR or dataset[tag].VR)
        if vr == "SQ":
            elements[tag] = tree(dataset[tag].value[0])
        elif isinstance(raw, RawDataElement):
            elements[tag] = Element(vr, raw.value, raw.length)
        else:  # pydicom has looked at it
            is_number = isinstance(raw.value, int) and vr == "US"
            elements[tag] = element(vr, struct.pack("<H", raw.value) if is_number else str(raw.value).encode())
    return elements


def written(elements: Tree, path: Path = (), instead: Element | None = None) -> bytes:
    """A data set in explicit VR little endian with another element, or none, at the end of the path."""
    parts = []
    for tag, was in elements.items():
        if path == (tag,):
            if instead is None:
                continue
            element = instead
        elif isinstance(was, dict):
            item = written(was, path[1:] if path[:1] == (tag,) else (), instead)
            content = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
            element = Element("SQ", content, len(content))
        else:
            element = was
        is_long = element.vr in LONG_HEADS
        length = struct.pack("<L" if is_long else "<H", element.length)
        parts += (struct.pack("<HH", tag >> 16, tag & 0xFFFF), element.vr.encode(), bytes(2 * is_long), length)
        parts.append(element.value)
        if element.length == UNDEFINED:
            parts.append(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))
    return b"".join(parts)


def file_of(name: str, path: Path = (), instead: Element | None = None) -> bytes:
    """The image with another element, or none, at the end of the path."""
    syntax, elements = opened(name)
    return preamble_and_file_meta("1.2.3", "1.2.3", syntax) + written(elements, path, instead)


def places(elements: Tree) -> Iterator[tuple[Path, Element]]:
    """Path and content of each element, of those in sequences too."""
    for tag, was in elements.items():
        yield (tag,), Element("SQ", b"", 0) if isinstance(was, dict) else was
        for path, inner in places(was) if isinstance(was, dict) else ():
            yield (tag, *path), inner


def element(vr: str, value: bytes) -> Element:
    value += bytes(len(value) % 2)
    return Element(vr, value, len(value))


@contextmanager
def remarks() -> Iterator[list[str]]:
    """What is warned of or logged within the block."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    logging.getLogger().removeHandler(handler)
    said += [str(warning.message) for warning in caught]


def assert_read_or_refused(data: bytes) -> None:
    for read in (read_image, read_stored, stored_bytes, read_identity):
        refusal = ImageError()
        with remarks() as said:
            try:
                result = read(data)
                assert getattr(result, "stored", np.asarray(result)).size
            except ImageError as error:
                refusal = error
        assert "Curie" not in str(refusal)
        assert refusal.__cause__ is None
        assert refusal.__suppress_context__ or refusal.__context__ is None
        assert not said


def mutations(was: Element) -> list[Element | None]:
    values = [b"", was.value * 2, b"1x", PATIENT, b"\xff" * 8, bytes(8), b"9" * 400, b"nan", b"1e400", b"-1"]
    values.append(b"1\\2" if was.vr in TEXT_VRS else b"\x01\x00\x02\x00")
    return [
        None,
        *(element(was.vr, value) for value in values),
        *(element(vr, PATIENT + b"\\1") for vr in NOT_THEIRS),
    ]


@pytest.mark.parametrize("name", FILES)
def test_an_image_is_read(name: str) -> None:
    assert read_stored(file_of(name)).stored.size if name != "examples_palette.dcm" else read_image(file_of(name)).size


@pytest.mark.parametrize("name", FILES)
def test_an_image_with_any_element_damaged_is_read_or_refused_in_silence(name: str) -> None:
    found = list(places(opened(name)[1]))
    assert len(found) > 8
    for path, was in found:
        for instead in mutations(was):
            assert_read_or_refused(file_of(name, path, instead))


@settings(max_examples=100)
@given(data=st.data(), name=st.sampled_from(FILES), garbage=st.binary(max_size=40))
def test_so_is_one_with_garbage_in_an_element(data: st.DataObject, name: str, garbage: bytes) -> None:
    path, was = data.draw(st.sampled_from(list(places(opened(name)[1]))))
    vr = data.draw(st.sampled_from([was.vr, *NOT_THEIRS]))
    assert_read_or_refused(file_of(name, path, element(vr, garbage)))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=15)
@given(share=st.floats(0, 1))
def test_so_is_one_that_is_cut_short(name: str, share: float) -> None:
    whole = file_of(name)
    assert_read_or_refused(whole[: int(share * len(whole))])


@pytest.mark.parametrize(
    ("tag", "instead", "reason"),
    [
        (0x00280008, element("IS", b"1x"), r"Number of Frames \(0028,0008\) is .* not one whole number"),
        (0x00280010, element("US", b"1234"), r"Rows \(0028,0010\) is missing or not one whole number"),
        (
            0x00280004,
            element("CS", b"MONOCHROME2\\RGB"),
            r"Photometric Interpretation \(0028,0004\) is .* not one value",
        ),
        (0x00280004, None, r"Photometric Interpretation \(0028,0004\) is missing"),
        (0x00280002, element("LO", PATIENT), r"Samples per Pixel \(0028,0002\) is .* not one whole number"),
    ],
)
def test_the_element_that_is_wrong_is_named(tag: int, instead: Element | None, reason: str) -> None:
    name = "SC_ybr_full_422_uncompressed.dcm" if tag != 0x00280008 else "examples_ybr_color.dcm"
    with pytest.raises(ImageError, match=reason):
        read_image(file_of(name, (Tag(tag),), instead))


def test_threads_do_not_let_each_others_remarks_out() -> None:
    """One thread sets the filters and the last one restores them, however the reads overlap."""
    data = file_of("CT_small.dcm", (Tag(0x00281053),), element("DS", b"1x"))
    before = list(warnings.filters)
    with remarks() as said, ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(read_image, data) for _ in range(40)]:
            assert isinstance(future.exception(), ImageError)
    assert not said
    assert list(warnings.filters) == before
