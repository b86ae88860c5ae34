"""What a header says about the pixels that belong to it (PS3.3 C.7.6.3, Image Pixel Module)."""

from dataclasses import dataclass

from orchestration.dicom.encoding.errors import HeaderError
from orchestration.dicom.encoding.header import Elements
from orchestration.dicom.encoding.values import whole_number

_FLOAT_PIXEL_DATA = ("7FE00008", "7FE00009")
_NUMBER_OF_FRAMES = "00280008"
_SUBSAMPLED = ("YBR_FULL_422", "YBR_PARTIAL_422")  # two of six samples are left out where pixels are native


@dataclass(frozen=True)
class Image:
    """The shape of the pixels: sizes in pixels, depths in bits."""

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    subsampled: bool

    @property
    def native_bytes(self) -> int:
        """Bytes of all frames uncompressed, without the one that makes them even; frames of single bits are packed."""
        bits = self.rows * self.columns * self.samples * self.bits_allocated * self.frames
        return -(-(bits // 3 * 2 if self.subsampled else bits) // 8)


def image_of(elements: Elements) -> Image:
    """Read the description of the pixels.

    Raises:
        HeaderError: part of it is missing or impossible, or the pixels are to be floating point numbers.
    """
    if any(tag in elements for tag in _FLOAT_PIXEL_DATA):
        raise HeaderError("the header declares Float Pixel Data (7FE0,0008 or 0009); only Pixel Data can be assembled")
    samples = _integer(elements, "00280002", "Samples per Pixel", at_most=4)
    bits_allocated = _integer(elements, "00280100", "Bits Allocated", at_most=64)
    if bits_allocated != 1 and bits_allocated % 8:
        raise HeaderError(f"Bits Allocated (0028,0100) is {bits_allocated}, neither 1 nor a multiple of 8")
    return Image(
        rows=_integer(elements, "00280010", "Rows"),
        columns=_integer(elements, "00280011", "Columns"),
        samples=samples,
        frames=_integer(elements, _NUMBER_OF_FRAMES, "Number of Frames", at_most=2**31 - 1, default=1),
        bits_allocated=bits_allocated,
        bits_stored=_integer(elements, "00280101", "Bits Stored", at_most=bits_allocated, default=bits_allocated),
        subsampled=samples == 3 and _first_value(elements, "00280004") in _SUBSAMPLED,
    )


def _integer(elements: Elements, tag: str, name: str, *, at_most: int = 65_535, default: int | None = None) -> int:
    """The one whole number of an element; ``default``, where there is one, stands for an absent or empty element."""
    place, vr = f"{name} ({tag[:4]},{tag[4:]})", "IS" if tag == _NUMBER_OF_FRAMES else "US"
    value = _first_value(elements, tag)
    if value is None and default is not None:
        return default
    if elements.get(tag, {"vr": vr})["vr"] != vr:
        raise HeaderError(f"{place} has another VR than {vr}")
    try:
        number = whole_number(value)
    except ValueError:
        raise HeaderError(f"the header has no whole number for {place}") from None
    if not 1 <= number <= at_most:
        raise HeaderError(f"{place} is {number}, not between 1 and {at_most}")
    return number


def _first_value(elements: Elements, tag: str) -> object:
    values = elements.get(tag, {}).get("Value")
    return values[0] if isinstance(values, list) and values else None
