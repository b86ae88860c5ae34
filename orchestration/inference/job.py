"""What a job is: a named tuple of a config and three functions."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from orchestration.dicom.concepts import Code
from orchestration.dicom.deriving import PROCESSED

Array = npt.NDArray[Any]
Config = Mapping[str, Any]
MetaData = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Scores:
    """What a function returns in place of an array when it judges a volume instead of changing it.

    Attributes:
        values: (n, k) scores: a row for each slice, or one row for the whole volume.
        names: of the k scores, or none.
    """

    values: Array
    names: tuple[str, ...] = ()


Preprocess = Callable[[Path, Config], tuple[Array, MetaData]]
Postprocess = Callable[[Array, Path, Path], None]
Function = Callable[[Array, MetaData, Config], Array | Scores]


class JobEntry(NamedTuple):
    """A job: what is done with each series of a folder of DICOMs.

    Attributes:
        name: by which it is run.
        config: what it uses unless a run says otherwise. Entries named by a DICOM keyword, such as
            ``{"Modality": "MR"}``, choose the series; the others are for the functions.
        preprocess: ``preprocess(in_dir, config)`` gives the volume, (slices, rows, columns) or with one more axis in
            front for acquisitions or time points, and its ``meta_data``, in which ``spacing`` is a 3-tuple in mm in
            the order of the axes of (slices, rows, columns), None where a distance is not known. ``in_dir`` holds the
            files of one series.
        postprocess: ``postprocess(volume, in_dir, out_dir)`` writes the result, of the shape that ``preprocess`` gave,
            into the empty folder ``out_dir``; ``in_dir`` is the one that ``preprocess`` was given.
        func: ``func(volume, meta_data, config)`` gets one 3-D volume, once for each acquisition or time point, and
            returns an array of the same shape, or :class:`Scores`.
    """

    name: str
    config: Config
    preprocess: Preprocess
    postprocess: Postprocess
    func: Function


class Prepared(Protocol):
    """A function whose config was checked and whose model was loaded, once for a run."""

    @property
    def runtime(self) -> str:
        """What computes, with its version."""

    @property
    def provider(self) -> str:
        """On what the runtime computes."""

    @property
    def model_sha256(self) -> str | None:
        """Of the model's file; None for a function without one."""

    @property
    def derivation_code(self) -> Code:
        """What new files say was done: Code Value, Coding Scheme Designator and Code Meaning (PS3.16 CID 7203)."""

    def check(self, shape: tuple[int, ...], meta_data: MetaData) -> None:
        """Raise ``JobError`` where volumes of this shape cannot be processed; called before any work starts."""

    def __call__(self, volume: Array, meta_data: MetaData) -> Array | Scores:
        """What ``func`` of the job returns."""


@runtime_checkable
class Preparing(Protocol):
    """A ``func`` that prepares itself for a run: a class with this method and ``__call__`` as ``JobEntry`` says."""

    def prepare(self, config: Config) -> Prepared:
        """Check the config and load what the function needs.

        Raises:
            DoublereadError: an entry is wrong, or a package is missing; names it.
        """


@dataclass(frozen=True)
class Plain:
    """A plain function with its config; it needs no preparation."""

    func: Function
    config: Config
    model_sha256: str | None
    runtime: str = f"numpy {np.__version__}, Python {platform.python_version()}"
    provider: str = "CPU"
    derivation_code: Code = PROCESSED

    def check(self, shape: tuple[int, ...], meta_data: MetaData) -> None:
        """A plain function takes every shape."""

    def __call__(self, volume: Array, meta_data: MetaData) -> Array | Scores:
        """Call the function with its config."""
        return self.func(volume, meta_data, self.config)
