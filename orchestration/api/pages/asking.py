"""What a page asks of a list, taken from its address, and the addresses of the pages beside it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from orchestration.api.listing import Listing
from orchestration.api.listing.parameters import read_parameters
from orchestration.api.web.errors import BadRequestError

OF_PROGRAMS = {"page_size", "format"}


@dataclass(frozen=True)
class Shown:
    """Rows of a list as a page shows them.

    Args:
        rows: by column.
        next: the address of the page after it, from the question mark on; empty where there is none.
        previous: of the page before it.
        is_built: whether the list's table exists.
        filters: what the page was asked for.
    """

    rows: list[dict[str, Any]]
    next: str
    previous: str
    is_built: bool
    filters: dict[str, str]


def given(request: HttpRequest) -> QueryDict:
    """The parameters with a value: a form sends empty fields too, which mean nothing."""
    parameters = request.GET.copy()
    for name in [name for name, value in parameters.items() if not str(value).strip()]:
        del parameters[name]
    return parameters


def show(parameters: QueryDict, listing: Listing, *, page_size: int) -> Shown:
    """The page of a list that the parameters ask for.

    Raises:
        BadRequestError: one is unknown or malformed.
    """
    for name in OF_PROGRAMS & parameters.keys():
        raise BadRequestError(f"{name}: is a parameter of the API; pages take none")
    asked = parameters.copy()
    asked["page_size"] = str(page_size)
    query = read_parameters(asked, listing)
    page = listing.page(query)

    def address(cursor: str | None) -> str:
        if cursor is None:
            return ""
        beside = parameters.copy()
        beside["cursor"] = cursor
        return f"?{beside.urlencode()}"

    rows = [dict(zip(listing.names, row, strict=True)) for row in page.rows]
    return Shown(rows, address(page.next), address(page.previous), bool(rows) or listing.is_built(), query.filters)
