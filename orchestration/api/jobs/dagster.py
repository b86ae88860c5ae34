"""A client of Dagster's page: what is submitted, asked and cancelled over its GraphQL.

The service talks to Dagster as any other program does, so neither needs the other in its process, and they may run on
different machines.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from orchestration.api.jobs.errors import DagsterUnavailableError

JOB = "inference_job"
OP = "inference"
UID_TAG = "doubleread/job_uid"
SECONDS = 10.0
LARGEST_ANSWER = 8 * 1024 * 1024  # bytes

_FIND = """
query { repositoriesOrError { __typename ... on RepositoryConnection { nodes {
    name location { name } jobs { name } } } } }
"""
_LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
    ... on LaunchRunSuccess { run { runId } } } }
"""
_STATUS = """
query ($filter: RunsFilter!) { runsOrError(filter: $filter) { __typename ... on Runs { results {
    runId status tags { key value } } } } }
"""
_CANCEL = """
mutation ($run: String!) { terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) { __typename } }
"""


@dataclass(frozen=True)
class RunStatus:
    """What Dagster says of a run: its id, its status in Dagster's words, the uid of the job that it was started for."""

    run_id: str
    status: str
    uid: str | None


class DagsterClient:
    """Talks to the page at ``url``.

    Every method raises DagsterUnavailableError where it does not answer, or not as it should.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._address = url

    def run_url(self, run_id: str) -> str:
        """Where a person sees a run and its logs."""
        return f"{self._address}/runs/{run_id}"

    def find_job(self) -> Mapping[str, str]:
        """Where the job for inference is: what a submission must name."""
        found = self._ask(_FIND, {})["repositoriesOrError"]
        for repository in found.get("nodes", []):
            if any(job["name"] == JOB for job in repository["jobs"]):
                return {
                    "repositoryLocationName": repository["location"]["name"],
                    "repositoryName": repository["name"],
                    "jobName": JOB,
                }
        raise DagsterUnavailableError(
            f"the Dagster page at {self._address} has no job {JOB}; start it with doubleread ui of this version"
        )

    def launch(self, selector: Mapping[str, str], uid: str, config: Mapping[str, Any]) -> str:
        """Submit a run, tagged with the uid of its job; its id."""
        params = {
            "selector": dict(selector),
            "runConfigData": {"ops": {OP: {"config": dict(config)}}},
            "executionMetadata": {"tags": [{"key": UID_TAG, "value": uid}]},
        }
        answer = self._ask(_LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise DagsterUnavailableError(f"Dagster did not take the run: {answer['__typename']}")
        return str(answer["run"]["runId"])

    def statuses(self, run_ids: Sequence[str]) -> list[RunStatus]:
        """What Dagster says of runs; nothing of those that it does not know."""
        return self._statuses({"runIds": list(run_ids)})

    def find_run(self, uid: str) -> RunStatus | None:
        """The run that was submitted for a job, if it was."""
        return next(iter(self._statuses({"tags": [{"key": UID_TAG, "value": uid}]})), None)

    def cancel(self, run_id: str) -> None:
        """Ask a run to end; one that has ended already is left as it is."""
        self._ask(_CANCEL, {"run": run_id})

    def _statuses(self, which: Mapping[str, Any]) -> list[RunStatus]:
        answer = self._ask(_STATUS, {"filter": dict(which)})["runsOrError"]
        return [
            RunStatus(run["runId"], run["status"], {tag["key"]: tag["value"] for tag in run["tags"]}.get(UID_TAG))
            for run in answer.get("results", [])
        ]

    def _ask(self, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the page answers to a question; each takes a connection of its own, since pages come and go."""
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=SECONDS)
        try:
            body = json.dumps({"query": query, "variables": variables})
            connection.request("POST", f"{self._url.path}/graphql", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read(LARGEST_ANSWER))
            return dict(answer["data"])
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            raise DagsterUnavailableError(
                f"no Dagster page answers at DOUBLEREAD_DAGSTER_URL={self._address}; doubleread ui starts one"
            ) from None
        finally:
            connection.close()
