"""What was made of a scan and a finding: the retrieved image, clean images, the picture, as the records have them."""

import hashlib
from pathlib import Path

from orchestration.errors import DoublereadError
from orchestration.settings import Settings
from orchestration.training_set.export.holding import Destinations, Holding
from orchestration.training_set.provenance.answers import Export, FileState, Image, Picture
from orchestration.training_set.provenance.records import Records, Row

_RETRIEVED = ("reason", "version", "etag", "last_modified", "size_bytes", "sha256", "run_id")
_PICTURE = (
    *("training_set", "path", "status", "reason", "sha256", "size_bytes", "width", "height", "finding_hash"),
    *("boxes_drawn", "boxes_clipped", "boxes_skipped", "source_image", "source_version", "source_sha256"),
    *("drawing_version", "drawing", "run_id", "code_version"),
)
_EXPORT = (
    *("destination", "bits", "status", "reason", "sha256", "width", "height", "source_sha256", "source_version"),
    *("cleaning_version", "run_id", "code_version"),
)


def image_of(
    scan_id: str, png_image: str | None, *, records: Records, destinations: Destinations, store_url: str
) -> Image:
    """What became of a scan's image."""
    values = [store_url, png_image or ""]
    condition = "store_url = %s and md5(png_image) = md5(%s)"
    known = {"scan_id": scan_id, "png_image": png_image, "store_url": store_url}
    exports = [_export(row, scan_id, destinations) for row in records.find("clean_images", condition, values)]
    rows = records.find("retrieved_scans", condition, values)
    if not rows:
        reason = "only the images of findings, and those that an export asks for, are retrieved"
        return Image(**known, status="not_retrieved", reason=reason, exports=exports)
    row = rows[0]
    kept = {name: row.get(name) for name in _RETRIEVED}
    return Image(**known, **kept, status=row["status"], retrieved_at=row["updated_at"], exports=exports)


def picture_of(finding: Row, image: Image, training_set: str | None, records: Records, settings: Settings) -> Picture:
    """The record of a finding's picture, or why there is none."""
    folder = training_set or str(settings.doubleread_training_set)
    rows = records.find("pictures", "training_set = %s and finding_id = %s", [folder, finding["finding_id"]])
    if not rows:
        reason = f"its scan: {image.reason}" if image.status == "failed" else "not drawn yet; run: doubleread build"
        return Picture(training_set=folder, path=None, status="not_made", reason=reason)
    row = rows[0]
    is_drawn = row["status"] == "drawn"
    return Picture(
        **{name: row.get(name) for name in _PICTURE},
        made_at=row["updated_at"],
        file=_file_state(Path(folder, row["path"]), row) if is_drawn else None,
        shows_the_finding=row["finding_hash"] == finding["finding_hash"] if is_drawn else None,
        model_run=records.model_run_of(row["run_id"]),
    )


def _file_state(path: Path, row: Row) -> FileState:
    """Whether a picture's file is as it was drawn; one that was not touched since is not read."""
    try:
        status = path.stat(follow_symlinks=False)
        if (status.st_size, status.st_mtime_ns) == (row["size_bytes"], row["mtime_ns"]):
            return "as recorded"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"
    return "as recorded" if digest == row["sha256"] else "changed"


def _export(row: Row, scan_id: str, destinations: Destinations) -> Export:
    try:
        held = destinations.holding(row["destination"], scan_id, row["sha256"]) if row["sha256"] else Holding()
    except DoublereadError:
        held = Holding()  # what the destination holds is a question of its own; the record stands without it
    return Export(
        **{name: row.get(name) for name in _EXPORT},
        made_at=row["updated_at"],
        generations=held.generations,
        in_current=held.in_current,
        side=held.side,
    )
