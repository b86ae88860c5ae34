"""Pictures by URL: the verified bytes, in ranges, cached and asked for again, refused where the finding is gone."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.api.conftest import Caller
from tests.api.shown import MASS, SIZE, Shown, scan_png

KINDS = {"picture": "picture", "thumbnail": "thumbnail", "scan": "scan", "scan-preview": "scan preview"}


@pytest.fixture
def finding(shown: Shown, tmp_path: Path) -> str:
    """A finding with a picture and a scan."""
    finding_id = shown.finding("10")
    shown.picture(finding_id, scan_png(1))
    shown.scan(finding_id, tmp_path / "scan.png", scan_png(2))
    return finding_id


def of(finding_id: str, kind: str = "picture") -> str:
    return f"/api/findings/{finding_id}/{kind}"


def test_a_picture_is_sent_as_it_lies_in_the_training_set(reader: Caller, finding: str) -> None:
    answer = reader.get(of(finding))
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, scan_png(1), "image/png")
    assert answer.headers["ETag"] == f'"{hashlib.sha256(scan_png(1)).hexdigest()}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_small_ones_show_the_same_and_are_small(reader: Caller, shown: Shown, tmp_path: Path) -> None:
    finding_id = shown.finding("30")
    rows, columns = np.mgrid[:2000, :1500]
    slope = io.BytesIO()
    Image.fromarray(((rows + columns) // 14).astype(np.uint8)).save(slope, "PNG")
    shown.picture(finding_id, slope.getvalue())
    shown.scan(finding_id, tmp_path / "scan.png", slope.getvalue())
    for kind, size in (("thumbnail", (360, 480)), ("scan-preview", (1350, 1800))):
        for _ in range(2):  # made, then kept
            answer = reader.get(of(finding_id, kind))
            assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
            small = Image.open(io.BytesIO(answer.body))
            assert small.size == size
            whole = np.asarray(Image.open(slope).resize(size, Image.Resampling.BOX), float)
            assert np.abs(np.asarray(small, float) - whole).max() < 8
            assert not small.getexif()


def test_a_scan_is_sent_without_drawing_pixel_for_pixel(reader: Caller, finding: str) -> None:
    answer = reader.get(of(finding, "scan"))
    assert answer.headers["Content-Type"] == "image/png"
    sent, whole = (np.asarray(Image.open(io.BytesIO(data))) for data in (answer.body, scan_png(2)))
    assert np.array_equal(sent, whole)


@pytest.mark.parametrize("kind", KINDS)
def test_each_look_is_in_the_audit_also_where_nothing_had_to_be_sent(
    reader: Caller, finding: str, rows_of: Any, kind: str
) -> None:
    tag = reader.get(of(finding, kind)).headers["ETag"]
    again = reader.call("GET", of(finding, kind), **{"If-None-Match": f'"other", W/{tag}'})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    looks = rows_of("select actor, kind, keys from audit where action = 'look'")
    assert looks == [(reader.name, KINDS[kind], [finding])] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_sent_once_the_finding_is_gone(
    reader: Caller, shown: Shown, finding: str, rows_of: Any, kind: str
) -> None:
    tag = reader.get(of(finding, kind)).headers["ETag"]
    shown.run("delete from marts.double_matched_findings")
    answer = reader.call("GET", of(finding, kind), **{"If-None-Match": tag})
    assert (answer.status, answer.json["detail"][:22]) == (404, "no finding has this id")
    assert len(rows_of("select 1 from audit where action = 'look'")) == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 300), last=st.none() | st.integers(0, 300), suffix=st.booleans(), size=st.integers(1, 200))
def test_ranges_are_those_of_the_standard(
    service_database: Any,  # noqa: ARG001  Django is set up
    first: int,
    last: int | None,
    suffix: bool,
    size: int,
) -> None:
    from django.test import RequestFactory

    from orchestration.api.web.files import answer_file

    data = bytes(range(200))[:size]
    wanted = f"bytes=-{first}" if suffix else f"bytes={first}-{'' if last is None else last}"
    answer = answer_file(RequestFactory().get("/", headers={"Range": wanted}), data, "image/png")
    end = size if last is None else last
    begin, end = (size - first, size) if suffix else (first, end)
    chosen = [byte for byte in range(size) if begin <= byte <= end]
    if not chosen:
        assert (answer.status_code, answer.content, answer["Content-Range"]) == (416, b"", f"bytes */{size}")
    else:
        assert (answer.status_code, answer.content) == (206, bytes(chosen))
        assert answer["Content-Range"] == f"bytes {chosen[0]}-{chosen[-1]}/{size}"


@pytest.mark.parametrize(
    "headers",
    [
        *({"Range": text} for text in ("bytes=0-1,4-5", "lines=0-1", "bytes", "bytes=a-b", "bytes=-", "")),
        {"Range": "bytes=0-9", "If-Range": '"another"'},
    ],
)
def test_what_is_no_range_of_this_picture_gets_all_of_it(reader: Caller, finding: str, headers: dict[str, str]) -> None:
    answer = reader.call("GET", of(finding), **headers)
    assert (answer.status, answer.body) == (200, scan_png(1))


def test_a_range_of_the_picture_that_the_client_has_begun(reader: Caller, finding: str) -> None:
    whole = reader.get(of(finding))
    assert whole.headers["Accept-Ranges"] == "bytes"
    answer = reader.call("GET", of(finding), **{"Range": "bytes=100-", "If-Range": whole.headers["ETag"]})
    assert (answer.status, answer.body) == (206, whole.body[100:])


def test_head_says_what_get_would_and_sends_nothing(reader: Caller, finding: str) -> None:
    got, head = reader.get(of(finding)), reader.call("HEAD", of(finding))
    assert (head.status, head.body) == (200, b"")
    assert {name: head.headers[name] for name in ("ETag", "Content-Length", "Content-Type")} == {
        name: got.headers[name] for name in ("ETag", "Content-Length", "Content-Type")
    }


@pytest.mark.parametrize("kind", ["picture", "thumbnail"])
def test_a_picture_that_is_not_the_one_on_record_is_not_sent(
    reader: Caller, shown: Shown, rows_of: Any, kind: str
) -> None:
    damaged, touched, gone = (shown.finding(scan) for scan in ("41", "42", "43"))
    paths = [shown.picture(finding_id, scan_png(number)) for number, finding_id in enumerate((damaged, touched, gone))]
    before = paths[0].stat()
    data = bytearray(scan_png(0))
    data[500] ^= 1
    paths[0].write_bytes(data)
    os.utime(paths[0], ns=(before.st_mtime_ns, before.st_mtime_ns))  # seen only by its SHA-256
    paths[1].write_bytes(scan_png(1) + b"\0")
    paths[2].unlink()
    for finding_id in (damaged, touched, gone):
        answer = reader.get(of(finding_id, kind))
        assert answer.status == 404
        assert answer.json["detail"].startswith("its picture is not the one on record any more")
    assert rows_of("select 1 from audit where action = 'look'") == []


def test_a_finding_without_a_current_picture_says_why(reader: Caller, shown: Shown) -> None:
    outdated, bare, failed = (shown.finding(scan) for scan in ("51", "52", "53"))
    shown.picture(outdated, scan_png(), finding_hash="h0")
    shown.picture(failed, scan_png())
    shown.run(
        "update doubleread.pictures set status = 'failed', reason = 'its scan is missing' where finding_id = %s", failed
    )
    for finding_id, reason in (
        (outdated, "an earlier state"),
        (bare, "not drawn yet"),
        (failed, "its scan is missing"),
    ):
        answer = reader.get(of(finding_id))
        assert answer.status == 404
        assert reason in answer.json["detail"]


def test_an_image_that_cannot_be_decoded_is_refused(reader: Caller, shown: Shown, tmp_path: Path) -> None:
    finding_id = shown.finding("60")
    shown.scan(finding_id, tmp_path / "scan.png", b"<html>")
    for kind in ("scan", "scan-preview"):
        answer = reader.get(of(finding_id, kind))
        assert (answer.status, answer.json["detail"][:37]) == (404, "the image is neither PNG, JPEG nor DI")


def test_a_scan_id_that_leads_out_of_the_folder_leads_nowhere(reader: Caller, shown: Shown) -> None:
    outside = shown.finding("../../outside")
    shown.picture(outside, scan_png())
    assert reader.get(of(outside)).status == 404


def test_renderings_take_no_more_room_than_they_may(service_database: Any, tmp_path: Path) -> None:  # noqa: ARG001
    from orchestration.api.findings.renderings import Renderings

    kept = Renderings(tmp_path, limit=5000, round_bytes=1000)
    for number in range(40):
        assert kept.get(f"{number:02d}-{MASS}", lambda: b"x" * 500) == b"x" * 500
        kept.get(f"00-{MASS}", lambda: b"made again")  # used again and again, so it stays
    sizes = [path.stat().st_size for path in tmp_path.glob("*/*")]
    assert 2000 < sum(sizes) <= 6000 + SIZE[0]
    assert (tmp_path / "00" / f"00-{MASS}").read_bytes() == b"x" * 500
