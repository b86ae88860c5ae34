"""``/api/cases/``: which clinical cases there are and what each lacks."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from orchestration.api.accounts.roles import Role
from orchestration.api.audit.services import Auditor
from orchestration.api.cases.listing import CASES
from orchestration.api.listing import Page, answer_list, list_schema
from orchestration.api.web.views import ServiceView


class CasesView(ServiceView):
    """All cases."""

    roles: ClassVar = {"GET": Role.READER}

    @list_schema(CASES, "List cases, without what their reports say", operation_id="cases_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of cases; the audit keeps which were shown."""

        def record(page: Page) -> None:
            if page.rows:
                case_id, year = (CASES.names.index(name) for name in ("case_id", "year"))
                Auditor.of_request(request).looked_at("case", [f"{row[year]}/{row[case_id]}" for row in page.rows])

        return answer_list(request, CASES, shown=record)
