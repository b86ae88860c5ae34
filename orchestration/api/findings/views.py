"""``/api/findings/``, ``/api/rejections/`` and ``/api/agreement/``: lists, one finding, and its pictures."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from orchestration.api.accounts.roles import Role
from orchestration.api.audit.services import Auditor
from orchestration.api.findings import pictures
from orchestration.api.findings.errors import UnknownFindingError
from orchestration.api.findings.listing import AGREEMENT, FINDING_ID, FINDINGS, REJECTIONS
from orchestration.api.front.metrics import PICTURES_SHOWN
from orchestration.api.listing import answer_list, list_schema, row_schema
from orchestration.api.listing.schema import example_row
from orchestration.api.web.files import answer_file
from orchestration.api.web.schema import endpoint
from orchestration.api.web.views import ServiceView, refuse_parameters

FindingSerializer = row_schema(FINDINGS)
PNG, JPEG = "image/png", "image/jpeg"
_ID = OpenApiParameter(
    "finding_id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The finding's id.",
    examples=[OpenApiExample("an id", FINDING_ID)],
)


def _picture_schema(summary: str, content_type: str, operation_id: str) -> Callable[[Any], Any]:
    """Describe an endpoint that sends a picture: whole, a range of it, or word that the client's copy is still good."""
    example = OpenApiExample("one", external_value=f"/api/findings/{FINDING_ID}/{operation_id.partition('_')[2]}")
    answers: dict[Any, OpenApiResponse] = {
        (status, content_type): OpenApiResponse(OpenApiTypes.BINARY, description=text, examples=[example])
        for status, text in ((200, "All of it."), (206, "The range that was asked for."))
    }
    answers[304] = OpenApiResponse(description="It is still the one that If-None-Match names.")
    answers[416] = OpenApiResponse(description="No byte of it lies in the range that was asked for.")
    return endpoint(
        f"{summary}; takes Range, If-Range and If-None-Match",
        answers=answers,
        also=(404,),
        operation_id=operation_id,
        parameters=[_ID],
    )


class FindingsView(ServiceView):
    """All findings."""

    roles: ClassVar = {"GET": Role.READER}

    @list_schema(FINDINGS, "List findings", operation_id="findings_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of findings."""
        return answer_list(request, FINDINGS)


class FindingView(ServiceView):
    """One finding."""

    roles: ClassVar = {"GET": Role.READER}

    @endpoint(
        "Show one finding",
        answers={200: FindingSerializer},
        also=(404,),
        operation_id="findings_show",
        parameters=[_ID],
        examples=[OpenApiExample("a finding", example_row(FINDINGS), response_only=True, status_codes=[200])],
    )
    def get(self, request: Request, finding_id: str) -> Response:
        """The finding."""
        refuse_parameters(request)
        finding = FINDINGS.find(finding_id)
        if finding is None:
            raise UnknownFindingError
        return Response(finding)


class _PictureView(ServiceView):
    """One picture of a finding."""

    roles: ClassVar = {"GET": Role.READER}

    def send(self, request: Request, finding_id: str, kind: str, data: bytes, content_type: str) -> HttpResponse:
        """Record the look, then answer."""
        Auditor.of_request(request).looked_at(kind, [finding_id])
        PICTURES_SHOWN.inc()
        return answer_file(request, data, content_type)


class PictureView(_PictureView):
    """The picture of a finding, byte for byte as in the training set."""

    @_picture_schema("The picture of a finding with its boxes", PNG, "findings_picture")
    def get(self, request: Request, finding_id: str) -> HttpResponse:
        """The picture."""
        refuse_parameters(request)
        return self.send(request, finding_id, "picture", pictures.find_picture(finding_id).read(), PNG)


class ThumbnailView(_PictureView):
    """The picture of a finding, small."""

    @_picture_schema("The picture of a finding, small", JPEG, "findings_thumbnail")
    def get(self, request: Request, finding_id: str) -> HttpResponse:
        """The thumbnail."""
        refuse_parameters(request)
        return self.send(request, finding_id, "thumbnail", pictures.thumbnail(finding_id), JPEG)


class ScanView(_PictureView):
    """The scan of a finding."""

    @_picture_schema("The scan of a finding without any drawing, in full", PNG, "findings_scan")
    def get(self, request: Request, finding_id: str) -> HttpResponse:
        """The scan."""
        refuse_parameters(request)
        return self.send(request, finding_id, "scan", pictures.scan_in_full(finding_id), PNG)


class ScanPreviewView(_PictureView):
    """The scan of a finding, as large as a screen."""

    @_picture_schema("The scan of a finding without any drawing, as large as a screen", JPEG, "findings_scan_preview")
    def get(self, request: Request, finding_id: str) -> HttpResponse:
        """The scan."""
        refuse_parameters(request)
        return self.send(request, finding_id, "scan preview", pictures.scan_preview(finding_id), JPEG)


class RejectionsView(ServiceView):
    """Labels that were seen and rejected, with reasons."""

    roles: ClassVar = {"GET": Role.READER}

    @list_schema(REJECTIONS, "List rejections", operation_id="rejections_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of rejections."""
        return answer_list(request, REJECTIONS)


class AgreementView(ServiceView):
    """How far readers agree."""

    roles: ClassVar = {"GET": Role.READER}

    @list_schema(AGREEMENT, "List how far readers agree", operation_id="agreement_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of pairs of readers."""
        return answer_list(request, AGREEMENT)
