"""Where frames are decoded before they are written, what can't be decoded is named and is no DICOM."""

import json

import imagecodecs
import pytest

from orchestration.archives.reassembly import Reason, get_dicoms
from orchestration.settings import load_settings
from tests.archives.reassembly.conftest import Partner
from tests.archives.reassembly.delivery import SOP_INSTANCE_UID, Delivery, Torn
from tests.dicom.encoding.frames import header_of, smooth

PIXELS = smooth((96, 128), "uint16")
WHOLE, DAMAGED = "1.1", "1.2"


def torn(uid: str, frame: bytes) -> Torn:
    header = header_of(PIXELS) | {SOP_INSTANCE_UID: {"vr": "UI", "Value": [uid]}}
    return Torn(uid, json.dumps(header).encode(), frame)


@pytest.fixture
def half_damaged(delivery: Delivery) -> Delivery:
    """Two frames in JPEG-LS, one of them with zeros within its coded data."""
    frame = imagecodecs.jpegls_encode(PIXELS)
    middle = len(frame) // 2
    delivery.add(torn(WHOLE, frame), text="t", image="i")
    delivery.add(torn(DAMAGED, frame[:middle] + bytes(16) + frame[middle + 16 :]), text="t", image="i")
    delivery.write()
    return delivery


@pytest.mark.usefixtures("half_damaged")
@pytest.mark.parametrize("pack", [False, True])
def test_a_frame_that_cannot_be_decoded_is_named_and_the_rest_is_written(partner: Partner, *, pack: bool) -> None:
    report = partner.reassemble(decode=True, pack=pack)
    assert (report.written, report.unmatched) == (1, {Reason.UNDECODABLE_PIXELS: 1})
    assert partner.written().keys() == {WHOLE}
    assert [(row["uid"], row["archive"], row["reason"], row["detail"]) for row in partner.unmatched()] == [
        (DAMAGED, "i.tar", "undecodable_pixels", "frame 1 of 1 cannot be decoded")
    ]
    again = partner.reassemble(decode=True, pack=pack)
    assert (again.written, again.left_alone, again.unmatched) == (0, 1, report.unmatched)


@pytest.mark.usefixtures("half_damaged")
def test_what_was_written_without_decoding_is_not_taken_for_decoded(partner: Partner) -> None:
    report = partner.reassemble()
    assert (report.written, report.unmatched) == (2, {})
    report = partner.reassemble(decode=True)
    assert (report.written, report.left_alone, report.unmatched) == (0, 1, {Reason.UNDECODABLE_PIXELS: 1})
    assert partner.written().keys() == {WHOLE}
    assert partner.reassemble().unmatched == {}


@pytest.mark.usefixtures("half_damaged")
def test_single_dicoms_are_decoded_unless_told_otherwise(partner: Partner) -> None:
    result = get_dicoms(partner.index(), [WHOLE, DAMAGED], partner.output, load_settings())
    assert [(row.uid, row.reason) for row in result.unmatched] == [(DAMAGED, Reason.UNDECODABLE_PIXELS)]
    assert partner.dicoms().keys() == {WHOLE}
    result = get_dicoms(partner.index(), [DAMAGED], partner.output, load_settings(), decode=False)
    assert (result.written, result.unmatched) == (1, [])
