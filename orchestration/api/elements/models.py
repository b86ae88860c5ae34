"""The tables that ``database/schema/measurements.sql`` makes, as Django sees them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Device(models.Model):
    """A device that elements came from. One row per name."""

    name = models.TextField(unique=True)

    class Meta:
        """The table, which the schema doubleread holds."""

        managed = False
        db_table = "devices"

    def __str__(self) -> str:
        return self.name


class Element(models.Model):
    """What was measured of an element, and its data as they were sent. One row per id."""

    id = models.TextField(primary_key=True)
    device: Any = models.ForeignKey(Device, on_delete=models.PROTECT)
    average_before_normalization = models.FloatField()
    average_after_normalization = models.FloatField()
    data_size = models.BigIntegerField()
    data: Any = ArrayField(models.TextField())
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    class Meta:
        """The table, which the schema doubleread holds."""

        managed = False
        db_table = "elements"

    def __str__(self) -> str:
        return self.id
