"""A change of a diagnosis, as a record's history keeps it."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from orchestration.records.fields import Text


class DiagnosisChange(BaseModel):
    """What a diagnosis was, what it became, and when; its representation shows the time alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    old: Text | None = Field(repr=False)
    new: Text = Field(repr=False)
    changed_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
