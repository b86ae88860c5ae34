"""Getting a case: one query, then its images, all at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.cases.case import ClinicalCase, ContradictoryCaseError, IncompleteCaseError, OutdatedIndexError
from orchestration.cases.contradictions import Contradiction, contradictions
from orchestration.cases.decoding import BUDGET, decode_within
from orchestration.cases.image import VIEWS, CaseImage, Source
from orchestration.cases.lookup import look_up, though, unmatched_names
from orchestration.cases.opening import open_container
from orchestration.cases.saving import save
from orchestration.database import Database, open_database
from orchestration.dicom.identity import Identity
from orchestration.dicom.reading import read_identity
from orchestration.imaging import ImageError, is_dicom
from orchestration.outcomes import printable
from orchestration.settings import Settings, load_settings
from orchestration.stores import MissingObjectError, ObjectChangedError, ObjectVersion, StoreError, fetch
from orchestration.workers import thread_workers

if TYPE_CHECKING:
    from orchestration.stores.azure import Container

Failures = dict[str, StoreError | ImageError]


@dataclass(frozen=True)
class _Fetched:
    """An image, what its header says where it has one, and the SHA-256 of its pixels."""

    image: CaseImage
    identity: Identity | None
    pixels: bytes


@dataclass(frozen=True)
class CaseSource:
    """Where cases come from: the database with the index and the reports, and the container of the images."""

    database: Database
    store: "Container"


def open_case_source(settings: Settings) -> CaseSource:
    """The container and the database that the settings name, both checked.

    Raises:
        DoublereadError: one of them cannot be used; the message names the setting.
    """
    return CaseSource(store=open_container(settings), database=open_database(settings))


def get_case(
    case_id: str,
    year: int,
    save_case: bool = False,
    *,
    allow_partial: bool = False,
    allow_contradictions: bool = False,
    folder: Path | None = None,
    source: CaseSource | None = None,
) -> ClinicalCase:
    """One case by its id and year: one query, and one request for each image, side by side.

    Args:
        case_id: ``S`` and digits, whole: ``S0000001`` is not ``S00000012``.
        year: four digits.
        save_case: also write it to ``<folder>/<year>/<case_id>``, which ``load_case`` reads back.
        allow_partial: return the parts that are there and usable, with None for each of the others and the reason in
            ``missing``. A store that does not answer and an index that is out of date raise all the same, since the
            part may well be there.
        allow_contradictions: return images that contradict their names or one another, with what contradicts in
            ``contradictions``.
        folder: where saved cases go; ``cases`` below ``DOUBLEREAD_HOME`` unless given.
        source: an opened one; else that of the settings, opened once for the process.

    Raises:
        CaseNotFoundError: neither an image nor a report of such a case is known.
        IncompleteCaseError: parts are missing or cannot be used; the message names all of them.
        OutdatedIndexError: blobs were changed or deleted since the index was made.
        ContradictoryCaseError: the headers, names and pixels of the images contradict one another.
        DoublereadError: the database or the container cannot be used, or a setting is wrong.
    """
    source = source or _source_of(load_settings())
    known = look_up(source.database, source.store.container, case_id, year)
    fetched, failures = _fetch_all(source.store, known.blobs)
    missing = _not_indexed(source, case_id, year, known.blobs)
    missing |= {part: _explained(known.blobs[part], error) for part, error in failures.items()}
    if known.report is None:
        missing["report"] = "not in the report table"
    _raise_what_is_unknown(case_id, year, failures, missing)
    contradicting = _contradictions(year, fetched)
    if missing and not allow_partial:
        raise IncompleteCaseError(case_id, year, missing, _advice(contradicting))
    if contradicting and not allow_contradictions:
        raise ContradictoryCaseError(case_id, year, contradicting)
    images = {view: fetched[view].image if view in fetched else None for view in VIEWS}
    case = ClinicalCase(case_id, year, report=known.report, missing=missing, contradictions=contradicting, **images)
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


def _fetch_all(store: "Container", blobs: Mapping[str, ObjectVersion]) -> tuple[dict[str, _Fetched], Failures]:
    """The images of the parts and, of those that cannot be used, why not."""
    fetched: dict[str, _Fetched] = {}
    failures: Failures = {}
    with thread_workers(len(VIEWS)) as workers:
        tasks = ((part, (part, version)) for part, version in blobs.items())
        for part, outcome in workers.run(partial(_fetch, store), tasks, in_order=True):
            if isinstance(outcome, StoreError | ImageError):
                failures[part] = outcome
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                fetched[part] = outcome
    return fetched, failures


def _fetch(store: "Container", blob: tuple[str, ObjectVersion]) -> _Fetched:
    """Fetch and decode the blob of a part."""
    part, version = blob
    data, sha256 = fetch(store, version)
    source = Source(store.container, version.path, version.etag, sha256)
    identity = read_identity(data) if is_dicom(data) else None
    image, pixels = decode_within(BUDGET, data)
    return _Fetched(CaseImage.of(part, source, image), identity, pixels)


def _contradictions(year: int, fetched: Mapping[str, _Fetched]) -> tuple[Contradiction, ...]:
    return contradictions(
        year,
        {part: found.image for part, found in fetched.items()},
        {part: found.identity for part, found in fetched.items() if found.identity is not None},
        {part: found.pixels for part, found in fetched.items()},
    )


def _advice(contradicting: tuple[Contradiction, ...]) -> str:
    rest = "allow_partial (--partial) gives the rest"
    return f"{rest}, which contradicts itself: {'; '.join(map(str, contradicting))}" if contradicting else rest


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
