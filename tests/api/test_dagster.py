"""Jobs from end to end: a real Dagster, a real database, a service that is stopped meanwhile."""

import time
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from orchestration.database import Database
from tests.api.live import Live, served
from tests.inference.studies import volume_of, write_study
from tests.services.page import page

SECONDS = 240


def ended(live: Live, uid: str) -> Any:
    """The answer about a job once it has ended."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        answer = live.call("GET", f"/query/{uid}")
        if answer.status != 202:
            return answer
        time.sleep(0.5)
    raise AssertionError(answer.body)


def submit(live: Live, folder: Path) -> str:
    answer = live.call("POST", "/job", {"job_name": "3dblur", "in_dir": str(folder)}, role="writer")
    assert answer.status == 201, answer.body
    return answer.json["uid"]


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short path, since Dagster's sockets lie below it."""
    return tmp_path_factory.mktemp("d")


def test_jobs_run_in_dagster_and_outlive_the_service(own_database: Database, home: Path) -> None:
    settings = dict(own_database.libpq_environment) | {"DOUBLEREAD_HOME": str(home / ".doubleread")}
    root = home / ".doubleread" / "jobs"
    study = write_study(root / "study", volume_of(6, 24, 24))
    broken = write_study(root / "broken", volume_of(1, 8, 8), modality="CT")
    for file in broken.glob("*.dcm"):
        file.write_bytes(file.read_bytes()[:-60])
    with page(home, {"PATH": "/usr/bin:/bin", "HOME": str(home)} | settings) as address:
        settings["DOUBLEREAD_DAGSTER_URL"] = address
        with served(home, settings) as live:
            uid = submit(live, study)
            assert live.call("GET", f"/query/{uid}").status in {200, 202}
            failing, cancelled = submit(live, broken), submit(live, study)
            assert live.call("POST", f"/api/jobs/{cancelled}/cancel/", role="writer").status == 202
        with served(home, settings, tokens=live.tokens) as again:
            answer = ended(again, uid)
            assert answer.status == 200, answer.body
            output = Path(answer.json["output_dir"])
            assert output == root / "output" / uid
            assert len([dcmread(file) for file in output.rglob("*.dcm")]) == 6
            assert answer.json["run_url"].startswith(f"{address}/runs/")
            failed = ended(again, failing)
            assert (failed.status, failed.json["state"]) == (500, "failed")
            assert failed.json["detail"]
            assert not Path(failed.json["output_dir"]).exists()
            assert ended(again, cancelled).json["state"] == "cancelled"
            states = {job["uid"]: job["state"] for job in again.call("GET", "/api/jobs/").json["results"]}
            assert states == {uid: "succeeded", failing: "failed", cancelled: "cancelled"}
            assert again.call("POST", f"/api/jobs/{uid}/cancel/").status == 409
