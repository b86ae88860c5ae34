"""The table of the audit."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

ACTIONS = ("create", "change", "delete", "look")


class AuditEntry(models.Model):
    """One row per write, and per look at a picture or a case."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=100)
    role = models.CharField(max_length=20)
    action = models.CharField(max_length=10, choices=[(action, action) for action in ACTIONS])
    kind = models.CharField(max_length=30)
    keys: Any = ArrayField(models.TextField())
    changes: Any = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        """Its place among the tables, and how it is searched."""

        db_table = "audit"
        verbose_name_plural = "audit entries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor", "at"], name="audit_actor_at"),
            GinIndex(fields=["keys"], name="audit_keys"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~models.Q(actor=""), name="audit_has_an_actor"),
            models.CheckConstraint(condition=models.Q(action__in=ACTIONS), name="audit_action_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.actor}: {self.action} {self.kind}"
