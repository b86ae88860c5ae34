"""Deliveries that are indexed, and workers that need no processes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.archives.index import ArchiveIndex
from orchestration.archives.reassembly import ReassemblyReport, reassemble
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.workers import thread_workers
from tests.archives.reassembly.delivery import Delivery


@dataclass
class Partner:
    """Where a delivery and what is made of it lie; each part may be a folder or a URL."""

    folder: Path

    def __post_init__(self) -> None:
        self.text: str | Path = self.folder / "text"
        self.images: str | Path = self.folder / "images"
        self.index_url: str | Path = self.folder / "archives_index"
        self.output: str | Path = self.folder / "out"

    def index(self) -> ArchiveIndex:
        """The index, brought up to date."""
        index = ArchiveIndex.create(self.index_url, load_settings())
        index.update(open_place(self.text, load_settings()), "text")
        index.update(open_place(self.images, load_settings()), "image")
        return index

    def reassemble(self, **options: Any) -> ReassemblyReport:
        """Index and reassemble on two threads."""
        with options.pop("workers", None) or thread_workers(2) as workers:
            return reassemble([self.index()], self.output, load_settings(), workers, **options)

    def dicoms(self) -> dict[str, bytes]:
        """The files that were written, by UID."""
        return {path.stem: path.read_bytes() for path in Path(self.output).glob("*.dcm")}

    def unmatched(self) -> list[dict[str, Any]]:
        """The rows of all tables of what fits nowhere."""
        files = sorted(Path(self.output, "unmatched").glob("*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    def written(self) -> dict[str, dict[str, Any]]:
        """The rows of the records of all batches, by UID."""
        files = Path(self.output, "index").glob("*.parquet")
        return {row["uid"]: row for file in files for row in pq.read_table(file).to_pylist()}


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    """An empty folder for a delivery."""
    return Partner(tmp_path)


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    """An empty delivery in that folder."""
    return Delivery(tmp_path)
