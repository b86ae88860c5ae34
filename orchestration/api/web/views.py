"""The view that every endpoint of the API is."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from orchestration.api.accounts.authentication import BearerAuthentication, PageSessionAuthentication
from orchestration.api.accounts.permissions import RolePermission
from orchestration.api.accounts.roles import Role
from orchestration.api.accounts.throttling import TokenThrottle
from orchestration.api.web.errors import BadRequestError
from orchestration.api.web.parsing import StrictJSONParser
from orchestration.api.web.rendering import FormatNegotiation, JSONRenderer


class ServiceView(APIView):
    """An endpoint; ``roles`` says for each of its methods which role it takes at least.

    A method without a role is refused, so that a new one is closed until somebody decides.
    """

    roles: ClassVar[Mapping[str, Role]] = {}
    authentication_classes = (BearerAuthentication, PageSessionAuthentication)
    permission_classes = (RolePermission,)
    throttle_classes = (TokenThrottle,)
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = FormatNegotiation
    http_method_names: ClassVar[list[str]] = ["get", "head", "post", "put", "patch", "delete"]  # type: ignore[misc]
    metadata_class = None

    @property
    def allowed_methods(self) -> list[str]:
        """What the header Allow says."""
        return [name.upper() for name in self.http_method_names if hasattr(self, name)]


def refuse_parameters(request: Request) -> None:
    """Refuse parameters where an endpoint takes none: one that is passed over would be a filter that does not filter.

    Raises:
        BadRequestError: there is one.
    """
    if request.query_params:
        raise BadRequestError("this endpoint takes no parameters")
