"""Jobs: what is refused before Dagster is asked, and what is said where Dagster is not there."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from tests.api.conftest import Caller
from tests.api.live import free_port


@pytest.fixture
def root(tmp_path: Path, writer: Caller, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:  # noqa: ARG001  Django
    """A root of inputs, and a Dagster that does not answer."""
    from django.conf import settings

    from orchestration.api.jobs import services

    folder = tmp_path / "jobs"
    (folder / "study").mkdir(parents=True)
    shutil.copy(str(get_testdata_file("CT_small.dcm")), folder / "study" / "1.dcm")
    update = {"doubleread_jobs_root": folder, "doubleread_dagster_url": f"http://127.0.0.1:{free_port()}"}
    monkeypatch.setattr(settings, "DOUBLEREAD", settings.DOUBLEREAD.model_copy(update=update))
    services.dagster.cache_clear()
    yield folder
    services.dagster.cache_clear()


@pytest.mark.parametrize("path", ["/job", "/api/jobs/"])
def test_a_missing_field_is_named(writer: Caller, root: Path, path: str) -> None:
    for body, named in (
        ({}, "job_name and in_dir"),
        ({"job_name": "3dblur"}, "in_dir"),
        ({"in_dir": "/x"}, "job_name"),
    ):
        answer = writer.post(path, body)
        assert (answer.status, answer.json["detail"].startswith(f"{named} must be given")) == (400, True)
    good = {"job_name": "3dblur", "in_dir": str(root / "study")}
    for body in (good | {"in_dir": 3}, good | {"job_name": ""}, good | {"more": 1}, [], "text"):
        assert writer.post(path, body).status == 400


def test_only_folders_below_the_root_by_their_own_names_are_taken(writer: Caller, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(root / "study", outside)
    (root / "link").symlink_to(outside)
    (root / "inside").symlink_to(root / "study")
    (tmp_path / "jobs-and-more").symlink_to(outside)
    for in_dir in (
        *(outside, root, root / "link", root / "inside", tmp_path / "jobs-and-more", "/", "/etc", "study", "."),
        *(f"{root}/../outside", f"{root}/study/../../outside", f"{root}/./../outside", "~", f"{root}\0", "file:///etc"),
    ):
        answer = writer.post("/job", {"job_name": "3dblur", "in_dir": str(in_dir)})
        assert answer.status == 400, in_dir


def test_an_unregistered_job_or_a_folder_without_dicom_cannot_be_done(writer: Caller, root: Path) -> None:
    (root / "empty").mkdir()
    (root / "text").mkdir()
    (root / "text" / "1.dcm").write_text("no DICOM")
    for job_name, folder in (("nothing", "study"), ("3dblur", "empty"), ("3dblur", "text"), ("3dblur", "missing"),
                             ("3dblur", "study/1.dcm"), ("3dblur", "x" * 300)):  # fmt: skip
        answer = writer.post("/job", {"job_name": job_name, "in_dir": str(root / folder)})
        assert answer.status == 422, (job_name, folder)
        assert answer.json["detail"]


def test_without_dagster_a_submission_says_what_to_start_and_leaves_nothing(
    writer: Caller, root: Path, rows_of: Any
) -> None:
    answer = writer.post("/job", {"job_name": "3dblur", "in_dir": str(root / "study")})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "DOUBLEREAD_DAGSTER_URL" in answer.json["detail"]
    assert "doubleread ui starts one" in answer.json["detail"]
    assert rows_of("select * from job") == []
    assert writer.get("/api/jobs/").json["results"] == []


@pytest.mark.usefixtures("root")
def test_an_unknown_uid_is_not_found(writer: Caller) -> None:
    for path in (f"/query/{uuid.uuid4()}", f"/api/jobs/{uuid.uuid4()}/", "/query/nonsense"):
        assert writer.get(path).status == 404
    assert writer.call("POST", f"/api/jobs/{uuid.uuid4()}/cancel/").status == 404


@pytest.mark.usefixtures("root")
def test_what_a_job_came_to_is_told_by_the_status(writer: Caller) -> None:
    """An ended job is answered from the table, so it is answered without Dagster too."""
    from orchestration.api.jobs.models import Job

    expected = {"succeeded": 200, "incomplete": 200, "failed": 500, "cancelled": 500, "running": 503}
    for state, status in expected.items():
        uid = uuid.uuid4()
        fields = {"job_name": "3dblur", "in_dir": "/in", "output_dir": "/out", "run_id": f"run of {state}"}
        Job.objects.create(uid=uid, state=state, reason="a reason", submitted_by="x", **fields)
        for path in (f"/query/{uid}", f"/api/jobs/{uid}/"):
            answer = writer.get(path)
            assert answer.status == status, state
            if state != "running":
                assert (answer.json["output_dir"], answer.json["reason"]) == ("/out", "a reason")
                assert answer.json["run_url"].endswith(f"/runs/run of {state}")
        if state != "running":
            assert writer.call("POST", f"/api/jobs/{uid}/cancel/").status == 409
    found = writer.get("/api/jobs/", state="failed").json["results"]
    assert [job["state"] for job in found] == ["failed"]
    assert len(writer.get("/api/jobs/").json["results"]) == len(expected)


@pytest.mark.usefixtures("root")
def test_a_job_that_has_ended_never_changes_again(writer: Caller) -> None:
    from orchestration.api.jobs.models import Job
    from orchestration.api.jobs.services import _heard

    job = Job.objects.create(uid=uuid.uuid4(), state="running", submitted_by="x", run_id="1")
    assert _heard(job.uid, "failed", reason="it broke").ended_at
    assert _heard(job.uid, "succeeded").state == "failed"
    assert writer.get(f"/query/{job.uid}").json["detail"] == "it broke"


@pytest.mark.usefixtures("root")
def test_a_job_whose_submission_was_cut_off_is_found_by_its_tag_or_given_up() -> None:
    from datetime import timedelta

    from django.utils import timezone

    from orchestration.api.jobs.dagster import RunStatus
    from orchestration.api.jobs.models import Job
    from orchestration.api.jobs.services import _follow

    job = Job.objects.create(uid=uuid.uuid4(), state="submitted", submitted_by="x")
    assert _follow(job, None).state == "submitted"
    found = _follow(job, RunStatus("the run", "STARTED", str(job.uid)))
    assert (found.state, found.run_id) == ("running", "the run")
    lost = Job.objects.create(uid=uuid.uuid4(), state="submitted", submitted_by="x")
    lost.created_at = timezone.now() - timedelta(hours=1)
    assert _follow(lost, None).reason == "Dagster has no run of it; submit it again"
