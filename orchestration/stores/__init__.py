"""Places where objects lie: a folder, a bucket, a container; one type, with one behaviour.

Entry points: :func:`open_place` (a :class:`Place` by URL), :func:`fetch` (one object, verified), :func:`retrieve` (many
objects to verified local copies), :func:`check_path` (what a name from outside must be like).
"""

from orchestration.stores.errors import (
    MissingObjectError,
    ObjectChangedError,
    PermanentStoreError,
    PlaceBusyError,
    RetryableStoreError,
    StoreError,
    StoreUnavailableError,
    UnsafePathError,
)
from orchestration.stores.fetching import fetch
from orchestration.stores.opening import open_place, place_at
from orchestration.stores.paths import check_name, check_path
from orchestration.stores.place import ObjectVersion, Parts, Place, ReadAt
from orchestration.stores.retrieval import Retrieval, retrieve

__all__ = [
    "MissingObjectError",
    "ObjectChangedError",
    "ObjectVersion",
    "Parts",
    "PermanentStoreError",
    "Place",
    "PlaceBusyError",
    "ReadAt",
    "Retrieval",
    "RetryableStoreError",
    "StoreError",
    "StoreUnavailableError",
    "UnsafePathError",
    "check_name",
    "check_path",
    "fetch",
    "open_place",
    "place_at",
    "retrieve",
]
