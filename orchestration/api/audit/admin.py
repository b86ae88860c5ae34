"""The audit on the admin page."""

from django.contrib import admin

from orchestration.api.audit.models import AuditEntry
from orchestration.api.web.admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Entries, the latest first."""

    list_display = ("at", "actor", "role", "action", "kind", "keys")
    list_filter = ("action", "kind", "role")
    ordering = ("-at",)
