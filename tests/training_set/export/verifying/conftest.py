"""A destination, a generation and a training set, made once; each test gets a copy that it may damage."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.imaging import Box, annotate
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.training_set.export.publishing import link_beside_label_folders
from orchestration.training_set.export.verifying.verification import Verified, verify, verifying_workers
from orchestration.training_set.manifest_form import MANIFEST, SCHEMA
from orchestration.workers import Workers
from tests.training_set.conftest import png
from tests.training_set.export.verifying.copies import copied, make_destination

PICTURES = (("has_benign_mass", "1"), ("has_malign_mass", "1"), ("has_malign_mass", "2"))


@pytest.fixture(scope="session")
def verifiers() -> Iterator[Workers]:
    """Two processes that verify."""
    with verifying_workers(2) as workers:
        yield workers


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is copied, by what it is."""
    root = tmp_path_factory.mktemp("originals")
    training_set = root / "training set"
    destination = make_destination(training_set / "export")
    _draw(training_set)
    link_beside_label_folders(training_set, open_place(destination, load_settings()))
    return {
        "destination": destination,
        "generation": (destination / "current").resolve(),
        "training set": training_set,
    }


def _draw(training_set: Path) -> None:
    """Label folders and their manifest, as a build leaves them."""
    rows = []
    for label, scan_id in PICTURES:
        source = png(int(scan_id), width=60, height=80)
        picture = annotate(source, caption=label, boxes=(Box("U1", 5.0, 6.0, 20.0, 30.0),))
        path = training_set / label / f"{scan_id}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture.png)
        digest = hashlib.sha256(picture.png).hexdigest()
        rows.append(
            dict(zip(SCHEMA.names, [
                hashlib.sha256(f"{label}{scan_id}".encode()).hexdigest(), label, scan_id, f"{label}/{scan_id}.png",
                digest, len(picture.png), picture.width, picture.height, 1, f"mmg/{scan_id}.png", None,
                hashlib.sha256(source).hexdigest(), digest, "run",
            ], strict=True))
        )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), training_set / MANIFEST)


@pytest.fixture
def workshop() -> Iterator[Path]:
    """An empty folder in memory where there is such a place: hundreds of copies of small files are made there."""
    memory = Path("/dev/shm")  # noqa: S108  folders in it have names of their own
    folder = Path(tempfile.mkdtemp(prefix="dr-", dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    # A damage may nest folders deeper than Python's own removal goes.
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=True)
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def copy_of(originals: dict[str, Path], workshop: Path) -> Callable[[str], Path]:
    """Makes a copy of one of them."""
    return lambda what: copied(originals[what], workshop / uuid4().hex)


@pytest.fixture
def look(verifiers: Workers) -> Callable[..., Verified]:
    """Verifies a place."""
    return lambda place, **asked: verify(place, workers=verifiers, **asked)
