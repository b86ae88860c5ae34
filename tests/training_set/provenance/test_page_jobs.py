"""The same answers as jobs of the Dagster page: metadata of the run, and an observation of the asset."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.transformations import prepare_manifest
from tests.services.built_home import MASS, NAME, BuiltHome

prepare_manifest()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


def ask(home: BuiltHome, instance: dg.DagsterInstance, job: str, config: dict[str, str]) -> dg.ExecuteInProcessResult:
    from orchestration.definitions import definitions  # noqa: PLC0415  needs the manifest

    found = definitions(home.typed).resolve_job_def(job)
    run_config = {"ops": {f"ask_{job}": {"config": config}}}
    return found.execute_in_process(run_config=run_config, instance=instance, raise_on_error=False)


def answer_of(metadata: object) -> str:
    assert isinstance(metadata, dict)
    return str(metadata["answer"].value)


def test_a_question_about_a_picture_is_answered_with_the_run_and_beside_its_folder(
    built_home: BuiltHome, instance: dg.DagsterInstance
) -> None:
    result = ask(built_home, instance, "why", {"question": f"{MASS}/10.png"})
    assert result.success
    (output,) = [event.step_output_data for event in result.all_events if event.is_successful_output]
    shown = answer_of(output.metadata)
    assert "2 of 3 readers with a complete reading call it true on all 4 scans" in shown
    assert NAME not in shown
    made = {name: output.metadata[f"run that {name}"].value for name in ("made the marts", "drew the picture")}
    assert made == dict.fromkeys(made, output.metadata["as JSON"].value["models"]["run_id"])
    assert output.metadata["as JSON"].value["format"] == "doubleread why 1"
    (observed,) = instance.fetch_observations(dg.AssetKey("label_folders"), limit=10).records
    observation = observed.event_log_entry.asset_observation
    assert observation is not None
    assert observation.partition == MASS
    assert answer_of(observation.metadata) == shown


def test_why_not_takes_a_study_and_a_label(built_home: BuiltHome, instance: dg.DagsterInstance) -> None:
    assert ask(built_home, instance, "why_not", {"study": "2"}).success
    (observed,) = instance.fetch_observations(dg.AssetKey("double_matched_findings"), limit=10).records
    observation = observed.event_log_entry.asset_observation
    assert observation is not None
    assert "rejected, readers disagree" in answer_of(observation.metadata)
    assert ask(built_home, instance, "why_not", {"study": "2", "label": MASS}).success


@pytest.mark.parametrize(("question", "said"), [("nosuch", "nothing is known of nosuch"), ("10", "several things")])
def test_a_question_without_an_answer_fails_the_run_and_says_why(
    built_home: BuiltHome, instance: dg.DagsterInstance, question: str, said: str
) -> None:
    result = ask(built_home, instance, "why", {"question": question})
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert said in str(failure.step_failure_data.user_failure_data)
