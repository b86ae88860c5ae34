"""Calls of pydicom without its remarks: warnings and log records that quote values and name paths of the program."""

import logging
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from orchestration.images import refusing

_lock = threading.Lock()
_inside: Counter[int] = Counter()  # blocks that each thread is in
_filters = ExitStack()


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep back what pydicom remarks within the block; what matters of it, the caller has to check by itself.

    Several threads may be inside at once. The filters of ``warnings`` belong to the process: the first thread to come
    sets them, the last one to leave restores them, and other modules' warnings pass all the while.
    """
    thread = threading.get_ident()
    with _lock:
        if not _inside:
            _filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module="pydicom")
        _inside[thread] += 1
    try:
        yield
    finally:
        with _lock:
            _inside[thread] -= 1
            if not _inside[thread]:
                del _inside[thread]
            if not _inside:
                _filters.close()


@contextmanager
def calling_pydicom(reason: str) -> Iterator[None]:
    """Turn whatever pydicom raises into an ``ImageError`` with this reason, and keep back what it remarks."""
    with refusing(reason), quiet_pydicom():
        yield


def _is_from_outside(record: logging.LogRecord) -> bool:
    return record.thread not in _inside


for _name in ("pydicom", "pydicom.pixels.decoders.base", "pydicom.pixels.utils"):
    logging.getLogger(_name).addFilter(_is_from_outside)
