"""What pages of Django's admin site share."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from orchestration.api.accounts.models import Token

ROWS_COUNTED = 10_000


class ServiceAdminSite(admin.AdminSite):
    """The admin page, for holders of an admin's token who logged in like on any other page."""

    site_title = site_header = "doubleread"
    index_title = "Tables"

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ANN401, ARG002
        """Send whoever is not logged in to log in, and refuse whoever is no admin."""
        if isinstance(request.user, Token):
            raise PermissionDenied
        return redirect_to_login(request.get_full_path())


class BoundedPaginator(Paginator):  # type: ignore[type-arg] # generic for type checkers only
    """Counts the rows of a list no further than a person turns pages."""

    @property
    def count(self) -> int:
        """How many rows there are, or ``ROWS_COUNTED``."""
        rows: Any = self.object_list
        return len(rows[:ROWS_COUNTED].values_list("pk"))


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic for type checkers only
    """A table to look at."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  Django's signature
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Nobody deletes here."""
        return False
