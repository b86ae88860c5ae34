"""A page of a list as an answer: JSON, or CSV with the next page in the header Link."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from orchestration.api.listing.listing import Listing, Page
from orchestration.api.listing.parameters import ListQuery, read_parameters
from orchestration.api.web.rendering import JSON, OPTIONS

CSV = "text/csv; charset=utf-8"


def answer_list(
    request: Request, listing: Listing, *, others: Iterable[str] = (), shown: Callable[[Page], None] | None = None
) -> HttpResponse:
    """The page of ``listing`` that the request asks for.

    Args:
        request: as it came.
        listing: what it asks of.
        others: names of parameters that the caller reads by itself.
        shown: called with the page before it is sent.

    Raises:
        BadRequestError: a parameter is unknown or malformed.
    """
    query = read_parameters(request.query_params, listing, others=others)
    page = listing.page(query)
    if shown:
        shown(page)
    links = {name: _link(request, cursor) for name, cursor in (("next", page.next), ("previous", page.previous))}
    if query.format == "csv":
        response = HttpResponse(_csv(listing, page, query), content_type=CSV)
        given = [f'<{url}>; rel="{name}"' for name, url in links.items() if url]
        if given:
            response["Link"] = ", ".join(given)
        return response
    names = listing.names
    body = links | {"results": [dict(zip(names, row, strict=True)) for row in page.rows]}
    return HttpResponse(orjson.dumps(body, option=OPTIONS), content_type=JSON)


def _link(request: HttpRequest | Request, cursor: str | None) -> str | None:
    """The URL of the page that begins at ``cursor``, with everything else as it was asked for."""
    if cursor is None:
        return None
    parameters = request.GET.copy()
    parameters["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")


def _csv(listing: Listing, page: Page, query: ListQuery) -> bytes:  # noqa: ARG001
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")  # RFC 4180
    writer.writerow(listing.names)
    writer.writerows([_cell(value) for value in row] for row in page.rows)
    return sink.getvalue().encode()


def _cell(value: Any) -> Any:  # noqa: ANN401  a value of any kind
    if value is None or isinstance(value, str | int | float):
        return value
    return orjson.dumps(value, option=OPTIONS).decode().strip('"')
