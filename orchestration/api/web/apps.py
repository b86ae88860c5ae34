"""Django's admin site, as the service has it."""

from django.contrib.admin.apps import AdminConfig


class ServiceAdminConfig(AdminConfig):
    """Puts the service's own site in place of Django's."""

    default_site = "orchestration.api.web.admin.ServiceAdminSite"
