"""Elements and devices on the admin page, to look at: changes go through the API, which measures and audits."""

from django.contrib import admin

from orchestration.api.elements.models import Device, Element
from orchestration.api.web.admin import ReadOnlyAdmin


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    """Devices."""

    list_display = ("name",)


@admin.register(Element)
class ElementAdmin(ReadOnlyAdmin):
    """Elements; none is counted, since a million would be for each page."""

    list_display = ("id", "device", "data_size", "created_date")
    ordering = ("-created_date",)
