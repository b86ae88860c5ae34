"""The clean images of an old version, where they are still there: they need not be made again from their scans."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from orchestration.stores import Place, StoreError
from orchestration.training_set.export.generation import GenerationError
from orchestration.training_set.export.images import MadeImage
from orchestration.training_set.export.layout import SCANS
from orchestration.training_set.export.objects import object_path
from orchestration.training_set.export.selection import Source
from orchestration.training_set.versions.naming import Published
from orchestration.transformations import EARLIER
from orchestration.workers import thread_workers

COPIES_AT_A_TIME = 8  # images fetched and put at a time: the work waits for places

_READ_IN_HEADER = ("patient_digest", "study_uid", "series_uid", "uid", "sop_class_uid")
"""What a version's own tables do not tell of an image."""
_COLUMNS = ("scan_id", "path", "sha256", "width", "height", "bits", "channels", "value_offset", "inverted",
    "source_sha256")  # fmt: skip


def take_images(
    connection: psycopg.Connection, version: Published, store_url: str, destination: Place
) -> Mapping[str, tuple[MadeImage, str]]:
    """Copy a version's clean images that are still there, as objects, to another place.

    Args:
        connection: to the database with the earlier models, and with the records of images.
        version: where the images are.
        store_url: where the scans come from.
        destination: where they go.

    Returns:
        The images with the SHA-256 of their scans, by scan id; one that is gone or was changed is left out.

    Raises:
        StoreError: the destination does not take one.
    """
    headers = _read_in_headers(connection, store_url)
    try:
        rows = version.table(SCANS, _COLUMNS)
    except (GenerationError, StoreError):
        return {}
    with thread_workers(COPIES_AT_A_TIME) as copying:
        copied = copying.run(_Copying(version, destination), ((row["scan_id"], row) for row in rows))
        found = dict(_found(copied))
    sources = {row["scan_id"]: row["source_sha256"] for row in rows}
    return {scan_id: (replace(image, **headers.get(scan_id, {})), sources[scan_id]) for scan_id, image in found.items()}


@dataclass(frozen=True)
class _Copying:
    """Copies a clean image from a version to a place, from a row of its scans."""

    version: Published
    destination: Place

    def __call__(self, row: Mapping[str, Any]) -> MadeImage | None:
        """The image with its ETag there; None where it is gone, or is not what it was."""
        sha256 = row["sha256"]
        path = object_path(sha256, ".png")
        try:
            data = self.version.read(row["path"])
        except (GenerationError, StoreError):
            return None
        found = self.destination.find(path)
        if found is None or hashlib.sha256(self.destination.read(path)[0]).hexdigest() != sha256:
            etag = self.destination.put(path, [data])
        else:
            etag = found.etag
        return MadeImage(
            sha256=sha256,
            size_bytes=len(data),
            object_etag=etag,
            width=row["width"],
            height=row["height"],
            sample_bits=row["bits"],
            channels=row["channels"],
            value_offset=row["value_offset"],
            inverted=row["inverted"],
        )


def _found(
    copied: Iterable[tuple[str, MadeImage | Exception | None]],
) -> Iterator[tuple[str, MadeImage]]:
    for scan_id, image in copied:
        if isinstance(image, Exception):
            raise image
        if image is not None:
            yield scan_id, image


def _read_in_headers(connection: psycopg.Connection, store_url: str) -> dict[str, dict[str, Any]]:
    """Patient and reference in the header of each scan's image, as the last export read them; by scan."""
    query = sql.SQL(
        "select distinct on (scan.scan_id) scan.scan_id, {columns} from {marts}.trainable_scans as scan "
        "inner join doubleread.clean_images as image on image.png_image = scan.png_image and image.store_url = %s "
        "where image.status = 'made' order by scan.scan_id, image.updated_at desc"
    ).format(
        columns=sql.SQL(", ").join(sql.Identifier("image", name) for name in _READ_IN_HEADER),
        marts=Source(EARLIER).schema("marts"),
    )
    rows = connection.execute(query, [store_url]).fetchall()
    return {scan_id: dict(zip(_READ_IN_HEADER, values, strict=True)) for scan_id, *values in rows}
