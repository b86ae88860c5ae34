"""Every route of the service. ``tests/api/test_roles.py`` walks this table: what is not in it, nobody can reach."""

from django.contrib import admin
from django.urls import path

from orchestration.api.accounts.views import log_in, log_out
from orchestration.api.elements.views import ElementsView, ElementView
from orchestration.api.jobs.views import CancelView, JobsView, JobView, OneJobView, QueryView
from orchestration.api.operations.views import MetricsView, SchemaView, alive, ready, schema_page

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
    path("admin/", admin.site.urls),
]
