"""Digests of what a result follows from and of what came out."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import orchestration
from orchestration.inference.config import digest, recorded
from orchestration.inference.job import Array, Config, JobEntry, Prepared
from orchestration.inference.report import Provenance
from orchestration.stores.folder import file_digest, files_below

ROOMS = ("dicom", "volumes", "inference")  # whose code takes part in every result


def provenance_of(entry: JobEntry, config: Config, prepared: Prepared) -> Provenance:
    """What is known before the first series is read."""
    return Provenance(
        config=recorded(config, prepared.model_sha256),
        config_sha256=digest(config, prepared.model_sha256),
        model_sha256=prepared.model_sha256,
        runtime=prepared.runtime,
        provider=prepared.provider,
        code_version=", ".join(_versions(entry)),
        code_sha256=_code_digest(entry),
    )


def combined(digests: Iterable[str | None]) -> str:
    """SHA-256 over digests, in whatever order they come."""
    return hashlib.sha256("\n".join(sorted(filter(None, digests))).encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and the content of all files below a folder."""
    files = (path for path in files_below(folder) if path.is_file())
    return combined(f"{file_digest(path)} {path.relative_to(folder).as_posix()}" for path in files)


class PixelDigest:
    """SHA-256 over the volumes that a function gets: shape and type of each, then its values in C order."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def add(self, volume: Array) -> None:
        """Take one volume in."""
        self._sha256.update(f"{volume.shape} {volume.dtype.str}\n".encode())
        for part in volume:
            self._sha256.update(memoryview(part if part.flags.c_contiguous else part.copy()).cast("B"))

    def hexdigest(self) -> str:
        """The digest of all volumes so far."""
        return self._sha256.hexdigest()


def _versions(entry: JobEntry) -> Iterator[str]:
    yield _version_of("doubleread")
    packages = {module.partition(".")[0] for module in _modules(entry)} - {orchestration.__name__}
    for package in sorted(packages):
        for distribution in sorted(set(_distributions().get(package, ()))):
            yield _version_of(distribution)


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())  # it reads the records of every package: 0.1 s


def _version_of(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return f"{distribution}, not installed"


def _code_digest(entry: JobEntry) -> str:
    """SHA-256 over the sources of the rooms that take part and of the modules that the job's functions are from."""
    root = Path(orchestration.__path__[0])
    sources = [path for room in ROOMS for path in (root / room).rglob("*.py")]
    for name in _modules(entry):
        file = getattr(sys.modules.get(name), "__file__", None)
        sources += [Path(file)] if file else []
    return combined(file_digest(path) for path in set(sources) if path.is_file())


def _modules(entry: JobEntry) -> set[str]:
    functions = (entry.preprocess, entry.postprocess, entry.func)
    return {(inspect.getmodule(f) or inspect.getmodule(type(f)) or orchestration).__name__ for f in functions}
