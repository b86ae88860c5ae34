"""Image stores, wherever they lie, and verified retrieval from them.

Entry points: :func:`open_image_store` (an :class:`ImageStore` by URL), :func:`retrieve` (images to verified local
copies), :func:`check_path` (what a name from outside must be like).
"""

from orchestration.stores.errors import (
    MissingObjectError,
    PermanentStoreError,
    PlaceBusyError,
    RetryableStoreError,
    StoreError,
    StoreUnavailableError,
    UnsafePathError,
)
from orchestration.stores.image_store import ImageStore, ImageVersion
from orchestration.stores.opening import open_image_store
from orchestration.stores.paths import check_name, check_path
from orchestration.stores.retrieval import Retrieval, retrieve

__all__ = [
    "ImageStore",
    "ImageVersion",
    "MissingObjectError",
    "PermanentStoreError",
    "PlaceBusyError",
    "Retrieval",
    "RetryableStoreError",
    "StoreError",
    "StoreUnavailableError",
    "UnsafePathError",
    "check_name",
    "check_path",
    "open_image_store",
    "retrieve",
]
