"""The URL of a place: a folder, a bucket or a container, and what lies below it."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

SCHEMES = ("file", "az", "s3")


class PlaceUrl(NamedTuple):
    """The parts of a place's URL: ``container`` is a bucket's or container's name, ``path`` is below it, without ``/``.

    ``path`` is absolute and ``container`` empty where the place is a folder.
    """

    scheme: str
    container: str
    path: str

    @property
    def folder(self) -> Path | None:
        """The folder of a ``file://`` URL; None for another."""
        return Path(self.path) if self.scheme == "file" else None


def parse_url(url: str) -> PlaceUrl:
    """Take the URL of a place apart.

    Raises:
        ValueError: it is none; the message does not repeat the URL, which may hold a secret.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError("must start with file:///, az:// or s3://")
    if parts.username or parts.password or parts.query:
        raise ValueError("must hold no credentials; they have settings of their own")
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("must be an absolute path, file:///folder")
        return PlaceUrl("file", "", unquote(parts.path))
    if not parts.netloc:
        raise ValueError(f"must name a container or bucket, {parts.scheme}://name/prefix")
    return PlaceUrl(parts.scheme, parts.netloc, unquote(parts.path).strip("/"))


def place_url(place: str | Path) -> str:
    """The URL of a place in its one form: a folder's path becomes ``file://``, and no slash stands at the end.

    Raises:
        ValueError: as :func:`parse_url`.
    """
    text = str(place)
    if "://" not in text:
        return Path(text).expanduser().absolute().as_uri()
    folder = parse_url(text).folder
    return text.rstrip("/") if folder is None else folder.as_uri()
