"""Exports of a mart that is filled by hand."""

from collections.abc import Iterator

import pytest

from orchestration.workers import thread_workers
from tests.contracts import make_export_tables
from tests.services.places import PlaceToTest
from tests.training_set.conftest import Project
from tests.training_set.export.exporter import Exporter


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with everything that an export reads; all of it is empty."""
    with project.database.connect() as connection:
        make_export_tables(connection)
    return project


@pytest.fixture
def exporter(filled: Project) -> Exporter:
    """Exports to the usual folder below the training set."""
    filled.training_set.mkdir()
    return Exporter(filled, (filled.training_set / "export").as_uri(), filled.workers)


@pytest.fixture
def exporter_anywhere(filled: Project, place: PlaceToTest) -> Iterator[Exporter]:
    """Exports to each kind of place in turn, by threads: processes that run already know no credential of a test."""
    with thread_workers(2) as workers:
        yield Exporter(filled, place.url, workers)
