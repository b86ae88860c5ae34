"""Every route of the service. ``tests/api/test_roles.py`` walks this table: what is not in it, nobody can reach."""

from django.contrib import admin
from django.urls import path

from orchestration.api.accounts.views import log_in, log_out
from orchestration.api.cases.views import CasesView
from orchestration.api.elements.views import ElementsView, ElementView
from orchestration.api.findings import views as findings
from orchestration.api.jobs.views import CancelView, JobsView, JobView, OneJobView, QueryView
from orchestration.api.operations.views import MetricsView, SchemaView, alive, ready, schema_page
from orchestration.api.pages import jobs as job_pages
from orchestration.api.pages import views as pages
from orchestration.api.predictions.views import PredictionsView

handler400 = "orchestration.api.web.handlers.bad_request"
handler403 = "orchestration.api.web.handlers.permission_denied"
handler404 = "orchestration.api.web.handlers.not_found"
handler500 = "orchestration.api.web.handlers.server_error"

urlpatterns = [
    path("healthz", alive),
    path("readyz", ready),
    path("metrics", MetricsView.as_view()),
    path("login/", log_in, name="login"),
    path("logout/", log_out, name="logout"),
    path("api/", schema_page, name="api-page"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/elements/", ElementsView.as_view()),
    path("api/elements/<path:element_id>/", ElementView.as_view()),
    path("job", JobView.as_view()),
    path("query/<uuid:uid>", QueryView.as_view()),
    path("api/jobs/", JobsView.as_view()),
    path("api/jobs/<uuid:uid>/", OneJobView.as_view()),
    path("api/jobs/<uuid:uid>/cancel/", CancelView.as_view()),
    path("api/findings/", findings.FindingsView.as_view()),
    path("api/findings/<str:finding_id>/", findings.FindingView.as_view()),
    path("api/findings/<str:finding_id>/picture", findings.PictureView.as_view(), name="picture"),
    path("api/findings/<str:finding_id>/thumbnail", findings.ThumbnailView.as_view(), name="thumbnail"),
    path("api/findings/<str:finding_id>/scan", findings.ScanView.as_view(), name="scan"),
    path("api/findings/<str:finding_id>/scan-preview", findings.ScanPreviewView.as_view(), name="scan-preview"),
    path("api/rejections/", findings.RejectionsView.as_view()),
    path("api/agreement/", findings.AgreementView.as_view()),
    path("api/cases/", CasesView.as_view()),
    path("api/predictions/", PredictionsView.as_view()),
    path("", pages.wall, name="wall"),
    path("findings/<str:finding_id>/", pages.one_finding, name="finding"),
    path("rejections/", pages.rejections, name="rejections"),
    path("agreement/", pages.agreement, name="agreement"),
    path("jobs/", job_pages.jobs, name="jobs"),
    path("jobs/rows/", job_pages.rows, name="job-rows"),
    path("jobs/<uuid:uid>/cancel/", job_pages.cancel, name="cancel-job"),
    path("theme/", pages.set_theme, name="theme"),
    path("admin/", admin.site.urls),
]
