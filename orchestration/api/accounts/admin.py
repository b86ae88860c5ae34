"""Tokens on the admin page: to look at, and to revoke."""

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from orchestration.api.accounts.errors import TokenRevokedError
from orchestration.api.accounts.models import Token
from orchestration.api.accounts.services import revoke_token
from orchestration.api.audit.services import Auditor
from orchestration.api.web.admin import ReadOnlyAdmin

admin.site.unregister(Group)  # roles are the token's own


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    """Tokens, without their digests; their texts are kept nowhere."""

    list_display = ("name", "role", "created_at", "revoked_at")
    fields = list_display
    ordering = ("name",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, chosen: "QuerySet[Token]") -> None:
        """Revoke them; tokens that were revoked before stay as they are."""
        auditor = Auditor.of_request(request)
        for token in chosen:
            try:
                revoke_token(token.name, auditor)
            except TokenRevokedError as error:
                self.message_user(request, error.detail, messages.WARNING)
