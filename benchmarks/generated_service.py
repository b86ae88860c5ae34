"""What the service is compared with: the same table behind a ``ModelViewSet`` as DRF's tutorial generates one.

It has less to do: no token, no rate, no audit, no filters, no log of requests, no measuring. Pages go by DRF's own
cursor and not by page number, whose ``count(*)`` would take most of a second at a million rows. The server, its
processes and the pool of connections are the same.
"""

import os
from typing import ClassVar

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of a benchmark",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "NAME": os.environ["PGDATABASE"],
            "OPTIONS": {"options": "-c search_path=doubleread", "pool": {"min_size": 1, "max_size": 8}},
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402  Django is set up first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from rest_framework import pagination, routers, serializers, viewsets  # noqa: E402


class Device(models.Model):
    name = models.TextField(unique=True)

    class Meta:
        app_label, managed, db_table = "generated", False, "devices"


class Element(models.Model):
    objects: ClassVar[models.Manager["Element"]] = models.Manager()
    id = models.TextField(primary_key=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    average_before_normalization = models.FloatField()
    average_after_normalization = models.FloatField()
    data_size = models.BigIntegerField()
    data = ArrayField(models.TextField())
    created_date = models.DateTimeField(auto_now_add=True)
    updated_date = models.DateTimeField(auto_now=True)

    class Meta:
        app_label, managed, db_table = "generated", False, "elements"


class ElementSerializer(serializers.ModelSerializer[Element]):
    class Meta:
        model, fields = Element, "__all__"


class Pages(pagination.CursorPagination):
    page_size, ordering = 100, "created_date"


class ElementViewSet(viewsets.ModelViewSet[Element]):
    queryset, serializer_class, pagination_class = Element.objects.all(), ElementSerializer, Pages


router = routers.DefaultRouter()
router.register("elements", ElementViewSet)
urlpatterns = router.urls
application = get_wsgi_application()
