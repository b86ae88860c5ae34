"""``/api/elements/``: store, list, show, change and delete elements."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer
from rest_framework.request import Request
from rest_framework.response import Response

from orchestration.api.accounts.roles import Role
from orchestration.api.audit.services import Auditor
from orchestration.api.elements import schema, services
from orchestration.api.elements.listing import ELEMENTS
from orchestration.api.listing import answer_list, list_schema, row_schema
from orchestration.api.web.errors import BadRequestError
from orchestration.api.web.schema import endpoint
from orchestration.api.web.views import ServiceView, refuse_parameters

ElementSerializer = row_schema(ELEMENTS)
_ELEMENT_OR_LIST = PolymorphicProxySerializer(
    component_name="ElementOrElements",
    serializers=[ElementSerializer, ElementSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)
_ID = OpenApiParameter(
    "element_id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The element's id.",
    examples=[OpenApiExample("an id", "aabbcc1")],
)


class ElementsView(ServiceView):
    """All elements."""

    roles: ClassVar = {"GET": Role.READER, "POST": Role.WRITER}

    @list_schema(ELEMENTS, "List elements", operation_id="elements_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of elements."""
        return answer_list(request, ELEMENTS)

    @endpoint(
        "Store one element or several",
        answers={201: _ELEMENT_OR_LIST},
        also=(409,),
        has_body=True,
        examples=schema.STORE_EXAMPLES,
        operation_id="elements_store",
        request={"application/json": schema.NEW_ELEMENTS},
    )
    def post(self, request: Request) -> Response:
        """Measure and store what was sent, all of it or nothing."""
        refuse_parameters(request)
        body = _object(request)
        auditor = Auditor.of_request(request)
        if all(isinstance(value, dict) for value in body.values()):
            return Response(services.store_batch(body, auditor), status=201)
        return Response(services.store_one(body, auditor), status=201)


class ElementView(ServiceView):
    """One element."""

    roles: ClassVar = {"GET": Role.READER, "PUT": Role.WRITER, "PATCH": Role.WRITER, "DELETE": Role.WRITER}

    @endpoint(
        "Show one element",
        answers={200: ElementSerializer},
        also=(404,),
        examples=schema.ELEMENT_EXAMPLES,
        operation_id="elements_show",
        parameters=[_ID],
    )
    def get(self, request: Request, element_id: str) -> Response:
        """The element."""
        refuse_parameters(request)
        return Response(services.find_element(element_id))

    @endpoint(
        "Set an element's id and device",
        answers={200: ElementSerializer},
        also=(404, 409),
        has_body=True,
        examples=[*schema.REPLACE_EXAMPLES, *schema.ELEMENT_EXAMPLES],
        operation_id="elements_replace",
        parameters=[_ID],
        request={"application/json": schema.REPLACEMENT},
    )
    def put(self, request: Request, element_id: str) -> Response:
        """Set both fields that can be changed."""
        body = _object(request)
        missing = [name for name in services.CHANGEABLE if name not in body]
        if missing:
            raise BadRequestError(f"{' and '.join(missing)} must be given; PATCH changes one field alone")
        return self._change(request, element_id, body)

    @endpoint(
        "Change an element's id or device",
        answers={200: ElementSerializer},
        also=(404, 409),
        has_body=True,
        examples=[*schema.CHANGE_EXAMPLES, *schema.ELEMENT_EXAMPLES],
        operation_id="elements_change",
        parameters=[_ID],
        request={"application/json": schema.CHANGE},
    )
    def patch(self, request: Request, element_id: str) -> Response:
        """Change what is given."""
        return self._change(request, element_id, _object(request))

    @endpoint("Delete an element", answers={204: None}, also=(404,), operation_id="elements_delete", parameters=[_ID])
    def delete(self, request: Request, element_id: str) -> Response:
        """Delete it."""
        refuse_parameters(request)
        services.delete_element(element_id, Auditor.of_request(request))
        return Response(status=204)

    def _change(self, request: Request, element_id: str, body: Mapping[str, Any]) -> Response:
        refuse_parameters(request)
        return Response(services.change_element(element_id, body, Auditor.of_request(request)))


def _object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, dict) or not request.data:
        raise BadRequestError("the body must be a JSON object with at least one field")
    return request.data
