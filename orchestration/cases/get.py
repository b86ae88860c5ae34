"""Getting a case: one query, then its images, all at once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from orchestration.cases.case import ClinicalCase, IncompleteCaseError, OutdatedIndexError
from orchestration.cases.image import VIEWS, CaseImage, Source
from orchestration.cases.lookup import look_up, though, unmatched_names
from orchestration.cases.opening import open_container
from orchestration.cases.saving import save
from orchestration.database import Database, open_database
from orchestration.imaging import ImageError, read_stored
from orchestration.settings import Settings, load_settings
from orchestration.stores import MissingObjectError, ObjectChangedError, ObjectVersion, StoreError, fetch, printable
from orchestration.stores.azure import Container

Failures = dict[str, StoreError | ImageError]


@dataclass(frozen=True)
class CaseSource:
    """Where cases come from: the database with the index and the reports, and the container of the images."""

    database: Database
    store: Container


def open_case_source(settings: Settings) -> CaseSource:
    """The container and the database that the settings name, both checked.

    Raises:
        DoublereadError: one of them can't be used; the message names the setting.
    """
    return CaseSource(store=open_container(settings), database=open_database(settings))


def get_case(
    case_id: str,
    year: int,
    save_case: bool = False,
    *,
    allow_partial: bool = False,
    folder: Path | None = None,
    source: CaseSource | None = None,
) -> ClinicalCase:
    """One case by its id and year: one query, and one request for each image, side by side.

    Args:
        case_id: ``S`` and digits, whole: ``S0000001`` is not ``S00000012``.
        year: four digits.
        save_case: also write it to ``<folder>/<year>/<case_id>``, which ``load_case`` reads back.
        allow_partial: return what there is, with None for what is missing or cannot be decoded and the reason in
            ``missing``. A store that does not answer and an index that is out of date raise all the same: nobody
            knows then whether the part is missing.
        folder: where saved cases go; ``cases`` below ``DOUBLEREAD_HOME`` unless given.
        source: an opened one; else that of the settings, opened once for the process.

    Raises:
        CaseNotFoundError: nothing is known of such a case.
        IncompleteCaseError: parts are missing or can't be used; the message names all of them.
        OutdatedIndexError: blobs changed or went since the index was made.
        DoublereadError: the database or the container can't be used, or a setting is wrong.
    """
    source = source or _source_of(load_settings())
    known = look_up(source.database, source.store.container, case_id, year)
    images, failures = _images(source.store, known.blobs)
    missing = _not_indexed(source, case_id, year, known.blobs)
    missing |= {part: _explained(known.blobs[part], error) for part, error in failures.items()}
    if known.report is None:
        missing["report"] = "not in the report table"
    _raise_what_is_unknown(case_id, year, failures, missing)
    if missing and not allow_partial:
        raise IncompleteCaseError(case_id, year, missing, "allow_partial (--partial) gives the rest")
    case = ClinicalCase(case_id, year, report=known.report, missing=missing, **_by_part(images))
    if save_case:
        save(case, folder or load_settings().doubleread_home / "cases")
    return case


@lru_cache(maxsize=1)
def _source_of(settings: Settings) -> CaseSource:
    return open_case_source(settings)


def _not_indexed(source: CaseSource, case_id: str, year: int, blobs: Mapping[str, ObjectVersion]) -> dict[str, str]:
    """The views without a blob, each with the blobs that may be meant for it but count for no case."""
    views = [view for view in VIEWS if view not in blobs]
    unmatched = unmatched_names(source.database, source.store.container, case_id, year) if views else []
    return {
        view: f"not in the index{though([found for found in unmatched if found.view in {None, view}])}"
        for view in views
    }


def _images(store: Container, blobs: Mapping[str, ObjectVersion]) -> tuple[dict[str, CaseImage], Failures]:
    """The images of the parts and, of those that can't be had, why not."""
    images: dict[str, CaseImage] = {}
    failures: Failures = {}
    with ThreadPoolExecutor(len(VIEWS)) as threads:
        futures = {part: threads.submit(_image, store, part, version) for part, version in blobs.items()}
        for part, future in futures.items():
            try:
                images[part] = future.result()
            except (StoreError, ImageError) as error:
                failures[part] = error
    return images, failures


def _image(store: Container, part: str, version: ObjectVersion) -> CaseImage:
    data, sha256 = fetch(store, version)
    source = Source(store.container, version.path, version.etag, sha256)
    return CaseImage.of(part, source, read_stored(data))


def _by_part(images: Mapping[str, CaseImage]) -> dict[str, CaseImage | None]:
    return {view: images.get(view) for view in VIEWS}


def _explained(version: ObjectVersion, error: StoreError | ImageError) -> str:
    """The reason with the blob that it is about; what an ``ImageError`` says completes "The image …"."""
    blob = printable(version.path)
    if isinstance(error, ImageError):
        return f"{blob} {error}"
    if isinstance(error, MissingObjectError):
        return f"{blob}: the blob is gone"
    if isinstance(error, ObjectChangedError):
        return f"{blob}: another blob has its name (the ETag differs)"
    return f"{blob}: {error}"


def _raise_what_is_unknown(case_id: str, year: int, failures: Failures, missing: Mapping[str, str]) -> None:
    """Raise where the store did not give a part that may well be there."""
    refused = [error for error in failures.values() if isinstance(error, StoreError)]
    if any(isinstance(error, MissingObjectError | ObjectChangedError) for error in refused):
        advice = "The index is older than the container: run doubleread cases index"
        raise OutdatedIndexError(case_id, year, missing, advice)
    if refused:
        raise IncompleteCaseError(case_id, year, missing)
