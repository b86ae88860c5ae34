"""The one failure of this room."""

from collections.abc import Iterator
from contextlib import contextmanager


class ImageError(ValueError):
    """This image cannot be used, and trying again will not help.

    The message says why in words that complete "The image …"; it carries no patient text and no file name, since
    the caller knows which image it was.
    """


@contextmanager
def refusing(reason: str) -> Iterator[None]:
    """Turn whatever a library raises for a bad image into an ``ImageError`` with this reason.

    The original is not chained to it: what it quotes from the file could be patient text.
    """
    try:
        yield
    except (ImageError, MemoryError):  # too little memory is no fault of the image
        raise
    except Exception:  # noqa: BLE001 - decoders have no base class in common; some raise plain Exception
        raise ImageError(reason) from None
