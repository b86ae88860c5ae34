"""The pages about findings: the wall, one finding, rejections, agreement; and the switch between light and dark."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from orchestration.api.accounts.permissions import page
from orchestration.api.accounts.roles import Role
from orchestration.api.findings.behind import read_origin, read_readings
from orchestration.api.findings.errors import UnknownFindingError
from orchestration.api.findings.listing import AGREEMENT, FINDINGS, REJECTIONS
from orchestration.api.jobs.services import dagster
from orchestration.api.listing import ListQuery
from orchestration.api.listing.cursors import Cursor
from orchestration.api.listing.parameters import LARGEST_PAGE
from orchestration.api.pages.asking import given, show
from orchestration.api.pages.overlay import Shape, lay_over
from orchestration.api.pages.plot import plot
from orchestration.labels import CAPTIONS, LABELS

PICTURES = 48  # of a label's wall
PICTURES_OF_EACH = 8  # of the wall of all labels
ROWS = 50
READERS_OFFERED = (2, 3, 4, 5)
THEME_COOKIE, THEMES = "theme", ("light", "dark")
YEAR_SECONDS = 365 * 24 * 3600


@page(Role.READER)
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """Pictures of findings: the first of each label, or all of one label."""
    parameters = given(request)
    sections = []
    for label in LABELS:
        if parameters.get("label", label) == label:
            of_label = parameters.copy()
            of_label["label"] = label
            shown = show(of_label, FINDINGS, page_size=PICTURES if "label" in parameters else PICTURES_OF_EACH)
            for finding in shown.rows:
                finding["shapes"] = _shapes(finding)
            sections.append(
                {"label": label, "caption": CAPTIONS[label], "address": f"?{of_label.urlencode()}", **vars(shown)}
            )
    if not sections:
        show(parameters, FINDINGS, page_size=1)  # which says what is wrong with the label
    context = {
        "sections": sections,
        "is_one_label": "label" in parameters,
        "is_empty": not any(section["rows"] for section in sections),
        "is_built": all(section["is_built"] for section in sections),
        "labels": CAPTIONS,
        "readers_offered": READERS_OFFERED,
        "asked": parameters.dict(),
    }
    return render(request, "service/wall.html", context)


@page(Role.READER)
@require_safe
def one_finding(request: HttpRequest, finding_id: str) -> HttpResponse:
    """One finding: its picture with boxes to switch on and off, what is behind it, and where it came from."""
    finding = FINDINGS.find(finding_id)
    if finding is None:
        raise UnknownFindingError
    origin = read_origin(finding_id)
    width = origin.get("width") or finding["image_columns"] or 0
    height = origin.get("height") or finding["image_rows"] or 0
    shapes, markers = lay_over(finding["boxes"], finding["matching_readers"], width, height)
    run_id = origin.get("run_id") or origin.get("scan_run_id")
    context = {
        "finding": finding,
        "caption": CAPTIONS.get(finding["label"], finding["label"]),
        "width": width,
        "height": height,
        "shapes": shapes,
        "markers": markers,
        "hidden_boxes": finding["box_count"] - len(shapes),
        "readings": read_readings(finding["study_id"], finding["label"]),
        "origin": origin,
        "run_id": run_id,
        "run_url": dagster().run_url(run_id) if run_id else "",
        "scans": _scans_of_study(finding),
        "next_id": _beside(finding, backward=False),
        "previous_id": _beside(finding, backward=True),
    }
    return render(request, "service/finding.html", context)


@page(Role.READER)
@require_safe
def rejections(request: HttpRequest) -> HttpResponse:
    """What a reader sees and no finding is, with the reason in words."""
    parameters = given(request)
    shown = show(parameters, REJECTIONS, page_size=ROWS)
    context = {"shown": shown, "labels": CAPTIONS, "asked": parameters.dict()}
    return render(request, "service/rejections.html", context)


@page(Role.READER)
@require_safe
def agreement(request: HttpRequest) -> HttpResponse:
    """How far readers agree: a plot for each label, and a table."""
    parameters = given(request)
    shown = show(parameters, AGREEMENT, page_size=ROWS)
    plots = []
    for label in LABELS:
        if parameters.get("label", label) == label:
            of_label = parameters.copy()
            of_label["label"] = label
            of_label.pop("cursor", None)
            rows = show(of_label, AGREEMENT, page_size=LARGEST_PAGE).rows
            if rows:
                plots.append({"caption": CAPTIONS[label], "pairs": len(rows), "plot": plot(rows)})
    context = {"shown": shown, "plots": plots, "labels": CAPTIONS, "asked": parameters.dict()}
    return render(request, "service/agreement.html", context)


@page(Role.READER)
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep light or dark for this browser, and go back to the page that asked."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    if request.POST.get("theme") in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            request.POST["theme"],
            max_age=YEAR_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def _shapes(finding: dict[str, Any]) -> list[Shape]:
    """The boxes of a finding on the wall; none where the size of its scan is not known."""
    width, height = finding["image_columns"], finding["image_rows"]
    return lay_over(finding["boxes"], finding["matching_readers"], width, height)[0] if width and height else []


def _scans_of_study(finding: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of this study and label, one for each scan."""
    conditions = ("finding.study_id = %s", "finding.label = %s")
    query = ListQuery(conditions, (finding["study_id"], finding["label"]), ordering="study_id", page_size=PICTURES)
    return [dict(zip(FINDINGS.names, row, strict=True)) for row in FINDINGS.page(query).rows]


def _beside(finding: dict[str, Any], *, backward: bool) -> str:
    """The id of the finding of this label after this one on the wall, or before it; empty at the end."""
    here = Cursor("study_id", backward, finding["study_id"], f"{finding['label']}/{finding['scan_id']}")
    query = ListQuery(("finding.label = %s",), (finding["label"],), ordering="study_id", cursor=here, page_size=1)
    rows = FINDINGS.page(query).rows
    return str(rows[0][0]) if rows else ""
