"""DICOM images become the greys that PS3.3 and PS3.4 prescribe, computed once more in fractions, value by value."""

import tracemalloc
import zlib
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from math import exp, floor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from orchestration.imaging import ImageError, read_image
from tests.dicom.dicoms import file_bytes, image_dataset, lut

TYPES = {"u1": (0, 255), "i1": (-128, 127), "u2": (0, 65535), "i2": (-32768, 32767)}


def rounded(grey: Fraction) -> int:
    return min(255, max(0, floor(grey + Fraction(1, 2))))


def window(x: Fraction, centre: Fraction, width: Fraction, function: str) -> int:
    """PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2, with ymin 0 and ymax 255."""
    if function == "LINEAR":
        centre, width = centre - Fraction(1, 2), width - 1
    if x <= centre - width / 2:
        return 0
    if x > centre + width / 2:
        return 255
    return rounded(((x - centre) / width + Fraction(1, 2)) * 255)


# The tie that binary numbers break the wrong way: 706.2 and 67.3 have no exact double.
TIE = {"dtype": "u2", "function": "LINEAR", "centre": Decimal("706.2"), "width": Decimal("67.3"), "slope": None}
decimals = st.decimals(-3000, 3000, places=1)


@given(
    dtype=st.sampled_from(sorted(TYPES)),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", None]),
    centre=decimals,
    width=st.decimals(1, 5000, places=1),
    slope=st.sampled_from([None, "1", "-1", "0.5", "2.25"]),
    intercept=st.sampled_from([None, "0", "-1024", "7.5"]),
    photometric=st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
    seed=st.integers(0, 99),
)
@example(**TIE, intercept=None, photometric="MONOCHROME1", seed=70)
def test_rescaling_then_the_window_then_inversion(
    *, dtype, function, centre, width, slope, intercept, photometric, seed
):
    low, high = TYPES[dtype]
    stored = np.random.default_rng(seed).integers(max(low, -4000), min(high, 4000), (5, 6), endpoint=True).astype(dtype)
    dataset = image_dataset(stored, photometric=photometric, WindowCenter=str(centre), WindowWidth=str(width))
    for name, value in (("VOILUTFunction", function), ("RescaleSlope", slope), ("RescaleIntercept", intercept)):
        if value is not None:
            setattr(dataset, name, value)
    image = read_image(file_bytes(dataset))
    for value, grey in zip(stored.flat, image.flat, strict=True):
        x = int(value) * Fraction(slope or 1) + Fraction(intercept or 0)
        expected = window(x, Fraction(centre), Fraction(width), function or "LINEAR")
        assert grey == (255 - expected if photometric == "MONOCHROME1" else expected)


@given(centre=st.integers(-500, 500), width=st.integers(1, 2000))
def test_a_sigmoid_window(centre, width):
    stored = np.arange(-700, 700, dtype="i2").reshape(28, 50)
    dataset = image_dataset(stored, WindowCenter=centre, WindowWidth=width, VOILUTFunction="SIGMOID")
    exponents = np.clip(-4 * (stored.astype(float) - centre) / width, -700, 700)
    expected = np.floor(255 / (1 + np.vectorize(exp)(exponents)) + 0.5)
    np.testing.assert_array_equal(read_image(file_bytes(dataset)), expected)


@given(
    seed=st.integers(0, 99),
    first=st.sampled_from([0, 100, 4000]),
    count=st.sampled_from([1, 50, 4096]),
    bits=st.sampled_from([8, 10, 12, 16]),
)
def test_a_voi_lut_is_used_rather_than_a_window(seed, first, count, bits):
    generator = np.random.default_rng(seed)
    stored = generator.integers(0, 4096, (20, 30), np.uint16)
    entries = generator.integers(0, 2**bits, count).tolist()
    dataset = image_dataset(stored, bits=12, WindowCenter=5, WindowWidth=10)
    dataset.VOILUTSequence = Sequence([lut(entries, first, bits)])
    image = read_image(file_bytes(dataset))
    expected = [
        rounded(Fraction(entries[min(max(int(v) - first, 0), count - 1)] * 255, 2**bits - 1)) for v in stored.flat
    ]
    np.testing.assert_array_equal(image.reshape(-1), expected)


@given(seed=st.integers(0, 99), first=st.sampled_from([-2000, -10, 0]))
def test_a_modality_lut_comes_before_the_voi_lut_and_maps_from_signed_values(seed, first):
    generator = np.random.default_rng(seed)
    stored = generator.integers(-2048, 2048, (20, 30)).astype("i2")
    modality, voi = generator.integers(0, 1000, 3000).tolist(), generator.integers(0, 256, 900).tolist()
    dataset = image_dataset(stored, bits=12)
    dataset.ModalityLUTSequence = Sequence([lut(modality, first)])
    dataset.ModalityLUTSequence[0].ModalityLUTType = "US"
    dataset.VOILUTSequence = Sequence([lut(voi, 50, 8)])
    image = read_image(file_bytes(dataset))
    for value, grey in zip(stored.flat, image.flat, strict=True):
        after_modality = modality[min(max(int(value) - first, 0), 2999)]
        assert grey == voi[min(max(after_modality - 50, 0), 899)]


def test_a_lut_of_eight_bits_may_be_packed_two_to_a_word_and_declare_too_few_bits():
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    packed = image_dataset(stored)
    item = lut([0] * 256, 0, 8)
    item.add_new("LUTData", "OW", bytes(range(255, -1, -1)))
    packed.VOILUTSequence = Sequence([item])
    np.testing.assert_array_equal(read_image(file_bytes(packed)), 255 - stored)
    wide = image_dataset(stored)
    wide.VOILUTSequence = Sequence([lut([16 * level for level in range(256)], 0, 8)])
    expected = [rounded(Fraction(16 * level * 255, 4095)) for level in range(256)]
    np.testing.assert_array_equal(read_image(file_bytes(wide)).reshape(-1), expected)


@given(
    bits=st.sampled_from([10, 12, 14, 16]),
    signed=st.booleans(),
    centre=st.integers(-500, 3000),
    width=st.integers(2, 4000),
    intercept=st.sampled_from([0, -1024]),
    photometric=st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
)
def test_pydicom_agrees(*, bits, signed, centre, width, intercept, photometric):
    """pydicom applies each step to the image in floating point; MONOCHROME1 is inverted after all of them."""
    low = -(2 ** (bits - 1)) if signed else 0
    stored = np.random.default_rng(bits).integers(low, low + 2**bits, (40, 30)).astype("i2" if signed else "u2")
    data = file_bytes(
        image_dataset(
            stored,
            bits=bits,
            photometric=photometric,
            WindowCenter=centre,
            WindowWidth=width,
            RescaleIntercept=intercept,
            RescaleSlope=1,
        )
    )
    dataset = dcmread(BytesIO(data))
    shown = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    bottom = low + intercept
    greys = (shown - bottom) / (2**bits - 1) * 255
    if photometric == "MONOCHROME1":
        greys = 255 - greys
    difference = np.abs(read_image(data) - greys)
    assert difference.max() <= 0.5 + 1e-6  # a tie may fall either way in pydicom's floating point


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_without_a_window_the_values_that_occur_are_spread_from_black_to_white(photometric):
    stored = np.array([[-1000, 500, 3000]], "i2")
    image = read_image(file_bytes(image_dataset(stored, bits=13, photometric=photometric)))
    expected = np.array([[0, rounded(Fraction(1500 * 255, 4000)), 255]])
    np.testing.assert_array_equal(image, 255 - expected if photometric == "MONOCHROME1" else expected)


@pytest.mark.parametrize("limit", [None, 65500])
def test_padding_is_left_out_of_the_values_that_occur(limit):
    stored = np.array([[100, 300, 65535, 65530 if limit else 65535]], "u2")
    dataset = image_dataset(stored, PixelPaddingValue=65535)
    if limit:
        dataset.PixelPaddingRangeLimit = limit
    np.testing.assert_array_equal(read_image(file_bytes(dataset)), [[0, 255, 255, 255]])


def test_an_image_of_one_value_or_of_padding_alone_is_black():
    np.testing.assert_array_equal(read_image(file_bytes(image_dataset(np.full((2, 3), 77, "u2")))), np.zeros((2, 3)))
    padded = image_dataset(np.full((2, 3), 77, "u2"), PixelPaddingValue=77)
    np.testing.assert_array_equal(read_image(file_bytes(padded)), np.zeros((2, 3)))


def test_the_first_of_several_windows_is_used():
    dataset = image_dataset(np.arange(256, dtype="u2").reshape(16, 16), WindowCenter=[128, 9], WindowWidth=[256, 3])
    np.testing.assert_array_equal(read_image(file_bytes(dataset)), np.arange(256).reshape(16, 16))


def test_the_windows_of_an_enhanced_image_are_in_its_functional_groups():
    def group(centre: int) -> Dataset:
        voi, macros = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = centre, 256
        macros.FrameVOILUTSequence = Sequence([voi])
        return macros

    dataset = image_dataset(np.arange(256, dtype="u2").reshape(16, 16))
    dataset.SharedFunctionalGroupsSequence = Sequence([group(64)])
    shared = read_image(file_bytes(dataset))
    np.testing.assert_array_equal(shared, np.minimum(np.arange(256) + 64, 255).reshape(16, 16))
    dataset.PerFrameFunctionalGroupsSequence = Sequence([group(128)])
    np.testing.assert_array_equal(read_image(file_bytes(dataset)), np.arange(256).reshape(16, 16))


def test_bits_beyond_bits_stored_do_not_count():
    """PS3.5 8.1.1: the bits above High Bit may hold anything, such as an old overlay."""
    clean = np.arange(4096, dtype="u2").reshape(64, 64)
    dirty = clean | (np.arange(4096, dtype="u2").reshape(64, 64) % 16 << 12)
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    np.testing.assert_array_equal(
        read_image(file_bytes(image_dataset(dirty, bits=12, **window))),
        read_image(file_bytes(image_dataset(clean, bits=12, **window))),
    )


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
def test_big_endian_and_deflated_files_are_read_as_others(dtype):
    stored = np.arange(100).reshape(10, 10).astype(dtype)
    dataset = image_dataset(stored, WindowCenter=50, WindowWidth=100)
    expected = read_image(file_bytes(dataset))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    np.testing.assert_array_equal(read_image(file_bytes(dataset)), expected)
    big = image_dataset(stored.astype(stored.dtype.newbyteorder(">")), WindowCenter=50, WindowWidth=100)
    big["PixelData"].VR = "OW" if stored.itemsize == 2 else "OB"
    big.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    np.testing.assert_array_equal(read_image(file_bytes(big)), expected)


def test_a_deflated_bomb_is_refused_before_it_has_grown():
    dataset = image_dataset(np.zeros((4, 4), np.uint8))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = file_bytes(dataset)
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    meta = data[: 144 + int.from_bytes(data[140:144], "little")]
    bomb = meta + b"".join(deflater.compress(bytes(10**7)) for _ in range(21)) + deflater.flush()
    assert len(bomb) < 10**6
    with pytest.raises(ImageError, match="deflated DICOM file that is cut short or too large"):
        read_image(bomb)


def test_colour_images_become_rgb():
    rgb = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)
    np.testing.assert_array_equal(read_image(file_bytes(image_dataset(rgb, photometric="RGB"))), rgb)
    deep = np.random.default_rng(0).integers(0, 65536, (10, 12, 3), np.uint16)
    expected = np.floor(deep / 65535 * 255 + 0.5)
    np.testing.assert_array_equal(read_image(file_bytes(image_dataset(deep, photometric="RGB"))), expected)


@pytest.mark.parametrize(
    "name",
    ["examples_palette.dcm", "examples_rgb_color.dcm", "SC_ybr_full_422_uncompressed.dcm"],
)
def test_pydicom_agrees_on_colour(name):
    from pydicom.pixels import apply_color_lut  # noqa: PLC0415

    path = get_testdata_file(name, download=False)
    dataset = dcmread(path)
    expected = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        expected = np.floor(apply_color_lut(expected, dataset) / 65535 * 255 + 0.5)
    with open(path, "rb") as file:  # noqa: PTH123
        np.testing.assert_array_equal(read_image(file.read()), expected)


def test_an_image_of_several_frames_is_refused_since_a_box_names_none():
    dataset = image_dataset(np.zeros((8, 4), "u2"), NumberOfFrames=2, Rows=4)
    with pytest.raises(ImageError, match="2 frames; a box does not say on which"):
        read_image(file_bytes(dataset))


def changed(**elements: object) -> bytes:
    dataset = image_dataset(np.arange(64, dtype="u2").reshape(8, 8), WindowCenter=30, WindowWidth=60)
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    return file_bytes(dataset)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(PixelData=None), r"without Pixel Data \(7FE0,0010\)"),
        (changed(Rows=65_535, Columns=65_535), "declares 65535 x 65535 pixels"),
        (changed(Rows=0), "has no pixels"),
        (changed(Rows=9), r"cut short or damaged: its Pixel Data \(7FE0,0010\) have 128 bytes, .* ask for 144"),
        (changed(Rows=None), r"whose Rows \(0028,0010\) is missing"),
        (changed(BitsAllocated=32, BitsStored=32), "of 32 bits a sample"),
        (changed(BitsStored=17), r"whose Bits Stored \(0028,0101\) is 17, which cannot be"),
        (changed(SamplesPerPixel=2), "of 2 samples per pixel"),
        (changed(PhotometricInterpretation="HSV"), "colour space that is not read"),
        (changed(WindowWidth=0), "window of width 0"),
        (changed(WindowWidth="0.5"), "window of width 0.5"),
        (changed(WindowWidth=-4, VOILUTFunction="SIGMOID"), "window of width -4"),
        (changed(VOILUTFunction="CUBIC"), "which its VOI LUT Function does not allow"),
        (changed(RescaleSlope="987").replace(b"987 ", b"nan "), "rescaling or window is no number"),
        (changed()[:200], "header cannot be read|without Pixel Data"),
        (changed()[:-20], "cut short"),
        (bytes(128) + b"DICM", "header cannot be read|without Pixel Data"),
        (bytes(128) + b"DICM" + bytes(range(256)) * 20, "header cannot be read|without Pixel Data"),
    ],
)
def test_a_dicom_file_that_cannot_be_used_says_why(data, reason):
    with pytest.raises(ImageError, match=reason):
        read_image(data)


@given(position=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.booleans())
def test_a_corrupt_dicom_file_is_an_image_or_refused_and_no_message_holds_its_text(position, value, cut):
    data = bytearray(changed())
    position %= len(data)
    data[position] = value
    refusal = ImageError()
    try:
        read_image(bytes(data[:position] if cut else data))
    except ImageError as error:
        refusal = error
    assert "Curie" not in str(refusal)
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__ or refusal.__context__ is None


def test_no_element_about_the_patient_is_parsed(monkeypatch):
    """A value that pydicom would warn of, quoting it, is never looked at."""
    from orchestration.dicom import reading  # noqa: PLC0415

    read = []
    original = reading.dcmread
    monkeypatch.setattr(reading, "dcmread", lambda *a, **k: read.append(original(*a, **k)) or read[-1])
    read_image(changed(PatientName="Curie^Marie", PatientID="M-1867"))
    assert {element.tag.group for element in read[0]} == {0x0028, 0x7FE0}


def test_reading_takes_no_more_than_a_few_images_of_memory():
    stored = np.random.default_rng(0).integers(0, 4096, (1024, 1024), np.uint16)
    data = file_bytes(image_dataset(stored, bits=12, WindowCenter=2048, WindowWidth=4096))
    read_image(data)
    tracemalloc.start()
    read_image(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 2**20 + 3 * stored.nbytes
