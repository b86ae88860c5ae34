"""Files in answers: entity tags, ranges (RFC 9110, 13 and 14), and caches that must ask every time."""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

# A browser may keep a picture and must ask before each use whether it still may: so a finding that is gone takes its
# picture along, and the audit has every look.
CACHE = "private, no-cache"
_RANGE = re.compile(r"bytes=\s*(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))\s*", re.ASCII | re.IGNORECASE)


def answer_file(request: Request | HttpRequest, data: bytes, content_type: str, *, sha256: str = "") -> HttpResponse:
    """The bytes as the request wants them: all, a range of them, or word that its copy is still good.

    Of several ranges at once, and of units other than bytes, all is sent, as the standard allows.

    Args:
        request: as it came.
        data: the whole file.
        content_type: its type.
        sha256: its SHA-256, where it is known already; the entity tag.
    """
    tag = f'"{sha256 or hashlib.sha256(data).hexdigest()}"'
    if _names(request.headers.get("If-None-Match", ""), tag):
        return _with_headers(HttpResponse(status=304), tag)
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", tag) != tag:
        return _with_headers(HttpResponse(data, content_type=content_type), tag)
    bounds = _bounds(found, len(data))
    if bounds is None:
        response = HttpResponse(status=416, content_type=content_type)
        response["Content-Range"] = f"bytes */{len(data)}"
        return _with_headers(response, tag)
    start, end = bounds
    response = HttpResponse(data[start:end], status=206, content_type=content_type)
    response["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return _with_headers(response, tag)


def _names(header: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag, weakly or not, or any."""
    given = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in given or tag in given


def _bounds(found: re.Match[str], size: int) -> tuple[int, int] | None:
    """Start and end of a range, the end not included; None where no byte of the file lies in it."""
    first, last, suffix = found.groups()
    if suffix is not None:
        return (max(0, size - int(suffix)), size) if int(suffix) and size else None
    start = int(first)
    end = min(int(last), size - 1) + 1 if last else size
    return (start, end) if start < end else None


def _with_headers(response: HttpResponse, tag: str) -> HttpResponse:
    response["ETag"] = tag
    response["Cache-Control"] = CACHE
    response["Accept-Ranges"] = "bytes"
    return response
