"""``/api/predictions/``: the scores that jobs gave."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from orchestration.api.accounts.roles import Role
from orchestration.api.listing import answer_list, list_schema
from orchestration.api.predictions.listing import PREDICTIONS
from orchestration.api.web.views import ServiceView


class PredictionsView(ServiceView):
    """The scores of the latest run of each job and config."""

    roles: ClassVar = {"GET": Role.READER}

    @list_schema(PREDICTIONS, "List predictions", operation_id="predictions_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of predictions."""
        return answer_list(request, PREDICTIONS)
