"""A series of a folder: its instances, and the stack that they make or the reason why they make none."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from orchestration.dicom.series import Instance, Stack, StackError, stack
from orchestration.dicom.series.stacking import Spacing
from orchestration.stores.folder import file_digest
from orchestration.volumes.spreading import threads


class SeriesError(ValueError):
    """This series cannot be used, which stops no other; the message says why and names files."""


@dataclass(frozen=True)
class Series:
    """A series with at least one image.

    Attributes:
        folder: the one that was searched.
        uid: Series Instance UID.
        instances: one for each SOP Instance UID, in the order of these.
        problem: why no volume can be made of it, naming files; None where one can.
        checked_stack: the order of its frames; None where there is a problem.
    """

    folder: Path
    uid: str
    instances: tuple[Instance, ...]
    problem: str | None
    checked_stack: Stack | None

    @property
    def stack(self) -> Stack:
        """The order of its frames.

        Raises:
            SeriesError: there is a problem.
        """
        if self.checked_stack is None:
            raise SeriesError(f"series {self.uid} {self.problem}")
        return self.checked_stack

    @property
    def study_uid(self) -> str:
        """Study Instance UID of the first instance."""
        return self.instances[0].study_instance_uid

    @property
    def frame_of_reference_uid(self) -> str | None:
        """Frame of Reference UID, if any."""
        return self.instances[0].frame_of_reference_uid

    @property
    def modality(self) -> str:
        """Modality, such as ``MR``."""
        return self.instances[0].modality

    @property
    def description(self) -> str:
        """Series Description, which may be empty."""
        return self.instances[0].series_description

    @cached_property
    def elements(self) -> Mapping[str, tuple[str, ...]]:
        """For each element that was asked for, its different values over all instances."""
        return {
            keyword: tuple(dict.fromkeys(instance.elements[keyword] for instance in self.instances))
            for keyword in self.instances[0].elements
        }

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the stored values."""
        return stored_dtype(self.instances[0])

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of all of its frames; raises SeriesError, as do the three below."""
        return self.stack.axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.stack.shape

    @property
    def spacing(self) -> Spacing:
        """Mm between slices, rows and columns; None where unknown."""
        return self.stack.spacing

    @property
    def volumes(self) -> int:
        """How many volumes of three axes it holds: the length of the extra axis, or 1."""
        return self.shape[0] if len(self.shape) > 3 else 1

    def path(self, instance: Instance) -> Path:
        """Where an instance lies."""
        return self.folder / instance.name


def stored_dtype(instance: Instance) -> np.dtype[np.generic]:
    """The type of an instance's stored values: (u)int8 or (u)int16."""
    return np.dtype(f"{'i' if instance.pixels.signed else 'u'}{instance.description.bits_allocated // 8}")


def make_series(folder: Path, instances: Iterable[Instance], broken: list[str], *, allow_gaps: bool) -> Series:
    """A series of instances of one Series Instance UID, with its problem, if any.

    Args:
        folder: of which the instances were read.
        instances: at least one.
        broken: what is wrong with files of the series that are not among the instances.
        allow_gaps: as ``stack``; files that are missing because they are broken are then gaps as well.
    """
    ordered = tuple(sorted(instances, key=lambda instance: instance.sop_instance_uid))
    uid = ordered[0].series_instance_uid
    if broken and not allow_gaps:
        return Series(folder, uid, ordered, f"is not whole: {'; '.join(broken)}", None)
    try:
        return Series(folder, uid, ordered, None, stack(ordered, allow_gaps=allow_gaps))
    except StackError as error:
        return Series(folder, uid, ordered, str(error), None)


def input_digest(series: Series, workers: int | None = None) -> str:
    """SHA-256, in hexadecimal, over the sorted SHA-256 of the files of a series: neither order nor names count.

    Raises:
        OSError: a file can't be read.
    """
    tasks = ((instance.name, series.path(instance)) for instance in series.instances)
    digests = []
    with threads(workers) as running:
        for _, digest in running.run(file_digest, tasks):
            if isinstance(digest, Exception):
                raise digest
            digests.append(digest)
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
