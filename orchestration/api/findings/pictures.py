"""The picture and the scan of a finding, as files that were checked."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from orchestration.api.findings import renderings
from orchestration.api.findings.errors import NoPictureError, UnknownFindingError
from orchestration.api.findings.listing import RECORDS
from orchestration.api.listing.listing import select_if_built
from orchestration.api.web.rows import Row
from orchestration.imaging import ImageError
from orchestration.stores import UnsafePathError, check_name

BUILD_AGAIN = "build the training set again: doubleread build"
_FIND = "select {columns} from marts.double_matched_findings as finding {records} where finding.finding_id = %s"
_FIND_PICTURE = _FIND.format(
    records=RECORDS,
    columns="finding.label, finding.scan_id, picture.status, picture.reason, "
    "picture.finding_hash = finding.finding_hash, picture.sha256, picture.size_bytes, picture.mtime_ns",
)
_FIND_SCAN = _FIND.format(
    records=RECORDS,
    columns="scan.status, scan.reason, scan.local_path, scan.sha256, scan.size_bytes, scan.local_mtime_ns",
)


@dataclass(frozen=True)
class File:
    """A file that a record tells of.

    Args:
        path: where it lies.
        sha256: of its bytes.
        size_bytes: how long it is.
        mtime_ns: its time of modification.
        what: its name in messages.
    """

    path: Path
    sha256: str
    size_bytes: int
    mtime_ns: int
    what: str

    def read(self) -> bytes:
        """Its bytes, compared with the record.

        Raises:
            NoPictureError: it is gone, or another.
        """
        self.check_untouched()
        try:
            data = self.path.read_bytes()
        except OSError:
            raise self._gone() from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise self._gone()
        return data

    def check_untouched(self) -> None:
        """Compare size and time of modification with the record, before memory is taken for it.

        Raises:
            NoPictureError: it is gone, or another.
        """
        try:
            status = self.path.stat(follow_symlinks=False)
        except OSError:
            raise self._gone() from None
        if (status.st_size, status.st_mtime_ns) != (self.size_bytes, self.mtime_ns):
            raise self._gone()

    def _gone(self) -> NoPictureError:
        return NoPictureError(f"{self.what} is not the one on record any more; {BUILD_AGAIN}")


def find_picture(finding_id: str) -> File:
    """The picture of a finding as it is now.

    Raises:
        UnknownFindingError: the mart has no such finding.
        NoPictureError: it was not drawn, or shows an earlier state.
    """
    label, scan_id, status, reason, is_current, sha256, size, mtime = _only_row(_FIND_PICTURE, finding_id)
    if status is None:
        raise NoPictureError(f"its picture was not drawn yet; {BUILD_AGAIN}")
    if status != "drawn":
        raise NoPictureError(f"it has no picture: {reason}")
    if not is_current:
        raise NoPictureError(f"its picture shows an earlier state of the finding; {BUILD_AGAIN}")
    try:
        name = f"{check_name(scan_id)}.png"
    except UnsafePathError:
        raise NoPictureError("its scan's id can name no file") from None
    return File(settings.DOUBLEREAD.doubleread_training_set / label / name, sha256, size, mtime, what="its picture")


def find_scan(finding_id: str) -> File:
    """The verified copy of a finding's scan.

    Raises:
        UnknownFindingError: the mart has no such finding.
        NoPictureError: it was not retrieved.
    """
    status, reason, path, sha256, size, mtime = _only_row(_FIND_SCAN, finding_id)
    if status is None:
        raise NoPictureError(f"its scan was not retrieved yet; {BUILD_AGAIN}")
    if status != "retrieved":
        raise NoPictureError(f"its scan could not be retrieved: {reason}")
    return File(Path(path), sha256, size, mtime, what="the copy of its scan")


def thumbnail(finding_id: str) -> bytes:
    """The picture of a finding as a small JPEG; raises as :func:`find_picture` does."""
    file = find_picture(finding_id)
    file.check_untouched()
    return _drawn(lambda: renderings.thumbnail(file.sha256, file.read))


def scan_preview(finding_id: str) -> bytes:
    """The scan of a finding as a JPEG of a screen's size; raises as :func:`find_scan` does."""
    file = find_scan(finding_id)
    file.check_untouched()
    return _drawn(lambda: renderings.scan_preview(file.sha256, file.read))


def scan_in_full(finding_id: str) -> bytes:
    """The scan of a finding as a PNG; raises as :func:`find_scan` does."""
    data = find_scan(finding_id).read()
    return _drawn(lambda: renderings.scan_in_full(data))


def _only_row(statement: str, finding_id: str) -> Row:
    rows = select_if_built(statement, [finding_id])
    if not rows:
        raise UnknownFindingError
    return rows[0]


def _drawn(make: Callable[[], bytes]) -> bytes:
    try:
        return make()
    except ImageError as error:
        raise NoPictureError(f"the image {error}") from None
