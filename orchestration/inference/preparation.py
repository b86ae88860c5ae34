"""A job made ready for a run: its config checked, its model loaded, its digests known."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.inference.config import canonical, filters, hash_model
from orchestration.inference.job import Config, JobEntry, Plain, Prepared, Preparing
from orchestration.inference.provenance import provenance_of
from orchestration.inference.report import Provenance
from orchestration.inference.series import read_volume
from orchestration.volumes import Derivation


@dataclass(frozen=True)
class PreparedJob:
    """A job that is ready to run.

    Attributes:
        config: its own with that of the run.
        filters: the texts that a series must have, by DICOM keyword.
    """

    entry: JobEntry
    config: Config
    filters: Mapping[str, tuple[str, ...]]
    func: Prepared
    provenance: Provenance

    @property
    def derivation(self) -> Derivation:
        """What new UIDs follow from besides the source, and what the new files say of their making (PS3.3 C.7.6.1)."""
        seed = canonical({"job": self.entry.name, "config": self.provenance.config_sha256})
        numbers = (
            f"{name} {value:g}"
            for name, value in sorted(self.config.items())
            if isinstance(value, int | float) and not isinstance(value, bool)
        )
        said = ", ".join([f"doubleread job {self.entry.name}", *numbers])
        return Derivation(
            f"{said}; config SHA-256 {self.provenance.config_sha256}", seed, code=self.func.derivation_code
        )

    @property
    def reads_by_itself(self) -> bool:
        """Whether its ``preprocess`` is its own, so that the shape of a volume is not known before it was called."""
        return self.entry.preprocess is not read_volume


def prepare(entry: JobEntry, config: Config) -> PreparedJob:
    """Check the config and load what the job needs.

    Raises:
        DoublereadError: an entry of the config is wrong, or a package is missing; names it.
    """
    wanted = filters(config)
    func: Prepared
    if isinstance(entry.func, Preparing):
        func = entry.func.prepare(config)
    else:
        func = Plain(entry.func, config, hash_model(config))
    return PreparedJob(entry, config, wanted, func, provenance_of(entry, config, func))
