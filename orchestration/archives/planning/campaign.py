"""What is asked of the plan: how much there is, and how it shall be done."""

import math
from dataclasses import dataclass, fields
from enum import StrEnum

from orchestration.errors import DoublereadError

# More waves than this are no plan, and sums and simulation go wave by wave.
MAX_WAVES = 1_000
# Up to here every sum of the plan stays far inside what a float holds exactly.
MAX_QUANTITY = 1e18


class PlanError(DoublereadError):
    """The question can't be planned; the message names the input and what to give instead."""


class Tier(StrEnum):
    """How archives are asked for from S3 Glacier Flexible Retrieval; Batch Operations has no expedited one."""

    BULK = "bulk"
    STANDARD = "standard"


class Layout(StrEnum):
    """What is written: tar shards, each one object with many DICOMs, or one object for each DICOM."""

    SHARDS = "shards"
    OBJECTS = "objects"


class Join(StrEnum):
    """How headers reach the pixels: by a ranged read for each header, or once through sorted tables (not built)."""

    RANGES = "ranges"
    TABLES = "tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """The inputs of a plan; the defaults are what ``archives reassemble --pack`` does. Sizes are bytes.

    Attributes:
        dicoms: DICOMs to reassemble.
        archives: Text archives, and as many image archives: of one kind.
        image_bytes: What the image archives hold.
        header_bytes: Mean size of a header as DICOM JSON.
        cores: vCPUs that work at a time.
        wave_bytes: Image archives that are restored at a time.
        days: Days that a temporary copy is asked for.
        tier: How archives are restored.
        layout: What is written.
        shard_bytes: Size of a shard, where shards are written.
        prefixes: Partitioned prefixes that are written to.
        join: How headers reach the pixels.
        task_archives: Image archives in one task: what a lost worker does again.

    Raises:
        PlanError: An input is no positive number, or the inputs contradict each other.
    """

    dicoms: float = 3e9
    archives: float = 3e6
    image_bytes: float = 3e15
    header_bytes: float = 10e3
    cores: float = 512
    wave_bytes: float = 250e12
    days: float = 1
    tier: Tier = Tier.BULK
    layout: Layout = Layout.SHARDS
    shard_bytes: float = 256 * 2**20
    prefixes: float = 16
    join: Join = Join.RANGES
    task_archives: float = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not (math.isfinite(value) and 0 < value <= MAX_QUANTITY):
                raise PlanError(f"{field.name} is {value}: give a number above 0 and up to {MAX_QUANTITY:g}")
        for name in ("dicoms", "archives", "cores", "days", "prefixes", "task_archives"):
            if getattr(self, name) != int(getattr(self, name)):
                raise PlanError(f"{name} is {getattr(self, name)}: give a whole number")
        if self.dicoms < self.archives:
            raise PlanError(f"{self.archives:,.0f} archives for {self.dicoms:,.0f} DICOMs: some would be empty")
        if self.image_bytes < self.dicoms:
            raise PlanError(f"{self.image_bytes:,.0f} bytes for {self.dicoms:,.0f} DICOMs: less than a byte for each")
        if self.wave_bytes < self.image_archive_bytes:
            raise PlanError(
                f"a wave of {self.wave_bytes:,.0f} bytes holds no archive of {self.image_archive_bytes:,.0f}: "
                "give a larger wave_bytes"
            )
        if self.image_waves + self.text_waves > MAX_WAVES:
            raise PlanError(f"{self.image_waves:,} waves are more than {MAX_WAVES:,}: give a larger wave_bytes")

    @property
    def members(self) -> float:
        """DICOMs of a mean archive."""
        return self.dicoms / self.archives

    @property
    def image_archive_bytes(self) -> float:
        """Size of a mean image archive."""
        return self.image_bytes / self.archives

    @property
    def text_bytes(self) -> float:
        """What the text archives hold: tar adds a header of 512 bytes and, on average, 256 of padding."""
        return self.dicoms * (self.header_bytes + 512 + 256)

    @property
    def text_archive_bytes(self) -> float:
        """Size of a mean text archive."""
        return self.text_bytes / self.archives

    @property
    def text_waves(self) -> int:
        """Waves that restore text archives."""
        return math.ceil(self.text_bytes / self.wave_bytes)

    @property
    def image_waves(self) -> int:
        """Waves that restore image archives."""
        return math.ceil(self.image_bytes / self.wave_bytes)
