"""Lists over tables and marts: declared once as columns, with filters, order, pages, JSON, CSV and schema made of that.

Pages go by keyset: a page begins after the last row of the one before, so the ten-thousandth costs what the first does,
and nothing counts rows. Statements are made of constants in the code and of parameters, never of what a client sent.
"""

from orchestration.api.listing.answers import answer_list
from orchestration.api.listing.columns import Column
from orchestration.api.listing.listing import Listing, Page
from orchestration.api.listing.parameters import ListQuery
from orchestration.api.listing.schema import list_schema, row_schema

__all__ = ["Column", "ListQuery", "Listing", "Page", "answer_list", "list_schema", "row_schema"]
